/* SPDX-License-Identifier: Apache-2.0 */

/* The nodes of a state: made, merged, and turned into results. */

#include "core/call/state.h"

#include "backends/kernel_traits.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a node, those of either side of it being in a row. */
static size_t node_bytes(const struct attpool_state *s)
{
    size_t size = s->type == TYPE_F32 ? 4 : 8, sides = s->cuts_far ? 2 : 1;
    return (size_t)state_rows(s) * size * (size_t)(s->v + 2) * sides;
}

/* One block of memory: max, sum, acc of all keys, then of those that are not far. */
static bool node_alloc(const struct attpool_state *s, struct pool_node *node)
{
    size_t rows = (size_t)state_rows(s), size = s->type == TYPE_F32 ? 4 : 8;
    size_t bytes = node_bytes(s);
    char *memory = malloc(bytes > 0 ? bytes : 1);
    node->all.max = memory;
    if (!memory)
        return false;
    node->all.sum = memory + rows * size;
    node->all.acc = memory + 2 * rows * size;
    node->near = (struct node_sums){ NULL, NULL, NULL };
    if (!s->cuts_far)
        return true;
    node->near.max = memory + bytes / 2;
    node->near.sum = memory + bytes / 2 + rows * size;
    node->near.acc = memory + bytes / 2 + 2 * rows * size;
    return true;
}

static void nodes_free(struct pool_node *node, int count)
{
    for (int i = 0; i < count; i++)
        free(node[i].all.max);
}

static bool node_copy(const struct attpool_state *s, struct pool_node *to,
                      const struct pool_node *from)
{
    to->level = from->level;
    to->index = from->index;
    if (!node_alloc(s, to))
        return false;
    memcpy(to->all.max, from->all.max, node_bytes(s));
    return true;
}

bool ap_state_copy(const struct attpool_state *s, struct pool_node *to)
{
    for (int i = 0; i < s->count; i++)
        if (!node_copy(s, &to[i], &s->node[i])) {
            nodes_free(to, i);
            return false;
        }
    return true;
}

void ap_state_clear(struct attpool_state *s)
{
    nodes_free(s->node, s->count);
    s->count = 0;
}

attpool_status ap_state_begin(const struct pool_call *c, struct attpool_state *s)
{
    struct engine *e = c->args.engine;
    const struct pool_args *p = &c->pool;
    bool kernel = p->score == POOL_KERNEL;
    struct tree tree;
    s->type = c->args.type;
    s->batch = p->batch;
    s->heads = p->heads;
    s->n = p->n;
    s->v = p->v;
    s->key_begin = p->key_origin;
    s->key_end = p->key_origin + p->m;
    s->score = c->options.score;
    s->empty = p->empty;
    s->dropout = c->options.dropout;
    s->scale = p->dropout.scale;
    s->seed = p->dropout.seed;
    s->has_max = p->masks.bias.data || p->score == POOL_DOT || p->score == POOL_ADDITIVE ||
                 (kernel && kernel_any(&p->kernel, p->d, kernel_has_log));
    s->cuts_far = pool_cuts_far(p);
    tree_tile(&tree, s->key_begin / SUPER_BLOCK, (s->key_end + SUPER_BLOCK - 1) / SUPER_BLOCK);
    for (; s->count < tree.count; s->count++) {
        struct pool_node *node = &s->node[s->count];
        node->level = tree.node[s->count].level;
        node->index = tree.node[s->count].index;
        if (!node_alloc(s, node))
            return ap_engine_fail(e, ATTPOOL_E_MEMORY, "no memory for the state");
    }
    return ATTPOOL_OK;
}

static void merge_nodes(struct engine *e, const struct attpool_state *s,
                        const struct pool_node *left, const struct pool_node *right)
{
    struct merge_args m = {
        .rows = state_rows(s), .v = s->v, .left = left->all, .right = right->all, .dst = left->all
    };
    (void)e->backend->merge[s->type](e, &m);
    if (!s->cuts_far)
        return;
    m.left = m.dst = left->near;
    m.right = right->near;
    (void)e->backend->merge[s->type](e, &m);
}

/* Append nodes to a list, which owns them from here on; siblings fuse. */
static void append(struct engine *e, struct attpool_state *s, struct tree *tree,
                   struct pool_node *list, const struct pool_node *node, int count)
{
    for (int i = 0; i < count; i++) {
        struct tree_merge step;
        int slot = tree_push(tree, node[i].level, node[i].index);
        list[slot] = node[i];
        while (tree_join(tree, &step)) {
            merge_nodes(e, s, &list[step.left], &list[step.right]);
            free(list[step.right].all.max);
        }
    }
}

void ap_state_join(struct engine *e, struct attpool_state *s, const struct attpool_state *other,
                   const struct pool_node *copies)
{
    struct tree tree = { 0 };
    struct pool_node list[TREE_NODES];
    bool after = s->key_end == other->key_begin;
    if (!after)
        append(e, s, &tree, list, copies, other->count);
    append(e, s, &tree, list, s->node, s->count);
    if (after)
        append(e, s, &tree, list, copies, other->count);
    for (int i = 0; i < tree.count; i++) {
        s->node[i] = list[i];
        s->node[i].level = tree.node[i].level;
        s->node[i].index = tree.node[i].index;
    }
    s->count = tree.count;
    if (after)
        s->key_end = other->key_end;
    else
        s->key_begin = other->key_begin;
}

/* The whole tree in one node, in `list[0]`; the others are left to be freed. */
static void collapse(struct engine *e, const struct attpool_state *s, struct pool_node *list)
{
    struct tree tree = { 0 };
    struct tree_merge step;
    for (int i = 0; i < s->count; i++)
        tree_push(&tree, list[i].level, list[i].index);
    while (tree_collapse(&tree, &step))
        merge_nodes(e, s, &list[step.left], &list[step.right]);
}

static void fill_lowest(const struct attpool_state *s, void *max)
{
    for (int64_t r = 0; r < state_rows(s); r++) {
        if (s->type == TYPE_F32)
            ((float *)max)[r] = -FLT_MAX;
        else
            ((double *)max)[r] = -DBL_MAX;
    }
}

/* The state of no keys. */
static bool identity(const struct attpool_state *s, struct pool_node *node)
{
    *node = (struct pool_node){ .level = 0 };
    if (!node_alloc(s, node))
        return false;
    memset(node->all.max, 0, node_bytes(s));
    if (s->has_max)
        fill_lowest(s, node->all.max);
    if (s->cuts_far)
        fill_lowest(s, node->near.max);
    return true;
}

attpool_status ap_state_finish(struct engine *e, const struct attpool_state *s,
                               struct finish_args *f)
{
    struct pool_node list[TREE_NODES];
    bool ok = s->count > 0 ? ap_state_copy(s, list) : identity(s, &list[0]);
    if (!ok)
        return ap_engine_fail(e, ATTPOOL_E_MEMORY, "no memory for the state");
    collapse(e, s, list);
    f->batch = s->batch;
    f->heads = s->heads;
    f->n = s->n;
    f->v = s->v;
    f->node = list[0];
    f->has_max = s->has_max;
    f->scale = s->scale;
    attpool_status st = e->backend->finish[s->type](e, f);
    nodes_free(list, s->count > 0 ? s->count : 1);
    return st;
}

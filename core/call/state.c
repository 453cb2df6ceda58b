/* SPDX-License-Identifier: Apache-2.0 */

/* Partial states: the nodes of the merge tree that tile a part of the keys. */

#include "backends/kernel_traits.h"
#include "backends/tree.h"
#include "core/call/call.h"
#include "core/call/pool.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

struct attpool_state {
    int type;
    int64_t batch, heads, n, v;
    int64_t key_begin, key_end; /* positions */
    attpool_score score;
    bool has_max;
    bool cuts; /* rows with a near key leave the far ones out */
    attpool_empty empty;
    double dropout, scale; /* p, and what it makes of O */
    uint64_t seed;
    int count;
    struct pool_node node[TREE_NODES];
};

static int64_t state_rows(const struct attpool_state *s)
{
    return s->batch * s->heads * s->n;
}

/* Bytes of a node, those of either side of it being in a row. */
static size_t node_bytes(const struct attpool_state *s)
{
    size_t size = s->type == TYPE_F32 ? 4 : 8, sides = s->cuts ? 2 : 1;
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
    if (!s->cuts)
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

static bool nodes_copy(const struct attpool_state *s, struct pool_node *to)
{
    for (int i = 0; i < s->count; i++)
        if (!node_copy(s, &to[i], &s->node[i])) {
            nodes_free(to, i);
            return false;
        }
    return true;
}

void attpool_state_free(attpool_state *state)
{
    if (!state)
        return;
    nodes_free(state->node, state->count);
    free(state);
}

static attpool_status state_begin(struct pool_call *c, struct attpool_state *s)
{
    struct engine *e = c->args.engine;
    const struct pool_args *p = &c->pool;
    bool kernel = p->score == POOL_KERNEL;
    struct tree tree;
    if (p->key_origin % ATTPOOL_SUPER_BLOCK != 0)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                              "key_origin is %lld, it should be a multiple of %d",
                              (long long)p->key_origin, ATTPOOL_SUPER_BLOCK);
    if (!ap_arguments_on_host(&c->args))
        return ap_engine_fail(e, ATTPOOL_E_QUERY,
                              "a state can only be made from tensors on the host");
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
    s->cuts = pool_cuts(p);
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

attpool_status attpool_state_pool(attpool_context *context, const DLTensor *Q, const DLTensor *K,
                                  const DLTensor *V, const attpool_pool_options *options,
                                  attpool_state **state)
{
    struct call call;
    struct pool_call c;
    struct pool_tensors tensors = { Q, K, V, options, NULL };
    if (state)
        *state = NULL;
    attpool_status st = ap_call_begin(&call, context, "state_pool");
    if (st != ATTPOOL_OK)
        return st;
    struct engine *e = &context->engine;
    if (!state)
        return ap_call_end(&call, ap_engine_fail(e, ATTPOOL_E_CONTEXT, "state is NULL"));
    struct attpool_state *s = calloc(1, sizeof *s);
    st = s ? ap_pool_check(&c, e, &tensors, PURPOSE_STATE)
           : ap_engine_fail(e, ATTPOOL_E_MEMORY, "no memory for the state");
    if (st == ATTPOOL_OK)
        st = state_begin(&c, s);
    if (st == ATTPOOL_OK) {
        struct pool_nodes nodes = { s->count, s->node };
        c.pool.nodes = &nodes;
        if (s->count > 0)
            st = ap_pool_run(&c);
    }
    if (st == ATTPOOL_OK)
        *state = s;
    else
        attpool_state_free(s);
    return ap_call_end(&call, st);
}

static attpool_status check_adjacent(struct engine *e, const struct attpool_state *s,
                                     const struct attpool_state *other)
{
    if (s->type != other->type || s->score != other->score || s->has_max != other->has_max ||
        s->cuts != other->cuts)
        return ap_engine_fail(e, ATTPOOL_E_STATE, "the states have different types or scores");
    if (s->dropout != other->dropout || s->seed != other->seed)
        return ap_engine_fail(e, ATTPOOL_E_STATE, "the states have different dropout or seeds");
    if (s->batch != other->batch || s->heads != other->heads || s->n != other->n ||
        s->v != other->v)
        return ap_engine_fail(e, ATTPOOL_E_STATE, "the states have different shapes");
    bool after = s->key_end == other->key_begin && s->key_end % SUPER_BLOCK == 0;
    bool before = other->key_end == s->key_begin && other->key_end % SUPER_BLOCK == 0;
    if (after || before)
        return ATTPOOL_OK;
    return ap_engine_fail(
        e, ATTPOOL_E_STATE, "keys %lld to %lld and %lld to %lld do not meet at a multiple of %d",
        (long long)s->key_begin, (long long)s->key_end, (long long)other->key_begin,
        (long long)other->key_end, ATTPOOL_SUPER_BLOCK);
}

static void merge_nodes(struct engine *e, const struct attpool_state *s,
                        const struct pool_node *left, const struct pool_node *right)
{
    struct merge_args m = {
        .rows = state_rows(s), .v = s->v, .left = left->all, .right = right->all, .dst = left->all
    };
    (void)e->backend->merge[s->type](e, &m);
    if (!s->cuts)
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

static void join(struct engine *e, struct attpool_state *s, const struct attpool_state *other,
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

attpool_status attpool_state_merge(attpool_context *context, attpool_state *state,
                                   const attpool_state *other)
{
    struct call call;
    struct pool_node copies[TREE_NODES];
    attpool_status st = ap_call_begin(&call, context, "state_merge");
    if (st != ATTPOOL_OK)
        return st;
    struct engine *e = &context->engine;
    st = state && other && state != other
             ? check_adjacent(e, state, other)
             : ap_engine_fail(e, ATTPOOL_E_STATE, "a state is %s",
                              state && other ? "merged with itself" : "NULL");
    if (st == ATTPOOL_OK && !nodes_copy(other, copies))
        st = ap_engine_fail(e, ATTPOOL_E_MEMORY, "no memory for the state");
    if (st == ATTPOOL_OK)
        join(e, state, other, copies);
    return ap_call_end(&call, st);
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
    if (s->cuts)
        fill_lowest(s, node->near.max);
    return true;
}

static attpool_status finish_check(struct arguments *args, const struct attpool_state *s,
                                   attpool_empty empty, DLTensor *O, DLTensor *L,
                                   struct finish_args *f)
{
    struct engine *e = args->engine;
    const struct leading leading = { s->batch, s->heads, true, 1, 1 };
    struct view *out = NULL, *lse = NULL;
    attpool_status st = ap_take_empty(e, empty, s->empty, ATTPOOL_EMPTY_ZERO, &f->empty);
    if (st == ATTPOOL_OK && O)
        st = ap_arguments_add(args, O, "O", ATTPOOL_E_OUTPUT, ROLE_OUTPUT, KIND_REAL, LAYOUT_MATRIX,
                              &f->out, &out);
    if (st == ATTPOOL_OK && L)
        st = ap_arguments_add(args, L, "L", ATTPOOL_E_LSE, ROLE_OUTPUT, KIND_REAL, LAYOUT_ROW,
                              &f->lse, &lse);
    for (int i = 0; i < args->count && st == ATTPOOL_OK; i++) {
        const struct view *v = &args->view[i];
        if (v->device)
            st = ap_engine_fail(e, v->status, "%s is not on the host", v->name);
        else if (args->type != s->type)
            st = ap_engine_fail(e, v->status, "%s has a different type from the state", v->name);
        else
            st = ap_leading_expect(e, v, &leading, false, false);
        if (st == ATTPOOL_OK)
            st = ap_view_expect(e, v, 2, s->n, "the state has");
    }
    if (st == ATTPOOL_OK && out)
        st = ap_view_expect(e, out, 3, s->v, "the state has");
    if (st == ATTPOOL_OK)
        st = ap_arguments_overlap(args, NULL);
    if (st == ATTPOOL_OK)
        ap_arguments_fill(args, &leading);
    return st;
}

static attpool_status finish(struct engine *e, const struct attpool_state *s, struct finish_args *f)
{
    struct pool_node list[TREE_NODES];
    bool ok = s->count > 0 ? nodes_copy(s, list) : identity(s, &list[0]);
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

attpool_status attpool_state_finish(attpool_context *context, const attpool_state *state,
                                    attpool_empty empty, DLTensor *O, DLTensor *L)
{
    struct call call;
    struct arguments args;
    struct finish_args f = { 0 };
    attpool_status st = ap_call_begin(&call, context, "state_finish");
    if (st != ATTPOOL_OK)
        return st;
    struct engine *e = &context->engine;
    ap_arguments_init(&args, e);
    st = state ? finish_check(&args, state, empty, O, L, &f)
               : ap_engine_fail(e, ATTPOOL_E_STATE, "the state is NULL");
    if (st == ATTPOOL_OK && args.count > 0 && state_rows(state) > 0)
        st = finish(e, state, &f);
    return ap_call_end(&call, st);
}

/* SPDX-License-Identifier: Apache-2.0 */

/* A tile with the keys that can matter to it, which an index lists: gathered, some at a time, as if
 * they were all keys, in their blocks. The others weigh nothing, and blocks without any are the
 * identity, so that the bits do not change. */
#ifndef BACKENDS_SIMD_POOL_GATHER_H
#define BACKENDS_SIMD_POOL_GATHER_H

#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/run.h"
#include "backends/simd/pool/sparse.h"
#include "backends/simd/pool/state.h"
#include "backends/simd/pool/tile.h"

enum {
    GATHERED = SUPER_BLOCK, /* keys at a time */
    SPARSE_KEYS = BLOCK / 2 /* a block of more of them goes by itself */
};

/* Makes of a block a state, or adds it to the one that is there. */
typedef void pool_leaf(struct pool_tile *t, void *arg, const struct pool_block *x, real *state,
                       bool first);

static void pool_block_leaf(struct pool_tile *t, void *arg, const struct pool_block *x, real *state,
                            bool first)
{
    (void)arg;
    pool_block_pool(t, x, NULL, state, first);
}

static bool pool_gathers_scale(const struct pool_args *a)
{
    return a->kernel.per == ATTPOOL_BANDWIDTH_KEY ||
           a->kernel.per == ATTPOOL_BANDWIDTH_COORDINATE_KEY;
}

/* What is gathered of a key: its coordinates, its values, its weight and its inverse bandwidth. */
static size_t pool_gather_width(const struct pool_args *a)
{
    return (size_t)(a->d + a->v + (a->key_weights.data != NULL) + pool_gathers_scale(a));
}

/* The list comes first in the memory of a worker: it lasts from tile to tile. */
static void pool_gather_allocate(struct pool_tile *t, struct pool_arena *c)
{
    const struct pool_args *a = t->plan->a;
    if (a->index == NULL)
        return;
    const size_t numbers = ap_index_list_bytes(a->index->keys) / sizeof(real) + 1;
    real *list = pool_arena_take(c, numbers);
    if (list != NULL)
        ap_index_list_place(a->index->keys, list, &t->list);
    t->gathered = pool_arena_take(c, GATHERED * pool_gather_width(a) + LANES);
}

static void pool_gather_clear(const struct pool_index *index, void *scratch)
{
    struct index_list list;
    ap_index_list_place(index->keys, scratch, &list);
    ap_index_list_clear(index->keys, &list);
}

/* The box of the tile's rows; false where one of them is not finite. */
static bool pool_gather_box(const struct pool_tile *t, struct index_box *box)
{
    const struct pool_args *a = t->plan->a;
    const struct array *w = &a->kernel.inverse_bandwidths;
    bool finite = true;
    for (int64_t c = 0; c < a->d; c++) {
        real low = REAL_INF, high = -REAL_INF;
        for (int lane = 0; lane < t->count; lane++) {
            const real q = t->q[c * t->lanes + lane];
            finite &= r_abs(q) < REAL_INF;
            low = q < low ? q : low;
            high = q > high ? q : high;
        }
        box->low[c] = (double)low;
        box->high[c] = (double)high;
    }
    box->bandwidth = a->index->row_bandwidths ? 0 : 1;
    for (int lane = 0; lane < t->count && a->index->row_bandwidths; lane++) {
        const double size = (double)r_abs(get(row_at(w, t->b, t->head[lane], t->query[lane])));
        const double bandwidth = size > 0 && size < (double)INFINITY ? 1 / size : (double)INFINITY;
        box->bandwidth = bandwidth > box->bandwidth ? bandwidth : box->bandwidth;
    }
    return finite;
}

/* Whether the tile's keys are gathered. The first time they are listed. */
static bool pool_gathers(struct pool_tile *t)
{
    const struct pool_index *index = t->plan->a->index;
    struct index_box box;
    if (index == NULL || (t->plan->cuts_far && !t->near))
        return false;
    if (!t->listed) {
        t->list.count = index->most + 1;
        if (pool_gather_box(t, &box))
            ap_index_find(index, &box, &t->list);
    }
    t->listed = true;
    return t->list.count <= index->most;
}

/* --- keys ---------------------------------------------------------------------------------- */

/* Keys of the list from `at` on, `count` of them in memory, as all keys of a plan of their own. */
struct pool_gather {
    struct pool_tile *t;
    const struct pool_plan *call;
    struct pool_plan plan;
    struct pool_args args;
    struct pool_span span[POOL_LANES(LANES)];
    int64_t out[POOL_LANES(LANES)];
    const uint32_t *key;
    int64_t left;                /* keys of the list from key on */
    int64_t count, next;         /* keys in memory, the first that is not in a block yet */
    int64_t block[GATHERED + 1]; /* of each key in memory; -1 */
    bool sparse;                 /* blocks of few keys may go together */
    bool finite;                 /* their values are */
};

/* Columns of an array become rows of the memory at `to`. */
static real *pool_gather_rows(const struct pool_gather *g, const struct array *from, int64_t row,
                              int64_t col, int64_t columns, struct array *array, real *to)
{
    const element *x = from->data;
    for (int64_t c = 0; c < columns; c++)
        for (int64_t j = 0; j < g->count; j++)
            to[j * columns + c] = get(x + (int64_t)g->key[j] * row + c * col);
    *array = (struct array){ .data = to, .row = columns, .col = 1, .group = 1 };
    return to + g->count * columns;
}

/* The first key in memory that is not below `key`. */
static int64_t pool_gather_place(const struct pool_gather *g, int64_t key)
{
    int64_t low = 0, high = g->count;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if ((int64_t)g->key[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What rows see of the keys in memory. */
static void pool_gather_spans(struct pool_gather *g)
{
    struct pool_tile *t = g->t;
    const int64_t m = g->call->a->m;
    for (int lane = 0; lane < t->lanes; lane++) {
        const struct pool_span s = g->span[lane];
        t->span[lane].low = s.low <= 0 ? 0 : pool_gather_place(g, s.low);
        t->span[lane].high = s.high >= m ? g->count : pool_gather_place(g, s.high);
        t->out[lane] = -1;
        if (!g->call->a->masks.leave_one_out)
            continue;
        const int64_t place = pool_gather_place(g, g->out[lane]);
        if (place < g->count && (int64_t)g->key[place] == g->out[lane])
            t->out[lane] = place;
    }
    pool_tile_bounds(t);
}

/* The next keys of the list, of whole blocks. */
static bool pool_gather_load(struct pool_gather *g)
{
    const struct pool_args *a = g->call->a;
    g->key += g->count;
    g->left -= g->count;
    g->count = int_min(g->left, GATHERED + 1);
    g->next = 0;
    for (int64_t j = 0; j < g->count; j++)
        g->block[j] = (a->key_origin + (int64_t)g->key[j]) / BLOCK;
    if (g->count > GATHERED)
        do
            g->count--;
        while (g->block[g->count - 1] == g->block[g->count]);
    g->block[g->count] = -1;
    real *to = g->t->gathered;
    g->args.m = g->count;
    to = pool_gather_rows(g, &a->k, a->k.row, a->k.col, a->d, &g->args.k, to);
    const real *values = to;
    if (a->v > 0)
        to = pool_gather_rows(g, &a->value, a->value.row, a->value.col, a->v, &g->args.value, to);
    if (a->key_weights.data != NULL)
        to = pool_gather_rows(g, &a->key_weights, a->key_weights.col, 0, 1, &g->args.key_weights,
                              to);
    if (a->kernel.per == ATTPOOL_BANDWIDTH_KEY)
        pool_gather_rows(g, &a->kernel.inverse_bandwidths, a->kernel.inverse_bandwidths.col, 0, 1,
                         &g->args.kernel.inverse_bandwidths, to);
    if (a->kernel.per == ATTPOOL_BANDWIDTH_COORDINATE_KEY)
        pool_gather_rows(g, &a->kernel.factors, a->kernel.factors.col, 0, 1,
                         &g->args.kernel.factors, to);
    g->finite = true;
    for (int64_t j = 0; j < g->count * a->v && g->sparse; j++)
        g->finite &= r_abs(values[j]) < REAL_INF;
    pool_gather_spans(g);
    return g->count > 0;
}

/* The first key in memory of the block after that of key j. */
static int64_t pool_gather_block_end(const struct pool_gather *g, int64_t j)
{
    const int64_t number = g->block[j];
    while (g->block[++j] == number)
        ;
    return j;
}

/* The keys of the next block before number `end`; with `sparse` of the next blocks that have no
 * more keys together than one may have. */
static bool pool_gather_next(struct pool_gather *g, int64_t end, struct pool_span *keys)
{
    if (g->next == g->count && !pool_gather_load(g))
        return false;
    keys->low = g->next;
    while (g->next < g->count && g->block[g->next] < end) {
        const int64_t next = pool_gather_block_end(g, g->next);
        if (next - keys->low > BLOCK) /* the first has no more */
            break;
        g->next = next;
        if (!g->sparse || next - keys->low > SPARSE_KEYS)
            break;
    }
    keys->high = g->next;
    return keys->low < keys->high;
}

/* --- the tree ------------------------------------------------------------------------------ */

/* States of super-blocks that are not merged yet, each with the level of the node in which it and
 * the one before it meet. The last one is that of super-block `super`. */
struct pool_stack {
    real *to;
    size_t size;
    int level[TREE_NODES];
    int count;
    int64_t super;
    bool sparse; /* all of them come from blocks that went together */
};

static real *pool_stack_top(const struct pool_stack *s)
{
    return s->to + (size_t)(s->count - 1) * s->size;
}

static void pool_stack_join(const struct pool_tile *t, struct pool_stack *s, int below)
{
    while (s->count > 1 && s->level[s->count - 1] < below) {
        real *right = pool_stack_top(s);
        s->count--;
        if (s->sparse)
            pool_sparse_join(t->plan, pool_stack_top(s), right, t->lanes);
        else
            pool_state_merge(t->plan, pool_stack_top(s), right, t->lanes);
    }
}

/* The state of the super-block of a block; whether the block is its first. */
static real *pool_stack_at(const struct pool_tile *t, struct pool_stack *s, int64_t block,
                           bool *first)
{
    const int64_t super = block / POOL_BLOCKS;
    *first = s->count == 0 || super != s->super;
    if (*first) {
        const unsigned long long apart = (unsigned long long)(super ^ s->super);
        const int level = s->count == 0 ? 0 : 64 - __builtin_clzll(apart);
        pool_stack_join(t, s, level);
        s->level[s->count++] = level;
        s->super = super;
    }
    return pool_stack_top(s);
}

/* Keys of some blocks, block by block. */
static void pool_gather_blocks(struct pool_gather *g, pool_leaf *leaf, void *arg,
                               struct pool_span keys, struct pool_stack *s)
{
    bool first;
    struct pool_block x;
    for (int64_t j = keys.low, end; j < keys.high; j = end) {
        end = pool_gather_block_end(g, j);
        if (!pool_block_of(g->t, j, end, &x))
            continue;
        real *state = pool_stack_at(g->t, s, g->block[j], &first);
        leaf(g->t, arg, &x, state, first);
    }
}

/* The same at once; false, and nothing done, where that is not possible. */
static bool pool_gather_sparse(struct pool_gather *g, struct pool_span keys, struct pool_stack *s)
{
    struct pool_tile *t = g->t;
    struct pool_sparse sparse;
    struct pool_block x;
    bool first;
    const bool dense =
        keys.high - keys.low > SPARSE_KEYS && pool_gather_block_end(g, keys.low) == keys.high;
    if (!g->sparse || !g->finite || dense)
        return false;
    if (!pool_block_of(t, keys.low, keys.high, &x))
        return true;
    if (!pool_sparse_scores(t, &x, &sparse))
        return false;
    for (int64_t j = x.first, end; j < x.first + x.count; j = end) {
        end = int_min(pool_gather_block_end(g, j), x.first + x.count);
        real *state = pool_stack_at(t, s, g->block[j], &first);
        pool_sparse_block(&sparse, (int)(j - x.first), (int)(end - x.first), state, first, t->near);
    }
    return true;
}

/* The state of the keys of super-blocks before `end`, at `to` and after it. */
static void pool_gather_node(struct pool_gather *g, pool_leaf *leaf, void *arg, int64_t end,
                             real *to)
{
    const struct pool_tile *t = g->t;
    struct pool_stack s = { .to = to,
                            .size = pool_tile_state(t->plan, t->vectors),
                            .sparse = g->sparse };
    struct pool_span keys;
    while (pool_gather_next(g, end * POOL_BLOCKS, &keys))
        if (!pool_gather_sparse(g, keys, &s)) {
            s.sparse = false;
            g->sparse &= t->plan->has_max || !t->plan->squares; /* which may have exponents now */
            pool_gather_blocks(g, leaf, arg, keys, &s);
        }
    pool_stack_join(t, &s, TREE_NODES);
    if (s.count == 0)
        pool_state_identity(t->plan, to, t->lanes);
}

/* The keys of the list as the fewest nodes, where they are wanted, or one. */
static void pool_gather_run(struct pool_tile *t, pool_leaf *leaf, void *arg, struct pool_forest *f)
{
    const struct pool_shape *s = &t->plan->shape;
    const size_t size = pool_tile_state(t->plan, t->vectors);
    struct pool_gather g = { .t = t, .call = t->plan, .plan = *t->plan, .args = *t->plan->a };
    g.key = t->list.key;
    g.left = t->list.count;
    g.plan.a = &g.args;
    g.plan.ahead = false;
    g.sparse = leaf == pool_block_leaf && pool_is_sparse(t);
    memcpy(g.span, t->span, sizeof g.span);
    memcpy(g.out, t->out, sizeof g.out);
    t->plan = &g.plan;
    f->tree = (struct tree){ .count = 1 };
    if (t->plan->a->nodes != NULL)
        tree_tile(&f->tree, s->first, s->end);
    for (int k = 0; k < f->tree.count; k++) {
        const int64_t end = t->plan->a->nodes != NULL ? tree_end(f->tree.node[k]) : s->end;
        f->state[k] = t->states + (size_t)k * size;
        pool_gather_node(&g, leaf, arg, end, f->state[k]);
    }
    t->plan = g.call;
    memcpy(t->span, g.span, sizeof g.span);
    memcpy(t->out, g.out, sizeof g.out);
    pool_tile_bounds(t);
}

#endif

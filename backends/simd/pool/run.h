/* SPDX-License-Identifier: Apache-2.0 */

/* A tile of rows over blocks, super-blocks and the tree. A state is three rows of
 * lanes, the maximum, the sum of weights and the sum of their squares, and one for each column of
 * the values. */
#ifndef BACKENDS_SIMD_POOL_RUN_H
#define BACKENDS_SIMD_POOL_RUN_H

#include "backends/simd/masks.h"
#include "backends/simd/math/elementary.h"
#include "backends/simd/pool/block.h"
#include "backends/simd/pool/fused.h"
#include "backends/simd/pool/measure.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/prune.h"
#include "backends/simd/pool/score.h"
#include "backends/simd/pool/sums.h"
#include "backends/simd/pool/tile.h"
#include "backends/tree.h"

/* e, and how much of each side it takes. */
VEC_FN void pool_merge_weights(vec m1, vec m2, vec *u, vec *w)
{
    const vec one = v_set1(1);
    vec e = v_weight_exp2(v_neg(v_abs(v_sub(m1, m2))));
    vec_mask up = v_gt(m2, m1);
    *u = v_select(up, e, one);
    *w = v_select(up, one, e);
}

VEC_FN vec pool_merged(vec left, vec right, vec u, vec w)
{
    return v_fma(right, w, v_mul(left, u));
}

static void pool_state_identity(const struct pool_plan *p, real *state, int lanes)
{
    pool_fill(state, (size_t)lanes, p->has_max ? -REAL_MAX : 0);
    pool_fill(state + lanes, (p->state - 1) * (size_t)lanes, 0);
}

/* left = left merged with right. */
static void pool_state_merge(const struct pool_plan *p, real *left, const real *right, int lanes)
{
    for (int i = 0; i < lanes; i += LANES) {
        vec u = v_set1(1), w = u;
        vec m1 = v_loadu(left + i), m2 = v_loadu(right + i);
        if (p->has_max)
            pool_merge_weights(m1, m2, &u, &w);
        v_storeu(left + i, v_max_keep(m1, m2));
        for (size_t k = 1; k < p->state; k++) {
            const size_t at = k * (size_t)lanes + (size_t)i;
            const bool square = k == 2;
            vec a = square ? v_mul(u, u) : u, b = square ? v_mul(w, w) : w;
            v_storeu(left + at, pool_merged(v_loadu(left + at), v_loadu(right + at), a, b));
        }
    }
}

/* Maxima of the block from its extremes, and what is subtracted. Where a maximum is so large that
 * its own rounding matters, scores become differences of rounded numbers first. Returns the c of
 * the scores then. */
static real pool_block_maxima(struct pool_tile *t, int count)
{
    const struct pool_plan *p = t->plan;
    const vec c = v_set1(p->c), limit = v_set1((real)(REAL_BITS == 32 ? 0x1p24 : 0x1p53));
    bool large = false;
    for (int i = 0; i < t->lanes; i += LANES) {
        vec m = v_max_keep(v_set1(-REAL_MAX), v_mul(c, v_loadu(t->extremes + i)));
        vec_mask visible = v_gt(v_loadu(t->visible + i), v_zero());
        m = v_select(visible, m, v_set1(-REAL_MAX));
        v_storeu(t->m + i, m);
        v_storeu(t->minus + i, v_neg(m));
        large |= m_any(m_andnot(visible, v_lt(v_abs(m), limit))) != 0;
    }
    if (!large)
        return p->c;
    for (int i = 0; i < t->lanes; i += LANES) {
        vec m = v_loadu(t->m + i);
        vec_mask small = v_lt(v_abs(m), limit);
        for (int j = 0; j < count; j++) {
            real *s = t->s + j * t->lanes + i;
            vec x = v_loadu(s);
            vec two = v_sub(v_mul(c, x), m);
            v_storeu(s, v_select(small, v_fma(c, x, v_neg(m)), two));
        }
        v_storeu(t->minus + i, v_zero());
    }
    return 1;
}

/* Weights of the block relative to m, into s, with l and sq; or with the one column of values. */
static void pool_block_sums(struct pool_tile *t, const struct pool_block *x, bool one)
{
    const struct pool_plan *p = t->plan;
    struct pool_sums sums = { .vectors = t->vectors,
                              .count = x->count,
                              .c = p->c,
                              .s = t->s,
                              .minus = t->minus,
                              .factor = p->factor ? t->factor : NULL,
                              .weights = p->weighted ? t->weights : NULL,
                              .l = t->l,
                              .sq = p->squares ? t->sq : NULL,
                              .v = one ? x->v : NULL,
                              .v_row = p->a->value.row,
                              .acc = t->acc };
    if (p->has_max)
        sums.c = pool_block_maxima(t, x->count);
    else
        pool_fill(t->m, (size_t)t->lanes, 0);
    pool_sums(&sums, p->has_max);
}

/* Kernels without a maximum, where nothing is in the way; false where something is. */
static bool pool_block_fused(struct pool_tile *t, const struct pool_block *block)
{
    const struct pool_plan *p = t->plan;
    const bool linear = p->measure == MEASURE_LINEAR;
    if (p->has_max || !p->steps || p->weighted || t->vectors != POOL_VECTORS || p->a->v != 1 ||
        pool_block_masked(t, block))
        return false;
    struct pool_pairs x = pool_block_pairs(t, block);
    if (linear && x.lane_scale != NULL)
        return false;
    if (!linear)
        pool_pairs_measure(p, &x);
    struct pool_fused fused = { .x = &x,
                                .s = t->s,
                                .v = block->v,
                                .v_row = p->a->value.row,
                                .l = t->l,
                                .sq = p->squares ? t->sq : NULL,
                                .acc = t->acc };
    pool_fill(t->m, (size_t)t->lanes, 0);
    pool_fused(&fused, p->name, linear);
    return true;
}

/* l, sq and m of the block into the state; u and w of its accumulators. */
static void pool_block_merge(struct pool_tile *t, real *state, bool first)
{
    const struct pool_plan *p = t->plan;
    const int lanes = t->lanes;
    for (int i = 0; i < lanes; i += LANES) {
        vec u = v_set1(1), w = u, m1 = v_loadu(state + i), m2 = v_loadu(t->m + i);
        vec l = v_loadu(t->l + i), sq = p->squares ? v_loadu(t->sq + i) : v_zero();
        if (first) {
            v_storeu(state + i, m2);
            v_storeu(state + lanes + i, l);
            v_storeu(state + 2 * lanes + i, sq);
            continue;
        }
        if (p->has_max)
            pool_merge_weights(m1, m2, &u, &w);
        v_storeu(t->u + i, u);
        v_storeu(t->w + i, w);
        v_storeu(state + i, v_max_keep(m1, m2));
        real *sum = state + lanes + i;
        v_storeu(sum, pool_merged(v_loadu(sum), l, u, w));
        sum += lanes;
        v_storeu(sum, pool_merged(v_loadu(sum), sq, v_mul(u, u), v_mul(w, w)));
    }
}

static bool pool_any_nan(const real *x, int n)
{
    vec_mask bad = m_first(0);
    for (int i = 0; i < n; i += LANES)
        bad = m_or(bad, v_isnan(v_loadu(x + i)));
    return m_any(bad) != 0;
}

/* A single column, whose block sums are in acc. */
static void pool_block_merge_one(const struct pool_tile *t, real *acc, bool first)
{
    for (int i = 0; i < t->lanes; i += LANES) {
        vec sum = v_loadu(t->acc + i);
        if (!first)
            sum = pool_merged(v_loadu(acc + i), sum, v_loadu(t->u + i), v_loadu(t->w + i));
        v_storeu(acc + i, sum);
    }
}

/* The block into the state, of which it is the first or not. A key that takes no part has the
 * weight 0, which does no harm while its value is finite: after a NaN it is left out. */
static void pool_block_pool(struct pool_tile *t, const struct pool_block *x, real *state,
                            bool first)
{
    const struct pool_plan *p = t->plan;
    const struct pool_args *a = p->a;
    const bool may_have_nan =
        p->compact || x->partial || x->zeros || x->masked || a->masks.bias.data != NULL;
    bool one = a->v == 1;
    if (!pool_block_fused(t, x)) {
        pool_block_scores(t, x, false);
        pool_block_sums(t, x, one);
    }
    pool_block_merge(t, state, first);
    real *acc = state + 3 * t->lanes;
    if (one && !(may_have_nan && pool_any_nan(t->acc, t->lanes))) {
        pool_block_merge_one(t, acc, first);
        return;
    }
    struct pool_values values = { .vectors = t->vectors,
                                  .count = x->count,
                                  .p = t->s,
                                  .v = x->v,
                                  .v_row = a->value.row,
                                  .v_col = a->value.col,
                                  .u = first ? NULL : t->u,
                                  .w = t->w,
                                  .acc = acc,
                                  .may_have_nan = may_have_nan };
    int64_t col = one ? 0 : pool_values(&values, 0, a->v);
    if (col == a->v)
        return;
    pool_block_scores(t, x, true);
    pool_block_sums(t, x, false);
    values.included = t->included;
    values.may_have_nan = false;
    pool_values(&values, col, a->v);
}

/* The state of super-block `number`. */
static void pool_super_block(struct pool_tile *t, int64_t number, real *state)
{
    bool first = true;
    const bool pruned = pool_super_block_pruned(t, number);
    for (int i = 0; i < POOL_BLOCKS && !pruned; i++) {
        const int64_t block = number * POOL_BLOCKS + i;
        struct pool_block x;
        if (pool_block_pruned(t, block) || !pool_block_at(t, block, &x))
            continue;
        pool_block_pool(t, &x, state, first);
        first = false;
    }
    if (first)
        pool_state_identity(t->plan, state, t->lanes);
}

/* A list of nodes whose states lie in memory. */
struct pool_forest {
    struct tree tree;
    real *state[TREE_NODES];
};

/* Super-blocks [first, end) as the fewest nodes. */
static void pool_tile_run(struct pool_tile *t, int64_t first, int64_t end, struct pool_forest *f)
{
    const size_t size = pool_tile_state(t->plan, t->vectors);
    struct tree_merge step;
    f->tree.count = 0;
    for (int64_t s = first; s < end; s++) {
        int slot = tree_push(&f->tree, 0, s);
        f->state[slot] = t->states + (size_t)slot * size;
        pool_super_block(t, s, f->state[slot]);
        while (tree_join(&f->tree, &step))
            pool_state_merge(t->plan, f->state[step.left], f->state[step.right], t->lanes);
    }
}

/* The super-blocks that matter to the tile; none may be left out of a state. */
static void pool_tile_range(const struct pool_tile *t, int64_t *first, int64_t *end)
{
    const struct pool_plan *p = t->plan;
    *first = p->shape.first;
    *end = p->shape.end;
    if (p->a->nodes != NULL)
        return;
    if (t->low >= t->high) {
        *end = *first;
        return;
    }
    *first = (p->a->key_origin + t->low) / SUPER_BLOCK;
    *end = (p->a->key_origin + t->high + SUPER_BLOCK - 1) / SUPER_BLOCK;
}

/* All of them merged: a state in the first slot. */
static real *pool_tile_root(const struct pool_tile *t, struct pool_forest *f)
{
    struct tree_merge step;
    if (f->tree.count == 0) {
        pool_state_identity(t->plan, t->states, t->lanes);
        return t->states;
    }
    while (tree_collapse(&f->tree, &step))
        pool_state_merge(t->plan, f->state[step.left], f->state[step.right], t->lanes);
    return f->state[f->tree.node[0].slot];
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* A tile of rows over blocks, super-blocks and the tree. A state is three rows of
 * lanes, the maximum, the sum of weights and the sum of their squares, and one for each column of
 * the values. Out of the log domain the exponent of the squares is in the place of the maximum. */
#ifndef BACKENDS_SIMD_POOL_RUN_H
#define BACKENDS_SIMD_POOL_RUN_H

#include "backends/simd/masks.h"
#include "backends/simd/math/elementary.h"
#include "backends/simd/math/relative.h"
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
    vec e = v_weight_exp2(v_mul(v_abs(v_sub(m1, m2)), v_set1(-4)));
    vec_mask up = v_gt(m2, m1);
    *u = v_select(up, e, one);
    *w = v_select(up, one, e);
}

VEC_FN vec pool_merged(vec left, vec right, vec u, vec w)
{
    return v_fma(right, w, v_mul(left, u));
}

/* Out of the log domain: sums of squares in units of 2^2r, r in the place of a maximum. */
VEC_FN void pool_merge_squares(vec *r, vec *sq, vec right_r, vec right_sq)
{
    const vec least = v_set1(-(real)REAL(EXPONENT_MOST)), bias = v_set1(REAL(MAGIC_BIASED));
    if (!m_any(m_or(v_ne(*r, v_zero()), v_ne(right_r, v_zero())))) {
        *sq = v_add(*sq, right_sq);
        return;
    }
    const vec top = v_max_keep(*r, right_r);
    vec u = v_add(v_raise_to(v_sub(*r, top), least), bias);
    vec w = v_add(v_raise_to(v_sub(right_r, top), least), bias);
    u = v_as_real(v_ishl(v_as_int(u), REAL_FRACTION_BITS));
    w = v_as_real(v_ishl(v_as_int(w), REAL_FRACTION_BITS));
    const vec sum = v_add(v_mul(v_mul(*sq, u), u), v_mul(v_mul(right_sq, w), w));
    const vec_mask left = v_eq(right_sq, v_zero()), right = v_eq(*sq, v_zero());
    *r = v_select(left, *r, v_select(right, right_r, top));
    *sq = v_select(left, *sq, v_select(right, right_sq, sum));
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
        real *square = left + 2 * lanes + i;
        vec sq = v_loadu(square);
        const vec right_sq = v_loadu(right + 2 * lanes + i);
        if (p->has_max) {
            pool_merge_weights(m1, m2, &u, &w);
            sq = pool_merged(sq, right_sq, v_mul(u, u), v_mul(w, w));
            m1 = v_max_keep(m1, m2);
        } else {
            pool_merge_squares(&m1, &sq, m2, right_sq);
        }
        v_storeu(left + i, m1);
        for (size_t k = 1; k < p->state; k++) {
            const size_t at = k * (size_t)lanes + (size_t)i;
            v_storeu(left + at, pool_merged(v_loadu(left + at), v_loadu(right + at), u, w));
        }
        v_storeu(square, sq);
    }
}

/* Maxima of a block in which key weights have exponents. */
static void pool_scaled_maxima(struct pool_tile *t, int count)
{
    for (int i = 0; i < t->lanes; i += LANES) {
        vec m = v_set1(-REAL_MAX);
        for (int j = 0; j < count; j++)
            m = v_max_keep(m, v_quarters(v_set1(t->plan->c), v_loadu(t->s + j * t->lanes + i),
                                         v_set1(t->exponents[j])));
        v_storeu(t->m + i, m);
    }
}

/* Scores to what the weights relative to m are powers of. */
static void pool_block_relative(struct pool_tile *t, const struct pool_block *x, const real *m)
{
    for (int j = 0; j < x->count; j++) {
        const vec k = v_set1(x->scaled ? t->exponents[j] : 0);
        for (int i = 0; i < t->lanes; i += LANES) {
            real *s = t->s + j * t->lanes + i;
            v_storeu(s, v_relative(v_set1(t->plan->c), v_loadu(s), k, v_loadu(m + i)));
        }
    }
    pool_fill(t->minus, (size_t)t->lanes, 0);
}

/* Maxima of the block from its extremes, and what is subtracted; scores that are no common case
 * become what weights are powers of. Returns the c of the scores then. */
static real pool_block_maxima(struct pool_tile *t, const struct pool_block *x)
{
    const struct pool_plan *p = t->plan;
    bool common = !x->scaled;
    for (int i = 0; i < t->lanes; i += LANES) {
        const vec_mask visible = v_gt(v_loadu(t->visible + i), v_zero());
        const vec m =
            v_select(visible, v_maximum_of(p->c, v_loadu(t->extremes + i)), v_set1(-REAL_MAX));
        v_storeu(t->m + i, m);
        const vec_mask small = v_is_common(m);
        v_storeu(t->minus + i, v_select(small, v_mul(m, v_set1(-4)), v_zero()));
        common &= !m_any(m_andnot(visible, small));
    }
    if (common)
        return p->c;
    if (x->scaled)
        pool_scaled_maxima(t, x->count);
    pool_block_relative(t, x, t->m);
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
        sums.c = pool_block_maxima(t, x);
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
        real *sum = state + lanes + i, *square = sum + lanes;
        if (first) {
            v_storeu(state + i, m2);
            v_storeu(sum, l);
            v_storeu(square, sq);
            continue;
        }
        vec squares = v_loadu(square);
        if (p->has_max) {
            pool_merge_weights(m1, m2, &u, &w);
            squares = pool_merged(squares, sq, v_mul(u, u), v_mul(w, w));
            m1 = v_max_keep(m1, m2);
        } else {
            pool_merge_squares(&m1, &squares, m2, sq);
        }
        v_storeu(t->u + i, u);
        v_storeu(t->w + i, w);
        v_storeu(state + i, m1);
        v_storeu(sum, pool_merged(v_loadu(sum), l, u, w));
        v_storeu(square, squares);
    }
}

/* Which sums of squares may be of weights that are all so small or large that these are squared
 * with an exponent? */
VEC_FN vec_mask pool_out_of_range(vec l, vec sq)
{
    const vec_mask out =
        m_or(v_lt(sq, v_set1(REAL(SQUARES_LEAST))), v_gt(sq, v_set1(REAL(SQUARES_MOST))));
    return m_and(out, v_ne(l, v_zero()));
}

/* The exponents that weights up to `most` are squared with, 0 for most. */
VEC_FN vec pool_exponents(vec l, vec most)
{
    real e[LANES], y[LANES];
    const vec_mask in =
        m_and(v_ge(most, v_set1(REAL(WEIGHT_LEAST))), v_lt(most, v_set1(REAL(WEIGHT_MOST))));
    v_storeu(y, most);
    for (int k = 0; k < LANES; k++) {
        const int bits = (int)(r_as_bits(y[k]) >> REAL_FRACTION_BITS) - REAL(EXPONENT_MOST) - 1;
        e[k] = (real)int_max(-REAL(EXPONENT_MOST), int_min(bits, REAL(EXPONENT_MOST)));
    }
    return v_select(m_or(in, m_or(v_eq(l, v_zero()), v_eq(most, v_zero()))), v_zero(), v_loadu(e));
}

/* 2^-r, for the exponents r of pool_exponents. */
VEC_FN vec pool_inverse_power(vec r)
{
    const vec z = v_sub(v_set1(REAL(MAGIC_BIASED)), r);
    return v_as_real(v_ishl(v_as_int(z), REAL_FRACTION_BITS));
}

/* Squares of the block again, with exponents, where its sums are out of range. */
static void pool_block_squares(struct pool_tile *t, const struct pool_block *x)
{
    vec_mask out = m_first(0);
    for (int i = 0; i < t->lanes; i += LANES)
        out = m_or(out, pool_out_of_range(v_loadu(t->l + i), v_loadu(t->sq + i)));
    if (!m_any(out))
        return;
    pool_block_scores(t, x, false);
    pool_block_sums(t, x, false);
    for (int i = 0; i < t->lanes; i += LANES) {
        const real *p = t->s + i;
        vec most = v_zero(), sq = v_zero();
        for (int j = 0; j < x->count; j++)
            most = v_max_keep(most, v_abs(v_loadu(p + j * t->lanes)));
        const vec r = pool_exponents(v_loadu(t->l + i), most), scale = pool_inverse_power(r);
        for (int j = 0; j < x->count; j++) {
            const vec weight = v_mul(v_loadu(p + j * t->lanes), scale);
            sq = v_fma(weight, weight, sq);
        }
        v_storeu(t->m + i, r);
        v_storeu(t->sq + i, sq);
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
    if (p->squares && !p->has_max)
        pool_block_squares(t, x);
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

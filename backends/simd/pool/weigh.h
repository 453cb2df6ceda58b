/* SPDX-License-Identifier: Apache-2.0 */

/* The weights of a tile's rows and a block of keys, from their scores, and the sums of these. */
#ifndef BACKENDS_SIMD_POOL_WEIGH_H
#define BACKENDS_SIMD_POOL_WEIGH_H

#include "backends/simd/masks.h"
#include "backends/simd/math/relative.h"
#include "backends/simd/pool/ahead.h"
#include "backends/simd/pool/fused.h"
#include "backends/simd/pool/measure.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/score.h"
#include "backends/simd/pool/state.h"
#include "backends/simd/pool/sums.h"
#include "backends/simd/pool/tile.h"

/* Maxima of a block in which key weights have exponents. */
static void pool_scaled_maxima(struct pool_tile *t, int count)
{
    for (int i = 0; i < t->lanes; i += LANES) {
        vec m = v_set1(pool_least_maximum(t));
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
    t->spent = true;
}

/* Maxima of the block from its extremes, and what is subtracted; scores that are no common case
 * become what weights are powers of. Returns the c of the scores then. */
static real pool_block_maxima(struct pool_tile *t, const struct pool_block *x)
{
    const struct pool_plan *p = t->plan;
    bool common = !x->scaled;
    for (int i = 0; i < t->lanes; i += LANES) {
        const vec_mask visible = v_gt(v_loadu(t->visible + i), v_zero());
        const vec largest = v_maximum_of(p->c, v_loadu(t->extremes + i));
        const vec m = v_max_keep(v_set1(pool_least_maximum(t)),
                                 v_select(visible, largest, v_set1(-REAL_MAX)));
        v_storeu(t->m + i, m);
        const vec_mask small = v_is_common(m);
        v_storeu(t->minus + i, v_where(small, v_mul(m, v_set1(-4))));
        common &= !m_any(m_andnot(visible, small));
    }
    if (common)
        return p->c;
    if (x->scaled)
        pool_scaled_maxima(t, x->count);
    pool_block_relative(t, x, t->m);
    return 1;
}

/* Weights of the block relative to m, into s, with l and sq; or with the one column of values. Then
 * the scores of block `next`, which may be NULL, may come ahead. */
static void pool_block_sums(struct pool_tile *t, const struct pool_block *x, bool one,
                            const struct pool_block *next)
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
                              .v_row = p->a->v > 0 ? p->a->value.row : 0,
                              .acc = t->acc };
    if (p->has_max)
        sums.c = pool_block_maxima(t, x);
    else
        pool_fill(t->m, (size_t)t->lanes, 0);
    struct pool_pairs pairs;
    t->ahead = pool_ahead_pairs(t, x, next, &pairs);
    if (t->ahead)
        pool_ahead(&sums, &pairs);
    else
        pool_sums(&sums, p->has_max, p->cuts_far);
}

/* Kernels without a maximum, where nothing is in the way; false where something is. */
static bool pool_block_fused(struct pool_tile *t, const struct pool_block *block)
{
    const struct pool_plan *p = t->plan;
    const bool linear = p->measure == MEASURE_LINEAR;
    if (p->has_max || !p->steps || p->weighted || p->drops || t->vectors != POOL_VECTORS ||
        p->a->v > 1 || p->a->moments.power != NULL || pool_block_masked(t, block))
        return false;
    struct pool_pairs x = pool_block_pairs(t, block);
    if (linear && x.lane_scale != NULL)
        return false;
    if (!linear)
        pool_pairs_measure(p, &x);
    struct pool_fused fused = { .x = &x,
                                .s = t->s,
                                .v = block->v,
                                .v_row = p->a->v > 0 ? p->a->value.row : 0,
                                .l = t->l,
                                .sq = p->squares ? t->sq : NULL,
                                .acc = t->acc };
    pool_fill(t->m, (size_t)t->lanes, 0);
    pool_fused(&fused, p->name, linear);
    return true;
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
    pool_block_sums(t, x, false, NULL);
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

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* The scores of a tile's rows and a block of keys, or their weights where there is no maximum; then
 * what masks and biases make of them. */
#ifndef BACKENDS_SIMD_POOL_SCORE_H
#define BACKENDS_SIMD_POOL_SCORE_H

#include "backends/simd/math/kernels.h"
#include "backends/simd/pool/distance.h"
#include "backends/simd/pool/factor.h"
#include "backends/simd/pool/masks.h"
#include "backends/simd/pool/measure.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/tile.h"

/* split_w of LANES sizes: in place to powers of two, and the squares of what remains. */
static void split_ws(real *size, real *square)
{
    const real_uint fraction = ((real_uint)1 << REAL_FRACTION_BITS) - 1;
    const vec w = v_loadu(size);
    const vec_int bits = v_as_int(w);
    if (!m_all(m_and(v_ge(w, v_set1(REAL_MIN)), v_le(w, v_set1(REAL_MAX))))) {
        for (int k = 0; k < LANES; k++)
            split_w(size[k], &size[k], &square[k]);
        return;
    }
    vec_int unit = v_iand(bits, v_iset1((real_int)fraction));
    unit = v_ior(unit, v_as_int(v_set1(1)));
    v_storeu(size, v_as_real(v_iand(bits, v_iset1((real_int)~fraction))));
    v_storeu(square, products_up(v_as_real(unit), v_as_real(unit)));
}

/* The inverse bandwidths that belong to keys. */
static void pool_block_inverse_bandwidths(const struct pool_tile *t, const struct pool_block *x)
{
    const struct pool_plan *p = t->plan;
    const struct kernel *kernel = &p->a->kernel;
    const int64_t d = p->a->d;
    if (kernel->per == ATTPOOL_BANDWIDTH_KEY) {
        const int64_t col = kernel->inverse_bandwidths.col;
        const element *w = row_at(&kernel->inverse_bandwidths, t->b, t->head0, 0) + x->first * col;
        for (int j = 0; j < x->count; j++)
            t->k_scale[j] = r_abs(get(w + j * col));
        for (int j = 0; j < x->count && p->has_w2; j += LANES)
            split_ws(t->k_scale + j, t->k_post + j);
    }
    if (kernel->per == ATTPOOL_BANDWIDTH_COORDINATE_KEY) {
        const int64_t col = kernel->factors.col;
        const element *f = row_at(&kernel->factors, t->b, t->head0, 0) + x->first * col;
        for (int j = 0; j < x->count; j++)
            for (int64_t c = 0; c < d; c++)
                t->k_scale[j * d + c] = product_up(t->coordinate[c], r_abs(get(f + j * col)));
    }
}

/* The block's keys times P, where that is exact. */
static bool pool_block_scaled(const struct pool_tile *t, const struct pool_pairs *x)
{
    const size_t d = (size_t)x->d, n = d * (size_t)x->count;
    const vec power = v_set1(t->plan->power);
    if (!t->scaled)
        return false;
    if ((x->col == 1 || d == 1) && x->row == x->d)
        memcpy(t->k, x->point, n * sizeof(real));
    else
        for (int j = 0; j < x->count; j++)
            for (size_t c = 0; c < d; c++)
                t->k[(size_t)j * d + c] = get(x->point + j * x->row + (int64_t)c * x->col);
    if (!pool_scales(t->k, n, t->plan->power))
        return false;
    for (size_t i = 0; i < n; i += LANES)
        v_storeu(t->k + i, v_mul(v_loadu(t->k + i), power));
    return true;
}

/* How the differences of lanes that are queries are scaled. */
static void pool_pairs_scaled(const struct pool_tile *t, const struct pool_block *block,
                              struct pool_pairs *x)
{
    const struct pool_plan *p = t->plan;
    const bool post = p->has_w2;
    pool_block_inverse_bandwidths(t, block);
    switch (p->a->kernel.per) {
    case ATTPOOL_BANDWIDTH_ONE:
        x->point_scale = p->measure == MEASURE_SQUARES && !p->by_coordinate ? &p->power : &p->w;
        if (*x->point_scale == 1)
            x->point_scale = NULL;
        if (p->power_matters && pool_block_scaled(t, x)) {
            x->lane = t->qs;
            x->point = elements(t->k);
            x->row = x->d;
            x->col = 1;
            x->point_scale = NULL;
        }
        x->point_post = post ? &p->w : NULL;
        break;
    case ATTPOOL_BANDWIDTH_COORDINATE:
        x->point_scale = t->coordinate;
        x->scale_col = 1;
        break;
    case ATTPOOL_BANDWIDTH_COORDINATE_KEY:
        x->point_scale = t->k_scale;
        x->scale_row = x->d;
        x->scale_col = 1;
        break;
    case ATTPOOL_BANDWIDTH_KEY:
        x->point_scale = t->k_scale;
        x->scale_row = 1;
        x->point_post = post ? t->k_post : NULL;
        x->post_row = 1;
        break;
    case ATTPOOL_BANDWIDTH_QUERY:
        x->lane_scale = t->q_scale;
        x->lane_post = post ? t->q_post : NULL;
    }
}

/* The measures of the pairs, of whatever kind the plan has. */
static void pool_pairs_measure(const struct pool_plan *p, struct pool_pairs *x)
{
    switch (x->d > 0 || p->measure == MEASURE_PRODUCT ? p->measure : MEASURE_SQUARES) {
    case MEASURE_DOT:
        pool_dot(x);
        return;
    case MEASURE_ADDITIVE:
        pool_additive(x);
        return;
    case MEASURE_PRODUCT:
        pool_product(x, &p->a->kernel, p->has_max, p->masked);
        return;
    case MEASURE_LINEAR:
        pool_linear(x);
        return;
    default:
        pool_squares(x);
    }
}

/* What a kernel makes of n measures; of inner products and the like, nothing. */
static void pool_apply_kernel(const struct pool_plan *p, real *s, real *factor, real *included,
                              size_t n)
{
    struct pool_step step = { .linear = p->measure == MEASURE_LINEAR,
                              .has_max = p->has_max,
                              .s = s,
                              .factor = factor,
                              .included = included,
                              .outside = p->masked,
                              .vectors = n / LANES };
    if (p->steps)
        pool_step(&step, p->name);
}

/* Whether measuring also yields the extremes. */
static bool pool_plan_finds_extremes(const struct pool_plan *p)
{
    if (p->a->d == 0 || p->a->d > CHUNK)
        return false;
    if (p->measure == MEASURE_SQUARES)
        return p->smallest && !p->steps && (!p->has_w2 || p->a->d == 1);
    if (p->measure == MEASURE_LINEAR)
        return p->smallest; /* x is u for those with a log part */
    return !p->smallest && (p->measure == MEASURE_DOT || p->measure == MEASURE_ADDITIVE);
}

static void pool_find_extremes(const real *s, int count, int vectors, bool smallest, real *extremes)
{
    for (int i = 0; i < vectors; i++) {
        vec extreme = v_set1(smallest ? REAL_MAX : -REAL_MAX);
        for (int j = 0; j < count; j++)
            extreme = pool_extreme(smallest, extreme, v_loadu(s + (j * vectors + i) * LANES));
        v_storeu(extremes + i * LANES, extreme);
    }
}

/* The pairs of the tile's rows and the block's keys. */
static struct pool_pairs pool_block_pairs(const struct pool_tile *t, const struct pool_block *block)
{
    const struct pool_plan *p = t->plan;
    const struct pool_args *a = p->a;
    struct pool_pairs x = { .vectors = t->vectors,
                            .tiles = 1,
                            .count = block->count,
                            .d = a->d,
                            .lane = t->q,
                            .row = a->k.row,
                            .col = a->k.col,
                            .step = t->lanes,
                            .out = t->s };
    if (p->measure == MEASURE_NONE)
        return x;
    x.point = row_at(&a->k, t->b, t->head0, block->first);
    const int64_t bytes = a->m * (a->d + a->v) * (int64_t)sizeof(real);
    if (t->vectors == 1 && a->k.row == a->d && a->value.row == a->v && bytes > 256 << 10) {
        x.ahead = (8 * a->v * (int64_t)sizeof(real) + 4 * a->d - 1) / (4 * a->d);
        x.values = block->v;
        x.v_row = a->value.row;
    }
    x.wv = row_at(&a->wv, 0, 0, 0);
    x.wv_col = a->wv.col;
    if (a->score == POOL_KERNEL)
        pool_pairs_scaled(t, block, &x);
    return x;
}

/* Whether masks or biases change what is computed of the pairs. */
static bool pool_block_masked(const struct pool_tile *t, const struct pool_block *block)
{
    return block->partial || block->zeros || block->masked || t->plan->folded ||
           t->plan->a->masks.bias.data != NULL;
}

/* Scores of the block, into s; factors, extremes; with `with_included` who takes part, into
 * included. */
static void pool_block_scores(struct pool_tile *t, const struct pool_block *block,
                              bool with_included)
{
    const struct pool_plan *p = t->plan;
    const size_t n = (size_t)(block->count * t->lanes);
    const bool support = p->compact && (with_included || p->has_max);
    const bool masked = with_included || support || pool_block_masked(t, block);
    struct pool_pairs x = pool_block_pairs(t, block);
    t->spent = false;
    x.factor = p->factor ? t->factor : NULL;
    x.included = support ? t->included : NULL;
    if (p->has_max && !masked && pool_plan_finds_extremes(p))
        x.extremes = t->extremes;
    if (p->measure == MEASURE_NONE)
        pool_fill(t->s, n, p->has_max ? 0 : 1);
    else
        pool_pairs_measure(p, &x);
    pool_apply_kernel(p, t->s, x.factor, x.included, n);
    if (p->folded && p->a->masks.bias.data != NULL)
        saturate(t->s, n, p->saturation);
    if (masked)
        pool_block_apply_masks(t, block, support, with_included);
    else if (p->has_max && x.extremes == NULL)
        pool_find_extremes(t->s, block->count, t->vectors, p->smallest, t->extremes);
    if (!masked && p->has_max)
        pool_fill(t->visible, (size_t)t->lanes, 1);
}

/* Clear `included` for the block's far keys, in lanes whose maximum in m says that the row has a
 * near key, or for NULL in all of them. */
static void pool_block_exclude_far(struct pool_tile *t, const struct pool_block *x, const real *m)
{
    const vec c = v_set1(t->plan->c), limit = v_set1(REAL(NEAR_LIMIT));
    for (int j = 0; j < x->count; j++) {
        const vec k = v_set1(x->scaled ? t->exponents[j] : 0);
        for (int i = 0; i < t->lanes; i += LANES) {
            const size_t at = (size_t)(j * t->lanes + i);
            const vec power = v_relative(c, v_loadu(t->s + at), k, limit);
            vec_mask far = v_le(power, v_set1(REAL(FAR_LIMIT)));
            if (m != NULL)
                far = m_and(far, v_gt(v_loadu(m + i), limit));
            v_storeu(t->included + at, v_unless(far, v_loadu(t->included + at)));
        }
    }
}

#endif

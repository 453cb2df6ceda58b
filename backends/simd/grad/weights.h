/* SPDX-License-Identifier: Apache-2.0 */

/* W and g of each pair of a tile of queries and a block of keys, and h where that is not g. */
#ifndef BACKENDS_SIMD_GRAD_WEIGHTS_H
#define BACKENDS_SIMD_GRAD_WEIGHTS_H

#include "backends/simd/grad/product.h"
#include "backends/simd/grad/slopes.h"

/* Weights of key j by its own weight and the sums of rows. */
VEC_FN vec grad_normal(const struct grad_tile *g, int i, int j, vec w)
{
    const struct pool_plan *p = g->t.plan;
    const vec times = v_loadu(g->times + i);
    if (p->weighted)
        w = v_mul(w, v_set1(g->t.weights[j]));
    return p->divide ? v_div(w, times) : v_mul(w, times);
}

/* h of a part that stands in a factor's place; e are the powers of two. */
VEC_FN vec grad_coefficient(const struct grad_tile *g, int i, int j, vec e, vec part, vec gain,
                            vec_mask in)
{
    return v_where(in, v_mul(grad_normal(g, i, j, v_mul(e, part)), gain));
}

/* h of the coordinates, from their slopes and factors. */
static void grad_product_pairs(const struct grad_tile *g, int i, int j, vec e, vec gain,
                               vec_mask in)
{
    const struct pool_args *p = g->plan->a->pool;
    const int64_t at = j * g->t.lanes + i, plane = (int64_t)BLOCK * g->t.lanes;
    vec others[GRAD_PRODUCT_MOST], before = v_set1(1), after = v_set1(1);
    for (int64_t c = 0; c < p->d; c++) {
        others[c] = before;
        before = v_mul(before, v_loadu(g->factor + c * plane + at));
    }
    for (int64_t c = p->d - 1; c >= 0; c--) {
        real *slope = g->slope + c * plane + at;
        const vec part = v_mul(v_mul(others[c], after), v_loadu(slope));
        const vec h = grad_coefficient(g, i, j, e, part, gain, in);
        v_storeu(slope, grad_is_flat(kernel_name_at(&p->kernel, c)) ? v_zero() : h);
        after = v_mul(after, v_loadu(g->factor + c * plane + at));
    }
}

/* Weights from scores. */
static void grad_block_weights(struct grad_tile *g, const struct pool_block *x)
{
    const struct pool_tile *t = &g->t;
    const struct pool_plan *p = t->plan;
    if (p->cuts_far)
        pool_block_exclude_far(&g->t, x, g->max);
    for (int j = 0; j < x->count; j++)
        for (int i = 0; i < t->lanes; i += LANES) {
            const int at = j * t->lanes + i;
            vec w = v_loadu(t->s + at), e = v_set1(1);
            if (p->has_max)
                w = e = v_weight_exp2(v_relative(
                    v_set1(p->c), w, v_set1(x->scaled ? t->exponents[j] : 0), v_loadu(g->max + i)));
            if (p->factor)
                w = v_mul(w, v_loadu(t->factor + at));
            w = grad_normal(g, i, j, w);
            const vec gain = v_add(v_loadu(g->gradient + at), v_loadu(g->gain + i));
            const vec_mask in = v_gt(v_loadu(t->included + at), v_zero());
            v_storeu(t->s + at, v_where(in, w));
            v_storeu(g->gradient + at, v_where(in, v_mul(w, gain)));
            if (g->slope != NULL && g->plan->path == GRAD_PRODUCT)
                grad_product_pairs(g, i, j, e, gain, in);
            else if (g->slope != NULL)
                v_storeu(g->slope + at,
                         grad_coefficient(g, i, j, e, v_loadu(g->slope + at), gain, in));
        }
}

/* How weights of an open block are made of its scores. */
enum grad_open {
    GRAD_OPEN_NONE,  /* they are the weights */
    GRAD_OPEN_LOG,   /* as powers of two */
    GRAD_OPEN_PLAIN, /* likewise, with common maxima, no factors and no key weights */
};

/* The same where all keys take part in all rows but the far ones, whose numbers become 0: 4 keys
 * and LANES rows, from key j and lane i on. */
VEC_FN void grad_open_group(struct grad_tile *g, const struct pool_block *x, int j, int i,
                            const enum grad_open how, const bool cuts_far)
{
    const struct pool_tile *t = &g->t;
    const struct pool_plan *p = t->plan;
    const bool plain = how == GRAD_OPEN_PLAIN;
    const vec c = v_set1(p->c), max = v_loadu(g->max + i), minus = v_mul(v_set1(-4), max);
    const vec times = v_loadu(g->times + i), own = v_loadu(g->gain + i);
    const vec_mask near = v_gt(max, v_set1(REAL(NEAR_LIMIT)));
    vec w[4];
    vec_mask far[4];
    UNROLL_FOR (int k = 0; k < 4; k++) {
        const vec s = v_loadu(t->s + (j + k) * t->lanes + i);
        const real exponent = !plain && x->scaled ? t->exponents[j + k] : 0;
        w[k] = plain                  ? v_fma(c, s, minus)
               : how == GRAD_OPEN_LOG ? v_relative(c, s, v_set1(exponent), max)
                                      : s;
        if (cuts_far)
            far[k] = m_and(near, v_le(v_fma(c, s, v_set1(exponent - 4 * REAL(NEAR_LIMIT))),
                                      v_set1(REAL(FAR_LIMIT))));
    }
    if (how != GRAD_OPEN_NONE)
        weight_powers(w, 4, false);
    UNROLL_FOR (int k = 0; k < 4; k++) {
        const int at = (j + k) * t->lanes + i;
        if (!plain && p->factor)
            w[k] = v_mul(w[k], v_loadu(t->factor + at));
        if (!plain && p->weighted)
            w[k] = v_mul(w[k], v_set1(t->weights[j + k]));
        w[k] = !plain && p->divide ? v_div(w[k], times) : v_mul(w[k], times);
        const vec gradient = v_mul(w[k], v_add(v_loadu(g->gradient + at), own));
        v_storeu(t->s + at, cuts_far ? v_unless(far[k], w[k]) : w[k]);
        v_storeu(g->gradient + at, cuts_far ? v_unless(far[k], gradient) : gradient);
    }
}

/* There is room for BLOCK keys, so the last group may go beyond the block's. */
VEC_FN void grad_open_of(struct grad_tile *g, const struct pool_block *x, const enum grad_open how,
                         const bool cuts_far)
{
    for (int i = 0; i < g->t.lanes; i += LANES)
        for (int j = 0; j < x->count; j += 4)
            grad_open_group(g, x, j, i, how, cuts_far);
}

static void grad_open_weights(struct grad_tile *g, const struct pool_block *x)
{
    const struct pool_plan *p = g->t.plan;
    const bool plain = g->common && !x->scaled && !p->factor && !p->weighted && !p->divide;
    if (!p->has_max)
        grad_open_of(g, x, GRAD_OPEN_NONE, false);
    else if (plain && p->cuts_far)
        grad_open_of(g, x, GRAD_OPEN_PLAIN, true);
    else if (plain)
        grad_open_of(g, x, GRAD_OPEN_PLAIN, false);
    else if (p->cuts_far)
        grad_open_of(g, x, GRAD_OPEN_LOG, true);
    else
        grad_open_of(g, x, GRAD_OPEN_LOG, false);
}

/* What dropout makes of dO . v. */
static void grad_block_drop(struct grad_tile *g, const struct pool_block *x)
{
    const vec scale = v_set1((real)g->plan->a->pool->dropout.scale);
    if (g->t.plan->drops)
        pool_block_drop(&g->t, x, g->gradient);
    for (int i = 0; i < x->count * g->t.lanes; i += LANES)
        v_storeu(g->gradient + i, v_mul(v_loadu(g->gradient + i), scale));
}

/* dO . v of the pairs, into gradient. */
static void grad_block_values(struct grad_tile *g, const struct pool_block *x)
{
    const struct pool_args *p = g->plan->a->pool;
    const struct pool_pairs pairs = { .vectors = g->t.vectors,
                                      .tiles = 1,
                                      .count = x->count,
                                      .d = p->v,
                                      .lane = g->d_out,
                                      .point = x->v,
                                      .row = p->value.row,
                                      .col = p->value.col,
                                      .step = g->t.lanes,
                                      .out = g->gradient };
    if (g->plan->a->d_out.data != NULL && p->v > 0)
        pool_dot(&pairs);
    else
        pool_fill(g->gradient, (size_t)(x->count * g->t.lanes), 0);
}

/* Are the coordinates of `count` keys finite, where sums go over them whoever takes part? */
static bool grad_keys_finite(const struct grad_plan *plan, int64_t b, int64_t h, int64_t first,
                             int count)
{
    const struct array *k = &plan->a->pool->k;
    if (plan->path != GRAD_DOT && plan->path != GRAD_ADDITIVE)
        return true;
    const element *from = row_at(k, b, h, first);
    const int64_t d = plan->a->pool->d;
    bool finite = true;
    for (int j = 0; j < count; j++, from += k->row)
        if (k->col == 1)
            finite &= grad_row_is_finite(from, d);
        else
            for (int64_t c = 0; c < d; c++)
                finite &= r_abs(get(from + c * k->col)) <= REAL_MAX;
    return finite;
}

static bool grad_keys_are_finite(const struct grad_tile *g, const struct pool_block *x)
{
    return grad_keys_finite(g->plan, g->t.b, g->t.head0, x->first, x->count);
}

/* Do all keys of the block take part in all rows, or are far? Then `included` is not written, which
 * nobody looks at while all numbers are finite. */
static bool grad_block_is_open(const struct grad_tile *g, const struct pool_block *x, bool finite)
{
    return g->plain && finite && !g->special && g->slope == NULL && !g->t.plan->compact &&
           !pool_block_masked(&g->t, x);
}

/* `finite`: what is read of the block's keys is. */
static void grad_block(struct grad_tile *g, const struct pool_block *x, bool finite)
{
    const bool open = grad_block_is_open(g, x, finite);
    grad_block_values(g, x);
    if (g->t.plan->drops)
        pool_block_kept(&g->t, x);
    if (g->plan->a->pool->dropout.scale != 1)
        grad_block_drop(g, x);
    pool_block_scores(&g->t, x, !open);
    if (g->slope != NULL && g->plan->path == GRAD_PRODUCT)
        grad_product_slopes(g, x);
    else if (g->slope != NULL)
        grad_slopes(g, x);
    if (open)
        grad_open_weights(g, x);
    else
        grad_block_weights(g, x);
    if (g->special)
        grad_block_special(g, x);
}

#endif

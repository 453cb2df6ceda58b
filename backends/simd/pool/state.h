/* SPDX-License-Identifier: Apache-2.0 */

/* The state of a tile's rows after some keys, and how two of them merge. A state is three rows of
 * lanes, the maximum, the sum of weights and the sum of their squares, and one for each column of
 * the values. Out of the log domain the exponent of the squares is in the place of the maximum. */
#ifndef BACKENDS_SIMD_POOL_STATE_H
#define BACKENDS_SIMD_POOL_STATE_H

#include "backends/simd/math/elementary.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/tile.h"
#include "backends/tree.h"

/* How much is taken of each side, relative to the larger maximum. */
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

/* What a block's maximum is at least. */
static real pool_least_maximum(const struct pool_tile *t)
{
    return t->near ? REAL(NEAR_LIMIT) : -REAL_MAX;
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

/* How many of the first `count` rows have a near key. */
static int pool_near_rows(const real *state, int count)
{
    int near = 0;
    for (int lane = 0; lane < count; lane++)
        near += state[lane] > REAL(NEAR_LIMIT);
    return near;
}

/* In lanes that have a near key `near` takes the place of `all`. */
static void pool_state_choose(const struct pool_plan *p, real *all, const real *near, int lanes)
{
    for (int i = 0; i < lanes; i += LANES) {
        const vec_mask takes = v_gt(v_loadu(near + i), v_set1(REAL(NEAR_LIMIT)));
        for (size_t k = 0; k < p->state; k++) {
            const size_t at = k * (size_t)lanes + (size_t)i;
            v_storeu(all + at, v_select(takes, v_loadu(near + at), v_loadu(all + at)));
        }
    }
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
    return v_unless(m_or(in, m_or(v_eq(l, v_zero()), v_eq(most, v_zero()))), v_loadu(e));
}

/* 2^-r, for the exponents r of pool_exponents. */
VEC_FN vec pool_inverse_power(vec r)
{
    const vec z = v_sub(v_set1(REAL(MAGIC_BIASED)), r);
    return v_as_real(v_ishl(v_as_int(z), REAL_FRACTION_BITS));
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

/* A list of nodes whose states lie in memory. */
struct pool_forest {
    struct tree tree;
    real *state[TREE_NODES];
};

/* The largest of the maxima of the nodes, of each lane. */
static void pool_forest_maxima(const struct pool_forest *f, int lanes, real *m)
{
    pool_fill(m, (size_t)lanes, -REAL_MAX);
    for (int k = 0; k < f->tree.count; k++)
        for (int i = 0; i < lanes; i += LANES) {
            const real *state = f->state[f->tree.node[k].slot];
            v_storeu(m + i, v_max_keep(v_loadu(m + i), v_loadu(state + i)));
        }
}

static void pool_forest_clear(const struct pool_plan *p, const struct pool_forest *f, int lanes)
{
    for (int k = 0; k < f->tree.count; k++)
        pool_state_identity(p, f->state[f->tree.node[k].slot], lanes);
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

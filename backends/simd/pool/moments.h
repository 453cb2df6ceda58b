/* SPDX-License-Identifier: Apache-2.0 */

/* Moments about the rows of a tile: sums of weights times coordinates of keys less those of
 * queries.
 *
 * Differences are taken as q - k, the other way round than NUMERICS.md has them: that changes signs
 * that meet again in every product. */
#ifndef BACKENDS_SIMD_POOL_MOMENTS_H
#define BACKENDS_SIMD_POOL_MOMENTS_H

#include "backends/simd/pool/offsets.h"
#include "backends/simd/pool/state.h"
#include "backends/simd/pool/sums.h"
#include "backends/simd/pool/tile.h"

/* Whether all of n numbers times their powers are so far from the ends that differences of such
 * numbers are exact multiples of those of the numbers themselves; these products to `to`. */
static bool pool_offsets_scale(const real *x, const real *power, size_t n, real *to)
{
    const real far = (real)(REAL_BITS == 32 ? 0x1p100 : 0x1p900), near = 1 / far;
    vec_mask bad = m_first(0);
    for (size_t i = 0; i < n; i += LANES) {
        const vec y = v_mul(v_loadu(x + i), v_loadu(power + i)), size = v_abs(y);
        const vec_mask tiny = m_and(v_lt(size, v_set1(near)), v_ne(v_loadu(x + i), v_zero()));
        bad = m_or(bad, m_or(tiny, m_not(v_le(size, v_set1(far)))));
        v_storeu(to + i, y);
    }
    return !m_any(bad);
}

/* The powers, key by key, and the queries times them. */
static void pool_moments_begin(struct pool_tile *t)
{
    const struct pool_args *a = t->plan->a;
    const size_t d = (size_t)a->d, lanes = (size_t)t->lanes;
    for (size_t i = 0; i < BLOCK * d; i++)
        t->powers[i] = (real)a->moments.power[i % d];
    t->offsets_scale = true;
    for (size_t c = 0; c < d; c++) {
        real power[LANES];
        pool_fill(power, LANES, (real)a->moments.power[c]);
        for (size_t i = c * lanes; i < (c + 1) * lanes; i += LANES)
            t->offsets_scale &= pool_offsets_scale(t->q + i, power, LANES, t->q_offset + i);
    }
}

/* The block's keys, times the powers where that may come before the differences. */
static void pool_moments_keys(const struct pool_tile *t, const struct pool_block *x,
                              struct pool_moments *m)
{
    const struct array *k = &t->plan->a->k;
    const int64_t d = t->plan->a->d;
    const size_t n = (size_t)(d * x->count);
    const element *from = row_at(k, t->b, t->head0, x->first);
    if ((k->col == 1 || d == 1) && k->row == d)
        memcpy(t->k_offset, from, n * sizeof(real));
    else
        for (int j = 0; j < x->count; j++)
            for (int64_t c = 0; c < d; c++)
                t->k_offset[j * d + c] = get(from + j * k->row + c * k->col);
    real *scaled = t->k_offset + BLOCK * d;
    pool_fill(t->k_offset + n, (LANES - n % LANES) % LANES, 1);
    const bool both = t->offsets_scale && pool_offsets_scale(t->k_offset, t->powers, n, scaled);
    m->k = both ? scaled : t->k_offset;
    m->q = both ? t->q_offset : t->q;
    m->power = both ? NULL : t->powers;
}

static struct pool_moments pool_moments_of(const struct pool_tile *t, const struct pool_block *x)
{
    const struct pool_args *a = t->plan->a;
    struct pool_moments m = { .lanes = t->lanes, .count = x->count, .d = a->d, .p = t->s };
    pool_moments_keys(t, x, &m);
    m.v = a->v > 0 ? x->v : elements(t->k_offset);
    m.v_row = a->v > 0 ? a->value.row : 0;
    m.v_col = a->value.col;
    m.columns = pool_columns(a) - a->v;
    m.product = t->moments;
    m.first = m.product + a->v * a->d * LANES;
    m.second = m.first + a->d * LANES;
    return m;
}

/* Whether the values of a block come with its moments. */
static bool pool_moments_have_values(const struct pool_args *a)
{
    return a->moments.power != NULL && a->v == 1 && a->d > 0 && a->value.row != 0;
}

/* Sums of the block, `columns` of them, into those of the state, of which it is the first or not.
 */
static void pool_moments_merge(const struct pool_tile *t, int64_t columns, real *to, bool first)
{
    for (int lane = 0; lane < t->lanes; lane += LANES) {
        const vec u = v_loadu(t->u + lane), w = v_loadu(t->w + lane);
        real *left = to + lane;
        const real *right = t->moments + lane * columns;
        for (int64_t c = 0; c < columns; c++, left += t->lanes, right += LANES) {
            const vec sum = v_loadu(right);
            v_storeu(left, first ? sum : pool_merged(v_loadu(left), sum, u, w));
        }
    }
}

/* The moments of the block, whose weights are in s, into the state, of which it is the first or
 * not. false, and nothing done, where a NaN is among them that may come from a key that takes no
 * part: then `included` has to tell, and values are left to others. */
static bool pool_block_moments(struct pool_tile *t, const struct pool_block *x, real *acc,
                               bool first, bool may_have_nan, bool with_included)
{
    const struct pool_args *a = t->plan->a;
    const int64_t columns = pool_columns(a) - a->v, n = columns * t->lanes;
    const bool values = pool_moments_have_values(a) && !with_included;
    if (a->d == 0)
        return true;
    struct pool_moments m = pool_moments_of(t, x);
    m.included = with_included ? t->included : NULL;
    m.acc = values ? t->acc : NULL;
    if (with_included || m.power != NULL || (a->v > 0 && m.v_row == 0))
        pool_moments_all(&m, a->v);
    else
        pool_moments_fast(&m, a->v);
    if (may_have_nan && (pool_any_nan(t->moments, n) || (values && pool_any_nan(t->acc, t->lanes))))
        return false;
    pool_moments_merge(t, columns, acc + a->v * t->lanes, first);
    if (values)
        pool_block_merge_one(t, acc, first);
    return true;
}

#endif

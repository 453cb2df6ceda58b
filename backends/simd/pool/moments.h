/* SPDX-License-Identifier: Apache-2.0 */

/* Moments about the rows of a tile: sums of weights times coordinates of keys less those of
 * queries.
 *
 * Differences are taken as q - k, the other way round than NUMERICS.md has them: that changes signs
 * that meet again in every product. */
#ifndef BACKENDS_SIMD_POOL_MOMENTS_H
#define BACKENDS_SIMD_POOL_MOMENTS_H

#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/state.h"
#include "backends/simd/pool/sums.h"
#include "backends/simd/pool/tile.h"

enum { MOMENTS_WIDE = 8 }; /* most coordinates of a pass */

/* How many of them are multiplied by the others: as many as there are registers for. */
#define MOMENTS_ROWS(cols) ((cols) <= (NREG >= 32 ? 4 : 2) ? (cols) : NREG >= 32 ? 2 : 1)

/* The weights of a tile and a block, and what is multiplied by them. */
struct pool_moments {
    int lanes, count;
    int64_t d;
    const real *p;     /* weights, a row of lanes for each key */
    const real *q, *k; /* d rows of lanes; d numbers for each key */
    const real *power; /* d numbers that differences are multiplied by, or NULL: they have been */
    const element *v;  /* values */
    int64_t v_row, v_col; /* v_row 0: there are none */
    real *acc;            /* sums of the values of a single column, or NULL */
    const real *included; /* who takes part, or NULL: all, or their coordinates are finite */
    /* A row of lanes for each value and coordinate, for each coordinate, for each pair of them */
    real *product, *first, *second;
};

/* The place of z_a z_b, b >= a, among these pairs. */
static inline int64_t pool_moments_pair(int64_t d, int64_t a, int64_t b)
{
    return a * d - a * (a - 1) / 2 + b - a;
}

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

/* Coordinates a .. a + rows - 1 of nv vectors of lanes by themselves, by the first value, and by
 * those from a on, `cols` of them; with `value` the first value by itself, too. */
VEC_FN void pool_moments_n(const struct pool_moments *m, int lane, int64_t a, const int cols,
                           const int nv, const bool value)
{
    enum { ROWS = 4, VECTORS = 2 };
    const struct pool_moments x = *m; /* which no sum can alias */
    const int rows = MOMENTS_ROWS(cols);
    vec acc[VECTORS], first[ROWS * VECTORS], product[ROWS * VECTORS];
    vec second[ROWS * VECTORS][MOMENTS_WIDE];
    UNROLL_FOR (int i = 0; i < nv; i++)
        acc[i] = v_zero();
    UNROLL_FOR (int r = 0; r < rows * nv; r++) {
        first[r] = product[r] = v_zero();
        UNROLL_FOR (int c = 0; c < cols; c++)
            second[r][c] = v_zero();
    }
    const real *p = x.p + lane, *k = x.k + a, *q = x.q + a * x.lanes + lane;
    const element *v = x.v;
    for (int j = 0; j < x.count; j++, p += x.lanes, k += x.d, v += x.v_row) {
        const vec y = v_set1(get(v));
        UNROLL_FOR (int i = 0; i < nv; i++) {
            const vec weight = v_loadu(p + i * LANES);
            vec z[MOMENTS_WIDE];
            UNROLL_FOR (int c = 0; c < cols; c++)
                z[c] = v_sub(v_loadu(q + c * x.lanes + i * LANES), v_set1(k[c]));
            if (value)
                acc[i] = v_fma(weight, y, acc[i]);
            UNROLL_FOR (int r = 0; r < rows; r++) {
                const int at = i * rows + r;
                const vec s = v_mul(weight, z[r]);
                first[at] = v_sub(first[at], s);
                product[at] = v_fnma(s, y, product[at]);
                UNROLL_FOR (int c = 0; c < cols; c++)
                    if (c >= r)
                        second[at][c] = v_fma(s, z[c], second[at][c]);
            }
        }
    }
    UNROLL_FOR (int i = 0; i < nv; i++) {
        const int to = lane + i * LANES;
        if (value)
            v_storeu(x.acc + to, acc[i]);
        UNROLL_FOR (int r = 0; r < rows; r++) {
            const int at = i * rows + r;
            real *pairs = x.second + pool_moments_pair(x.d, a + r, a + r) * x.lanes + to;
            v_storeu(x.first + (a + r) * x.lanes + to, first[at]);
            if (x.v_row != 0)
                v_storeu(x.product + (a + r) * x.lanes + to, product[at]);
            UNROLL_FOR (int c = 0; c < cols; c++)
                if (c >= r)
                    v_storeu(pairs + (c - r) * x.lanes, second[at][c]);
        }
    }
}

/* The pass of the coordinates from a on; returns how many are done. */
VEC_FN int pool_moments_pass(const struct pool_moments *m, int lane, int64_t a, const int nv,
                             const bool value)
{
    const int cols = (int)int_min(m->d - a, MOMENTS_WIDE);
    switch (cols) {
    case 1:
        pool_moments_n(m, lane, a, 1, nv, value);
        break;
    case 2:
        pool_moments_n(m, lane, a, 2, nv, value);
        break;
    case 3:
        pool_moments_n(m, lane, a, 3, 1, value);
        break;
    case 4:
        pool_moments_n(m, lane, a, 4, 1, value);
        break;
    case 5:
        pool_moments_n(m, lane, a, 5, 1, value);
        break;
    case 6:
        pool_moments_n(m, lane, a, 6, 1, value);
        break;
    case 7:
        pool_moments_n(m, lane, a, 7, 1, value);
        break;
    default:
        pool_moments_n(m, lane, a, MOMENTS_WIDE, 1, value);
    }
    return MOMENTS_ROWS(cols);
}

/* What the weights and z_a are multiplied by: z_b, a value, or nothing. */
enum pool_moments_by { BY_COORDINATE, BY_VALUE, BY_NOTHING };

/* One sum, of coordinate a by number `other`, of all lanes. */
VEC_FN void pool_moments_one(const struct pool_moments *x, int64_t a, enum pool_moments_by by,
                             int64_t other, real *to)
{
    for (int lane = 0; lane < x->lanes; lane += LANES) {
        const real *q = x->q + lane;
        vec sum = v_zero();
        for (int j = 0; j < x->count; j++) {
            const int64_t b = by == BY_COORDINATE ? other : a;
            vec z = v_sub(v_loadu(q + a * x->lanes), v_set1(x->k[j * x->d + a]));
            vec y = v_sub(v_loadu(q + b * x->lanes), v_set1(x->k[j * x->d + b]));
            if (x->power != NULL) {
                z = v_mul(z, v_set1(x->power[a]));
                y = v_mul(y, v_set1(x->power[b]));
            }
            const vec s = v_mul(v_loadu(x->p + j * x->lanes + lane), z);
            vec next = v_sub(sum, s);
            if (by == BY_COORDINATE)
                next = v_fma(s, y, sum);
            if (by == BY_VALUE)
                next = v_fnma(s, v_set1(get(x->v + j * x->v_row + other * x->v_col)), sum);
            if (x->included != NULL) {
                const vec in = v_loadu(x->included + j * x->lanes + lane);
                next = v_select(v_gt(in, v_zero()), next, sum);
            }
            sum = next;
        }
        v_storeu(to + lane, sum);
    }
}

/* All sums of coordinate a, but for those that passes make. */
static void pool_moments_rest(const struct pool_moments *x, int64_t a, int64_t values,
                              int64_t first_value, int64_t first_coordinate)
{
    for (int64_t c = first_value; c < values; c++)
        pool_moments_one(x, a, BY_VALUE, c, x->product + (c * x->d + a) * x->lanes);
    for (int64_t b = first_coordinate; b < x->d; b++)
        pool_moments_one(x, a, BY_COORDINATE, b,
                         x->second + pool_moments_pair(x->d, a, b) * x->lanes);
}

static void pool_moments_all(const struct pool_moments *x, int64_t values)
{
    for (int lane = 0; lane < x->lanes && x->acc != NULL; lane += LANES) {
        vec sum = v_zero();
        for (int j = 0; j < x->count; j++)
            sum = v_fma(v_loadu(x->p + j * x->lanes + lane), v_set1(get(x->v + j * x->v_row)), sum);
        v_storeu(x->acc + lane, sum);
    }
    for (int64_t a = 0; a < x->d; a++) {
        pool_moments_one(x, a, BY_NOTHING, 0, x->first + a * x->lanes);
        pool_moments_rest(x, a, values, 0, a);
    }
}

/* Vectors of lanes go by twos where the sums of one would wait for each other. */
static int pool_moments_lanes(const struct pool_moments *x, int lane)
{
    const bool two = x->d <= (NREG >= 32 ? 2 : 1) && lane + 2 * LANES <= x->lanes;
    const bool value = x->acc != NULL;
    int64_t a = 0;
    if (two) {
        if (value)
            pool_moments_pass(x, lane, 0, 2, true);
        else
            pool_moments_pass(x, lane, 0, 2, false);
        return 2;
    }
    if (value)
        a = pool_moments_pass(x, lane, 0, 1, true);
    while (a < x->d)
        a += pool_moments_pass(x, lane, a, 1, false);
    return 1;
}

static void pool_moments_fast(const struct pool_moments *x, int64_t values)
{
    const int64_t rows = MOMENTS_ROWS(MOMENTS_WIDE);
    for (int lane = 0; lane < x->lanes;)
        lane += pool_moments_lanes(x, lane) * LANES;
    for (int64_t a = 0; a < x->d; a++)
        pool_moments_rest(x, a, values, 1, a / rows * rows + MOMENTS_WIDE);
}

static struct pool_moments pool_moments_of(const struct pool_tile *t, const struct pool_block *x)
{
    const struct pool_args *a = t->plan->a;
    struct pool_moments m = { .lanes = t->lanes, .count = x->count, .d = a->d, .p = t->s };
    pool_moments_keys(t, x, &m);
    m.v = a->v > 0 ? x->v : elements(t->k_offset);
    m.v_row = a->v > 0 ? a->value.row : 0;
    m.v_col = a->value.col;
    m.product = t->moments;
    m.first = m.product + a->v * a->d * t->lanes;
    m.second = m.first + a->d * t->lanes;
    return m;
}

/* Whether the values of a block come with its moments. */
static bool pool_moments_have_values(const struct pool_args *a)
{
    return a->moments.power != NULL && a->v == 1 && a->d > 0 && a->value.row != 0;
}

/* Sums of the block, `columns` rows of lanes, into those of the state, of which it is the first or
 * not. */
static void pool_moments_merge(const struct pool_tile *t, int64_t columns, real *to, bool first)
{
    for (int lane = 0; lane < t->lanes; lane += LANES) {
        const vec u = v_loadu(t->u + lane), w = v_loadu(t->w + lane);
        real *left = to + lane;
        const real *right = t->moments + lane;
        for (int64_t c = 0; c < columns; c++, left += t->lanes, right += t->lanes) {
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

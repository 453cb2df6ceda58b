/* SPDX-License-Identifier: Apache-2.0 */

/* Measures of all pairs of two small sets, one in lanes, the other broadcast. One of them is the
 * queries, the other the keys: which one, only the sign of a difference would tell. */
#ifndef BACKENDS_SIMD_POOL_MEASURE_H
#define BACKENDS_SIMD_POOL_MEASURE_H

#include "backends/simd/math/powers.h"
#include "backends/simd/pool/plan.h"

struct pool_pairs {
    int vectors; /* of lanes */
    int tiles;   /* of `vectors` each, one after the other; more than 1 for the product form */
    int count;   /* broadcast points */
    int64_t d;
    const element *keys;  /* by key, or NULL: the lanes are these, as they lie */
    const real *lane;     /* of a tile d rows of vectors * LANES numbers */
    const element *point; /* point j, coordinate c: point[j * row + c * col] */
    int64_t row, col;
    /* Differences are multiplied by ... */
    const real *point_scale; /* [j * scale_row + c * scale_col], or NULL */
    int64_t scale_row, scale_col;
    const real *lane_scale; /* a row of lanes, or one for each c, scale_step apart; or NULL */
    int64_t scale_step, scale_tile;
    /* ... and the sum of their squares, where it is wanted, by */
    const real *point_post; /* [j * post_row], or NULL */
    int64_t post_row;
    const real *lane_post; /* or NULL */
    const element *wv;     /* of additive scores */
    int64_t wv_col;
    real *extremes; /* or NULL; largest measure of each lane, of squares the smallest; right
                     * where there is one chunk and, for more than one coordinate, squares are
                     * multiplied by nothing */
    real *out;      /* count rows of lanes, */
    int64_t step;   /* so far apart */
    real *factor, *included; /* of the product form: factors, 1 inside the support and 0 outside */
    int64_t ahead;           /* dots: cache lines of values to prefetch with 16 coordinates, or 0 */
    const element *values;   /* of the points */
    int64_t v_row;
};

VEC_FN vec pool_extreme(const bool smallest, vec extreme, vec x)
{
    return smallest ? v_min_keep(extreme, x) : v_max_keep(extreme, x);
}

VEC_FN void pool_extremes_start(vec extreme[4], const bool smallest, const int nv)
{
    UNROLL_FOR (int i = 0; i < nv; i++)
        extreme[i] = v_set1(smallest ? REAL_MAX : -REAL_MAX);
}

VEC_FN void pool_extremes_store(const struct pool_pairs *x, const vec extreme[4], const int nv)
{
    UNROLL_FOR (int i = 0; i < nv; i++)
        if (x->extremes != NULL)
            v_storeu(x->extremes + i * LANES, extreme[i]);
}

/* Sums of points j .. j + kt - 1 to their rows of the output; those of the first chunk overwrite,
 * and where it is the only one the extremes are right. */
VEC_FN void pool_chunk_out(const struct pool_pairs *x, int j, int64_t c, vec s[8][4],
                           vec extreme[4], const bool smallest, const int kt, const int nv)
{
    real *to = x->out + j * x->step;
    if (c == 0) {
        UNROLL_FOR (int k = 0; k < kt; k++, to += x->step)
            UNROLL_FOR (int i = 0; i < nv; i++) {
                extreme[i] = pool_extreme(smallest, extreme[i], s[k][i]);
                v_storeu(to + i * LANES, s[k][i]);
            }
        return;
    }
    UNROLL_FOR (int k = 0; k < kt; k++, to += x->step)
        UNROLL_FOR (int i = 0; i < nv; i++)
            v_storeu(to + i * LANES, v_add(v_loadu(to + i * LANES), s[k][i]));
}

/* --- dot ----------------------------------------------------------------------------------- */

/* A single vector of lanes waits for memory: prefetches the points 8 KB further on and, beside
 * them, values, both in the order of memory. */
VEC_FN void pool_dot_ahead(const struct pool_pairs *x, int j, int64_t c)
{
    const uintptr_t point = (uintptr_t)(x->point + j * x->row) + (size_t)(8 << 10);
    const uintptr_t value = (uintptr_t)(x->values + j * x->v_row);
    const int64_t line = c / 16 * 64, lines = 8 * (int64_t)sizeof(real) / 4;
    for (int64_t i = 0; i < lines; i++)
        vec_prefetch((const void *)(point + (uintptr_t)(line * lines + i * 64)));
    for (int64_t i = 0; i < x->ahead; i++)
        vec_prefetch((const void *)(value + (uintptr_t)(line * x->ahead + i * 64)));
}

/* One chunk of the inner products of points j .. j + kt - 1 with all lanes. */
VEC_FN void pool_dot_chunk(const struct pool_pairs *x, int j, int64_t c, int64_t end, vec s[8][4],
                           const int kt, const int nv, const bool ahead)
{
    const real *lane = x->lane + c * nv * LANES;
    const element *from = x->point + j * x->row + c * x->col;
    const int64_t row = x->row, col = x->col;
    UNROLL_FOR (int k = 0; k < kt; k++)
        UNROLL_FOR (int i = 0; i < nv; i++)
            s[k][i] = v_zero();
    UNROLL_4_FOR (; c < end; c++, lane += nv * LANES, from += col) {
        vec q[4];
        if (ahead && c % 16 == 0)
            pool_dot_ahead(x, j, c);
        UNROLL_FOR (int i = 0; i < nv; i++)
            q[i] = v_loadu(lane + i * LANES);
        UNROLL_FOR (int k = 0; k < kt; k++) {
            vec point = v_set1(get(from + k * row));
            UNROLL_FOR (int i = 0; i < nv; i++)
                s[k][i] = v_fma(q[i], point, s[k][i]);
        }
    }
}

/* Points from j on, kt at a time; returns the first that is left. */
VEC_FN int pool_dot_points(const struct pool_pairs *x, int j, vec extreme[4], const int kt,
                           const int nv, const bool ahead)
{
    vec s[8][4];
    for (; j + kt <= x->count; j += kt)
        for (int64_t c = 0; c < x->d; c += CHUNK) {
            pool_dot_chunk(x, j, c, int_min(c + CHUNK, x->d), s, kt, nv, ahead);
            pool_chunk_out(x, j, c, s, extreme, false, kt, nv);
        }
    return j;
}

VEC_FN void pool_dot_n(const struct pool_pairs *x, const int kt, const int nv, const bool ahead)
{
    vec extreme[4];
    pool_extremes_start(extreme, false, nv);
    int j = pool_dot_points(x, 0, extreme, kt, nv, ahead);
    if (kt > 4)
        j = pool_dot_points(x, j, extreme, 4, nv, false);
    if (kt > 1)
        pool_dot_points(x, j, extreme, 1, nv, false);
    pool_extremes_store(x, extreme, nv);
}

static void pool_dot(const struct pool_pairs *x)
{
    switch (x->vectors) {
    case 1:
        if (x->ahead > 0)
            pool_dot_n(x, 8, 1, true);
        else
            pool_dot_n(x, 8, 1, false);
        break;
    case 2:
        pool_dot_n(x, POOL_DEEP, 2, false);
        break;
    case 3:
        pool_dot_n(x, POOL_DEEP, 3, false);
        break;
    default:
        pool_dot_n(x, 1, 4, false);
    }
}

/* --- additive ------------------------------------------------------------------------------ */

VEC_FN void pool_additive_chunk(const struct pool_pairs *x, int j, int64_t c, int64_t end,
                                vec s[8][4], const int kt, const int nv)
{
    const real *lane = x->lane + c * nv * LANES;
    const element *from = x->point + j * x->row + c * x->col;
    UNROLL_FOR (int i = 0; i < kt * nv; i++)
        s[i / nv][i % nv] = v_zero();
    for (; c < end; c++, lane += nv * LANES, from += x->col) {
        const vec weight = v_set1(get(x->wv + c * x->wv_col));
        vec t[4];
        UNROLL_FOR (int i = 0; i < kt * nv; i++)
            t[i] = v_add(v_loadu(lane + i % nv * LANES), v_set1(get(from + i / nv * x->row)));
        tanhs(t, kt * nv);
        UNROLL_FOR (int i = 0; i < kt * nv; i++)
            s[i / nv][i % nv] = v_fma(weight, t[i], s[i / nv][i % nv]);
    }
}

VEC_FN void pool_additive_n(const struct pool_pairs *x, const int kt, const int nv)
{
    vec extreme[4], s[8][4];
    int j = 0;
    pool_extremes_start(extreme, false, nv);
    for (; j + kt <= x->count; j += kt)
        for (int64_t c = 0; c < x->d; c += CHUNK) {
            pool_additive_chunk(x, j, c, int_min(c + CHUNK, x->d), s, kt, nv);
            pool_chunk_out(x, j, c, s, extreme, false, kt, nv);
        }
    for (; j < x->count && kt > 1; j++)
        for (int64_t c = 0; c < x->d; c += CHUNK) {
            pool_additive_chunk(x, j, c, int_min(c + CHUNK, x->d), s, 1, nv);
            pool_chunk_out(x, j, c, s, extreme, false, 1, nv);
        }
    pool_extremes_store(x, extreme, nv);
}

static void pool_additive(const struct pool_pairs *x)
{
    switch (x->vectors) {
    case 1:
        pool_additive_n(x, 4, 1);
        break;
    case 2:
        pool_additive_n(x, 2, 2);
        break;
    case 3:
        pool_additive_n(x, 1, 3);
        break;
    default:
        pool_additive_n(x, 1, 4);
    }
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* Measures of the kernels, for struct pool_pairs: differences first, then inverse bandwidths. */
#ifndef BACKENDS_SIMD_POOL_DISTANCE_H
#define BACKENDS_SIMD_POOL_DISTANCE_H

#include "backends/simd/pool/measure.h"

/* How differences are scaled. */
enum pool_scaled { SCALED_NOT, SCALED_POINT, SCALED_LANE };

VEC_FN vec pool_apart(const struct pool_pairs *x, vec lane, int j, int64_t c, int i,
                      const enum pool_scaled how)
{
    vec z = v_sub(lane, v_set1(get(x->point + j * x->row + c * x->col)));
    if (how == SCALED_POINT)
        return v_mul(z, v_set1(x->point_scale[j * x->scale_row + c * x->scale_col]));
    if (how == SCALED_LANE)
        return v_mul(z, v_loadu(x->lane_scale + c * x->scale_step + i * LANES));
    return z;
}

VEC_FN void pool_squares_chunk(const struct pool_pairs *x, int j, int64_t c, int64_t end,
                               vec s[8][4], const int kt, const int nv, const enum pool_scaled how)
{
    UNROLL_FOR (int k = 0; k < kt; k++)
        UNROLL_FOR (int i = 0; i < nv; i++)
            s[k][i] = v_zero();
    for (; c < end; c++)
        UNROLL_FOR (int k = 0; k < kt; k++)
            UNROLL_FOR (int i = 0; i < nv; i++) {
                vec lane = v_loadu(x->lane + (c * nv + i) * LANES);
                vec z = pool_apart(x, lane, j + k, c, i, how);
                s[k][i] = v_fma(z, z, s[k][i]);
            }
}

VEC_FN void pool_squares_n(const struct pool_pairs *x, const int kt, const int nv,
                           const enum pool_scaled how)
{
    vec s[8][4], extreme[4];
    int j = 0;
    pool_extremes_start(extreme, true, nv);
    for (; j + kt <= x->count; j += kt)
        for (int64_t c = 0; c < x->d; c += CHUNK) {
            pool_squares_chunk(x, j, c, int_min(c + CHUNK, x->d), s, kt, nv, how);
            pool_chunk_out(x, j, c, s, extreme, true, kt, nv);
        }
    for (; j < x->count && kt > 1; j++)
        for (int64_t c = 0; c < x->d; c += CHUNK) {
            pool_squares_chunk(x, j, c, int_min(c + CHUNK, x->d), s, 1, nv, how);
            pool_chunk_out(x, j, c, s, extreme, true, 1, nv);
        }
    pool_extremes_store(x, extreme, nv);
}

/* The squares of kt points from j on, of d coordinates that are scaled by nothing. A difference has
 * the lanes taken off, so that they are read where they are needed. */
VEC_FN void pool_squares_points(const struct pool_pairs *x, int j, vec extreme[4], const int kt,
                                const int nv, const int d)
{
    vec s[8][4];
    UNROLL_FOR (int c = 0; c < d; c++)
        UNROLL_FOR (int k = 0; k < kt; k++) {
            const vec point = v_set1(get(x->point + (j + k) * x->row + c * x->col));
            UNROLL_FOR (int i = 0; i < nv; i++) {
                const vec z = v_sub(point, v_loadu(x->lane + (c * nv + i) * LANES));
                s[k][i] = c == 0 ? v_mul(z, z) : v_fma(z, z, s[k][i]);
            }
        }
    pool_chunk_out(x, j, 0, s, extreme, true, kt, nv);
}

/* Few coordinates: as many as are written out. */
VEC_FN void pool_squares_few(const struct pool_pairs *x, const int kt, const int nv, const int d)
{
    vec extreme[4];
    int j = 0;
    pool_extremes_start(extreme, true, nv);
    for (; j + kt <= x->count; j += kt)
        pool_squares_points(x, j, extreme, kt, nv, d);
    for (; j < x->count && kt > 1; j++)
        pool_squares_points(x, j, extreme, 1, nv, d);
    pool_extremes_store(x, extreme, nv);
}

/* What point j has for a single coordinate, and the lanes' differences from it. */
struct pool_point {
    vec q, w;
};

VEC_FN struct pool_point pool_point(const struct pool_pairs *x, int j, const enum pool_scaled how)
{
    return (struct pool_point){ v_set1(get(x->point + j * x->row)),
                                how == SCALED_POINT ? v_set1(x->point_scale[j * x->scale_row])
                                                    : v_zero() };
}

VEC_FN vec pool_apart_from(struct pool_point point, vec lane, const real *lane_scale,
                           const enum pool_scaled how)
{
    const vec z = v_sub(lane, point.q);
    if (how == SCALED_POINT)
        return v_mul(z, point.w);
    if (how == SCALED_LANE)
        return v_mul(z, v_loadu(lane_scale));
    return z;
}

/* One coordinate, as in most regressions: all in one pass. */
VEC_FN void pool_square_n(const struct pool_pairs *x, const int nv, const enum pool_scaled how,
                          const enum pool_scaled post)
{
    const real *scale = x->lane_scale, *after = x->lane_post;
    vec lane[4], extreme[4];
    pool_extremes_start(extreme, true, nv);
    UNROLL_FOR (int i = 0; i < nv; i++)
        lane[i] = v_loadu(x->lane + i * LANES);
    for (int j = 0; j < x->count; j++) {
        real *to = x->out + j * x->step;
        const struct pool_point point = pool_point(x, j, how);
        const vec times = v_set1(post == SCALED_POINT ? x->point_post[j * x->post_row] : 1);
        UNROLL_FOR (int i = 0; i < nv; i++) {
            vec z = pool_apart_from(point, lane[i], scale + i * LANES, how);
            vec s = v_mul(z, z);
            if (post == SCALED_POINT)
                s = v_mul(s, times);
            if (post == SCALED_LANE)
                s = v_mul(s, v_loadu(after + i * LANES));
            extreme[i] = v_min_keep(extreme[i], s);
            v_storeu(to + i * LANES, s);
        }
    }
    pool_extremes_store(x, extreme, nv);
}

VEC_FN void pool_square_v(const struct pool_pairs *x, const int nv)
{
    const bool post = x->point_post != NULL;
    if (x->lane_scale != NULL && x->lane_post != NULL)
        pool_square_n(x, nv, SCALED_LANE, SCALED_LANE);
    else if (x->lane_scale != NULL)
        pool_square_n(x, nv, SCALED_LANE, SCALED_NOT);
    else if (x->point_scale != NULL && post)
        pool_square_n(x, nv, SCALED_POINT, SCALED_POINT);
    else if (x->point_scale != NULL)
        pool_square_n(x, nv, SCALED_POINT, SCALED_NOT);
    else if (post)
        pool_square_n(x, nv, SCALED_NOT, SCALED_POINT);
    else
        pool_square_n(x, nv, SCALED_NOT, SCALED_NOT);
}

VEC_FN void pool_squares_v(const struct pool_pairs *x, const int kt, const int nv)
{
    if (x->d == 1)
        pool_square_v(x, nv);
    else if (x->lane_scale != NULL)
        pool_squares_n(x, 1, nv, SCALED_LANE);
    else if (x->point_scale != NULL)
        pool_squares_n(x, 1, nv, SCALED_POINT);
    else if (nv == 4 && x->d == 2)
        pool_squares_few(x, kt, nv, 2);
    else if (nv == 4 && x->d == 3)
        pool_squares_few(x, kt, nv, 3);
    else
        pool_squares_n(x, kt, nv, SCALED_NOT);
}

/* Sums of squares times W2. */
static void pool_post(const struct pool_pairs *x)
{
    for (int j = 0; j < x->count; j++)
        for (int i = 0; i < x->vectors; i++) {
            real *s = x->out + j * x->step + i * LANES;
            vec times = x->lane_post != NULL ? v_loadu(x->lane_post + i * LANES)
                                             : v_set1(x->point_post[j * x->post_row]);
            v_storeu(s, v_mul(v_loadu(s), times));
        }
}

static void pool_squares(const struct pool_pairs *x)
{
    switch (x->vectors) {
    case 1:
        pool_squares_v(x, POOL_DEEP, 1);
        break;
    case 2:
        pool_squares_v(x, POOL_DEEP, 2);
        break;
    case 3:
        pool_squares_v(x, 2, 3);
        break;
    default:
        pool_squares_v(x, 2, 4);
    }
    for (int j = 0; j < x->count && x->d == 0; j++)
        for (int i = 0; i < x->vectors; i++)
            v_storeu(x->out + j * x->step + i * LANES, v_zero());
    if (x->d != 1 && (x->point_post != NULL || x->lane_post != NULL))
        pool_post(x);
}

/* |difference * w| of point j and coordinate c. */
VEC_FN vec pool_u(const struct pool_pairs *x, int j, int64_t c, int i)
{
    vec lane = v_loadu(x->lane + (c * x->vectors + i) * LANES);
    if (x->lane_scale != NULL)
        return v_abs(pool_apart(x, lane, j, c, i, SCALED_LANE));
    if (x->point_scale != NULL)
        return v_abs(pool_apart(x, lane, j, c, i, SCALED_POINT));
    return v_abs(pool_apart(x, lane, j, c, i, SCALED_NOT));
}

VEC_FN void pool_linear_n(const struct pool_pairs *x, const int nv, const enum pool_scaled how)
{
    const real *scale = x->lane_scale;
    vec lane[4], extreme[4];
    pool_extremes_start(extreme, true, nv);
    UNROLL_FOR (int i = 0; i < nv; i++)
        lane[i] = v_loadu(x->lane + i * LANES);
    for (int j = 0; j < x->count; j++) {
        real *to = x->out + j * x->step;
        const struct pool_point point = pool_point(x, j, how);
        UNROLL_FOR (int i = 0; i < nv; i++) {
            vec u = v_abs(pool_apart_from(point, lane[i], scale + i * LANES, how));
            extreme[i] = v_min_keep(extreme[i], u);
            v_storeu(to + i * LANES, u);
        }
    }
    pool_extremes_store(x, extreme, nv);
}

VEC_FN void pool_linear_v(const struct pool_pairs *x, const int nv)
{
    if (x->lane_scale != NULL)
        pool_linear_n(x, nv, SCALED_LANE);
    else if (x->point_scale != NULL)
        pool_linear_n(x, nv, SCALED_POINT);
    else
        pool_linear_n(x, nv, SCALED_NOT);
}

/* u of a single coordinate, with the smallest as the extremes. */
static void pool_linear(const struct pool_pairs *x)
{
    switch (x->vectors) {
    case 1:
        pool_linear_v(x, 1);
        break;
    case 2:
        pool_linear_v(x, 2);
        break;
    case 3:
        pool_linear_v(x, 3);
        break;
    default:
        pool_linear_v(x, 4);
    }
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* A group of super-blocks transposed in memory, a panel, and the measures of few rows from it
 * (by_key.h). */
#ifndef BACKENDS_SIMD_POOL_BY_KEY_PANEL_H
#define BACKENDS_SIMD_POOL_BY_KEY_PANEL_H

#include "backends/simd/math/kernels.h"
#include "backends/simd/pool/by_key/by_key.h"
#include "backends/simd/pool/distance.h"
#include "backends/simd/pool/factor.h"
#include "backends/simd/pool/measure.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/score.h"

/* Numbers i .. i + LANES - 1 of LANES lanes from `lane` on, transposed, of a group of `keys` with n
 * numbers each. Each lane is prefetched `ahead` numbers before it is read, unless that is 0. */
VEC_FN void by_key_transpose_square(const element *from, const int keys, int64_t n, int64_t i,
                                    int lane, vec r[LANES], const int ahead)
{
    if (ahead > 0 && i % (64 / (int)sizeof(real)) == 0)
        UNROLL_FOR (int k = 0; k < LANES; k++)
            vec_prefetch(from + by_key_start(keys, lane + k) * n + i + ahead);
    UNROLL_FOR (int k = 0; k < LANES; k++)
        r[k] = v_loadu(from + by_key_start(keys, lane + k) * n + i);
    v_transpose(r);
}

/* n numbers for each key to `to`, a row of lanes for each number. */
VEC_FN void by_key_transpose_of(const element *from, const int keys, int64_t n, real *to,
                                const int ahead)
{
    for (int64_t i = 0; i < n * (keys / BY_KEY_WIDE); i += LANES)
        for (int lane = 0; lane < BY_KEY_WIDE; lane += LANES) {
            vec r[LANES];
            by_key_transpose_square(from, keys, n, i, lane, r, ahead);
            UNROLL_FOR (int k = 0; k < LANES; k++)
                v_storeu(to + (i + k) * BY_KEY_WIDE + lane, r[k]);
        }
}

VEC_FN void by_key_transpose_keys(const element *from, const int keys, int64_t n, real *to)
{
    if (n > 3)
        by_key_transpose_of(from, keys, n, to, 128 / (int)sizeof(real));
    else
        by_key_transpose_of(from, keys, n, to, 0);
}

static void by_key_transpose(const struct by_key *w, const element *from, int64_t n, real *to)
{
    if (by_key_keys(w) == BY_KEY_KEYS)
        by_key_transpose_keys(from, BY_KEY_KEYS, n, to);
    else
        by_key_transpose_keys(from, SUPER_BLOCK, n, to);
}

static struct by_key_source by_key_rows_of(const struct by_key *w, const struct array *x)
{
    return (struct by_key_source){ row_at(x, w->t->b, w->t->head0, 0), x->row, x->col };
}

/* Of an array whose columns are keys. */
static struct by_key_source by_key_columns_of(const struct by_key *w, const struct array *x)
{
    return (struct by_key_source){ row_at(x, w->t->b, w->t->head0, 0), x->col, 1 };
}

/* n numbers for each key of the group, one after the other, or `missing`. */
static const element *by_key_in_order(const struct by_key *w, struct by_key_source x, int64_t n,
                                      real missing)
{
    const bool lie = x.row == n && (x.col == 1 || n == 1);
    const element *from = x.x + (w->base + w->first) * x.row;
    real *copy = w->copy + w->first * n;
    if (w->complete && lie)
        return from;
    pool_fill(w->copy, (size_t)(w->first * n), missing);
    pool_fill(w->copy + w->end * n, (size_t)((by_key_keys(w) - w->end) * n), missing);
    if (lie)
        memcpy(copy, from, (size_t)((w->end - w->first) * n) * sizeof(real));
    for (int o = w->first; o < w->end && !lie; o++, from += x.row)
        for (int64_t c = 0; c < n; c++)
            *copy++ = get(from + c * x.col);
    return elements(w->copy);
}

/* The same transposed. */
static void by_key_panel(const struct by_key *w, struct by_key_source x, int64_t n, real missing,
                         real *to)
{
    by_key_transpose(w, by_key_in_order(w, x, n, missing), n, to);
}

/* Inverse bandwidths of the panel's keys. A missing key has 1, so that nothing overflows. */
static void by_key_panel_inverse_bandwidths(const struct by_key *w)
{
    const struct pool_plan *p = w->t->plan;
    const struct kernel *kernel = &p->a->kernel;
    const int64_t d = p->a->d;
    if (kernel->per == ATTPOOL_BANDWIDTH_KEY) {
        by_key_panel(w, w->from_inverse_bandwidths, 1, 1, w->scale);
        for (int x = 0; x < by_key_keys(w); x += LANES) {
            v_storeu(w->scale + x, v_abs(v_loadu(w->scale + x)));
            if (p->has_w2)
                split_ws(w->scale + x, w->post + x);
        }
    }
    if (kernel->per != ATTPOOL_BANDWIDTH_COORDINATE_KEY)
        return;
    by_key_panel(w, w->from_inverse_bandwidths, 1, 1, w->post);
    for (int x = 0; x < by_key_keys(w); x += LANES) {
        const vec factor = v_abs(v_loadu(w->post + x));
        real *to = w->scale + x / BY_KEY_WIDE * BY_KEY_WIDE * d + x % BY_KEY_WIDE;
        for (int64_t c = 0; c < d; c++, to += BY_KEY_WIDE)
            v_storeu(to, products_up(v_set1(w->t->coordinate[c]), factor));
    }
}

static void by_key_panel_keys(const struct by_key *w)
{
    const attpool_bandwidth_per per = w->t->plan->a->kernel.per;
    if (!w->contiguous)
        by_key_panel(w, w->from_k, w->t->plan->a->d, 0, w->k);
    if (per == ATTPOOL_BANDWIDTH_KEY || per == ATTPOOL_BANDWIDTH_COORDINATE_KEY)
        by_key_panel_inverse_bandwidths(w);
}

/* --- measures ------------------------------------------------------------------------------ */

/* What a row has for coordinate c. */
struct by_key_point {
    vec q, w;
};

VEC_FN struct by_key_point by_key_point(const struct pool_pairs *p, int64_t c,
                                        const enum pool_scaled how)
{
    return (struct by_key_point){ v_set1(get(p->point + c * p->col)),
                                  how == SCALED_POINT ? v_set1(p->point_scale[c * p->scale_col])
                                                      : v_zero() };
}

/* The keys of the panel. */
VEC_FN int by_key_pairs_keys(const struct pool_pairs *p)
{
    return BY_KEY_GROUP > 1 ? p->tiles * BY_KEY_WIDE : BY_KEY_KEYS;
}

/* 4 vectors of keys from number x on; `one` is what the row has for the only coordinate. */
VEC_FN void by_key_panel_row_group(const struct pool_pairs *p, int x, int64_t d,
                                   const struct by_key_point *one, vec s[4], const bool linear,
                                   const enum pool_scaled how)
{
    enum { VECTORS = BY_KEY_WIDE / LANES }; /* of a row of lanes */
    const real *lane = p->lane + x * d;
    const real *scale = how == SCALED_LANE ? p->lane_scale + x / BY_KEY_WIDE * p->scale_tile : NULL;
    UNROLL_FOR (int i = 0; i < 4; i++)
        s[i] = v_zero();
    for (int64_t c = 0; c < d; c++) {
        const struct by_key_point point = one != NULL ? *one : by_key_point(p, c, how);
        UNROLL_FOR (int i = 0; i < 4; i++) {
            const int64_t row = i / VECTORS, of = i % VECTORS * LANES;
            vec z = v_sub(v_loadu(lane + (row * d + c) * BY_KEY_WIDE + of), point.q);
            if (how == SCALED_POINT)
                z = v_mul(z, point.w);
            if (how == SCALED_LANE)
                z = v_mul(z, v_loadu(scale + row * p->scale_tile + c * p->scale_step + of));
            s[i] = linear ? v_abs(z) : v_fma(z, z, s[i]);
        }
    }
}

/* Measures of a row and their extremes. */
VEC_FN void by_key_panel_row_of(const struct pool_pairs *p, const bool linear, const bool single,
                                const enum pool_scaled how, const bool post)
{
    const struct by_key_point one = by_key_point(p, 0, how);
    const vec times = v_set1(post ? *p->point_post : 1);
    vec s[4], extreme[4];
    pool_extremes_start(extreme, true, 4);
    for (int x = 0; x < by_key_pairs_keys(p); x += 4 * LANES) {
        by_key_panel_row_group(p, x, single ? 1 : p->d, single ? &one : NULL, s, linear, how);
        UNROLL_FOR (int i = 0; i < 4; i++) {
            if (post)
                s[i] = v_mul(s[i], times);
            if (how == SCALED_LANE && p->lane_post != NULL)
                s[i] = v_mul(s[i], v_loadu(p->lane_post + x + i * LANES));
            extreme[i] = v_min_keep(extreme[i], s[i]);
            v_storeu(p->out + x + i * LANES, s[i]);
        }
    }
    pool_extremes_store(p, extreme, 4);
}

/* A single coordinate of keys that lie one after the other: they are transposed on their way. */
VEC_FN void by_key_panel_row_contiguous(const struct pool_pairs *p, const int keys,
                                        const bool linear, const enum pool_scaled how,
                                        const bool post)
{
    const element *from = p->keys;
    const struct by_key_point one = by_key_point(p, 0, how);
    const vec times = v_set1(post ? *p->point_post : 1);
    vec extreme[4];
    pool_extremes_start(extreme, true, 4);
    for (int i = 0; i < keys / BY_KEY_WIDE; i += LANES)
        UNROLL_FOR (int lane = 0; lane < BY_KEY_WIDE; lane += LANES) {
            vec r[LANES];
            by_key_transpose_square(from, keys, 1, i, lane, r, 0);
            UNROLL_FOR (int k = 0; k < LANES; k++) {
                vec s = v_sub(r[k], one.q);
                if (how == SCALED_POINT)
                    s = v_mul(s, one.w);
                s = linear ? v_abs(s) : v_mul(s, s);
                if (post)
                    s = v_mul(s, times);
                extreme[lane / LANES] = v_min_keep(extreme[lane / LANES], s);
                v_storeu(p->out + (i + k) * BY_KEY_WIDE + lane, s);
            }
        }
    UNROLL_FOR (int i = BY_KEY_WIDE / LANES; i < 4; i++)
        extreme[i] = extreme[i % (BY_KEY_WIDE / LANES)];
    pool_extremes_store(p, extreme, 4);
}

VEC_FN void by_key_panel_row_d(const struct pool_pairs *p, const bool linear,
                               const enum pool_scaled how, const bool post)
{
    if (how != SCALED_LANE && p->keys != NULL && by_key_pairs_keys(p) == BY_KEY_KEYS)
        by_key_panel_row_contiguous(p, BY_KEY_KEYS, linear, how, post);
    else if (how != SCALED_LANE && p->keys != NULL)
        by_key_panel_row_contiguous(p, SUPER_BLOCK, linear, how, post);
    else if (linear || p->d == 1)
        by_key_panel_row_of(p, linear, true, how, post);
    else
        by_key_panel_row_of(p, false, false, how, post);
}

VEC_FN void by_key_panel_row_how(const struct pool_pairs *p, const bool linear)
{
    if (p->lane_scale != NULL)
        by_key_panel_row_d(p, linear, SCALED_LANE, false);
    else if (!linear && p->point_post != NULL)
        by_key_panel_row_d(p, false, SCALED_POINT, true);
    else if (p->point_scale != NULL)
        by_key_panel_row_d(p, linear, SCALED_POINT, false);
    else
        by_key_panel_row_d(p, linear, SCALED_NOT, false);
}

/* The measures of row r; true where `extremes` has the extremes of its scores. */
static bool by_key_panel_row(const struct by_key *w, int r)
{
    const struct pool_plan *p = w->t->plan;
    const size_t at = by_key_row_at(w, r);
    struct pool_pairs x = w->pairs;
    x.point += r * x.row;
    x.point_scale += x.point_scale != NULL ? r * x.scale_row : 0;
    x.point_post += x.point_post != NULL ? r * x.post_row : 0;
    x.count = 1;
    x.tiles = by_key_lane(w);
    x.keys = w->contiguous ? by_key_in_order(w, w->from_k, 1, 0) : NULL;
    x.out = w->s + at;
    x.factor = p->factor ? w->factor + at : NULL;
    x.included = p->compact ? w->included + at : NULL;
    if (p->measure == MEASURE_PRODUCT)
        pool_product(&x, &p->a->kernel, p->has_max, p->masked);
    else if (p->measure == MEASURE_LINEAR)
        by_key_panel_row_how(&x, true);
    else
        by_key_panel_row_how(&x, false);
    pool_apply_kernel(p, x.out, x.factor, x.included, (size_t)by_key_keys(w));
    return p->smallest &&
           (p->measure == MEASURE_LINEAR || (p->measure == MEASURE_SQUARES && !p->steps));
}

#endif

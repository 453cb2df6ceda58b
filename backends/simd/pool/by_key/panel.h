/* SPDX-License-Identifier: Apache-2.0 */

/* A super-block of keys turned into memory, a panel, and what few rows have to do with
 * it (few.h). */
#ifndef BACKENDS_SIMD_POOL_BY_KEY_PANEL_H
#define BACKENDS_SIMD_POOL_BY_KEY_PANEL_H

#include "backends/simd/math/kernels.h"
#include "backends/simd/pool/by_key/few.h"
#include "backends/simd/pool/distance.h"
#include "backends/simd/pool/factor.h"
#include "backends/simd/pool/measure.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/score.h"

/* Number i and the next ones of LANES pieces from number `lane` on, `gap` apart, turned. Of each
 * piece memory comes `ahead` numbers earlier. */
VEC_FN void few_turn_square(const real *from, int64_t gap, int64_t i, int lane, vec r[LANES],
                            const int ahead)
{
    const int64_t pieces = FEW_WIDE / POOL_BLOCKS; /* of a block */
    if (ahead > 0 && i % (64 / (int)sizeof(real)) == 0)
        UNROLL_FOR (int k = 0; k < LANES; k++)
            vec_prefetch(from +
                         ((lane + k) % POOL_BLOCKS * pieces + (lane + k) / POOL_BLOCKS) * gap + i +
                         ahead);
    UNROLL_FOR (int k = 0; k < LANES; k++)
        r[k] = v_loadu(from + ((lane + k) % POOL_BLOCKS * pieces + (lane + k) / POOL_BLOCKS) * gap +
                       i);
    v_transpose(r);
}

/* Pieces of n numbers to `to`, a row of lanes for each number. */
VEC_FN void few_turn_of(const real *from, int64_t n, real *to, const int ahead)
{
    for (int64_t i = 0; i < n; i += LANES)
        for (int lane = 0; lane < FEW_WIDE; lane += LANES) {
            vec r[LANES];
            few_turn_square(from, n, i, lane, r, ahead);
            UNROLL_FOR (int k = 0; k < LANES; k++)
                v_storeu(to + (i + k) * FEW_WIDE + lane, r[k]);
        }
}

/* n numbers for each key. */
static void few_turn(const real *from, int64_t n, real *to)
{
    if (n > 3)
        few_turn_of(from, n * FEW_RUN, to, 128 / (int)sizeof(real));
    else
        few_turn_of(from, n * FEW_RUN, to, 0);
}

static struct few_source few_rows_of(const struct pool_few *w, const struct array *x)
{
    return (struct few_source){ pool_at(x, w->t->b, w->t->head0), x->row, x->col };
}

/* Of an array whose columns are keys. */
static struct few_source few_columns_of(const struct pool_few *w, const struct array *x)
{
    return (struct few_source){ pool_at(x, w->t->b, w->t->head0), x->col, 1 };
}

/* n numbers for each key of the super-block, one after the other, or `missing`. */
static const real *few_in_line(const struct pool_few *w, struct few_source x, int64_t n,
                               real missing)
{
    const bool lie = x.row == n && (x.col == 1 || n == 1);
    const pool_any *from = x.x + (w->base + w->first) * x.row;
    real *copy = w->copy + w->first * n;
    if (w->complete && lie)
        return (const real *)(const void *)from;
    pool_fill(w->copy, (size_t)(w->first * n), missing);
    pool_fill(w->copy + w->end * n, (size_t)((SUPER_BLOCK - w->end) * n), missing);
    if (lie)
        memcpy(copy, from, (size_t)((w->end - w->first) * n) * sizeof(real));
    for (int o = w->first; o < w->end && !lie; o++, from += x.row)
        for (int64_t c = 0; c < n; c++)
            *copy++ = from[c * x.col];
    return w->copy;
}

/* The same turned. */
static void few_panel(const struct pool_few *w, struct few_source x, int64_t n, real missing,
                      real *to)
{
    few_turn(few_in_line(w, x, n, missing), n, to);
}

/* Widths of the panel's keys. A missing key has the width 1, which takes no pains. */
static void few_panel_inverse_bandwidths(const struct pool_few *w)
{
    const struct pool_plan *p = w->t->plan;
    const struct kernel *kernel = &p->a->kernel;
    const int64_t d = p->a->d;
    if (kernel->per == ATTPOOL_BANDWIDTH_KEY) {
        few_panel(w, w->from_inverse_bandwidths, 1, 1, w->scale);
        for (int x = 0; x < SUPER_BLOCK; x += LANES) {
            v_storeu(w->scale + x, v_abs(v_loadu(w->scale + x)));
            if (p->squared_width)
                pool_inverse_bandwidths_of(w->scale + x, w->post + x);
        }
    }
    if (kernel->per != ATTPOOL_BANDWIDTH_COORDINATE_KEY)
        return;
    few_panel(w, w->from_inverse_bandwidths, 1, 1, w->post);
    for (int x = 0; x < SUPER_BLOCK; x += LANES) {
        const vec factor = v_abs(v_loadu(w->post + x));
        real *to = w->scale + x / FEW_WIDE * FEW_WIDE * d + x % FEW_WIDE;
        for (int64_t c = 0; c < d; c++, to += FEW_WIDE)
            v_storeu(to, products_up(v_set1(w->t->coordinate[c]), factor));
    }
}

static void few_panel_keys(const struct pool_few *w)
{
    if (!w->straight)
        few_panel(w, w->from_k, w->t->plan->a->d, 0, w->k);
    few_panel_inverse_bandwidths(w);
}

/* --- measures ------------------------------------------------------------------------------ */

/* What a row has for coordinate c. */
struct few_point {
    vec q, width;
};

VEC_FN struct few_point few_point(const struct pool_pairs *p, int64_t c, const enum pool_scaled how)
{
    return (struct few_point){ v_set1(p->cast[c * p->col]),
                               how == SCALED_CAST ? v_set1(p->cast_scale[c * p->scale_col])
                                                  : v_zero() };
}

/* 4 vectors of keys from number x on; `one` is what the row has for the only coordinate. */
VEC_FN void few_line_group(const struct pool_pairs *p, int x, int64_t d,
                           const struct few_point *one, vec s[4], const bool linear,
                           const enum pool_scaled how)
{
    enum { VECTORS = FEW_WIDE / LANES }; /* of a row of lanes */
    const real *lane = p->lane + x * d;
    const real *scale = how == SCALED_LANE ? p->lane_scale + x / FEW_WIDE * p->scale_tile : NULL;
    UNROLL_FOR (int i = 0; i < 4; i++)
        s[i] = v_zero();
    for (int64_t c = 0; c < d; c++) {
        const struct few_point point = one != NULL ? *one : few_point(p, c, how);
        UNROLL_FOR (int i = 0; i < 4; i++) {
            const int64_t row = i / VECTORS, of = i % VECTORS * LANES;
            vec z = v_sub(v_loadu(lane + (row * d + c) * FEW_WIDE + of), point.q);
            if (how == SCALED_CAST)
                z = v_mul(z, point.width);
            if (how == SCALED_LANE)
                z = v_mul(z, v_loadu(scale + row * p->scale_tile + c * p->scale_step + of));
            s[i] = linear ? v_abs(z) : v_fma(z, z, s[i]);
        }
    }
}

/* Measures of a row and their extremes. */
VEC_FN void few_line_of(const struct pool_pairs *p, const bool linear, const bool single,
                        const enum pool_scaled how, const bool post)
{
    const struct few_point one = few_point(p, 0, how);
    const vec times = v_set1(post ? *p->cast_post : 1);
    vec s[4], end[4];
    pool_ends_start(end, true, 4);
    for (int x = 0; x < SUPER_BLOCK; x += 4 * LANES) {
        few_line_group(p, x, single ? 1 : p->d, single ? &one : NULL, s, linear, how);
        UNROLL_FOR (int i = 0; i < 4; i++) {
            if (post)
                s[i] = v_mul(s[i], times);
            if (how == SCALED_LANE && p->lane_post != NULL)
                s[i] = v_mul(s[i], v_loadu(p->lane_post + x + i * LANES));
            end[i] = v_min_keep(end[i], s[i]);
            v_storeu(p->out + x + i * LANES, s[i]);
        }
    }
    pool_ends_store(p, end, 4);
}

/* A single coordinate of keys that lie one after the other: they are turned on their way. */
VEC_FN void few_line_straight(const struct pool_pairs *p, const bool linear,
                              const enum pool_scaled how, const bool post)
{
    const real *from = p->lane;
    const struct few_point one = few_point(p, 0, how);
    const vec times = v_set1(post ? *p->cast_post : 1);
    vec end[4];
    pool_ends_start(end, true, 4);
    for (int i = 0; i < FEW_RUN; i += LANES)
        UNROLL_FOR (int lane = 0; lane < FEW_WIDE; lane += LANES) {
            vec r[LANES];
            few_turn_square(from, FEW_RUN, i, lane, r, 0);
            UNROLL_FOR (int k = 0; k < LANES; k++) {
                vec s = v_sub(r[k], one.q);
                if (how == SCALED_CAST)
                    s = v_mul(s, one.width);
                s = linear ? v_abs(s) : v_mul(s, s);
                if (post)
                    s = v_mul(s, times);
                end[lane / LANES] = v_min_keep(end[lane / LANES], s);
                v_storeu(p->out + (i + k) * FEW_WIDE + lane, s);
            }
        }
    UNROLL_FOR (int i = FEW_WIDE / LANES; i < 4; i++)
        end[i] = end[i % (FEW_WIDE / LANES)];
    pool_ends_store(p, end, 4);
}

VEC_FN void few_line_d(const struct pool_pairs *p, const bool linear, const enum pool_scaled how,
                       const bool post)
{
    if (how != SCALED_LANE && p->straight)
        few_line_straight(p, linear, how, post);
    else if (linear || p->d == 1)
        few_line_of(p, linear, true, how, post);
    else
        few_line_of(p, false, false, how, post);
}

VEC_FN void few_line_how(const struct pool_pairs *p, const bool linear)
{
    if (p->lane_scale != NULL)
        few_line_d(p, linear, SCALED_LANE, false);
    else if (!linear && p->cast_post != NULL)
        few_line_d(p, false, SCALED_CAST, true);
    else if (p->cast_scale != NULL)
        few_line_d(p, linear, SCALED_CAST, false);
    else
        few_line_d(p, linear, SCALED_NOT, false);
}

/* The measures of row r; true where `ends` has the extremes of its scores. */
static bool few_line(const struct pool_few *w, int r)
{
    const struct pool_plan *p = w->t->plan;
    const size_t at = few_row(w, r);
    struct pool_pairs x = w->pairs;
    x.cast += r * x.row;
    x.cast_scale += x.cast_scale != NULL ? r * x.scale_row : 0;
    x.cast_post += x.cast_post != NULL ? r * x.post_row : 0;
    x.count = 1;
    x.straight = w->straight;
    if (w->straight)
        x.lane = few_in_line(w, w->from_k, 1, 0);
    x.out = w->s + at;
    x.factor = p->factor ? w->factor + at : NULL;
    x.part = p->compact ? w->part + at : NULL;
    if (p->measure == MEASURE_PRODUCT)
        pool_product(&x, &p->a->kernel, p->has_max, p->masked);
    else if (p->measure == MEASURE_LINEAR)
        few_line_how(&x, true);
    else
        few_line_how(&x, false);
    pool_kernel(p, x.out, x.factor, x.part, SUPER_BLOCK);
    return p->low && (p->measure == MEASURE_LINEAR || (p->measure == MEASURE_SQUARES && !p->steps));
}

#endif

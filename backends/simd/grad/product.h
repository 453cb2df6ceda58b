/* SPDX-License-Identifier: Apache-2.0 */

/* Slopes of the product form, and of one coordinate, and the sums of its gradients. Of coordinate c
 * numbers of a block are `plane` numbers further on than those of the one before. */
#ifndef BACKENDS_SIMD_GRAD_PRODUCT_H
#define BACKENDS_SIMD_GRAD_PRODUCT_H

#include "backends/simd/grad/slopes.h"

/* Coordinates for which there is memory. */
enum { GRAD_PRODUCT_MOST = 8 };

/* ---- Slopes ---- */

VEC_FN void grad_distances_of(const struct grad_radial *r, int64_t c, real *to,
                              const enum grad_scaled scaled)
{
    for (int o = 0; o < r->others; o++)
        for (int i = 0; i < r->end; i += LANES)
            v_storeu(to + o * r->h_step + i, v_abs(grad_radial_z(r, i, o, c, scaled, false)));
}

/* u of coordinate c. */
static void grad_distances(const struct grad_radial *r, int64_t c, real *to)
{
    if (r->scaled == GRAD_SCALED_COORDINATE)
        grad_distances_of(r, c, to, GRAD_SCALED_COORDINATE);
    else if (r->scaled == GRAD_SCALED_LANE)
        grad_distances_of(r, c, to, GRAD_SCALED_LANE);
    else
        grad_distances_of(r, c, to, GRAD_SCALED_OTHER);
}

/* Slopes and factors of the block's coordinates. */
static void grad_product_slopes(struct grad_tile *g, const struct pool_block *x)
{
    const struct pool_args *p = g->plan->a->pool;
    const struct grad_radial r = grad_radial_rows(g, x);
    const size_t n = (size_t)(x->count * g->t.lanes);
    for (int64_t c = 0; c < p->d; c++) {
        real *slope = g->slope + c * BLOCK * g->t.lanes;
        grad_distances(&r, c, slope);
        grad_slopes_by((attpool_kernel_name)kernel_name_at(&p->kernel, c), slope,
                       g->factor + c * BLOCK * g->t.lanes, n);
    }
}

/* ---- Sums ---- */

/* What a coordinate of a pair adds to the sums by points: h with the sign of the difference. */
VEC_FN vec grad_product_term(const struct grad_radial *r, int o, vec h, vec z, const bool before)
{
    if (before)
        h = v_mul(v_mul(h, v_set1(r->square[o])), v_set1(r->power[o]));
    h = v_unless(v_eq(z, v_zero()), h);
    return v_select(v_lt(z, v_zero()), v_neg(h), h);
}

VEC_FN void grad_product_points_of(const struct grad_radial *r, int64_t plane, real *to,
                                   const enum grad_scaled scaled, const bool column)
{
    for (int64_t c = 0; c < r->d; c++)
        for (int i = r->first; i < r->end; i += LANES) {
            real *at = to + c * r->lane_step + i;
            vec s = column ? v_loadu(at) : v_zero();
            for (int o = 0; o < r->others; o++) {
                const vec h = v_loadu(r->h + c * plane + o * r->h_step + i);
                const vec z = grad_radial_z(r, i, o, c, scaled, column);
                s = v_add(s, r->before ? grad_product_term(r, o, h, z, true)
                                       : grad_product_term(r, o, h, z, false));
            }
            grad_radial_sum(r, at, s);
        }
}

/* u, or 0 where h is. */
VEC_FN vec grad_product_u(const struct grad_radial *r, int i, int o, int64_t c, vec h,
                          const enum grad_scaled scaled, const bool column)
{
    return v_unless(v_eq(h, v_zero()), v_abs(grad_radial_z(r, i, o, c, scaled, column)));
}

/* By |w| of each coordinate: of rows. */
static void grad_product_each(const struct grad_radial *r, int64_t plane, real *to)
{
    for (int64_t c = 0; c < r->d; c++)
        for (int i = 0; i < r->end; i += LANES) {
            vec s = v_zero();
            for (int o = 0; o < r->others; o++) {
                const vec h = v_loadu(r->h + c * plane + o * r->h_step + i);
                s = v_fma(h, grad_product_u(r, i, o, c, h, GRAD_SCALED_COORDINATE, false), s);
            }
            grad_radial_sum(r, to + c * r->lane_step + i, s);
        }
}

/* The pair's own sum errs less than a chain of all its coordinates. */
VEC_FN void grad_product_width_of(const struct grad_radial *r, int64_t plane, real *to,
                                  const enum grad_scaled scaled, const bool column)
{
    const bool one = r->d == 1;
    for (int i = r->first; i < r->end; i += LANES) {
        vec s = column ? v_loadu(to + i) : v_zero();
        for (int o = 0; o < r->others; o++) {
            vec width = one ? s : v_zero();
            for (int64_t c = 0; c < r->d; c++) {
                const vec h = v_loadu(r->h + c * plane + o * r->h_step + i);
                width = v_fma(h, grad_product_u(r, i, o, c, h, scaled, column), width);
            }
            s = one ? width : v_add(s, width);
        }
        grad_radial_sum(r, to + i, s);
    }
}

#define GRAD_PRODUCT_SUMS(name)                                                                    \
    static void name(const struct grad_radial *r, int64_t plane, real *to)                         \
    {                                                                                              \
        if (r->scaled == GRAD_SCALED_COORDINATE && r->column)                                      \
            name##_of(r, plane, to, GRAD_SCALED_COORDINATE, true);                                 \
        else if (r->scaled == GRAD_SCALED_COORDINATE)                                              \
            name##_of(r, plane, to, GRAD_SCALED_COORDINATE, false);                                \
        else if (r->scaled == GRAD_SCALED_LANE && r->column)                                       \
            name##_of(r, plane, to, GRAD_SCALED_LANE, true);                                       \
        else if (r->scaled == GRAD_SCALED_LANE)                                                    \
            name##_of(r, plane, to, GRAD_SCALED_LANE, false);                                      \
        else if (r->column)                                                                        \
            name##_of(r, plane, to, GRAD_SCALED_OTHER, true);                                      \
        else                                                                                       \
            name##_of(r, plane, to, GRAD_SCALED_OTHER, false);                                     \
    }

/* By the points of the lanes, and by the one w of a pair. */
GRAD_PRODUCT_SUMS(grad_product_points)
GRAD_PRODUCT_SUMS(grad_product_width)

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* The slopes of kernels, of all pairs of a block: NUMERICS.md, "Gradients". */
#ifndef BACKENDS_SIMD_GRAD_SLOPES_H
#define BACKENDS_SIMD_GRAD_SLOPES_H

#include "backends/kernel_traits.h"
#include "backends/simd/grad/radial.h"
#include "backends/simd/math/powers.h"

VEC_FN vec v_tanh(vec x)
{
    tanhs(&x, 1);
    return x;
}

/* -k'(u) without the part in the log domain, divided by u where the kernel is best said so. */
VEC_FN vec grad_slope_part(vec u, vec u2, vec factor, const attpool_kernel_name name)
{
    const vec half_pi = v_set1(2 * REAL(QUARTER_PI));
    const vec g = v_sub(v_set1(1), u2), h = v_fnma(u2, u, v_set1(1));
    const vec a = v_min_keep(v_mul(u, v_set1(REAL(SQRT_HALF))), v_set1(REAL(SILVERMAN_MAX)));
    switch (name) {
    case ATTPOOL_EPANECHNIKOV:
        return v_set1(2);
    case ATTPOOL_BIWEIGHT:
        return v_mul(v_set1(4), g);
    case ATTPOOL_TRIWEIGHT:
        return v_mul(v_set1(6), v_mul(g, g));
    case ATTPOOL_TRICUBE:
        return v_mul(v_mul(v_set1(9), u), v_mul(h, h));
    case ATTPOOL_COSINE:
        return v_mul(half_pi, v_sin(v_mul(half_pi, u)));
    case ATTPOOL_LOGISTIC:
        return v_mul(factor, v_tanh(v_mul(v_set1((real)0.5), u)));
    case ATTPOOL_SIGMOID:
        return v_mul(factor, v_tanh(u));
    case ATTPOOL_SILVERMAN:
        return v_mul(v_weight_exp2(v_mul(a, v_set1(-REAL(LOG2_E)))), v_sin_quarters(a, 0));
    case ATTPOOL_CAUCHY:
        return v_mul(v_mul(v_set1(2), factor), factor);
    default: /* triangular, laplacian */
        return v_set1(1);
    }
}

/* -k'(u), of u, with the kernel's factor; or of u^2 -k'(u) / u, and no factor: that is 0 where u
 * is, if the division is not in the formula. */
VEC_FN void grad_slopes_of(real *slope, real *factor, size_t n, const attpool_kernel_name name)
{
    const bool over = kernel_takes_square((int32_t)name) || name == ATTPOOL_TRICUBE;
    const bool radial = factor == NULL;
    for (size_t k = 0; k < n; k += LANES) {
        const vec x = v_loadu(slope + k);
        const vec u = radial ? v_sqrt(x) : x, u2 = radial ? x : v_mul(x, x);
        const vec f = kernel_factor(name, u, u2), part = grad_slope_part(u, u2, f, name);
        if (!radial)
            v_storeu(factor + k, f);
        if (radial == over)
            v_storeu(slope + k, part);
        else if (radial)
            v_storeu(slope + k, v_unless(v_eq(u, v_zero()), v_div(part, u)));
        else if (name == ATTPOOL_CAUCHY) /* whose u may be infinite */
            v_storeu(slope + k, v_unless(v_eq(part, v_zero()), v_mul(u, part)));
        else
            v_storeu(slope + k, v_mul(u, part));
    }
}

/* Of n distances, in place. */
static void grad_slopes_by(attpool_kernel_name name, real *slope, real *factor, size_t n)
{
    switch (name) {
#define GRAD_SLOPE(NAME, ...)                                                                      \
    case ATTPOOL_##NAME:                                                                           \
        grad_slopes_of(slope, factor, n, ATTPOOL_##NAME);                                          \
        break;
        KERNEL_TABLE(GRAD_SLOPE)
#undef GRAD_SLOPE
    }
}

VEC_FN void grad_squares_of(const struct grad_radial *r, real *to, const enum grad_scaled scaled)
{
    for (int o = 0; o < r->others; o++)
        for (int i = 0; i < r->end; i += LANES) {
            vec u2 = v_zero();
            for (int64_t c = 0; c < r->d; c++) {
                const vec z = grad_radial_z(r, i, o, c, scaled, false);
                u2 = v_fma(z, z, u2);
            }
            if (scaled == GRAD_SCALED_LANE)
                u2 = v_mul(u2, v_loadu(r->square + i));
            else if (scaled == GRAD_SCALED_OTHER)
                u2 = v_mul(u2, v_set1(r->square[o]));
            v_storeu(to + o * r->h_step + i, u2);
        }
}

/* u^2, as the sums by inverse bandwidths take it. */
static void grad_squares(const struct grad_radial *r, real *to)
{
    if (r->scaled == GRAD_SCALED_COORDINATE)
        grad_squares_of(r, to, GRAD_SCALED_COORDINATE);
    else if (r->scaled == GRAD_SCALED_LANE)
        grad_squares_of(r, to, GRAD_SCALED_LANE);
    else
        grad_squares_of(r, to, GRAD_SCALED_OTHER);
}

/* The slopes of the block's pairs. */
static void grad_slopes(struct grad_tile *g, const struct pool_block *x)
{
    const struct grad_radial r = grad_radial_rows(g, x);
    grad_squares(&r, g->slope);
    grad_slopes_by(g->t.plan->name, g->slope, NULL, (size_t)(x->count * g->t.lanes));
}

#endif

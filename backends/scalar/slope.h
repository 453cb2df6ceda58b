/* SPDX-License-Identifier: Apache-2.0 */

/* The slopes of kernels: NUMERICS.md, "Gradients". */
#ifndef BACKENDS_SCALAR_SLOPE_H
#define BACKENDS_SCALAR_SLOPE_H

#include "backends/scalar/distance.h"

/* -k'(u) without the part in the log domain, divided by u where the kernel is best said so. */
static real slope_part(int32_t name, real u, real u2, real factor)
{
    const real half_pi = 2 * REAL(QUARTER_PI);
    real g = 1 - u2;
    real h = r_fma(-u2, u, 1);
    real a = r_abs(u) * REAL(SQRT_HALF);
    switch (name) {
    case ATTPOOL_EPANECHNIKOV:
        return 2;
    case ATTPOOL_BIWEIGHT:
        return 4 * g;
    case ATTPOOL_TRIWEIGHT:
        return 6 * (g * g);
    case ATTPOOL_TRICUBE:
        return 9 * u * (h * h);
    case ATTPOOL_COSINE:
        return half_pi * r_sin(half_pi * u);
    case ATTPOOL_LOGISTIC:
        return factor * r_tanh((real)0.5 * u);
    case ATTPOOL_SIGMOID:
        return factor * r_tanh(u);
    case ATTPOOL_SILVERMAN:
        a = a > REAL(SILVERMAN_MAX) ? REAL(SILVERMAN_MAX) : a;
        return r_weight_exp2(a * -REAL(LOG2_E)) * r_sin_quarters(a, 0);
    case ATTPOOL_CAUCHY:
        return 2 * factor * factor;
    default: /* gaussian, triangular, laplacian */
        return 1;
    }
}

static bool slope_is_over_u(int32_t name)
{
    return kernel_takes_square(name) || name == ATTPOOL_TRICUBE;
}

/* -k'(u) / u; 0 where u is, if the division is not in the formula. */
static real slope_over_u(int32_t name, real u, real u2, real factor)
{
    real part = slope_part(name, u, u2, factor);
    if (slope_is_over_u(name))
        return part;
    return u == 0 ? 0 : part / u;
}

/* -k'(u). */
static real slope(int32_t name, real u, real u2, real factor)
{
    real part = slope_part(name, u, u2, factor);
    if (!slope_is_over_u(name))
        return part;
    return part == 0 ? 0 : u * part; /* cauchy's u may be infinite */
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* Kernels, and what inverse bandwidths make of a pair: NUMERICS.md, "Kernels". */
#ifndef BACKENDS_SIMD_MATH_KERNELS_H
#define BACKENDS_SIMD_MATH_KERNELS_H

#include "backends/simd/math/elementary.h"

/* a b rounded up, a and b >= 0. */
static inline real product_up(real a, real b)
{
    real p = a * b;
    real_uint bits;
    if (!(r_fma(a, b, -p) > 0))
        return p;
    memcpy(&bits, &p, sizeof bits);
    bits++;
    memcpy(&p, &bits, sizeof p);
    return p;
}

VEC_FN vec products_up(vec a, vec b)
{
    const vec p = v_mul(a, b);
    const vec next = v_as_real(v_iadd(v_as_int(p), v_iset1(1)));
    return v_select(v_gt(v_fma(a, b, v_neg(p)), v_zero()), next, p);
}

/* |w| = w' P with a power of two P: writes P and w'^2 rounded up. */
static inline void split_w(real w, real *power, real *square)
{
    const real_uint fraction = ((real_uint)1 << REAL_FRACTION_BITS) - 1;
    real unit = r_abs(w);
    real_uint bits, one;
    *power = 1;
    memcpy(&one, power, sizeof one);
    if (unit == 0) {
        *power = 0;
        unit = 1;
    } else if (unit <= REAL_MAX) {
        const real lift = unit < REAL_MIN ? 2 / REAL_EPSILON : 1;
        unit *= lift;
        memcpy(&bits, &unit, sizeof bits);
        const real_uint exponent = bits & ~fraction;
        memcpy(power, &exponent, sizeof exponent);
        *power /= lift;
        bits = (bits & fraction) | one;
        memcpy(&unit, &bits, sizeof unit);
    }
    *square = product_up(unit, unit);
}

/* What multiplies the kernel's power of two; the support is the caller's. `name` should be a
 * constant. u is looked at where not kernel_takes_square(name). */
VEC_FN vec kernel_factor(attpool_kernel_name name, vec u, vec u2)
{
    const vec one = v_set1(1);
    vec g;
    switch (name) {
    case ATTPOOL_BOXCAR:
        return v_select(v_isnan(u2), u2, one);
    case ATTPOOL_TRIANGULAR:
        return v_sub(one, u);
    case ATTPOOL_EPANECHNIKOV:
        return v_sub(one, u2);
    case ATTPOOL_BIWEIGHT:
        g = v_sub(one, u2);
        return v_mul(g, g);
    case ATTPOOL_TRIWEIGHT:
        g = v_sub(one, u2);
        return v_mul(v_mul(g, g), g);
    case ATTPOOL_TRICUBE:
        g = v_fnma(u2, u, one);
        return v_mul(v_mul(g, g), g);
    case ATTPOOL_COSINE:
        return v_cospi2(u);
    case ATTPOOL_LOGISTIC:
        return v_logistic_factor(v_weight_exp2(v_mul(v_set1(-REAL(LOG2_E)), u)));
    case ATTPOOL_SIGMOID:
        return v_sigmoid_factor(v_weight_exp2(v_mul(v_set1(-REAL(LOG2_E)), u)));
    case ATTPOOL_SILVERMAN:
        return v_silverman(u);
    case ATTPOOL_CAUCHY:
        return v_div(one, v_add(one, u2));
    default:
        return one;
    }
}

/* The pairs inside an open support, a NaN among them. */
VEC_FN vec_mask kernel_inside(vec u)
{
    return m_not(v_ge(u, v_set1(1)));
}

#endif

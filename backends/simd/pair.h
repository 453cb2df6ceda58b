/* SPDX-License-Identifier: Apache-2.0 */

/* Kernels and inverse_bandwidths of a pair of query and key: NUMERICS.md, "Width, u" and "Kernel".
 * Template: see real_f32.h; after elementary.h. */
#include "backends/kernel_traits.h"

#include <string.h>

/* a b rounded up, a and b >= 0. */
static inline R FN(product_up)(R a, R b)
{
    R p = a * b;
    U bits;
    if (!(r_fma(a, b, -p) > 0))
        return p;
    memcpy(&bits, &p, sizeof bits);
    bits++;
    memcpy(&p, &bits, sizeof p);
    return p;
}

VEC_FN V FN(products_up)(V a, V b)
{
    const V p = v_mul(a, b);
    const V next = v_as_real(v_iadd(v_as_int(p), v_iset1(1)));
    return v_select(v_gt(v_fma(a, b, v_neg(p)), v_zero()), next, p);
}

/* |w| = w' P with a power of two P: writes P and w'^2 rounded up. */
static inline void FN(width_of)(R w, R *power, R *square)
{
    const U fraction = ((U)1 << R_FRAC_BITS) - 1;
    R unit = r_abs(w);
    U bits, one;
    *power = 1;
    memcpy(&one, power, sizeof one);
    if (unit == 0) {
        *power = 0;
        unit = 1;
    } else if (unit <= R_MAX) {
        const R lift = unit < R_MIN ? 2 / R_EPS : 1;
        unit *= lift;
        memcpy(&bits, &unit, sizeof bits);
        const U exponent = bits & ~fraction;
        memcpy(power, &exponent, sizeof exponent);
        *power /= lift;
        bits = (bits & fraction) | one;
        memcpy(&unit, &bits, sizeof unit);
    }
    *square = FN(product_up)(unit, unit);
}

/* What multiplies the kernel's power of two; the support is the caller's. `name` should be a
 * constant. u is looked at where not kernel_takes_square(name). */
VEC_FN V FN(kernel_factor)(attpool_kernel_name name, V u, V u2)
{
    const V one = v_set1(1);
    V g;
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
        return FN(cospi2)(u);
    case ATTPOOL_LOGISTIC:
        return FN(logistic_factor)(FN(weight_exp2)(v_mul(v_set1(-RC(LOG2_E)), u)));
    case ATTPOOL_SIGMOID:
        return FN(sigmoid_factor)(FN(weight_exp2)(v_mul(v_set1(-RC(LOG2_E)), u)));
    case ATTPOOL_SILVERMAN:
        return FN(silverman)(u);
    case ATTPOOL_CAUCHY:
        return v_div(one, v_add(one, u2));
    default:
        return one;
    }
}

/* The pairs inside an open support, a NaN among them. */
VEC_FN M FN(kernel_inside)(V u)
{
    return m_not(v_ge(u, v_set1(1)));
}

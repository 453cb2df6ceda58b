/* SPDX-License-Identifier: Apache-2.0 */

/* Scores c x + k in units of log 2, and what weights relative to a maximum m in units of 4 log 2
 * are powers of: NUMERICS.md, "Weights". k is the exponent of a key weight. */
#ifndef BACKENDS_SIMD_MATH_RELATIVE_H
#define BACKENDS_SIMD_MATH_RELATIVE_H

#include "backends/simd/real.h"

/* In units of 4 log 2. */
VEC_FN vec v_quarters(vec c, vec x, vec k)
{
    const vec quarter = v_set1((real)0.25), most = v_set1(REAL(SCORE_MOST));
    const vec h = v_fma(v_mul(c, quarter), x, v_mul(k, quarter));
    const vec bounded = v_min_keep(v_raise_to(h, v_neg(most)), most);
    const vec_mask finite =
        m_and(v_le(v_abs(x), v_set1(REAL_MAX)), v_le(v_abs(c), v_set1(REAL_MAX)));
    return v_select(finite, bounded, h);
}

/* m of the largest (c > 0) or smallest x. */
VEC_FN vec v_maximum_of(real c, vec end)
{
    return v_max_keep(v_set1(-REAL_MAX), v_quarters(v_set1(c), end, v_zero()));
}

/* Is m so small that its own rounding does not matter? */
VEC_FN vec_mask v_is_common(vec m)
{
    return v_lt(v_abs(m), v_set1(REAL(SCORE_LARGE)));
}

/* v_maximum_of where that is common, else something that is not: no bound is then near. */
VEC_FN vec v_common_maximum_of(real c, vec end)
{
    return v_mul(v_set1(c / 4), end);
}

/* What the weight is a power of, for any m and k; in the common case fma(c, x, -4m) will do. */
VEC_FN vec v_relative(vec c, vec x, vec k, vec m)
{
    const vec four = v_set1(4);
    const vec common = v_fma(c, x, v_sub(k, v_mul(four, m)));
    const vec large = v_mul(four, v_sub(v_quarters(c, x, k), m));
    return v_select(v_is_common(m), common, large);
}

/* Where a bias is added: the size from which on a finite x saturates, or infinity. */
static inline real saturation_of(real scale)
{
    return r_abs(scale) > REAL(LOG2_E) ? REAL(SCORE_MOST) / r_abs(scale / 4) : REAL_INF;
}

VEC_FN vec v_saturated(vec x, real most)
{
    const vec bounded = v_min_keep(v_raise_to(x, v_set1(-most)), v_set1(most));
    return v_select(v_le(v_abs(x), v_set1(REAL_MAX)), bounded, x);
}

/* n scores, whole vectors, before a bias is added. */
static inline void saturate(real *x, size_t n, real saturation)
{
    for (size_t i = 0; i < n && saturation <= REAL_MAX; i += LANES)
        v_storeu(x + i, v_saturated(v_loadu(x + i), saturation));
}

/* A score and a bias in units of 4 log 2; `scale` is c / 4. */
VEC_FN vec v_biased(vec scale, vec x, vec bias)
{
    return v_fma(scale, x, v_mul(bias, v_set1(REAL(LOG2_E) / 4)));
}

/* Are all of n key weights neither 0 nor such that they have an exponent? */
VEC_FN bool weights_are_common(const real *weights, int n)
{
    vec_mask in = m_first(LANES);
    for (int j = 0; j < n; j += LANES) {
        const vec a = v_loadu(weights + j);
        in = m_and(in, m_and(v_ge(a, v_set1((real)0x1p-32)), v_lt(a, v_set1((real)0x1p32))));
    }
    return m_all(in);
}

static inline bool weights_have_zeros(const real *weights, int n)
{
    vec_mask zero = m_first(0);
    for (int j = 0; j < n; j += LANES)
        zero = m_or(zero, v_eq(v_loadu(weights + j), v_zero()));
    return m_any(zero);
}

/* n key weights to a' 2^k with 2^-32 <= a' < 2^32; false where all k are 0. */
static inline bool weights_take_exponents(real *weights, real *exponents, int n)
{
    bool some = false;
    for (int j = 0; j < n; j++) {
        real a = weights[j];
        int k = 0;
        for (; a > 0 && a < (real)0x1p-32; k -= 64)
            a *= (real)0x1p64;
        for (; a >= (real)0x1p32; k += 64)
            a *= (real)0x1p-64;
        weights[j] = a;
        exponents[j] = (real)k;
        some |= k != 0;
    }
    return some;
}

#endif

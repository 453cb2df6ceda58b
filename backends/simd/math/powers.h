/* SPDX-License-Identifier: Apache-2.0 */

/* weight_exp2, exp2_full and tanh of n <= 8 vectors side by side: one after the other they would
 * wait for each other's place in the processor's queues. n should be a constant. */
#ifndef BACKENDS_SIMD_MATH_POWERS_H
#define BACKENDS_SIMD_MATH_POWERS_H

#include "backends/simd/math/elementary.h"

/* POLY(x; c) of n vectors, c of `terms` numbers. */
VEC_FN void polynomials(const vec *x, vec *p, const int n, const real *c, const int terms)
{
    UNROLL_FOR (int i = 0; i < n; i++)
        p[i] = v_set1(c[0]);
    UNROLL_FOR (int k = 1; k < terms; k++) {
        UNROLL_FOR (int i = 0; i < n; i++)
            p[i] = v_fma(p[i], x[i], v_set1(c[k]));
    }
}

/* How scores become weights: not at all, by all powers of two, or with those up to FAR_LIMIT as 0.
 */
enum powers { POWERS_NONE, POWERS_ALL, POWERS_NEAR };

static inline enum powers powers_of(bool log, bool near)
{
    if (!log)
        return POWERS_NONE;
    return near && REAL(FAR_ZERO) != REAL(EXP2_ZERO) ? POWERS_NEAR : POWERS_ALL;
}

/* With `near` those up to FAR_LIMIT are 0. */
VEC_FN void weight_powers(vec *t, const int n, const bool near)
{
    static const real all[] = { WEIGHT_TERMS }, far[] = { FAR_TERMS };
    const real zero = near ? REAL(FAR_ZERO) : REAL(EXP2_ZERO);
    vec z[8], p[8];
    UNROLL_FOR (int i = 0; i < n; i++)
        z[i] = v_weight_split(t + i, zero);
    polynomials(t, p, n, near ? far : all, (int)(sizeof all / sizeof all[0]));
    UNROLL_FOR (int i = 0; i < n; i++)
        t[i] = v_weight_scale(p[i], z[i], zero);
}

VEC_FN void full_powers(vec *t, const int n)
{
    static const real c[] = { REAL(EXP2_POLY) };
    const vec magic = v_set1(REAL(MAGIC));
    vec z[8], p[8];
    UNROLL_FOR (int i = 0; i < n; i++) {
        t[i] = v_min_keep(v_raise_to(t[i], v_set1(REAL(EXP2_LOW))), v_set1(REAL(EXP2_HIGH)));
        z[i] = v_add(t[i], magic);
        t[i] = v_sub(t[i], v_sub(z[i], magic));
    }
    polynomials(t, p, n, c, (int)(sizeof c / sizeof c[0]));
    UNROLL_FOR (int i = 0; i < n; i++)
        t[i] = v_scale_by(p[i], z[i]);
}

VEC_FN void tanhs(vec *x, const int n)
{
    static const real c[] = { REAL(TANH_POLY) };
    vec s[8], t[8], z[8], p[8];
    UNROLL_FOR (int i = 0; i < n; i++) {
        const vec a = v_min_keep(v_abs(x[i]), v_set1(REAL(TANH_LIMIT)));
        s[i] = v_fma(v_sub(a, v_set1(REAL(TANH_SHIFT))), v_set1(REAL(TANH_SCALE)),
                     v_set1(REAL(TANH_MAGIC)));
        t[i] = v_fma(v_sub(s[i], v_set1(REAL(TANH_MAGIC))), v_set1(REAL(TANH_STEP)), a);
        z[i] = v_mul(t[i], t[i]);
    }
    polynomials(z, p, n, c, (int)(sizeof c / sizeof c[0]));
    UNROLL_FOR (int i = 0; i < n; i++) {
        t[i] = v_fma(v_mul(t[i], z[i]), p[i], t[i]);
        s[i] = v_as_real(v_ishl(v_as_int(s[i]), REAL_FRACTION_BITS));
        const vec y = v_fma(v_add(s[i], v_set1((real)0.5)), t[i], v_sub(s[i], v_set1((real)0.5)));
        const vec size = v_div(y, v_add(y, v_sub(v_set1(1), t[i])));
        const vec_int sign = v_iand(v_as_int(x[i]), v_as_int(v_set1((real)-0.0)));
        x[i] = v_as_real(v_ior(v_as_int(size), sign));
    }
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* The elementary functions on vectors. NUMERICS.md has the formulas, backends/elementary.h the
 * constants. */
#ifndef BACKENDS_SIMD_MATH_ELEMENTARY_H
#define BACKENDS_SIMD_MATH_ELEMENTARY_H

#include "backends/simd/real.h"

/* c[0] x^(n - 1) + ... + c[n - 1]. */
VEC_FN vec v_horner(vec x, const real *c, int n)
{
    vec p = v_set1(c[0]);
    UNROLL_FOR (int i = 1; i < n; i++)
        p = v_fma(p, x, v_set1(c[i]));
    return p;
}

#undef POLY
#define POLY(x, c) v_horner((x), (c), (int)(sizeof(c) / sizeof(c)[0]))

VEC_FN vec v_canonical_nan(vec x)
{
    return v_select(v_isnan(x), v_set1(REAL_NAN), x);
}

/* 2^t for t <= 127 (1023), a normal number; +0 from -125.5 (-1021.5) on. */
VEC_FN vec v_weight_exp2(vec t)
{
    static const real c[] = { WEIGHT_TERMS };
    const vec z = v_weight_split(&t, REAL(EXP2_ZERO));
    return v_weight_scale(POLY(t, c), z, REAL(EXP2_ZERO));
}

/* p 2^n for the n in the low bits of z; in two steps, so that only the last one rounds. */
VEC_FN vec v_scale_by(vec p, vec z)
{
    const vec_int one = v_as_int(v_set1(1));
    vec_int n = v_isub(v_as_int(z), v_as_int(v_set1(REAL(MAGIC))));
    vec_int half = v_isar(n, 1);
    vec_int rest = v_isub(n, half);
    p = v_mul(p, v_as_real(v_iadd(v_ishl(half, REAL_FRACTION_BITS), one)));
    return v_mul(p, v_as_real(v_iadd(v_ishl(rest, REAL_FRACTION_BITS), one)));
}

VEC_FN vec v_exp2_full(vec t)
{
    static const real c[] = { REAL(EXP2_POLY) };
    const vec magic = v_set1(REAL(MAGIC));
    t = v_min_keep(v_raise_to(t, v_set1(REAL(EXP2_LOW))), v_set1(REAL(EXP2_HIGH)));
    vec z = v_add(t, magic);
    vec f = v_sub(t, v_sub(z, magic));
    return v_scale_by(POLY(f, c), z);
}

VEC_FN vec v_exp(vec x)
{
    static const real c[] = { REAL(EXP_POLY) };
    const vec magic = v_set1(REAL(MAGIC));
    x = v_min_keep(v_raise_to(x, v_set1(REAL(EXP_LOW))), v_set1(REAL(EXP_HIGH)));
    vec z = v_fma(x, v_set1(REAL(LOG2_E)), magic);
    vec n = v_sub(z, magic);
    vec r = v_fnma(n, v_set1(REAL(EXP_LN2_LOW)), v_fnma(n, v_set1(REAL(EXP_LN2_HIGH)), x));
    vec p = v_add(v_fma(v_mul(r, r), POLY(r, c), r), v_set1(1));
    return v_scale_by(p, z);
}

VEC_FN vec v_log(vec x)
{
    static const real c[] = { REAL(LOG_POLY) };
    const vec magic = v_set1(REAL(MAGIC));
    vec_mask tiny = v_lt(x, v_set1(REAL(LOG_TINY)));
    vec y = v_select(tiny, v_mul(x, v_set1(REAL(LOG_TINY_SCALE))), x);
    vec_int k = v_isar(v_isub(v_as_int(y), v_iset1(REAL(LOG_SPLIT))), REAL_FRACTION_BITS);
    vec f = v_sub(v_as_real(v_isub(v_as_int(y), v_ishl(k, REAL_FRACTION_BITS))), v_set1(1));
    vec e = v_sub(v_as_real(v_iadd(k, v_as_int(magic))), magic);
    e = v_sub(e, v_where(tiny, v_set1(REAL(LOG_TINY_SHIFT))));

    vec s = v_div(f, v_add(f, v_set1(2)));
    vec z = v_mul(s, s);
    vec h = v_mul(v_mul(v_set1((real)0.5), f), f);
    vec t = v_fma(s, v_fma(z, POLY(z, c), h), v_neg(h));

    vec a = v_mul(e, v_set1(REAL(LOG_LN2_HIGH)));
    vec b = v_add(a, f);
    vec rest = v_fma(e, v_set1(REAL(LOG_LN2_LOW)), v_add(v_sub(a, b), f));
    vec r = v_add(b, v_add(rest, t));

    r = v_select(v_lt(x, v_set1(REAL_INF)), r, x);
    r = v_select(v_eq(x, v_zero()), v_set1(-REAL_INF), r);
    return v_select(v_lt(x, v_zero()), v_set1(REAL_NAN), r);
}

/* sin(x + quarters pi / 2) for 0 <= x <= TRIG_MAX. */
VEC_FN vec v_sin_quarters(vec x, int quarters)
{
    static const real cs[] = { REAL(SIN_POLY) };
    static const real cc[] = { REAL(COS_POLY) };
    const vec magic = v_set1(REAL(MAGIC));
    vec q = v_fma(x, v_set1(REAL(TWO_BY_PI)), magic);
    vec n = v_sub(q, magic);
    vec r = v_fnma(n, v_set1(REAL(HALF_PI_A)), x);
    r = v_fnma(n, v_set1(REAL(HALF_PI_B)), r);
    r = v_fnma(n, v_set1(REAL(HALF_PI_C)), r);

    vec z = v_mul(r, r);
    vec s = v_fma(v_mul(r, z), POLY(z, cs), r);
    vec c = v_fma(v_mul(z, z), POLY(z, cc), v_fnma(z, v_set1((real)0.5), v_set1(1)));
    vec_int quadrant = v_iadd(v_as_int(q), v_iset1(quarters));
    vec y = v_select(v_ieq(v_iand(quadrant, v_iset1(1)), v_iset1(0)), s, c);
    vec_int sign = v_ishl(v_iand(quadrant, v_iset1(2)), REAL_BITS - 2);
    return v_as_real(v_ixor(v_as_int(y), sign));
}

/* |x|, or 0 where it is too large for the reduction; NaN for Inf and NaN. */
VEC_FN vec v_trig_argument(vec x)
{
    vec a = v_abs(x);
    return v_select(v_le(a, v_set1(REAL(TRIG_MAX))), a, v_mul(a, v_zero()));
}

VEC_FN vec v_sin(vec x)
{
    vec_int sign = v_iand(v_as_int(x), v_as_int(v_neg(v_zero())));
    vec y = v_sin_quarters(v_trig_argument(x), 0);
    return v_as_real(v_ixor(v_as_int(y), sign));
}

VEC_FN vec v_cos(vec x)
{
    return v_sin_quarters(v_trig_argument(x), 1);
}

/* cos(pi sqrt(z) / 2), w = 1 - z. */
VEC_FN vec v_cosine(vec z, vec w)
{
    static const real c[] = { REAL(COSPI2_POLY) };
    return v_fma(w, v_mul(z, POLY(z, c)), w);
}

/* cos(pi u / 2) for |u| <= 1. */
VEC_FN vec v_cospi2(vec u)
{
    return v_cosine(v_mul(u, u), v_fnma(u, u, v_set1(1)));
}

/* cos(pi sqrt(z) / 2) for 0 <= z <= 1. */
VEC_FN vec v_cospi2_square(vec z)
{
    return v_cosine(z, v_sub(v_set1(1), z));
}

/* exp(-|u| / sqrt 2) sin(|u| / sqrt 2 + pi / 4). Adding +0 turns -0 into +0. */
VEC_FN vec v_silverman(vec u)
{
    vec a = v_mul(v_abs(u), v_set1(REAL(SQRT_HALF)));
    a = v_min_keep(a, v_set1(REAL(SILVERMAN_MAX)));
    vec e = v_weight_exp2(v_mul(a, v_set1(-REAL(LOG2_E))));
    return v_fma(e, v_sin_quarters(v_add(a, v_set1(REAL(QUARTER_PI))), 0), v_zero());
}

/* 1 / (1 + t)^2: with t = exp(-|u|) the logistic kernel is t times this ... */
VEC_FN vec v_logistic_factor(vec t)
{
    return v_div(v_set1(1), v_fma(t, v_add(t, v_set1(2)), v_set1(1)));
}

/* ... and the sigmoid kernel t times 1 / (1 + t^2). */
VEC_FN vec v_sigmoid_factor(vec t)
{
    return v_div(v_set1(1), v_fma(t, t, v_set1(1)));
}

#endif

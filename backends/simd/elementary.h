/* SPDX-License-Identifier: Apache-2.0 */

/* The elementary functions on vectors: a template over a vec header and real_f32.h or
 * real_f64.h, so without an include guard. NUMERICS.md has the formulas, backends/elementary.h
 * the constants. */
#include "backends/elementary.h"
#include "backends/simd/unroll.h"

/* c[0] x^(n - 1) + ... + c[n - 1]. */
VEC_FN V FN(horner)(V x, const R *c, int n)
{
    V p = v_set1(c[0]);
    UNROLL
    for (int i = 1; i < n; i++)
        p = v_fma(p, x, v_set1(c[i]));
    return p;
}

#undef POLY
#define POLY(x, c) FN(horner)((x), (c), (int)(sizeof(c) / sizeof(c)[0]))

VEC_FN V FN(canonical_nan)(V x)
{
    return v_select(v_isnan(x), v_set1(R_NAN), x);
}

/* 2^t for t <= 127 (1023); +0 below -126.5 (-1022.5), where the power of two is 0. */
VEC_FN V FN(weight_exp2)(V t)
{
    static const R c[] = { RC(EXP2_POLY) };
    const V magic = v_set1(RC(MAGIC_BIASED));
    t = v_raise_to(t, v_set1(RC(EXP2_ZERO)));
    V z = v_add(t, magic);
    V f = v_sub(t, v_sub(z, magic));
    return v_mul(POLY(f, c), v_as_real(v_ishl(v_as_int(z), R_FRAC_BITS)));
}

/* p 2^n for the n in the low bits of z; in two steps, so that only the last one rounds. */
VEC_FN V FN(scale_by)(V p, V z)
{
    const I one = v_as_int(v_set1(1));
    I n = v_isub(v_as_int(z), v_as_int(v_set1(RC(MAGIC))));
    I half = v_isar(n, 1);
    I rest = v_isub(n, half);
    p = v_mul(p, v_as_real(v_iadd(v_ishl(half, R_FRAC_BITS), one)));
    return v_mul(p, v_as_real(v_iadd(v_ishl(rest, R_FRAC_BITS), one)));
}

VEC_FN V FN(exp2_full)(V t)
{
    static const R c[] = { RC(EXP2_POLY) };
    const V magic = v_set1(RC(MAGIC));
    t = v_min_keep(v_raise_to(t, v_set1(RC(EXP2_LOW))), v_set1(RC(EXP2_HIGH)));
    V z = v_add(t, magic);
    V f = v_sub(t, v_sub(z, magic));
    return FN(scale_by)(POLY(f, c), z);
}

VEC_FN V FN(exp)(V x)
{
    static const R c[] = { RC(EXP_POLY) };
    const V magic = v_set1(RC(MAGIC));
    x = v_min_keep(v_raise_to(x, v_set1(RC(EXP_LOW))), v_set1(RC(EXP_HIGH)));
    V z = v_fma(x, v_set1(RC(LOG2_E)), magic);
    V n = v_sub(z, magic);
    V r = v_fnma(n, v_set1(RC(EXP_LN2_LOW)), v_fnma(n, v_set1(RC(EXP_LN2_HIGH)), x));
    V p = v_add(v_fma(v_mul(r, r), POLY(r, c), r), v_set1(1));
    return FN(scale_by)(p, z);
}

VEC_FN V FN(log)(V x)
{
    static const R c[] = { RC(LOG_POLY) };
    const V magic = v_set1(RC(MAGIC));
    M tiny = v_lt(x, v_set1(RC(LOG_TINY)));
    V y = v_select(tiny, v_mul(x, v_set1(RC(LOG_TINY_SCALE))), x);
    I k = v_isar(v_isub(v_as_int(y), v_iset1(RC(LOG_SPLIT))), R_FRAC_BITS);
    V f = v_sub(v_as_real(v_isub(v_as_int(y), v_ishl(k, R_FRAC_BITS))), v_set1(1));
    V e = v_sub(v_as_real(v_iadd(k, v_as_int(magic))), magic);
    e = v_sub(e, v_select(tiny, v_set1(RC(LOG_TINY_SHIFT)), v_zero()));

    V s = v_div(f, v_add(f, v_set1(2)));
    V z = v_mul(s, s);
    V h = v_mul(v_mul(v_set1((R)0.5), f), f);
    V t = v_fma(s, v_fma(z, POLY(z, c), h), v_neg(h));

    V a = v_mul(e, v_set1(RC(LOG_LN2_HIGH)));
    V b = v_add(a, f);
    V rest = v_fma(e, v_set1(RC(LOG_LN2_LOW)), v_add(v_sub(a, b), f));
    V r = v_add(b, v_add(rest, t));

    r = v_select(v_lt(x, v_set1(R_INF)), r, x);
    r = v_select(v_eq(x, v_zero()), v_set1(-R_INF), r);
    return v_select(v_lt(x, v_zero()), v_set1(R_NAN), r);
}

/* sin(x + turns pi / 2) for 0 <= x <= TRIG_MAX. */
VEC_FN V FN(sin_turned)(V x, int turns)
{
    static const R cs[] = { RC(SIN_POLY) };
    static const R cc[] = { RC(COS_POLY) };
    const V magic = v_set1(RC(MAGIC));
    V q = v_fma(x, v_set1(RC(TWO_BY_PI)), magic);
    V n = v_sub(q, magic);
    V r = v_fnma(n, v_set1(RC(HALF_PI_A)), x);
    r = v_fnma(n, v_set1(RC(HALF_PI_B)), r);
    r = v_fnma(n, v_set1(RC(HALF_PI_C)), r);

    V z = v_mul(r, r);
    V s = v_fma(v_mul(r, z), POLY(z, cs), r);
    V c = v_fma(v_mul(z, z), POLY(z, cc), v_fnma(z, v_set1((R)0.5), v_set1(1)));
    I quadrant = v_iadd(v_as_int(q), v_iset1(turns));
    V y = v_select(v_ieq(v_iand(quadrant, v_iset1(1)), v_iset1(0)), s, c);
    I sign = v_ishl(v_iand(quadrant, v_iset1(2)), R_BITS - 2);
    return v_as_real(v_ixor(v_as_int(y), sign));
}

/* |x|, or 0 where it is too large for the reduction; NaN for Inf and NaN. */
VEC_FN V FN(trig_argument)(V x)
{
    V a = v_abs(x);
    return v_select(v_le(a, v_set1(RC(TRIG_MAX))), a, v_mul(a, v_zero()));
}

VEC_FN V FN(sin)(V x)
{
    I sign = v_iand(v_as_int(x), v_as_int(v_neg(v_zero())));
    V y = FN(sin_turned)(FN(trig_argument)(x), 0);
    return v_as_real(v_ixor(v_as_int(y), sign));
}

VEC_FN V FN(cos)(V x)
{
    return FN(sin_turned)(FN(trig_argument)(x), 1);
}

/* cos(pi sqrt(z) / 2), w = 1 - z. */
VEC_FN V FN(cosine)(V z, V w)
{
    static const R c[] = { RC(COSPI2_POLY) };
    return v_fma(w, v_mul(z, POLY(z, c)), w);
}

/* cos(pi u / 2) for |u| <= 1. */
VEC_FN V FN(cospi2)(V u)
{
    return FN(cosine)(v_mul(u, u), v_fnma(u, u, v_set1(1)));
}

/* cos(pi sqrt(z) / 2) for 0 <= z <= 1. */
VEC_FN V FN(cospi2_square)(V z)
{
    return FN(cosine)(z, v_sub(v_set1(1), z));
}

/* exp(-|u| / sqrt 2) sin(|u| / sqrt 2 + pi / 4). Adding +0 turns -0 into +0. */
VEC_FN V FN(silverman)(V u)
{
    V a = v_mul(v_abs(u), v_set1(RC(SQRT_HALF)));
    a = v_min_keep(a, v_set1(RC(SILVERMAN_MAX)));
    V e = FN(weight_exp2)(v_mul(a, v_set1(-RC(LOG2_E))));
    return v_fma(e, FN(sin_turned)(v_add(a, v_set1(RC(QUARTER_PI))), 0), v_zero());
}

/* 1 / (1 + t)^2: with t = exp(-|u|) the logistic kernel is t times this ... */
VEC_FN V FN(logistic_factor)(V t)
{
    return v_div(v_set1(1), v_fma(t, v_add(t, v_set1(2)), v_set1(1)));
}

/* ... and the sigmoid kernel t times 1 / (1 + t^2). */
VEC_FN V FN(sigmoid_factor)(V t)
{
    return v_div(v_set1(1), v_fma(t, t, v_set1(1)));
}

/* SPDX-License-Identifier: Apache-2.0 */

/* The elementary functions in plain C. NUMERICS.md has the formulas, backends/elementary.h the
 * constants. */
#ifndef BACKENDS_SCALAR_ELEMENTARY_H
#define BACKENDS_SCALAR_ELEMENTARY_H

#include "backends/real.h"

static inline real r_horner(real x, const real *c, int n)
{
    real p = c[0];
    for (int i = 1; i < n; i++)
        p = r_fma(p, x, c[i]);
    return p;
}

#define POLY(x, c) r_horner((x), (c), (int)(sizeof(c) / sizeof(c)[0]))

static inline real r_canonical_nan(real x)
{
    return x != x ? (real)NAN : x;
}

/* 2^t for t <= 127 (1023), a normal number; +0 from -125.5 (-1021.5) on. */
static inline real r_weight_exp2(real t)
{
    static const real c[] = { REAL(WEIGHT_POLY) };
    if (t < REAL(EXP2_ZERO))
        t = REAL(EXP2_ZERO);
    real z = t + REAL(WEIGHT_MAGIC);
    real f = t - (z - REAL(WEIGHT_MAGIC));
    return POLY(f, c) * r_as_real(r_as_bits(z) << REAL_FRACTION_BITS);
}

/* 2^n for n from -bias + 1 to bias. */
static inline real r_power_of_two(real_int n)
{
    return r_as_real(((real_uint)n << REAL_FRACTION_BITS) + r_as_bits(1));
}

/* p 2^n for the n in the low bits of z; in two steps, so that only the last one rounds. */
static inline real r_scale_by(real p, real z)
{
    real_int n = (real_int)(r_as_bits(z) - r_as_bits(REAL(MAGIC)));
    real_int half = n >> 1;
    return p * r_power_of_two(half) * r_power_of_two(n - half);
}

static inline real r_exp2_full(real t)
{
    static const real c[] = { REAL(EXP2_POLY) };
    if (t < REAL(EXP2_LOW))
        t = REAL(EXP2_LOW);
    if (t > REAL(EXP2_HIGH))
        t = REAL(EXP2_HIGH);
    real z = t + REAL(MAGIC);
    real f = t - (z - REAL(MAGIC));
    return r_scale_by(POLY(f, c), z);
}

static inline real r_exp(real x)
{
    static const real c[] = { REAL(EXP_POLY) };
    if (x < REAL(EXP_LOW))
        x = REAL(EXP_LOW);
    if (x > REAL(EXP_HIGH))
        x = REAL(EXP_HIGH);
    real z = r_fma(x, REAL(LOG2_E), REAL(MAGIC));
    real n = z - REAL(MAGIC);
    real r = r_fma(-n, REAL(EXP_LN2_LOW), r_fma(-n, REAL(EXP_LN2_HIGH), x));
    real p = r_fma(r * r, POLY(r, c), r) + 1;
    return r_scale_by(p, z);
}

static inline real r_tanh(real x)
{
    static const real c[] = { REAL(TANH_POLY) };
    real a = r_abs(x);
    if (a > REAL(TANH_LIMIT))
        a = REAL(TANH_LIMIT);
    real z = r_fma(a - REAL(TANH_SHIFT), REAL(TANH_SCALE), REAL(TANH_MAGIC));
    real r = r_fma(z - REAL(TANH_MAGIC), REAL(TANH_STEP), a);
    real square = r * r;
    real t = r_fma(r * square, POLY(square, c), r);

    real s = r_as_real(r_as_bits(z) << REAL_FRACTION_BITS);
    real y = r_fma(s + (real)0.5, t, s - (real)0.5);
    return r_copysign(y / (y + (1 - t)), x);
}

static inline real r_log(real x)
{
    static const real c[] = { REAL(LOG_POLY) };
    if (x < 0)
        return (real)NAN;
    if (x == 0)
        return (real)-INFINITY;
    if (!(x < (real)INFINITY))
        return x;
    real shift = 0;
    if (x < REAL(LOG_TINY)) {
        x *= REAL(LOG_TINY_SCALE);
        shift = REAL(LOG_TINY_SHIFT);
    }
    real_int k = (real_int)(r_as_bits(x) - REAL(LOG_SPLIT)) >> REAL_FRACTION_BITS;
    real f = r_as_real(r_as_bits(x) - ((real_uint)k << REAL_FRACTION_BITS)) - 1;
    real e = (real)k - shift;

    real s = f / (f + 2);
    real z = s * s;
    real h = (real)0.5 * f * f;
    real t = r_fma(s, r_fma(z, POLY(z, c), h), -h);

    /* a + f = b + rest exactly, but for the low part of e log 2. */
    real a = e * REAL(LOG_LN2_HIGH);
    real b = a + f;
    real rest = r_fma(e, REAL(LOG_LN2_LOW), (a - b) + f);
    return b + (rest + t);
}

/* sin(x + quarters pi / 2) for 0 <= x <= TRIG_MAX. */
static inline real r_sin_quarters(real x, real_uint quarters)
{
    static const real cs[] = { REAL(SIN_POLY) };
    static const real cc[] = { REAL(COS_POLY) };
    real q = r_fma(x, REAL(TWO_BY_PI), REAL(MAGIC));
    real n = q - REAL(MAGIC);
    real r = r_fma(-n, REAL(HALF_PI_A), x);
    r = r_fma(-n, REAL(HALF_PI_B), r);
    r = r_fma(-n, REAL(HALF_PI_C), r);

    real z = r * r, y;
    real_uint quadrant = r_as_bits(q) + quarters;
    if (quadrant & 1)
        y = r_fma(z * z, POLY(z, cc), r_fma(-z, (real)0.5, 1));
    else
        y = r_fma(r * z, POLY(z, cs), r);
    return quadrant & 2 ? -y : y;
}

/* |x|, or 0 where it is too large for the reduction; NaN for Inf and NaN. */
static inline real r_trig_argument(real x)
{
    real a = r_abs(x);
    return a <= REAL(TRIG_MAX) ? a : a * 0;
}

static inline real r_sin(real x)
{
    real y = r_sin_quarters(r_trig_argument(x), 0);
    return signbit(x) ? -y : y;
}

static inline real r_cos(real x)
{
    return r_sin_quarters(r_trig_argument(x), 1);
}

/* cos(pi u / 2) for |u| <= 1. */
static inline real r_cospi2(real u)
{
    static const real c[] = { REAL(COSPI2_POLY) };
    real z = u * u;
    real w = r_fma(-u, u, 1);
    return r_fma(w, z * POLY(z, c), w);
}

/* cos(pi sqrt(z) / 2) for 0 <= z <= 1. */
static inline real r_cospi2_square(real z)
{
    static const real c[] = { REAL(COSPI2_POLY) };
    real w = 1 - z;
    return r_fma(w, z * POLY(z, c), w);
}

/* exp(-|u| / sqrt 2) sin(|u| / sqrt 2 + pi / 4). Adding +0 turns -0 into +0. */
static inline real r_silverman(real u)
{
    real a = r_abs(u) * REAL(SQRT_HALF);
    if (a > REAL(SILVERMAN_MAX))
        a = REAL(SILVERMAN_MAX);
    real e = r_weight_exp2(a * -REAL(LOG2_E));
    return r_fma(e, r_sin_quarters(a + REAL(QUARTER_PI), 0), 0);
}

/* 1 / (1 + t)^2: with t = exp(-|u|) the logistic kernel is t times this ... */
static inline real r_logistic_factor(real t)
{
    return 1 / r_fma(t, t + 2, 1);
}

/* ... and the sigmoid kernel t times 1 / (1 + t^2). */
static inline real r_sigmoid_factor(real t)
{
    return 1 / r_fma(t, t, 1);
}

#undef POLY

#endif

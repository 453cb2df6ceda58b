/* SPDX-License-Identifier: Apache-2.0 */

/* The elementary functions for one type: elementary.h includes this twice. */

static inline T F(horner)(T x, const T *c, int n)
{
    T p = c[0];
    for (int i = 1; i < n; i++)
        p = FMA(p, x, c[i]);
    return p;
}

#define POLY(x, c) F(horner)((x), (c), (int)(sizeof(c) / sizeof(c)[0]))

static inline T F(canonical_nan)(T x)
{
    return x != x ? (T)NAN : x;
}

/* 2^t for t <= 127 (1023); +0 below -126.5 (-1022.5), where the power of two is 0. */
static inline T F(weight_exp2)(T t)
{
    static const T c[] = { C(EXP2_POLY) };
    if (t < C(EXP2_ZERO))
        t = C(EXP2_ZERO);
    T z = t + C(MAGIC_BIASED);
    T f = t - (z - C(MAGIC_BIASED));
    return POLY(f, c) * F(as_real)(F(as_bits)(z) << FRACTION);
}

/* 2^n for n from -bias + 1 to bias. */
static inline T F(power_of_two)(SBITS n)
{
    return F(as_real)(((BITS)n << FRACTION) + F(as_bits)(1));
}

/* p 2^n for the n in the low bits of z; in two steps, so that only the last one rounds. */
static inline T F(scale_by)(T p, T z)
{
    SBITS n = (SBITS)(F(as_bits)(z) - F(as_bits)(C(MAGIC)));
    SBITS half = n >> 1;
    return p * F(power_of_two)(half) * F(power_of_two)(n - half);
}

static inline T F(exp2_full)(T t)
{
    static const T c[] = { C(EXP2_POLY) };
    if (t < C(EXP2_LOW))
        t = C(EXP2_LOW);
    if (t > C(EXP2_HIGH))
        t = C(EXP2_HIGH);
    T z = t + C(MAGIC);
    T f = t - (z - C(MAGIC));
    return F(scale_by)(POLY(f, c), z);
}

static inline T F(exp)(T x)
{
    static const T c[] = { C(EXP_POLY) };
    if (x < C(EXP_LOW))
        x = C(EXP_LOW);
    if (x > C(EXP_HIGH))
        x = C(EXP_HIGH);
    T z = FMA(x, C(LOG2_E), C(MAGIC));
    T n = z - C(MAGIC);
    T r = FMA(-n, C(EXP_LN2_LOW), FMA(-n, C(EXP_LN2_HIGH), x));
    T p = FMA(r * r, POLY(r, c), r) + 1;
    return F(scale_by)(p, z);
}

static inline T F(tanh)(T x)
{
    static const T c[] = { C(TANH_POLY) };
    T a = ABS(x);
    if (a > C(TANH_LIMIT))
        a = C(TANH_LIMIT);
    T z = FMA(a - C(TANH_SHIFT), C(TANH_SCALE), C(TANH_MAGIC));
    T r = FMA(z - C(TANH_MAGIC), C(TANH_STEP), a);
    T square = r * r;
    T t = FMA(r * square, POLY(square, c), r);

    T s = F(as_real)(F(as_bits)(z) << FRACTION);
    T y = FMA(s + (T)0.5, t, s - (T)0.5);
    return COPYSIGN(y / (y + (1 - t)), x);
}

static inline T F(log)(T x)
{
    static const T c[] = { C(LOG_POLY) };
    if (x < 0)
        return (T)NAN;
    if (x == 0)
        return (T)-INFINITY;
    if (!(x < (T)INFINITY))
        return x;
    T shift = 0;
    if (x < C(LOG_TINY)) {
        x *= C(LOG_TINY_SCALE);
        shift = C(LOG_TINY_SHIFT);
    }
    SBITS k = (SBITS)(F(as_bits)(x) - C(LOG_SPLIT)) >> FRACTION;
    T f = F(as_real)(F(as_bits)(x) - ((BITS)k << FRACTION)) - 1;
    T e = (T)k - shift;

    T s = f / (f + 2);
    T z = s * s;
    T h = (T)0.5 * f * f;
    T t = FMA(s, FMA(z, POLY(z, c), h), -h);

    /* a + f = b + rest exactly, but for the low part of e log 2. */
    T a = e * C(LOG_LN2_HIGH);
    T b = a + f;
    T rest = FMA(e, C(LOG_LN2_LOW), (a - b) + f);
    return b + (rest + t);
}

/* sin(x + turns pi / 2) for 0 <= x <= TRIG_MAX. */
static inline T F(sin_turned)(T x, BITS turns)
{
    static const T cs[] = { C(SIN_POLY) };
    static const T cc[] = { C(COS_POLY) };
    T q = FMA(x, C(TWO_BY_PI), C(MAGIC));
    T n = q - C(MAGIC);
    T r = FMA(-n, C(HALF_PI_A), x);
    r = FMA(-n, C(HALF_PI_B), r);
    r = FMA(-n, C(HALF_PI_C), r);

    T z = r * r, y;
    BITS quadrant = F(as_bits)(q) + turns;
    if (quadrant & 1)
        y = FMA(z * z, POLY(z, cc), FMA(-z, (T)0.5, 1));
    else
        y = FMA(r * z, POLY(z, cs), r);
    return quadrant & 2 ? -y : y;
}

/* |x|, or 0 where it is too large for the reduction; NaN for Inf and NaN. */
static inline T F(trig_argument)(T x)
{
    T a = ABS(x);
    return a <= C(TRIG_MAX) ? a : a * 0;
}

static inline T F(sin)(T x)
{
    T y = F(sin_turned)(F(trig_argument)(x), 0);
    return signbit(x) ? -y : y;
}

static inline T F(cos)(T x)
{
    return F(sin_turned)(F(trig_argument)(x), 1);
}

/* cos(pi u / 2) for |u| <= 1. */
static inline T F(cospi2)(T u)
{
    static const T c[] = { C(COSPI2_POLY) };
    T z = u * u;
    T w = FMA(-u, u, 1);
    return FMA(w, z * POLY(z, c), w);
}

/* cos(pi sqrt(z) / 2) for 0 <= z <= 1. */
static inline T F(cospi2_square)(T z)
{
    static const T c[] = { C(COSPI2_POLY) };
    T w = 1 - z;
    return FMA(w, z * POLY(z, c), w);
}

/* exp(-|u| / sqrt 2) sin(|u| / sqrt 2 + pi / 4). Adding +0 turns -0 into +0. */
static inline T F(silverman)(T u)
{
    T a = ABS(u) * C(SQRT_HALF);
    if (a > C(SILVERMAN_MAX))
        a = C(SILVERMAN_MAX);
    T e = F(weight_exp2)(a * -C(LOG2_E));
    return FMA(e, F(sin_turned)(a + C(QUARTER_PI), 0), 0);
}

/* 1 / (1 + t)^2: with t = exp(-|u|) the logistic kernel is t times this ... */
static inline T F(logistic_factor)(T t)
{
    return 1 / FMA(t, t + 2, 1);
}

/* ... and the sigmoid kernel t times 1 / (1 + t^2). */
static inline T F(sigmoid_factor)(T t)
{
    return 1 / FMA(t, t, 1);
}

#undef POLY
#undef T
#undef BITS
#undef SBITS
#undef FRACTION
#undef FMA
#undef ABS
#undef COPYSIGN
#undef F
#undef C

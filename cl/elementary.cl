/* SPDX-License-Identifier: Apache-2.0 */

/* The elementary functions: weight_exp2_f32 and so on, or _f64. types.cl and elementary.h come
 * before. NUMERICS.md has the formulas. Only fma, sums, products, comparisons and integer steps
 * are used: a device rounds these correctly, but not always quotients and square roots. */

#ifdef HAVE_F64
#define CONSTANT(name) name##_F64
#define SIGNED         long
#define BITS           64
#define FRACTION       52
#define RECIPROCALS    3
#define ROOTS          4
#else
#define CONSTANT(name) name##_F32
#define SIGNED         int
#define BITS           32
#define FRACTION       23
#define RECIPROCALS    2
#define ROOTS          3
#endif

#define ONE_BITS      AS_WORD((REAL)1)
#define INFINITE_BITS (((WORD)1 << (BITS - 1)) - ((WORD)1 << FRACTION))
#define SIGN_BIT      ((WORD)1 << (BITS - 1))
#define NAN_BITS      (INFINITE_BITS | ((WORD)1 << (FRACTION - 1)))

__constant REAL exp2_poly[] = { CONSTANT(EXP2_POLY) };
__constant REAL exp_poly[] = { CONSTANT(EXP_POLY) };
__constant REAL tanh_poly[] = { CONSTANT(TANH_POLY) };
__constant REAL log_poly[] = { CONSTANT(LOG_POLY) };
__constant REAL sin_poly[] = { CONSTANT(SIN_POLY) };
__constant REAL cos_poly[] = { CONSTANT(COS_POLY) };
__constant REAL cospi2_poly[] = { CONSTANT(COSPI2_POLY) };
__constant REAL reciprocal_poly[] = { CONSTANT(RECIPROCAL_POLY) };

REAL TYPED(horner)(REAL x, __constant REAL *c, int n)
{
    REAL p = c[0];
    for (int i = 1; i < n; i++)
        p = fma(p, x, c[i]);
    return p;
}

#define POLY(x, c) TYPED(horner)((x), (c), (int)(sizeof(c) / sizeof(REAL)))

REAL TYPED(canonical_nan)(REAL x)
{
    return x != x ? AS_REAL(NAN_BITS) : x;
}

/* A finite x != 0 is m 2^e with 1 <= m < 2. Returns m, positive. */
REAL TYPED(split)(WORD x, int *e)
{
    *e = (int)(x >> FRACTION);
    if (*e == 0) {
        int shift = (int)clz(x) - (BITS - 1 - FRACTION);
        x <<= shift;
        *e = 1 - shift;
    }
    *e -= (int)(ONE_BITS >> FRACTION);
    return AS_REAL((x & (((WORD)1 << FRACTION) - 1)) | ONE_BITS);
}

/* The bits of (q + rest) 2^e, rounded once, where q > 0 is rounded already and the sign of rest
 * is that of what it lost. */
WORD TYPED(join)(REAL q, REAL rest, int e)
{
    WORD bits = AS_WORD(q);
    int exponent = (int)(bits >> FRACTION) + e;
    if (exponent >= (int)(INFINITE_BITS >> FRACTION))
        return INFINITE_BITS;
    if (exponent > 0)
        return bits + ((WORD)(SIGNED)e << FRACTION);

    /* A subnormal: cut the number, with two more bits that tell a tie, at its last place. */
    WORD number = (bits & (((WORD)1 << FRACTION) - 1)) | ((WORD)1 << FRACTION);
    number = (number << 2) + (WORD)(rest > 0) - (WORD)(rest < 0);
    int cut = min(1 - exponent, FRACTION + 3) + 2;
    WORD middle = (WORD)1 << (cut - 1);
    WORD low = number & ((middle << 1) - 1);
    WORD high = number >> cut;
    return high + (WORD)(low > middle || (low == middle && (high & 1)));
}

/* a / b, correctly rounded. The reciprocal is correctly rounded after its last step, but for one
 * divisor, so the quotient is too after one correction (Markstein 1990). */
REAL TYPED(div_rn)(REAL a, REAL b)
{
    WORD x = AS_WORD(a) & ~SIGN_BIT, y = AS_WORD(b) & ~SIGN_BIT;
    WORD sign = (AS_WORD(a) ^ AS_WORD(b)) & SIGN_BIT;
    if (x > INFINITE_BITS || y > INFINITE_BITS || (x == y && (x == 0 || x == INFINITE_BITS)))
        return AS_REAL(NAN_BITS);
    if (x == 0 || y == INFINITE_BITS)
        return AS_REAL(sign);
    if (y == 0 || x == INFINITE_BITS)
        return AS_REAL(sign | INFINITE_BITS);

    int ex, ey;
    REAL m = TYPED(split)(x, &ex), d = TYPED(split)(y, &ey);
    REAL r = POLY(d, reciprocal_poly);
#pragma unroll
    for (int i = 0; i <= RECIPROCALS; i++)
        r = fma(fma(-d, r, (REAL)1), r, r);
    if (AS_WORD(d) == ONE_BITS + (((WORD)1 << FRACTION) - 1))
        r = AS_REAL(AS_WORD((REAL)0.5) + 1);
    REAL q = m * r;
    q = fma(fma(-d, q, m), r, q);
    return AS_REAL(sign | TYPED(join)(q, fma(-d, q, m), ex - ey));
}

/* The square root, correctly rounded. */
REAL TYPED(sqrt_rn)(REAL x)
{
    WORD bits = AS_WORD(x);
    if ((bits & ~SIGN_BIT) == 0 || bits == INFINITE_BITS)
        return x;
    if (bits > INFINITE_BITS)
        return AS_REAL(NAN_BITS);

    int e;
    REAL m = TYPED(split)(bits, &e);
    if (e & 1)
        m += m;
    REAL y = AS_REAL((WORD)CONSTANT(RSQRT_GUESS) - (AS_WORD(m) >> 1));
    REAL g = m * y, h = (REAL)0.5 * y;
#pragma unroll
    for (int i = 0; i < ROOTS; i++) {
        REAL error = fma(-g, h, (REAL)0.5);
        g = fma(g, error, g);
        h = fma(h, error, h);
    }
    g = fma(fma(-g, g, m), h, g);

    /* g is within a unit in the last place; m - g^2 is exact and tells which neighbour is it. */
    REAL rest = fma(-g, g, m);
    REAL unit = AS_REAL(ONE_BITS - ((WORD)FRACTION << FRACTION));
    if (rest > g * unit)
        g += unit;
    else if (rest <= -g * unit)
        g -= unit;
    return AS_REAL(AS_WORD(g) + ((WORD)(SIGNED)((e - (e & 1)) / 2) << FRACTION));
}

/* 2^t for t <= 127 (1023); +0 below -126.5 (-1022.5), where the power of two is 0. */
REAL TYPED(weight_exp2)(REAL t)
{
    t = t < CONSTANT(EXP2_ZERO) ? CONSTANT(EXP2_ZERO) : t;
    REAL z = t + CONSTANT(MAGIC_BIASED);
    REAL f = t - (z - CONSTANT(MAGIC_BIASED));
    return POLY(f, exp2_poly) * AS_REAL(AS_WORD(z) << FRACTION);
}

/* p 2^n for the n in the low bits of z; in two steps, so that only the last one rounds. */
REAL TYPED(scale_by)(REAL p, REAL z)
{
    SIGNED n = (SIGNED)(AS_WORD(z) - AS_WORD(CONSTANT(MAGIC)));
    SIGNED first = n >> 1;
    p *= AS_REAL(((WORD)first << FRACTION) + ONE_BITS);
    return p * AS_REAL(((WORD)(n - first) << FRACTION) + ONE_BITS);
}

REAL TYPED(exp2_full)(REAL t)
{
    t = t < CONSTANT(EXP2_LOW) ? CONSTANT(EXP2_LOW) : t;
    t = t > CONSTANT(EXP2_HIGH) ? CONSTANT(EXP2_HIGH) : t;
    REAL z = t + CONSTANT(MAGIC);
    REAL f = t - (z - CONSTANT(MAGIC));
    return TYPED(scale_by)(POLY(f, exp2_poly), z);
}

REAL TYPED(exp)(REAL x)
{
    x = x < CONSTANT(EXP_LOW) ? CONSTANT(EXP_LOW) : x;
    x = x > CONSTANT(EXP_HIGH) ? CONSTANT(EXP_HIGH) : x;
    REAL z = fma(x, CONSTANT(LOG2_E), CONSTANT(MAGIC));
    REAL n = z - CONSTANT(MAGIC);
    REAL r = fma(-n, CONSTANT(EXP_LN2_LOW), fma(-n, CONSTANT(EXP_LN2_HIGH), x));
    REAL p = fma(r * r, POLY(r, exp_poly), r) + 1;
    return TYPED(scale_by)(p, z);
}

REAL TYPED(tanh)(REAL x)
{
    REAL a = fabs(x), y;
    if (a < CONSTANT(TANH_SPLIT)) {
        REAL z = a * a;
        y = fma(a * z, POLY(z, tanh_poly), a);
    } else {
        REAL e = TYPED(weight_exp2)(a * CONSTANT(TANH_SCALE));
        y = 1 - TYPED(div_rn)(e + e, 1 + e);
    }
    return AS_REAL(AS_WORD(y) | (AS_WORD(x) & SIGN_BIT));
}

REAL TYPED(log)(REAL x)
{
    if (x < 0)
        return AS_REAL(NAN_BITS);
    if (x == 0)
        return AS_REAL(SIGN_BIT | INFINITE_BITS);
    if (!(x < AS_REAL(INFINITE_BITS)))
        return x;
    REAL shift = 0;
    if (x < CONSTANT(LOG_TINY)) {
        x *= CONSTANT(LOG_TINY_SCALE);
        shift = CONSTANT(LOG_TINY_SHIFT);
    }
    SIGNED k = (SIGNED)(AS_WORD(x) - (WORD)CONSTANT(LOG_SPLIT)) >> FRACTION;
    REAL f = AS_REAL(AS_WORD(x) - ((WORD)k << FRACTION)) - 1;
    REAL e = AS_REAL(AS_WORD(CONSTANT(MAGIC)) + (WORD)k) - CONSTANT(MAGIC) - shift;

    REAL s = TYPED(div_rn)(f, f + 2);
    REAL z = s * s;
    REAL h = (REAL)0.5 * f * f;
    REAL t = fma(s, fma(z, POLY(z, log_poly), h), -h);

    /* a + f = b + rest exactly, but for the low part of e log 2. */
    REAL a = e * CONSTANT(LOG_LN2_HIGH);
    REAL b = a + f;
    REAL rest = fma(e, CONSTANT(LOG_LN2_LOW), (a - b) + f);
    return b + (rest + t);
}

/* sin(x + turns pi / 2) for 0 <= x <= TRIG_MAX. */
REAL TYPED(sin_turned)(REAL x, WORD turns)
{
    REAL q = fma(x, CONSTANT(TWO_BY_PI), CONSTANT(MAGIC));
    REAL n = q - CONSTANT(MAGIC);
    REAL r = fma(-n, CONSTANT(HALF_PI_A), x);
    r = fma(-n, CONSTANT(HALF_PI_B), r);
    r = fma(-n, CONSTANT(HALF_PI_C), r);

    REAL z = r * r, y;
    WORD quadrant = AS_WORD(q) + turns;
    if (quadrant & 1)
        y = fma(z * z, POLY(z, cos_poly), fma(-z, (REAL)0.5, (REAL)1));
    else
        y = fma(r * z, POLY(z, sin_poly), r);
    return AS_REAL(AS_WORD(y) ^ ((quadrant & 2) << (BITS - 2)));
}

/* |x|, or 0 where it is too large for the reduction; NaN for Inf and NaN. */
REAL TYPED(trig_argument)(REAL x)
{
    REAL a = fabs(x);
    if (a <= CONSTANT(TRIG_MAX))
        return a;
    return AS_WORD(a) < INFINITE_BITS ? (REAL)0 : AS_REAL(NAN_BITS);
}

REAL TYPED(sin)(REAL x)
{
    REAL y = TYPED(sin_turned)(TYPED(trig_argument)(x), 0);
    return AS_REAL(AS_WORD(y) ^ (AS_WORD(x) & SIGN_BIT));
}

REAL TYPED(cos)(REAL x)
{
    return TYPED(sin_turned)(TYPED(trig_argument)(x), 1);
}

/* cos(pi u / 2) for |u| <= 1. */
REAL TYPED(cospi2)(REAL u)
{
    REAL z = u * u;
    REAL w = fma(-u, u, (REAL)1);
    return fma(w, z * POLY(z, cospi2_poly), w);
}

/* cos(pi sqrt(z) / 2) for 0 <= z <= 1. */
REAL TYPED(cospi2_square)(REAL z)
{
    REAL w = 1 - z;
    return fma(w, z * POLY(z, cospi2_poly), w);
}

/* exp(-|u| / sqrt 2) sin(|u| / sqrt 2 + pi / 4). Adding +0 turns -0 into +0. */
REAL TYPED(silverman)(REAL u)
{
    REAL a = fabs(u) * CONSTANT(SQRT_HALF);
    a = a > CONSTANT(SILVERMAN_MAX) ? CONSTANT(SILVERMAN_MAX) : a;
    REAL e = TYPED(weight_exp2)(a * -CONSTANT(LOG2_E));
    return fma(e, TYPED(sin_turned)(a + CONSTANT(QUARTER_PI), 0), (REAL)0);
}

/* 1 / (1 + t)^2: with t = exp(-|u|) the logistic kernel is t times this ... */
REAL TYPED(logistic_factor)(REAL t)
{
    return TYPED(div_rn)((REAL)1, fma(t, t + 2, (REAL)1));
}

/* ... and the sigmoid kernel t times 1 / (1 + t^2). */
REAL TYPED(sigmoid_factor)(REAL t)
{
    return TYPED(div_rn)((REAL)1, fma(t, t, (REAL)1));
}

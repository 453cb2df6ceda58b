/* SPDX-License-Identifier: Apache-2.0 */

/* The elementary functions: weight_exp2_f32 and so on, or _f64. types.cl and elementary.h come
 * before. NUMERICS.md has the formulas. Only fma, sums, products, comparisons and integer steps
 * are used: a device rounds these correctly, but not always quotients and square roots. Where it was
 * seen to do so there is -DNATIVE_DIVISION. */

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

__constant REAL weight_poly[] = { CONSTANT(WEIGHT_POLY) };
__constant REAL exp2_poly[] = { CONSTANT(EXP2_POLY) };
__constant REAL exp_poly[] = { CONSTANT(EXP_POLY) };
__constant REAL tanh_poly[] = { CONSTANT(TANH_POLY) };
__constant REAL log_poly[] = { CONSTANT(LOG_POLY) };
__constant REAL sin_poly[] = { CONSTANT(SIN_POLY) };
__constant REAL cos_poly[] = { CONSTANT(COS_POLY) };
__constant REAL cospi2_poly[] = { CONSTANT(COSPI2_POLY) };
__constant REAL reciprocal_poly[] = { CONSTANT(RECIPROCAL_POLY) };

static REAL TYPED(horner)(REAL x, __constant REAL *c, int n)
{
    REAL p = c[0];
    for (int i = 1; i < n; i++)
        p = fma(p, x, c[i]);
    return p;
}

#define POLY(x, c) TYPED(horner)((x), (c), (int)(sizeof(c) / sizeof(REAL)))

/* No function returns from its middle, and few branch: compilers for devices make both sides of a
 * branch anyway, and pay dearly for a return. */

static REAL TYPED(canonical_nan)(REAL x)
{
    return x != x ? AS_REAL(NAN_BITS) : x;
}

/* A finite x != 0 is m 2^e with 1 <= m < 2. Returns m, positive. */
static REAL TYPED(split)(WORD x, int *e)
{
    bool tiny = x < (WORD)1 << FRACTION;
    REAL lifted = AS_REAL(x) * AS_REAL(ONE_BITS + ((WORD)(FRACTION + 1) << FRACTION));
    x = tiny ? AS_WORD(lifted) : x;
    *e = (int)(x >> FRACTION) - (int)(ONE_BITS >> FRACTION) - (tiny ? FRACTION + 1 : 0);
    return AS_REAL((x & (((WORD)1 << FRACTION) - 1)) | ONE_BITS);
}

/* The bits of (q + rest) 2^e, rounded once, where q > 0 is rounded already and the sign of rest
 * is that of what it lost. */
static WORD TYPED(join)(REAL q, REAL rest, int e)
{
    WORD bits = AS_WORD(q);
    int exponent = (int)(bits >> FRACTION) + e;

    /* A subnormal: cut the number, with two more bits that tell a tie, at its last place. */
    WORD number = (bits & (((WORD)1 << FRACTION) - 1)) | ((WORD)1 << FRACTION);
    number = (number << 2) + (WORD)(rest > 0) - (WORD)(rest < 0);
    int cut = clamp(1 - exponent, 0, FRACTION + 3) + 2;
    WORD middle = (WORD)1 << (cut - 1);
    WORD low = number & ((middle << 1) - 1);
    WORD high = number >> cut;
    WORD subnormal = high + (WORD)(low > middle || (low == middle && (high & 1)));

    WORD normal = bits + ((WORD)(SIGNED)e << FRACTION);
    WORD result = exponent > 0 ? normal : subnormal;
    return exponent >= (int)(INFINITE_BITS >> FRACTION) ? INFINITE_BITS : result;
}

/* m / d for 1 <= d < 2, correctly rounded, and what is left: m - q d. The reciprocal is correctly
 * rounded after its last step, but for the d before 2, so the quotient is too after one correction
 * (Markstein 1990). */
static REAL TYPED(quotient)(REAL m, REAL d, REAL *rest)
{
    REAL r = POLY(d, reciprocal_poly);
    for (int i = 0; i <= RECIPROCALS; i++)
        r = fma(fma(-d, r, (REAL)1), r, r);
    r = AS_WORD(d) == AS_WORD((REAL)2) - 1 ? AS_REAL(AS_WORD((REAL)0.5) + 1) : r;
    REAL q = m * r;
    q = fma(fma(-d, q, m), r, q);
    *rest = fma(-d, q, m);
    return q;
}

/* a / b, correctly rounded. */
static REAL TYPED(div_rn)(REAL a, REAL b)
{
#ifdef NATIVE_DIVISION
    return a / b;
#else
    WORD x = AS_WORD(a) & ~SIGN_BIT, y = AS_WORD(b) & ~SIGN_BIT;
    WORD sign = (AS_WORD(a) ^ AS_WORD(b)) & SIGN_BIT;
    bool nothing = x == 0 || y == INFINITE_BITS, endless = y == 0 || x == INFINITE_BITS;
    bool unordered = x > INFINITE_BITS || y > INFINITE_BITS;

    int ex, ey;
    REAL m = TYPED(split)(x, &ex), d = TYPED(split)(y, &ey), rest;
    REAL q = TYPED(quotient)(m, d, &rest);
    WORD bits = TYPED(join)(q, rest, ex - ey);
    bits = nothing ? 0 : bits;
    bits = sign | (endless ? INFINITE_BITS : bits);
    return AS_REAL(unordered || (nothing && endless) ? NAN_BITS : bits);
#endif
}

/* a / b for 1 <= b < 2^60 and an a of which nobody looks at quotients that are subnormal. */
static REAL TYPED(div_near)(REAL a, REAL b)
{
    WORD exponent = AS_WORD(b) & INFINITE_BITS;
    REAL rest, q = TYPED(quotient)(a, AS_REAL(AS_WORD(b) - exponent + ONE_BITS), &rest);
    return q * AS_REAL(2 * ONE_BITS - exponent);
}

/* The square root, correctly rounded. */
static REAL TYPED(sqrt_rn)(REAL x)
{
#ifdef NATIVE_DIVISION
    return sqrt(x);
#else
    WORD bits = AS_WORD(x);
    int e;
    REAL m = TYPED(split)(bits & ~SIGN_BIT, &e);
    m = e & 1 ? m + m : m;
    REAL y = AS_REAL((WORD)CONSTANT(RSQRT_GUESS) - (AS_WORD(m) >> 1));
    REAL g = m * y, h = (REAL)0.5 * y;
    for (int i = 0; i < ROOTS; i++) {
        REAL error = fma(-g, h, (REAL)0.5);
        g = fma(g, error, g);
        h = fma(h, error, h);
    }
    g = fma(fma(-g, g, m), h, g);

    /* g is within a unit in the last place; m - g^2 is exact and tells which neighbour is it. */
    REAL rest = fma(-g, g, m);
    REAL unit = AS_REAL(ONE_BITS - ((WORD)FRACTION << FRACTION));
    REAL step = rest <= -g * unit ? -unit : (REAL)0;
    g += rest > g * unit ? unit : step;
    WORD root = AS_WORD(g) + ((WORD)(SIGNED)((e - (e & 1)) / 2) << FRACTION);
    bool as_is = (bits & ~SIGN_BIT) == 0 || bits == INFINITE_BITS;
    root = bits > INFINITE_BITS ? NAN_BITS : root;
    return AS_REAL(as_is ? bits : root);
#endif
}

/* 2^t for t <= 127 (1023), a normal number; +0 from -125.5 (-1021.5) on. */
static REAL TYPED(weight_exp2)(REAL t)
{
    t = t < CONSTANT(EXP2_ZERO) ? CONSTANT(EXP2_ZERO) : t;
    REAL z = t + CONSTANT(WEIGHT_MAGIC);
    REAL f = t - (z - CONSTANT(WEIGHT_MAGIC));
    return POLY(f, weight_poly) * AS_REAL(AS_WORD(z) << FRACTION);
}

/* p 2^n for the n in the low bits of z; in two steps, so that only the last one rounds. */
static REAL TYPED(scale_by)(REAL p, REAL z)
{
    SIGNED n = (SIGNED)(AS_WORD(z) - AS_WORD(CONSTANT(MAGIC)));
    SIGNED first = n >> 1;
    p *= AS_REAL(((WORD)first << FRACTION) + ONE_BITS);
    return p * AS_REAL(((WORD)(n - first) << FRACTION) + ONE_BITS);
}

static REAL TYPED(exp2_full)(REAL t)
{
    t = t < CONSTANT(EXP2_LOW) ? CONSTANT(EXP2_LOW) : t;
    t = t > CONSTANT(EXP2_HIGH) ? CONSTANT(EXP2_HIGH) : t;
    REAL z = t + CONSTANT(MAGIC);
    REAL f = t - (z - CONSTANT(MAGIC));
    return TYPED(scale_by)(POLY(f, exp2_poly), z);
}

static REAL TYPED(exp)(REAL x)
{
    x = x < CONSTANT(EXP_LOW) ? CONSTANT(EXP_LOW) : x;
    x = x > CONSTANT(EXP_HIGH) ? CONSTANT(EXP_HIGH) : x;
    REAL z = fma(x, CONSTANT(LOG2_E), CONSTANT(MAGIC));
    REAL n = z - CONSTANT(MAGIC);
    REAL r = fma(-n, CONSTANT(EXP_LN2_LOW), fma(-n, CONSTANT(EXP_LN2_HIGH), x));
    REAL p = fma(r * r, POLY(r, exp_poly), r) + 1;
    return TYPED(scale_by)(p, z);
}

static REAL TYPED(tanh)(REAL x)
{
    REAL size = fabs(x), a = size > CONSTANT(TANH_LIMIT) ? CONSTANT(TANH_LIMIT) : size;
    REAL z = fma(a - CONSTANT(TANH_SHIFT), CONSTANT(TANH_SCALE), CONSTANT(TANH_MAGIC));
    REAL r = fma(z - CONSTANT(TANH_MAGIC), CONSTANT(TANH_STEP), a);
    REAL square = r * r;
    REAL t = fma(r * square, POLY(square, tanh_poly), r);

    REAL s = AS_REAL(AS_WORD(z) << FRACTION);
    REAL y = fma(s + (REAL)0.5, t, s - (REAL)0.5);
    y = TYPED(div_near)(y, y + (1 - t));
    y = size < CONSTANT(TANH_TINY) ? size : y;
    return AS_REAL(AS_WORD(y) | (AS_WORD(x) & SIGN_BIT));
}

static REAL TYPED(log)(REAL x)
{
    bool tiny = x < CONSTANT(LOG_TINY);
    REAL lifted = x * CONSTANT(LOG_TINY_SCALE);
    WORD bits = AS_WORD(tiny ? lifted : x);
    REAL shift = tiny ? CONSTANT(LOG_TINY_SHIFT) : (REAL)0;
    SIGNED k = (SIGNED)(bits - (WORD)CONSTANT(LOG_SPLIT)) >> FRACTION;
    REAL f = AS_REAL(bits - ((WORD)k << FRACTION)) - 1;
    REAL e = AS_REAL(AS_WORD(CONSTANT(MAGIC)) + (WORD)k) - CONSTANT(MAGIC) - shift;

    /* f + 2 is between 1.7 and 3.5 */
    REAL s = TYPED(div_near)(f, f + 2);
    REAL z = s * s;
    REAL h = (REAL)0.5 * f * f;
    REAL t = fma(s, fma(z, POLY(z, log_poly), h), -h);

    /* a + f = b + rest exactly, but for the low part of e log 2. */
    REAL a = e * CONSTANT(LOG_LN2_HIGH);
    REAL b = a + f;
    REAL rest = fma(e, CONSTANT(LOG_LN2_LOW), (a - b) + f);
    REAL y = b + (rest + t);
    y = x < AS_REAL(INFINITE_BITS) ? y : x;
    y = x == 0 ? AS_REAL(SIGN_BIT | INFINITE_BITS) : y;
    return x < 0 ? AS_REAL(NAN_BITS) : y;
}

/* sin(x + turns pi / 2) for 0 <= x <= TRIG_MAX. */
static REAL TYPED(sin_turned)(REAL x, WORD turns)
{
    REAL q = fma(x, CONSTANT(TWO_BY_PI), CONSTANT(MAGIC));
    REAL n = q - CONSTANT(MAGIC);
    REAL r = fma(-n, CONSTANT(HALF_PI_A), x);
    r = fma(-n, CONSTANT(HALF_PI_B), r);
    r = fma(-n, CONSTANT(HALF_PI_C), r);

    REAL z = r * r;
    WORD quadrant = AS_WORD(q) + turns;
    REAL even = fma(r * z, POLY(z, sin_poly), r);
    REAL odd = fma(z * z, POLY(z, cos_poly), fma(-z, (REAL)0.5, (REAL)1));
    return AS_REAL(AS_WORD(quadrant & 1 ? odd : even) ^ ((quadrant & 2) << (BITS - 2)));
}

/* |x|, or 0 where it is too large for the reduction; NaN for Inf and NaN. */
static REAL TYPED(trig_argument)(REAL x)
{
    REAL a = fabs(x), beyond = AS_WORD(a) < INFINITE_BITS ? (REAL)0 : AS_REAL(NAN_BITS);
    return a <= CONSTANT(TRIG_MAX) ? a : beyond;
}

static REAL TYPED(sin)(REAL x)
{
    REAL y = TYPED(sin_turned)(TYPED(trig_argument)(x), 0);
    return AS_REAL(AS_WORD(y) ^ (AS_WORD(x) & SIGN_BIT));
}

static REAL TYPED(cos)(REAL x)
{
    return TYPED(sin_turned)(TYPED(trig_argument)(x), 1);
}

/* cos(pi u / 2) for |u| <= 1. */
static REAL TYPED(cospi2)(REAL u)
{
    REAL z = u * u;
    REAL w = fma(-u, u, (REAL)1);
    return fma(w, z * POLY(z, cospi2_poly), w);
}

/* cos(pi sqrt(z) / 2) for 0 <= z <= 1. */
static REAL TYPED(cospi2_square)(REAL z)
{
    REAL w = 1 - z;
    return fma(w, z * POLY(z, cospi2_poly), w);
}

/* exp(-|u| / sqrt 2) sin(|u| / sqrt 2 + pi / 4), from the argument below and e, weight_exp2 of
 * -LOG2_E times it. A product that is 0 is +0. */
static REAL TYPED(silverman_argument)(REAL u)
{
    REAL a = fabs(u) * CONSTANT(SQRT_HALF);
    return a > CONSTANT(SILVERMAN_MAX) ? CONSTANT(SILVERMAN_MAX) : a;
}

static REAL TYPED(silverman)(REAL argument, REAL e)
{
    REAL sine = TYPED(sin_turned)(argument + CONSTANT(QUARTER_PI), 0);
    return e == 0 || sine == 0 ? (REAL)0 : e * sine;
}

/* 1 / this is 1 / (1 + t)^2: with t = exp(-|u|) the logistic kernel is t times that ... */
static REAL TYPED(logistic_divisor)(REAL t)
{
    return fma(t, t + 2, (REAL)1);
}

/* ... and the sigmoid kernel t times 1 / (1 + t^2). */
static REAL TYPED(sigmoid_divisor)(REAL t)
{
    return fma(t, t, (REAL)1);
}

/* SPDX-License-Identifier: Apache-2.0 */

/* fma of floats by integer steps, right for all numbers. For devices without one, whose drivers
 * have a fma of their own that drops subnormal numbers: -DSOFT_FMA. */

#ifdef SOFT_FMA

/* A finite number's bits without the sign: mantissa 2^(e - 150). */
static uint mantissa_of(uint x, int *e)
{
    bool tiny = x < 0x00800000U;
    *e = tiny ? 1 : (int)(x >> 23);
    return tiny ? x : (x & 0x007fffffU) | 0x00800000U;
}

static ulong shift_down(ulong x, int by)
{
    ulong y = x >> by;
    return y | (y << by != x); /* what is lost leaves a mark */
}

/* mantissa 2^e, 0 < mantissa, rounded. */
static uint round_off(ulong mantissa, int e)
{
    int lead = (int)clz(mantissa);
    int exponent = e - lead + 190; /* as it is stored; from 0 down: subnormal */
    int cut = 40 + max(0, 1 - exponent);
    mantissa = shift_down(mantissa << lead, clamp(cut - 62, 0, 63));
    cut = min(cut, 62);
    ulong kept = mantissa >> cut, rest = mantissa & ((1UL << cut) - 1), tie = 1UL << (cut - 1);
    uint bits = (uint)kept + (rest > tie || (rest == tie && (kept & 1)) ? 1U : 0U);
    bits += exponent > 0 ? (uint)(exponent - 1) << 23 : 0U;
    return min(bits, 0x7f800000U);
}

static float soft_fma_1(float a, float b, float c)
{
    uint x = as_uint(a) & 0x7fffffffU, y = as_uint(b) & 0x7fffffffU, z = as_uint(c) & 0x7fffffffU;
    uint sign = (as_uint(a) ^ as_uint(b)) & 0x80000000U, sign_c = as_uint(c) & 0x80000000U;
    int ex, ey, ez;
    ulong p = (ulong)mantissa_of(x, &ex);
    p *= mantissa_of(y, &ey);
    ulong q = (ulong)mantissa_of(z, &ez);

    /* Both to numbers that begin at bit 62. */
    int lead_p = (int)clz(p | 1) - 1, lead_q = (int)clz(q | 1) - 1;
    int ep = ex + ey - 300 - lead_p, eq = z == 0 ? -2000 : ez - 150 - lead_q;
    p <<= lead_p;
    q <<= lead_q;
    bool first = ep > eq || (ep == eq && p >= q), opposite = sign != sign_c;
    ulong large = first ? p : q;
    ulong small = shift_down(first ? q : p, min(abs(ep - eq), 63U));
    ulong sum = opposite ? large - small : large + small;
    uint bits = round_off(sum | (ulong)(sum == 0), max(ep, eq));
    bits |= first ? sign : sign_c;

    float result = sum == 0 ? 0.0f : as_float(bits);
    float simple = a * b + c;
    if (z >= 0x7f800000U && x < 0x7f800000U && y < 0x7f800000U)
        simple = c;
    bool is_simple = x == 0 || y == 0 || max(max(x, y), z) >= 0x7f800000U;
    return is_simple ? simple : result;
}

static float __attribute__((overloadable)) soft_fma(float a, float b, float c)
{
    return soft_fma_1(a, b, c);
}

static float4 __attribute__((overloadable)) soft_fma(float4 a, float4 b, float4 c)
{
    float4 r;
    r.x = soft_fma_1(a.x, b.x, c.x);
    r.y = soft_fma_1(a.y, b.y, c.y);
    r.z = soft_fma_1(a.z, b.z, c.z);
    r.w = soft_fma_1(a.w, b.w, c.w);
    return r;
}

#define fma soft_fma
#endif

/* a b rounded up, a and b >= 0. */
static REAL product_up(REAL a, REAL b)
{
    REAL p = a * b;
    return fma(a, b, -p) > 0 ? AS_REAL(AS_WORD(p) + 1) : p;
}

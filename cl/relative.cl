/* SPDX-License-Identifier: Apache-2.0 */

/* Scores c x in units of log 2, and their weights relative to a maximum m in units of 4 log 2, in
 * which all have room: NUMERICS.md, "Weights". */

/* A bias and the scale are folded into the score: x becomes quarters, and c is 4. */
static bool is_folded(REAL c, bool has_bias)
{
    return has_bias || (REAL)0.25 * c == 0;
}

static REAL folded(REAL c, REAL x, bool has_bias, REAL bias)
{
    REAL b = (REAL)0.25 * c;
    if (!has_bias)
        return b * x;
    if (fabs(c) > LOG2E && fabs(x) <= GREATEST) {
        REAL most = TYPED(div_rn)(CONSTANT(SCORE_MOST), fabs(b));
        x = fmin(fmax(x, -most), most);
    }
    return fma(b, x, bias * QUARTER_LOG2E);
}

static REAL power_of_two(int n)
{
    return AS_REAL(ONE_BITS + ((WORD)(SIGNED)n << FRACTION));
}

/* Of a key weight a = a' 2^k, 2^-32 <= a' < 2^32: k, which is a multiple of 64; a becomes a'. */
static int take_exponent(REAL *a)
{
    int e = 0;
    if (*a >= (REAL)0x1p-32f && *a < (REAL)0x1p32f)
        return 0;
    TYPED(split)(AS_WORD(*a), &e);
    e = (e + 32) >> 6;
    *a = *a * power_of_two(-32 * e) * power_of_two(-32 * e);
    return 64 * e;
}

/* No larger than the largest number; k is the exponent of the key's weight. */
static REAL quarter(REAL c, REAL x, int k)
{
    REAL h = fma((REAL)0.25 * c, x, (REAL)0.25 * k);
    if (fabs(x) <= GREATEST && fabs(c) <= GREATEST)
        h = fmin(fmax(h, -CONSTANT(SCORE_MOST)), CONSTANT(SCORE_MOST));
    return h;
}

/* m of the largest (c > 0) or smallest of the scores. */
static REAL maximum_of(REAL c, REAL best)
{
    REAL h = quarter(c, best, 0);
    return h > -GREATEST ? h : -GREATEST;
}

/* What the weight relative to m is a power of. */
static REAL relative_power(REAL c, REAL x, REAL m, int k)
{
    return fabs(m) < CONSTANT(SCORE_LARGE) ? fma(c, x, k - 4 * m) : 4 * (quarter(c, x, k) - m);
}

static bool is_far(REAL c, REAL x, int k)
{
    return relative_power(c, x, CONSTANT(NEAR_LIMIT), k) <= CONSTANT(FAR_LIMIT);
}

/* The weight; with `cuts_far` it is 0 for keys that are far even from the faintest near one. */
static REAL relative(REAL c, REAL x, REAL m, int k, bool cuts_far)
{
    REAL t = relative_power(c, x, m, k), e = TYPED(weight_exp2)(t);
    return cuts_far && t <= CONSTANT(FAR_LIMIT) ? (REAL)0 : e;
}


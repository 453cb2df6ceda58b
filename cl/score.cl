/* SPDX-License-Identifier: Apache-2.0 */

/* What a score says of a query and a key: 2^(c x) times a factor, inside its support or not.
 *
 * A program is for one SCORE, as small as that can be: -DSCORE=POOL_KERNEL and so on. With
 * -DPLAIN_KERNELS it has none of those kernels whose factor is more than a polynomial. */

typedef struct measure measure;

#define SCORE_PARAMETERS                                                                           \
    measure how, REAL one, REAL scale, __global const REAL *q, array q_at, __global const REAL *k, \
        array k_at, __global const REAL *wv, array wv_at, __global const int *names,               \
        __global const REAL *inverse_bandwidths, array widths_at, __global const REAL *factors,                \
        array factors_at

/* One query before its keys; pointers are to the matrices of its (b, h), q to its row. */
typedef struct {
    measure how;
    __global const REAL *q, *k, *wv, *inverse_bandwidths, *factors;
    __global const int *names;
    long q_col, k_row, k_col, wv_col, widths_col, factors_col;
    long width_at; /* where the query's own width is, if it has one */
    width one; /* that of the pair, where it has one */
    REAL scale; /* c of pair_of's x */
} metric;

typedef struct {
    REAL x, factor;
    bool inside;
} pair;

static void metric_of(metric *a, SCORE_PARAMETERS, long b, int h, long i)
{
    a->how = how;
    a->q = q + array_at(q_at, b, h) + i * q_at.row;
    a->k = k + array_at(k_at, b, h);
    a->wv = wv + array_at(wv_at, b, h);
    a->inverse_bandwidths = inverse_bandwidths + array_at(widths_at, b, h);
    a->factors = factors + array_at(factors_at, b, h);
    a->names = names;
    a->width_at = i * widths_at.row;
    a->q_col = q_at.col;
    a->k_row = k_at.row;
    a->k_col = k_at.col;
    a->wv_col = wv_at.col;
    a->widths_col = widths_at.col;
    a->factors_col = factors_at.col;
    if (how.per == BANDWIDTH_QUERY)
        one = a->inverse_bandwidths[a->width_at];
    else if (how.per == BANDWIDTH_ONE && how.has_inverse_bandwidths)
        one = a->inverse_bandwidths[0];
    width_of(&a->one, one);

    a->scale = scale;
    if (SCORE == POOL_KERNEL) {
        bool gaussian = !how.product && how.name == GAUSSIAN;
        a->scale = !how.product && kernel_has_log((int)how.name) ? -LOG2E : (REAL)1;
        a->scale = gaussian ? -HALF_LOG2E : a->scale;
        a->scale = gaussian && how.per == BANDWIDTH_ONE ? -(HALF_LOG2E * a->one.square) : a->scale;
    }
}

#define SCORE_ARGUMENTS                                                                            \
    how, one, scale, q, q_at, k, k_at, wv, wv_at, names, inverse_bandwidths, widths_at, factors,   \
        factors_at

#define METRIC_OF(a, b, h, i) metric_of(a, SCORE_ARGUMENTS, b, h, i)

/* Before pairs with key j. */
static void metric_key(metric *a, long j)
{
    if (SCORE == POOL_KERNEL && a->how.per == BANDWIDTH_KEY)
        width_of(&a->one, a->inverse_bandwidths[j * a->widths_col]);
}

/* The width of coordinate c of key j. */
static REAL omega(const metric *a, long j, long c)
{
    REAL w = a->one.size;
    if (a->how.per == BANDWIDTH_COORDINATE || a->how.per == BANDWIDTH_COORDINATE_KEY)
        w = fabs(a->inverse_bandwidths[c * a->widths_col]);
    if (a->how.per == BANDWIDTH_COORDINATE_KEY)
        w = product_up(w, fabs(a->factors[j * a->factors_col]));
    return w;
}

static REAL coordinate_u(const metric *a, long j, long c)
{
    REAL difference = a->q[c * a->q_col] - a->k[j * a->k_row + c * a->k_col];
    return fabs(difference * omega(a, j, c));
}

/* A coordinate's term of an inner product or of a sum of squares. */
static REAL add_term(const metric *a, long j, long c, bool by_power, REAL s)
{
    REAL x = a->q[c * a->q_col], y = a->k[j * a->k_row + c * a->k_col];
    if (SCORE == POOL_ADDITIVE) {
        y = TYPED(tanh)(x + y);
        x = a->wv[c * a->wv_col];
    } else if (SCORE == POOL_KERNEL) {
        x = (x - y) * (by_power ? a->one.power : omega(a, j, c));
        y = x;
    }
    return fma(x, y, s);
}

/* Is what pair_of wants of a kernel's pair the sum of its terms by the power of two of its
 * width? */
static bool sums_by_power(const metric *a)
{
    bool one_width = a->how.per != BANDWIDTH_COORDINATE && a->how.per != BANDWIDTH_COORDINATE_KEY;
    return one_width && !a->how.product && (a->how.d != 1 || a->how.name == GAUSSIAN);
}

/* By chunks: the inner product, or the sum of squared differences, scaled by the width's power
 * of two or each by its own width. */
static REAL sum_terms(const metric *a, long j)
{
    bool by_power = sums_by_power(a);
    REAL sum = 0;
    for (long from = 0; from < a->how.d; from += CHUNK) {
        long to = min(from + CHUNK, a->how.d);
        REAL s = 0;
        for (long c = from; c < to; c++)
            s = add_term(a, j, c, by_power, s);
        sum += s;
    }
    return sum;
}

/* Is there one sum that says all of a pair? */
static bool has_sum(const metric *a)
{
    bool kernel_sum = !a->how.product && a->how.name != CONSTANT &&
                      (a->how.d != 1 || a->how.name == GAUSSIAN);
    return SCORE == POOL_KERNEL ? kernel_sum : SCORE != POOL_CONSTANT;
}

/* u^2 of the radial form; of Gaussians of one width what their scale belongs to. */
static REAL radial_u2(const metric *a, REAL sum)
{
    bool as_is = !sums_by_power(a) || (a->how.name == GAUSSIAN && a->how.per == BANDWIDTH_ONE);
    return as_is ? sum : sum * a->one.square;
}

static REAL kernel_factor(int name, REAL u, REAL u2)
{
    REAL g = 1 - u2, h = fma(-u2, u, (REAL)1), f = 1;
    f = name == BOXCAR && u != u ? u : f;
    f = name == TRIANGULAR ? 1 - u : f;
    f = name == EPANECHNIKOV ? g : f;
    f = name == BIWEIGHT ? g * g : f;
    f = name == TRIWEIGHT ? g * g * g : f;
    f = name == TRICUBE ? h * h * h : f;
#ifndef PLAIN_KERNELS
    REAL a = TYPED(silverman_argument)(u);
    REAL t = TYPED(weight_exp2)(-LOG2E * (name == SILVERMAN ? a : u));
    f = name == COSINE ? TYPED(cospi2)(u) : f;
    f = name == SILVERMAN ? TYPED(silverman)(a, t) : f;
    REAL divisor = 1 + u2;
    divisor = name == LOGISTIC ? TYPED(logistic_divisor)(t) : divisor;
    divisor = name == SIGMOID ? TYPED(sigmoid_divisor)(t) : divisor;
    if (name == LOGISTIC || name == SIGMOID || name == CAUCHY)
        f = TYPED(div_rn)((REAL)1, divisor);
#endif
    return f;
}

/* A kernel in product form, one step a coordinate; in radial form, the one step. */
static void kernel_pair(pair *p, const metric *a, long j, REAL sum)
{
    bool unordered = false, product = a->how.product;
    bool line = product || a->how.d == 1;
    long steps = product ? a->how.d : 1;

    for (long c = 0; c < steps; c++) {
        int name = product && a->how.has_names ? a->names[c] : (int)a->how.name;
        if (name == CONSTANT)
            continue;
        REAL u = 0, u2;
        if (line)
            u = coordinate_u(a, j, c);
        u2 = line && (product || name != GAUSSIAN) ? u * u : radial_u2(a, sum);
        if (!line)
            u = !kernel_takes_square(name) ? TYPED(sqrt_rn)(u2) : u2;
        unordered = unordered || u != u;
        if (kernel_is_compact(name) && (line ? u : u2) >= 1)
            p->inside = false;
        if (name == GAUSSIAN)
            p->x = product ? fma(-HALF_LOG2E, u2, p->x) : u2;
        else if (kernel_has_log(name))
            p->x = product ? fma(-LOG2E, u, p->x) : u;
        p->factor *= kernel_factor(name, u, u2);
    }
    p->inside = p->inside || unordered;
}

/* From sum_terms, where has_sum. */
static void pair_of(pair *p, const metric *a, long j, REAL sum)
{
    p->x = SCORE == POOL_KERNEL ? (REAL)0 : sum;
    p->factor = 1;
    p->inside = true;
    if (SCORE == POOL_KERNEL)
        kernel_pair(p, a, j, sum);
}

/* || w * (q - k) ||^2, or what orders keys as it does, from the sum of terms. */
static REAL nearness(const metric *a, long j, REAL sum)
{
    REAL result = a->how.product ? sum : radial_u2(a, sum);
    if (!a->how.product && a->how.d == 1 && a->how.name != GAUSSIAN) {
        REAL u = coordinate_u(a, j, 0);
        result = u * u;
    }
    return result;
}

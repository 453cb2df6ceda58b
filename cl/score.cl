/* SPDX-License-Identifier: Apache-2.0 */

/* What a score says of a query and a key: 2^(c x) times a factor, inside its support or not. */

/* enum pool_score */
enum { SCORE_CONSTANT, SCORE_DOT, SCORE_ADDITIVE, SCORE_KERNEL };

/* attpool_kernel_name */
enum {
    GAUSSIAN, BOXCAR, ALWAYS_ONE, TRIANGULAR, EPANECHNIKOV, BIWEIGHT, TRIWEIGHT, TRICUBE, COSINE,
    LAPLACIAN, LOGISTIC, SIGMOID, SILVERMAN, CAUCHY
};

/* attpool_width_per */
enum { PER_ONE, PER_COORDINATE, PER_KEY, PER_QUERY, PER_COORDINATE_KEY };

typedef struct {
    long score, name, product, per;
    long has_names, has_widths;
    long d;
} measure;

#define SCORE_PARAMETERS                                                                           \
    measure how, REAL one, REAL scale, __global const REAL *q, array q_at, __global const REAL *k, \
        array k_at, __global const REAL *wv, array wv_at, __global const int *names,               \
        __global const REAL *widths, array widths_at, __global const REAL *factors,                \
        array factors_at

/* One query before its keys; pointers are to the matrices of its (b, h), q to its row. */
typedef struct {
    measure how;
    __global const REAL *q, *k, *wv, *widths, *factors;
    __global const int *names;
    long q_col, k_row, k_col, wv_col, widths_col, factors_col;
    width one; /* of the query, where it has one */
    REAL scale; /* c of pair_of's x */
} metric;

typedef struct {
    REAL x, factor;
    bool inside;
} pair;

static bool has_log(int name)
{
    return name == GAUSSIAN || name == LAPLACIAN || name == LOGISTIC || name == SIGMOID;
}

static bool is_compact(int name)
{
    return name == BOXCAR || (name >= TRIANGULAR && name <= COSINE);
}

static metric metric_of(SCORE_PARAMETERS, long b, long h, long i)
{
    metric a;
    a.how = how;
    a.q = q + array_at(q_at, b, h) + i * q_at.row;
    a.k = k + array_at(k_at, b, h);
    a.wv = wv + array_at(wv_at, b, h);
    a.widths = widths + array_at(widths_at, b, h);
    a.factors = factors + array_at(factors_at, b, h);
    a.names = names;
    a.q_col = q_at.col;
    a.k_row = k_at.row;
    a.k_col = k_at.col;
    a.wv_col = wv_at.col;
    a.widths_col = widths_at.col;
    a.factors_col = factors_at.col;
    if (how.per == PER_QUERY)
        one = a.widths[i * widths_at.row];
    else if (how.per == PER_ONE && how.has_widths)
        one = a.widths[0];
    a.one = width_of(one);

    a.scale = 1;
    if (how.score == SCORE_DOT || how.score == SCORE_ADDITIVE)
        a.scale = scale;
    else if (how.score == SCORE_KERNEL && !how.product && how.name == GAUSSIAN)
        a.scale = how.per == PER_ONE ? -(HALF_LOG2E * a.one.square) : -HALF_LOG2E;
    else if (how.score == SCORE_KERNEL && !how.product && has_log((int)how.name))
        a.scale = -LOG2E;
    return a;
}

#define METRIC_OF(b, h, i)                                                                         \
    metric_of(how, one, scale, q, q_at, k, k_at, wv, wv_at, names, widths, widths_at, factors,     \
              factors_at, b, h, i)

/* The width of coordinate c of key j. */
static REAL omega(const metric *a, long j, long c)
{
    switch (a->how.per) {
    case PER_COORDINATE:
        return fabs(a->widths[c * a->widths_col]);
    case PER_KEY:
        return fabs(a->widths[j * a->widths_col]);
    case PER_COORDINATE_KEY:
        return product_up(fabs(a->widths[c * a->widths_col]), fabs(a->factors[j * a->factors_col]));
    }
    return a->one.size;
}

static REAL coordinate_u(const metric *a, long j, long c)
{
    REAL difference = a->q[c * a->q_col] - a->k[j * a->k_row + c * a->k_col];
    return fabs(difference * omega(a, j, c));
}

/* A coordinate's term of an inner product or of a sum of squares. */
static REAL add_term(const metric *a, long j, long c, bool by_power, REAL power, REAL s)
{
    REAL x = a->q[c * a->q_col], y = a->k[j * a->k_row + c * a->k_col];
    if (a->how.score == SCORE_DOT)
        return fma(x, y, s);
    if (a->how.score == SCORE_ADDITIVE)
        return fma(a->wv[c * a->wv_col], TYPED(tanh)(x + y), s);
    REAL z = by_power ? (x - y) * power : fabs((x - y) * omega(a, j, c));
    return fma(z, z, s);
}

/* By chunks: the inner product, or the sum of squared differences, scaled by `power` or each by
 * its own width. */
static REAL sum_terms(const metric *a, long j, bool by_power, REAL power)
{
    REAL sum = 0;
    for (long from = 0; from < a->how.d; from += CHUNK) {
        long to = min(from + CHUNK, a->how.d);
        REAL s = 0;
        for (long c = from; c < to; c++)
            s = add_term(a, j, c, by_power, power, s);
        sum += s;
    }
    return sum;
}

/* Is what pair_of wants of a pair the sum of its terms, by the power of two of its width? */
static bool sums_by_power(const metric *a)
{
    bool one_width = a->how.per != PER_COORDINATE && a->how.per != PER_COORDINATE_KEY;
    return one_width && !a->how.product && (a->how.d != 1 || a->how.name == GAUSSIAN);
}

static width width_at(const metric *a, long j)
{
    return a->how.per == PER_KEY ? width_of(a->widths[j * a->widths_col]) : a->one;
}

/* u^2 of the radial form; of Gaussians of one width what their scale belongs to. */
static REAL radial_u2(const metric *a, long j, REAL sum)
{
    if (!sums_by_power(a) || (a->how.name == GAUSSIAN && a->how.per == PER_ONE))
        return sum;
    return sum * width_at(a, j).square;
}

/* The sum that a pair needs, where it is one sum: else 0. */
static REAL pair_sum(const metric *a, long j)
{
    if (a->how.score == SCORE_KERNEL) {
        if (a->how.product || a->how.name == ALWAYS_ONE ||
            (a->how.d == 1 && a->how.name != GAUSSIAN))
            return 0;
        return sum_terms(a, j, sums_by_power(a), width_at(a, j).power);
    }
    return a->how.score == SCORE_CONSTANT ? (REAL)0 : sum_terms(a, j, false, (REAL)0);
}

static REAL kernel_factor(int name, REAL u, REAL u2)
{
    REAL g = 1 - u2, h = fma(-u2, u, (REAL)1);
    switch (name) {
    case BOXCAR:
        return u == u ? (REAL)1 : u;
    case TRIANGULAR:
        return 1 - u;
    case EPANECHNIKOV:
        return g;
    case BIWEIGHT:
        return g * g;
    case TRIWEIGHT:
        return g * g * g;
    case TRICUBE:
        return h * h * h;
    case COSINE:
        return TYPED(cospi2)(u);
    case LOGISTIC:
        return TYPED(logistic_factor)(TYPED(weight_exp2)(-LOG2E * u));
    case SIGMOID:
        return TYPED(sigmoid_factor)(TYPED(weight_exp2)(-LOG2E * u));
    case SILVERMAN:
        return TYPED(silverman)(u);
    case CAUCHY:
        return TYPED(div_rn)((REAL)1, 1 + u2);
    }
    return 1;
}

static bool needs_root(int name)
{
    return has_log(name) || name == TRIANGULAR || name == TRICUBE || name == COSINE ||
           name == SILVERMAN;
}

/* A kernel in product form, one step a coordinate; in radial form, the one step. */
static pair kernel_pair(const metric *a, long j, REAL sum)
{
    pair p = { 0, 1, true };
    bool unordered = false, product = a->how.product;
    bool line = product || a->how.d == 1;
    long steps = product ? a->how.d : 1;

    for (long c = 0; c < steps; c++) {
        int name = product && a->how.has_names ? a->names[c] : (int)a->how.name;
        REAL u, u2;
        if (name == ALWAYS_ONE)
            continue;
        if (!product && name == GAUSSIAN) {
            p.x = radial_u2(a, j, sum);
            continue;
        }
        if (line) {
            u = coordinate_u(a, j, c);
            u2 = u * u;
        } else {
            u2 = radial_u2(a, j, sum);
            u = needs_root(name) ? TYPED(sqrt_rn)(u2) : u2;
        }
        unordered = unordered || u != u;
        if (is_compact(name) && (line ? u : u2) >= 1)
            p.inside = false;
        if (name == GAUSSIAN)
            p.x = fma(-HALF_LOG2E, u2, p.x);
        else if (has_log(name))
            p.x = product ? fma(-LOG2E, u, p.x) : u;
        p.factor *= kernel_factor(name, u, u2);
    }
    p.inside = p.inside || unordered;
    return p;
}

static pair pair_of(const metric *a, long j, REAL sum)
{
    pair p = { sum, 1, true };
    return a->how.score == SCORE_KERNEL ? kernel_pair(a, j, sum) : p;
}

/* || w * (q - k) ||^2, or what orders keys as it does. */
static REAL nearness(const metric *a, long j)
{
    if (!a->how.product && a->how.d == 1 && a->how.name != GAUSSIAN) {
        REAL u = coordinate_u(a, j, 0);
        return u * u;
    }
    REAL sum = sum_terms(a, j, sums_by_power(a), width_at(a, j).power);
    return a->how.product ? sum : radial_u2(a, j, sum);
}

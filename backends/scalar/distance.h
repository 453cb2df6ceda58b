/* SPDX-License-Identifier: Apache-2.0 */

/* Template: what a kernel says of a query and a key. */
#include "backends/kernel_traits.h"

/* |w| = w' P, P a power of two: differences are scaled by P, their sum by w'^2 rounded up. */
#define WIDTH FN(width)
struct WIDTH {
    T size, power, square;
};

static struct WIDTH FN(width_of)(T w)
{
    struct WIDTH width = { .size = FABS(w), .power = 1 };
    T unit = width.size;
    if (unit == 0) {
        width.power = 0;
        unit = 1;
    } else if (unit <= T_MAX) {
        T lift = unit < T_MIN ? T_LIFT : 1;
        T_BITS bits = FN(as_bits)(unit * lift);
        width.power = FN(as_real)(bits & T_EXPONENT) / lift;
        unit = FN(as_real)((bits & T_FRACTION) | T_ONE);
    }
    width.square = FN(product_up)(unit, unit);
    return width;
}

/* One query before its keys. */
#define METRIC FN(metric)
struct METRIC {
    const struct kernel *kernel;
    int64_t d;
    const T *q; /* its d coordinates */
    struct view k, inverse_bandwidths, factors;
    struct WIDTH width; /* ONE, QUERY */
};

static struct METRIC FN(metric_of)(const struct kernel *kernel, int64_t d, const T *q,
                                   const struct array *k, int64_t b, int64_t h, int64_t i)
{
    struct METRIC metric = { .kernel = kernel, .d = d, .q = q };
    metric.k = view_of(k, b, h, sizeof(T));
    metric.inverse_bandwidths = view_of(&kernel->inverse_bandwidths, b, h, sizeof(T));
    metric.factors = view_of(&kernel->factors, b, h, sizeof(T));
    if (kernel->per == ATTPOOL_BANDWIDTH_QUERY)
        metric.width = FN(width_of)(FN(get)(metric.inverse_bandwidths, i, 0));
    else if (kernel->per == ATTPOOL_BANDWIDTH_ONE)
        metric.width = FN(width_of)(metric.inverse_bandwidths.at != NULL
                                        ? FN(get)(metric.inverse_bandwidths, 0, 0)
                                        : (T)kernel->one);
    return metric;
}

/* The width that applies to coordinate c of key j. */
static T FN(omega)(const struct METRIC *metric, int64_t j, int64_t c)
{
    switch (metric->kernel->per) {
    case ATTPOOL_BANDWIDTH_COORDINATE:
        return FABS(FN(get)(metric->inverse_bandwidths, 0, c));
    case ATTPOOL_BANDWIDTH_KEY:
        return FABS(FN(get)(metric->inverse_bandwidths, 0, j));
    case ATTPOOL_BANDWIDTH_COORDINATE_KEY:
        return FN(product_up)(FABS(FN(get)(metric->inverse_bandwidths, 0, c)),
                              FABS(FN(get)(metric->factors, 0, j)));
    default:
        return metric->width.size;
    }
}

static T FN(coordinate_u)(const struct METRIC *metric, int64_t j, int64_t c)
{
    return FABS((metric->q[c] - FN(get)(metric->k, j, c)) * FN(omega)(metric, j, c));
}

/* The sum of squared differences, each scaled by *power, or by its own width without one. */
static T FN(square_sum)(const struct METRIC *metric, int64_t j, const T *power)
{
    T sum = 0;
    for (int64_t first = 0; first < metric->d; first += CHUNK) {
        int64_t end = metric->d - first < CHUNK ? metric->d : first + CHUNK;
        T s = 0;
        for (int64_t c = first; c < end; c++) {
            T z = power != NULL ? (metric->q[c] - FN(get)(metric->k, j, c)) * *power
                                : FN(coordinate_u)(metric, j, c);
            s = FMA(z, z, s);
        }
        sum += s;
    }
    return sum;
}

/* u^2 of the radial form. Gaussians of one width take *scaled, that is u^2 / w'^2. */
static T FN(radial_u2)(const struct METRIC *metric, int64_t j, T *scaled)
{
    if (kernel_by_coordinate(metric->kernel))
        return *scaled = FN(square_sum)(metric, j, NULL);
    struct WIDTH width = metric->width;
    if (metric->kernel->per == ATTPOOL_BANDWIDTH_KEY)
        width = FN(width_of)(FN(get)(metric->inverse_bandwidths, 0, j));
    *scaled = FN(square_sum)(metric, j, &width.power);
    return *scaled * width.square;
}

static T FN(kernel_factor)(int32_t name, T u, T u2)
{
    T g = 1 - u2;
    T h = FMA(-u2, u, 1);
    switch (name) {
    case ATTPOOL_BOXCAR:
        return u == u ? 1 : u;
    case ATTPOOL_TRIANGULAR:
        return 1 - u;
    case ATTPOOL_EPANECHNIKOV:
        return g;
    case ATTPOOL_BIWEIGHT:
        return g * g;
    case ATTPOOL_TRIWEIGHT:
        return g * g * g;
    case ATTPOOL_TRICUBE:
        return h * h * h;
    case ATTPOOL_COSINE:
        return FN(cospi2)(u);
    case ATTPOOL_LOGISTIC:
        return FN(logistic_factor)(FN(weight_exp2)(-T_LOG2E * u));
    case ATTPOOL_SIGMOID:
        return FN(sigmoid_factor)(FN(weight_exp2)(-T_LOG2E * u));
    case ATTPOOL_SILVERMAN:
        return FN(silverman)(u);
    case ATTPOOL_CAUCHY:
        return 1 / (1 + u2);
    default:
        return 1;
    }
}

/* The weight of a pair: 2^(c x) times factor, c by FN(kernel_scale); 0 outside the support. */
#define PAIR FN(pair)
struct PAIR {
    T x, factor;
    bool inside;
};

static T FN(kernel_scale)(const struct METRIC *metric)
{
    const struct kernel *kernel = metric->kernel;
    if (kernel->form == ATTPOOL_PRODUCT || !kernel_has_log((int32_t)kernel->name))
        return 1;
    if (kernel->name != ATTPOOL_GAUSSIAN)
        return -T_LOG2E;
    return kernel->per == ATTPOOL_BANDWIDTH_ONE ? -(T_HALF_LOG2E * metric->width.square)
                                                : -T_HALF_LOG2E;
}

static struct PAIR FN(radial_pair)(const struct METRIC *metric, int64_t j)
{
    struct PAIR pair = { .factor = 1, .inside = true };
    attpool_kernel_name name = metric->kernel->name;
    T u, u2, scaled;
    if (name == ATTPOOL_CONSTANT)
        return pair;
    if (name == ATTPOOL_GAUSSIAN) {
        u2 = FN(radial_u2)(metric, j, &scaled);
        pair.x = metric->kernel->per == ATTPOOL_BANDWIDTH_ONE ? scaled : u2;
        return pair;
    }
    if (metric->d == 1) {
        u = FN(coordinate_u)(metric, j, 0);
        u2 = u * u;
    } else {
        u2 = FN(radial_u2)(metric, j, &scaled);
        u = SQRT(u2);
    }
    if (kernel_is_compact((int32_t)name))
        pair.inside = !((metric->d == 1 ? u : u2) >= 1);
    if (kernel_has_log((int32_t)name))
        pair.x = u;
    pair.factor = FN(kernel_factor)((int32_t)name, u, u2);
    return pair;
}

static struct PAIR FN(product_pair)(const struct METRIC *metric, int64_t j)
{
    struct PAIR pair = { .factor = 1, .inside = true };
    bool unordered = false;
    for (int64_t c = 0; c < metric->d; c++) {
        int32_t name = kernel_name_at(metric->kernel, c);
        if (name == ATTPOOL_CONSTANT)
            continue;
        T u = FN(coordinate_u)(metric, j, c);
        T u2 = u * u;
        unordered |= u != u;
        if (kernel_is_compact(name) && u >= 1)
            pair.inside = false;
        if (name == ATTPOOL_GAUSSIAN)
            pair.x = FMA(-T_HALF_LOG2E, u2, pair.x);
        else if (kernel_has_log(name))
            pair.x = FMA(-T_LOG2E, u, pair.x);
        pair.factor *= FN(kernel_factor)(name, u, u2);
    }
    pair.inside |= unordered;
    return pair;
}

static struct PAIR FN(kernel_pair)(const struct METRIC *metric, int64_t j)
{
    return metric->kernel->form == ATTPOOL_PRODUCT ? FN(product_pair)(metric, j)
                                                   : FN(radial_pair)(metric, j);
}

/* || w * (q - k) ||^2, or what orders keys as it does. */
static inline T FN(nearness)(const struct METRIC *metric, int64_t j)
{
    const struct kernel *kernel = metric->kernel;
    T u, u2, scaled;
    if (kernel->form == ATTPOOL_PRODUCT)
        return FN(square_sum)(metric, j, NULL);
    if (metric->d == 1 && kernel->name != ATTPOOL_GAUSSIAN) {
        u = FN(coordinate_u)(metric, j, 0);
        return u * u;
    }
    u2 = FN(radial_u2)(metric, j, &scaled);
    return kernel->name == ATTPOOL_GAUSSIAN && kernel->per == ATTPOOL_BANDWIDTH_ONE ? scaled : u2;
}

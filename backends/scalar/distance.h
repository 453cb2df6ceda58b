/* SPDX-License-Identifier: Apache-2.0 */

/* What a kernel says of a query and a key. */
#ifndef BACKENDS_SCALAR_DISTANCE_H
#define BACKENDS_SCALAR_DISTANCE_H

#include "backends/kernel_traits.h"
#include "backends/scalar/number.h"

/* |w| = w' P, P a power of two: differences are scaled by P, their sum by w'^2 rounded up. */
struct inverse_bandwidth {
    real size, power, square;
};

static struct inverse_bandwidth inverse_bandwidth_of(real w)
{
    struct inverse_bandwidth width = { .size = r_abs(w), .power = 1 };
    real unit = width.size;
    if (unit == 0) {
        width.power = 0;
        unit = 1;
    } else if (unit <= REAL_MAX) {
        real lift = unit < REAL_MIN ? REAL_BIG : 1;
        real_uint bits = r_as_bits(unit * lift);
        width.power = r_as_real(bits & r_as_bits(REAL_INF)) / lift;
        unit = r_as_real((bits & REAL_FRACTION) | r_as_bits(1));
    }
    width.square = product_up(unit, unit);
    return width;
}

/* One query before its keys. */
struct metric {
    const struct kernel *kernel;
    int64_t d;
    const real *q; /* its d coordinates */
    struct matrix k, inverse_bandwidths, factors;
    struct inverse_bandwidth w; /* ONE, QUERY */
};

static struct metric metric_of(const struct kernel *kernel, int64_t d, const real *q,
                               const struct array *k, int64_t b, int64_t h, int64_t i)
{
    struct metric metric = { .kernel = kernel, .d = d, .q = q };
    metric.k = matrix_of(k, b, h, sizeof(real));
    metric.inverse_bandwidths = matrix_of(&kernel->inverse_bandwidths, b, h, sizeof(real));
    metric.factors = matrix_of(&kernel->factors, b, h, sizeof(real));
    if (kernel->per == ATTPOOL_BANDWIDTH_QUERY)
        metric.w = inverse_bandwidth_of(get(metric.inverse_bandwidths, i, 0));
    else if (kernel->per == ATTPOOL_BANDWIDTH_ONE)
        metric.w = inverse_bandwidth_of(metric.inverse_bandwidths.at != NULL
                                            ? get(metric.inverse_bandwidths, 0, 0)
                                            : (real)kernel->one);
    return metric;
}

/* |w| that applies to coordinate c of key j. */
static real w_at(const struct metric *metric, int64_t j, int64_t c)
{
    switch (metric->kernel->per) {
    case ATTPOOL_BANDWIDTH_COORDINATE:
        return r_abs(get(metric->inverse_bandwidths, 0, c));
    case ATTPOOL_BANDWIDTH_KEY:
        return r_abs(get(metric->inverse_bandwidths, 0, j));
    case ATTPOOL_BANDWIDTH_COORDINATE_KEY:
        return product_up(r_abs(get(metric->inverse_bandwidths, 0, c)),
                          r_abs(get(metric->factors, 0, j)));
    default:
        return metric->w.size;
    }
}

static real coordinate_u(const struct metric *metric, int64_t j, int64_t c)
{
    return r_abs((metric->q[c] - get(metric->k, j, c)) * w_at(metric, j, c));
}

/* The sum of squared differences, each scaled by *power, or by its own |w| if that is NULL. */
static real square_sum(const struct metric *metric, int64_t j, const real *power)
{
    real sum = 0;
    for (int64_t first = 0; first < metric->d; first += CHUNK) {
        int64_t end = metric->d - first < CHUNK ? metric->d : first + CHUNK;
        real s = 0;
        for (int64_t c = first; c < end; c++) {
            real z = power != NULL ? (metric->q[c] - get(metric->k, j, c)) * *power
                                   : coordinate_u(metric, j, c);
            s = r_fma(z, z, s);
        }
        sum += s;
    }
    return sum;
}

/* u^2 of the radial form. Gaussians with one bandwidth take *scaled, that is u^2 / w'^2. */
static real radial_u2(const struct metric *metric, int64_t j, real *scaled)
{
    if (kernel_by_coordinate(metric->kernel))
        return *scaled = square_sum(metric, j, NULL);
    struct inverse_bandwidth width = metric->w;
    if (metric->kernel->per == ATTPOOL_BANDWIDTH_KEY)
        width = inverse_bandwidth_of(get(metric->inverse_bandwidths, 0, j));
    *scaled = square_sum(metric, j, &width.power);
    return *scaled * width.square;
}

static real kernel_factor(int32_t name, real u, real u2)
{
    real g = 1 - u2;
    real h = r_fma(-u2, u, 1);
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
        return r_cospi2(u);
    case ATTPOOL_LOGISTIC:
        return r_logistic_factor(r_weight_exp2(-REAL(LOG2_E) * u));
    case ATTPOOL_SIGMOID:
        return r_sigmoid_factor(r_weight_exp2(-REAL(LOG2_E) * u));
    case ATTPOOL_SILVERMAN:
        return r_silverman(u);
    case ATTPOOL_CAUCHY:
        return 1 / (1 + u2);
    default:
        return 1;
    }
}

/* The weight of a pair: 2^(c x) times factor, c by kernel_scale; 0 outside the support. */
struct pair {
    real x, factor;
    bool inside;
};

static real kernel_scale(const struct metric *metric)
{
    const struct kernel *kernel = metric->kernel;
    if (kernel->form == ATTPOOL_PRODUCT || !kernel_has_log((int32_t)kernel->name))
        return 1;
    if (kernel->name != ATTPOOL_GAUSSIAN)
        return -REAL(LOG2_E);
    return kernel->per == ATTPOOL_BANDWIDTH_ONE ? -(REAL(LOG2_E) / 2 * metric->w.square)
                                                : -(REAL(LOG2_E) / 2);
}

static struct pair radial_pair(const struct metric *metric, int64_t j)
{
    struct pair pair = { .factor = 1, .inside = true };
    attpool_kernel_name name = metric->kernel->name;
    real u, u2, scaled;
    if (name == ATTPOOL_CONSTANT)
        return pair;
    if (name == ATTPOOL_GAUSSIAN) {
        u2 = radial_u2(metric, j, &scaled);
        pair.x = metric->kernel->per == ATTPOOL_BANDWIDTH_ONE ? scaled : u2;
        return pair;
    }
    if (metric->d == 1) {
        u = coordinate_u(metric, j, 0);
        u2 = u * u;
    } else {
        u2 = radial_u2(metric, j, &scaled);
        u = r_sqrt(u2);
    }
    if (kernel_is_compact((int32_t)name))
        pair.inside = !((metric->d == 1 ? u : u2) >= 1);
    if (kernel_has_log((int32_t)name))
        pair.x = u;
    pair.factor = kernel_factor((int32_t)name, u, u2);
    return pair;
}

static struct pair product_pair(const struct metric *metric, int64_t j)
{
    struct pair pair = { .factor = 1, .inside = true };
    bool unordered = false;
    for (int64_t c = 0; c < metric->d; c++) {
        int32_t name = kernel_name_at(metric->kernel, c);
        if (name == ATTPOOL_CONSTANT)
            continue;
        real u = coordinate_u(metric, j, c);
        real u2 = u * u;
        unordered |= u != u;
        if (kernel_is_compact(name) && u >= 1)
            pair.inside = false;
        if (name == ATTPOOL_GAUSSIAN)
            pair.x = r_fma(-(REAL(LOG2_E) / 2), u2, pair.x);
        else if (kernel_has_log(name))
            pair.x = r_fma(-REAL(LOG2_E), u, pair.x);
        pair.factor *= kernel_factor(name, u, u2);
    }
    pair.inside |= unordered;
    return pair;
}

static struct pair kernel_pair(const struct metric *metric, int64_t j)
{
    return metric->kernel->form == ATTPOOL_PRODUCT ? product_pair(metric, j)
                                                   : radial_pair(metric, j);
}

/* || w * (q - k) ||^2, or what orders keys as it does. */
static inline real nearness(const struct metric *metric, int64_t j)
{
    const struct kernel *kernel = metric->kernel;
    real u, u2, scaled;
    if (kernel->form == ATTPOOL_PRODUCT)
        return square_sum(metric, j, NULL);
    if (metric->d == 1 && kernel->name != ATTPOOL_GAUSSIAN) {
        u = coordinate_u(metric, j, 0);
        return u * u;
    }
    u2 = radial_u2(metric, j, &scaled);
    return kernel->name == ATTPOOL_GAUSSIAN && kernel->per == ATTPOOL_BANDWIDTH_ONE ? scaled : u2;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/oracle/oracle_kernel.h"

#include "backends/kernels.h"

#include <math.h>

static const long double pi = 3.14159265358979323846264338327950288L;

void sum_add(struct sum *sum, long double x)
{
    long double total = sum->plain + x;
    if (fabsl(sum->plain) >= fabsl(x))
        sum->lost += (sum->plain - total) + x;
    else
        sum->lost += (x - total) + sum->plain;
    sum->plain = total;
}

long double sum_value(const struct sum *sum)
{
    return isfinite(sum->plain) ? sum->plain + sum->lost : sum->plain;
}

/* g = 1 - u^power, the kernel is g^n, its derivative times u is n power u^power g^(n-1). */
static long double power_kernel(long double u, int power, int n, long double *terms)
{
    long double up = powl(u, power), g = 1 - up;
    *terms = (n == 1 ? 1 : powl(fabsl(g), n - 1)) * (1 + (2 * n * power - 1) * up);
    return powl(g, n);
}

long double oracle_kernel_value(attpool_kernel_name kernel, long double u, long double *terms)
{
    long double x, k;
    *terms = 1;
    if (kernel == ATTPOOL_CONSTANT)
        return 1;
    if (isnan(u))
        return u;
    if (kernel_is_compact((int)kernel) && u >= 1)
        return 0;
    switch (kernel) {
    case ATTPOOL_BOXCAR:
        return 1;
    case ATTPOOL_TRIANGULAR:
        return power_kernel(u, 1, 1, terms);
    case ATTPOOL_EPANECHNIKOV:
        return power_kernel(u, 2, 1, terms);
    case ATTPOOL_BIWEIGHT:
        return power_kernel(u, 2, 2, terms);
    case ATTPOOL_TRIWEIGHT:
        return power_kernel(u, 2, 3, terms);
    case ATTPOOL_TRICUBE:
        return power_kernel(u, 3, 3, terms);
    case ATTPOOL_COSINE:
        *terms = cosl(pi * u / 2) + pi * u / 2 * sinl(pi * u / 2);
        /* The argument's own rounding is part of the error near u = 1, where the cosine is 0. */
        return sinl(pi * (1 - u) / 2);
    case ATTPOOL_LOGISTIC:
        k = expl(-u) / ((1 + expl(-u)) * (1 + expl(-u)));
        *terms = k * (1 + u);
        return k;
    case ATTPOOL_SIGMOID:
        k = expl(-u) / (1 + expl(-2 * u));
        *terms = k * (1 + u);
        return k;
    case ATTPOOL_SILVERMAN:
        x = u / sqrtl(2);
        if (isinf(x))
            return 0;
        *terms = expl(-x) * (1 + 2 * x);
        return expl(-x) * sinl(x + pi / 4);
    case ATTPOOL_CAUCHY:
        *terms = 3 / (1 + u * u);
        return 1 / (1 + u * u);
    case ATTPOOL_LAPLACIAN:
        *terms = expl(-u) * (1 + u);
        return expl(-u);
    default:
        *terms = expl(-u * u / 2) * (1 + u * u);
        return expl(-u * u / 2);
    }
}

/* The part of the kernel that goes into the logarithm; 0 for a kernel that has none. */
static long double log_part(attpool_kernel_name kernel, long double u)
{
    switch (kernel) {
    case ATTPOOL_GAUSSIAN:
        return -u * u / 2;
    case ATTPOOL_LAPLACIAN:
    case ATTPOOL_LOGISTIC:
    case ATTPOOL_SIGMOID:
        return -u;
    default:
        return 0;
    }
}

/* What is left of the kernel beside the logarithm. */
static long double factor_part(attpool_kernel_name kernel, long double u, long double *terms)
{
    long double t = expl(-u);
    *terms = 1;
    switch (kernel) {
    case ATTPOOL_GAUSSIAN:
    case ATTPOOL_LAPLACIAN:
        return isnan(u) ? u : 1;
    case ATTPOOL_LOGISTIC:
        *terms = 2;
        return 1 / ((1 + t) * (1 + t));
    case ATTPOOL_SIGMOID:
        *terms = 2;
        return 1 / (1 + t * t);
    default:
        return oracle_kernel_value(kernel, u, terms);
    }
}

static bool has_log(attpool_kernel_name kernel)
{
    return kernel == ATTPOOL_GAUSSIAN || kernel == ATTPOOL_LAPLACIAN ||
           kernel == ATTPOOL_LOGISTIC || kernel == ATTPOOL_SIGMOID;
}

static attpool_kernel_name kernel_of(const struct job *job, int64_t c)
{
    return job->kernel.kernels ? job->kernel.kernels[c] : job->kernel.kernel;
}

bool oracle_has_kernel(const struct job *job, attpool_kernel_name kernel)
{
    bool product = job->kernel.form == ATTPOOL_PRODUCT && job->kernel.kernels && job->c->d > 0;
    for (int c = 0; product && c < job->c->d; c++)
        if (job->kernel.kernels[c] == kernel)
            return true;
    return !product && job->kernel.kernel == kernel;
}

bool oracle_has_log(const struct job *job)
{
    for (int k = 0; k < KERNEL_COUNT; k++)
        if (has_log((attpool_kernel_name)k) && oracle_has_kernel(job, (attpool_kernel_name)k))
            return true;
    return false;
}

/* Bits that a kernel's factor may take from a weight; many where there is no bound. */
static int factor_bits(attpool_kernel_name kernel)
{
    if (kernel == ATTPOOL_LOGISTIC)
        return 2;
    if (kernel == ATTPOOL_SIGMOID)
        return 1;
    return has_log(kernel) || kernel == ATTPOOL_CONSTANT ? 0 : 1000;
}

bool oracle_cuts(const struct job *job)
{
    bool product = job->kernel.form == ATTPOOL_PRODUCT;
    int bits = product ? 0 : factor_bits(job->kernel.kernel);
    if (job->c->operation < OPERATION_POOL || job->c->score != ATTPOOL_KERNEL || job->masks.bias ||
        !oracle_has_log(job))
        return false;
    for (int c = 0; product && c < job->c->d; c++)
        bits += factor_bits(kernel_of(job, c));
    return bits <= 6;
}

static long double in_type(const struct job *job, double x)
{
    return job->element == ELEMENT_F32 ? (long double)(float)x : (long double)x;
}

long double oracle_width(const struct job *job, const int64_t index[4], int64_t c)
{
    const attpool_kernel_options *o = &job->kernel;
    const int64_t key[4] = { index[0], index[1], index[2], index[3] };
    const int64_t coordinate[4] = { 0, 0, 0, c };
    if (job->c->with & WITHOUT_OPTIONS)
        return 1;
    switch (o->bandwidth_per) {
    case ATTPOOL_BANDWIDTH_KEY:
        return fabsl(
            (long double)tensor_at(o->inverse_bandwidths, job_places(job, "bhc"), job->heads, key));
    case ATTPOOL_BANDWIDTH_QUERY:
        return fabsl(
            (long double)tensor_at(o->inverse_bandwidths, job_places(job, "bhr"), job->heads, key));
    case ATTPOOL_BANDWIDTH_COORDINATE:
        return fabsl((long double)tensor_at(o->inverse_bandwidths, "c", 1, coordinate));
    case ATTPOOL_BANDWIDTH_COORDINATE_KEY:
        return fabsl(
            (long double)tensor_at(o->inverse_bandwidths, "c", 1, coordinate) *
            (long double)tensor_at(o->key_factors, job_places(job, "bhc"), job->heads, key));
    default:
        break;
    }
    if (o->inverse_bandwidths)
        return fabsl((long double)tensor_get(o->inverse_bandwidths, 0));
    if (o->inverse_bandwidth != 0)
        return fabsl(in_type(job, o->inverse_bandwidth));
    return o->bandwidth != 0 ? 1 / in_type(job, o->bandwidth) : 1;
}

/* A width times a difference of coordinates; a width of 0 makes every finite difference 0. */
static long double scaled(const struct job *job, const int64_t index[4], int64_t c)
{
    const int64_t q[4] = { index[0], index[1], index[2], c };
    const int64_t k[4] = { index[0], index[1], index[3], c };
    long double difference = (long double)tensor_at(&job->q.dl, "bhrc", job->heads, q) -
                             (long double)tensor_at(&job->k.dl, "bhrc", job->heads, k);
    return oracle_width(job, index, c) * difference;
}

static void edge(const struct job *job, attpool_kernel_name kernel, long double u, int64_t d,
                 struct pair *pair)
{
    long double near = (16 + (long double)d) * oracle_epsilon(job->element);
    if (!kernel_is_compact((int)kernel))
        return;
    pair->outside = pair->outside || u >= 1;
    pair->uncertain = pair->uncertain || fabsl(u - 1) < near;
}

void oracle_pair(const struct job *job, const int64_t index[4], struct pair *pair)
{
    bool radial = job->kernel.form == ATTPOOL_RADIAL || (job->c->with & WITHOUT_OPTIONS);
    int64_t d = job->c->d;
    struct sum square = { 0 }, log = { 0 };
    long double factor = 1, relative = 0, terms;
    bool unordered = false;
    *pair = (struct pair){ .factor = 1, .factor_terms = 1 };
    for (int64_t c = 0; c < d; c++) {
        long double u = fabsl(scaled(job, index, c));
        sum_add(&square, u * u);
        if (radial || kernel_of(job, c) == ATTPOOL_CONSTANT)
            continue;
        unordered = unordered || isnan(u);
        edge(job, kernel_of(job, c), u, 1, pair);
        sum_add(&log, log_part(kernel_of(job, c), u));
        long double f = factor_part(kernel_of(job, c), u, &terms);
        factor *= f;
        relative += terms / fabsl(f);
    }
    pair->square = sum_value(&square);
    pair->outside = pair->outside && !unordered;
    if (radial) {
        long double u = sqrtl(pair->square);
        edge(job, job->kernel.kernel, u, d, pair);
        pair->log = log_part(job->kernel.kernel, u);
        pair->factor = factor_part(job->kernel.kernel, u, &pair->factor_terms);
    } else {
        pair->log = sum_value(&log);
        pair->factor = factor;
        pair->factor_terms = d > 0 && factor != 0 ? fabsl(factor) * relative : 1;
    }
    pair->log_terms = fabsl(pair->log);
}

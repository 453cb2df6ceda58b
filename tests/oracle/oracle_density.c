/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/oracle/oracle_density.h"

#include <math.h>

static bool has_key_widths(const struct job *job)
{
    return job->kernel.bandwidth_per == ATTPOOL_BANDWIDTH_KEY ||
           job->kernel.bandwidth_per == ATTPOOL_BANDWIDTH_COORDINATE_KEY;
}

void oracle_density_entry(const struct job *job, const int64_t x[INDEX], struct entry *e)
{
    const attpool_bandwidth_per per = job->kernel.bandwidth_per;
    if (!e->left || !has_key_widths(job))
        return;
    const DLTensor *w =
        per == ATTPOOL_BANDWIDTH_KEY ? job->kernel.inverse_bandwidths : job->kernel.key_factors;
    const long double own = fabsl((long double)tensor_at(w, job_places(job, "bhc"), job->heads, x));
    const long double log = (long double)job->c->d * logl(own);
    if (oracle_has_log(job)) {
        e->pair.log += log;
    } else {
        e->pair.factor *= expl(log);
        e->pair.factor_terms *= expl(log);
    }
}

long double oracle_density_total(const struct job *job, const int64_t x[3])
{
    struct sum sum = { 0 };
    for (int64_t j = 0; j < job->c->m; j++) {
        const int64_t at[INDEX] = { x[0], x[1], x[2], j };
        struct entry e;
        oracle_entry(job, NULL, at, &e);
        if (e.left)
            sum_add(&sum, job->pool.key_weights
                              ? (long double)tensor_at(job->pool.key_weights,
                                                       job_places(job, "bhc"), job->heads, at)
                              : 1);
    }
    return sum_value(&sum);
}

/* u^(d - 1) k(u) where u = t / (1 - t), so that t ends at 1; compact kernels end there with u. */
static long double integrand(attpool_kernel_name kernel, int64_t d, bool compact, long double t,
                             long double rest)
{
    long double terms;
    const long double u = compact ? t : t / rest;
    const long double k = oracle_kernel_value(kernel, u, &terms);
    return k == 0 ? 0 : powl(u, (long double)(d - 1)) * k / (compact ? 1 : rest * rest);
}

/* The integral over R^d: tanh-sinh quadrature over (0, 1), times the surface of the sphere. */
static long double integral(attpool_kernel_name kernel, int64_t d)
{
    const long double pi = acosl(-1), step = 1.0L / 512, n = (long double)d;
    const bool compact = oracle_kernel_value(kernel, 1.5L, &(long double){ 0 }) == 0;
    struct sum sum = { 0 };
    for (int i = -2400; i <= 2400; i++) {
        const long double s = step * i, a = pi / 2 * sinhl(s);
        const long double t = 1 / (1 + expl(-2 * a)), rest = 1 / (1 + expl(2 * a));
        if (t > 0 && rest > 0)
            sum_add(&sum, integrand(kernel, d, compact, t, rest) * step * pi * coshl(s) * t * rest);
    }
    return sum_value(&sum) * 2 * expl(n / 2 * logl(pi) - lgammal(n / 2));
}

/* Without the factor of a key. */
static long double coordinate_width(const struct job *job, int64_t k)
{
    const int64_t at[INDEX] = { 0, 0, 0, k };
    if (job->kernel.bandwidth_per == ATTPOOL_BANDWIDTH_COORDINATE_KEY)
        return fabsl((long double)tensor_at(job->kernel.inverse_bandwidths, "c", 1, at));
    return oracle_width(job, (const int64_t[INDEX]){ 0, 0, 0, 0 }, k);
}

long double oracle_constant(const struct job *job)
{
    static attpool_kernel_name kernel;
    static int64_t columns;
    static long double last;
    const bool product = job->kernel.form == ATTPOOL_PRODUCT;
    const int64_t d = product ? 1 : job->c->d;
    if (columns != d || kernel != job->kernel.kernel) {
        kernel = job->kernel.kernel;
        columns = d;
        last = integral(kernel, d);
    }
    long double c = powl(last, product ? -(long double)job->c->d : -1.0L);
    for (int64_t k = 0; k < job->c->d && job->kernel.bandwidth_per != ATTPOOL_BANDWIDTH_KEY; k++)
        c *= coordinate_width(job, k);
    return c;
}

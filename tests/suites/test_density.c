/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/kernels.h"
#include "core/statistics/scaled.h"
#include "tests/suites/golden.h"
#include "tests/suites/suites.h"

#include <stdlib.h>
#include <string.h>

/* Densities: that they integrate to 1, what they are where no sum of weights could tell, and what
 * can be wrong with a call. */

enum { D = 3 };
static const double pi = 3.14159265358979323846;

struct density {
    int64_t n, m, d;
    const double *q, *k, *a, *w;
    attpool_kernel_options kernel;
    attpool_masks masks;
};

static attpool_status run(const struct density *c, double *f, double *log_f)
{
    attpool_kernel_options kernel = c->kernel;
    DLTensor Q = tensor_of((void *)c->q, ELEMENT_F64, 2, SHAPE(c->n, c->d));
    DLTensor K = tensor_of((void *)c->k, ELEMENT_F64, 2, SHAPE(c->m, c->d));
    DLTensor A = tensor_of((void *)c->a, ELEMENT_F64, 1, SHAPE(c->m));
    DLTensor W = tensor_of((void *)c->w, ELEMENT_F64, 1, SHAPE(c->m));
    DLTensor F = tensor_of(f, ELEMENT_F64, 1, SHAPE(c->n));
    DLTensor L = tensor_of(log_f, ELEMENT_F64, 1, SHAPE(c->n));
    attpool_pool_options options = { .score = ATTPOOL_KERNEL,
                                     .kernel = &kernel,
                                     .masks = &c->masks,
                                     .key_weights = c->a ? &A : NULL };
    if (c->w) {
        kernel.bandwidth_per = ATTPOOL_BANDWIDTH_KEY;
        kernel.inverse_bandwidths = &W;
    }
    return attpool_density(context, &Q, &K, &options, f ? &F : NULL, log_f ? &L : NULL);
}

/* ---- integrals ---- */

enum { NODES = 161, MANY_NODES = 481 };

/* Tanh-sinh quadrature of an integral from 0 to 1, or to infinity. */
static void quadrature(bool compact, int nodes, double *x, double *weight)
{
    const double step = 6.7 / nodes;
    for (int i = 0; i < nodes; i++) {
        const double s = (i - nodes / 2) * step, a = pi / 2 * sinh(s);
        const double t = 1 / (1 + exp(-2 * a)), rest = 1 / (1 + exp(2 * a));
        x[i] = compact ? t : t / rest;
        weight[i] = pi * cosh(s) * step * t * rest / (compact ? 1 : rest * rest);
    }
}

/* The integral of the density of one key at 0: along one direction over spheres. */
static double radial_integral(attpool_kernel_name kernel, int64_t d)
{
    static const double sphere[] = { 0, 2, 2 * 3.14159265358979323846, 4 * 3.14159265358979323846 };
    double x[MANY_NODES], weight[MANY_NODES], q[MANY_NODES * D], f[MANY_NODES], sum = 0;
    const double k[D] = { 0 };
    const struct density c = { MANY_NODES, 1, d, q, k, .kernel = { .kernel = kernel } };
    memset(q, 0, sizeof q);
    quadrature(kernel_is_compact((int)kernel), MANY_NODES, x, weight);
    for (int i = 0; i < MANY_NODES; i++)
        q[i * d] = x[i];
    succeeds(run(&c, f, NULL));
    for (int i = 0; i < MANY_NODES; i++)
        if (f[i] != 0)
            sum += f[i] * weight[i] * sphere[d] * pow(x[i], (double)(d - 1));
    return sum;
}

/* Over the positive coordinates, 2^d times. */
static double product_integral(attpool_kernel_name kernel, int64_t d)
{
    const int64_t n = d == 1 ? NODES : d == 2 ? NODES * NODES : NODES * NODES * NODES;
    double x[NODES], weight[NODES], sum = 0;
    double *q = malloc((size_t)(n * d) * sizeof *q), *f = malloc((size_t)n * sizeof *f);
    const double k[D] = { 0 };
    const struct density c = { n, 1, d,
                               q, k, .kernel = { .kernel = kernel, .form = ATTPOOL_PRODUCT } };
    quadrature(kernel_is_compact((int)kernel), NODES, x, weight);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0, rest = i; j < d; j++, rest /= NODES)
            q[i * d + j] = x[rest % NODES];
    succeeds(run(&c, f, NULL));
    for (int64_t i = 0; i < n; i++) {
        double w = 1;
        for (int64_t j = 0, rest = i; j < d; j++, rest /= NODES)
            w *= 2 * weight[rest % NODES];
        sum += f[i] != 0 ? f[i] * w : 0;
    }
    free(q);
    free(f);
    return sum;
}

static bool has_density(int kernel, attpool_form form, int64_t d)
{
    return kernel != ATTPOOL_CONSTANT &&
           (form == ATTPOOL_PRODUCT || d < 2 ||
            (kernel != ATTPOOL_CAUCHY && (kernel != ATTPOOL_SILVERMAN || d < 3)));
}

START_TEST(integrates_to_one)
{
    const attpool_kernel_name kernel = (attpool_kernel_name)_i;
    for (int64_t d = 1; d <= D; d++) {
        if (has_density(_i, ATTPOOL_RADIAL, d))
            near(radial_integral(kernel, d), 1, 1e-9, attpool_kernel_to_name(kernel));
        if (has_density(_i, ATTPOOL_PRODUCT, d))
            near(product_integral(kernel, d), 1, 1e-9, attpool_kernel_to_name(kernel));
    }
}
END_TEST

/* Keys of any weight and bandwidth, by the trapezium rule, which is exact for the Gaussian. */
START_TEST(adaptive_bandwidths_integrate_to_one)
{
    enum { POINTS = 4001 };
    static const double k[] = { 0, 0.5, 3, -2 }, a[] = { 1, 0.25, 2, 1e-3 }, w[] = { 1, 3, 0.7, 2 };
    double q[POINTS], f[POINTS], sum = 0;
    const struct density c = { .n = POINTS, .m = COUNT(k), .d = 1, .q = q, .k = k, .a = a, .w = w };
    for (int i = 0; i < POINTS; i++)
        q[i] = (i - POINTS / 2) * 0.01;
    succeeds(run(&c, f, NULL));
    for (int i = 0; i < POINTS; i++)
        sum += f[i] * 0.01;
    near(sum, 1, 1e-13, "the integral");
    ck_assert(fabs(f[POINTS / 2 + 50] - f[POINTS / 2]) > 1e-3);
}
END_TEST

/* ---- values ---- */

START_TEST(logarithms_do_not_underflow)
{
    const double q[] = { 1000 }, k[] = { 0, -1 };
    double f, log_f;
    const struct density c = { 1, 2, 1, q, k, .kernel = { .bandwidth = 0.5 } };
    succeeds(run(&c, &f, &log_f));
    ck_assert(f == 0 && !signbit(f));
    near(log_f, -2000.0 * 2000 / 2 - log(2 * 0.5 * sqrt(2 * pi)), 1e-9, "the logarithm");
}
END_TEST

START_TEST(out_of_reach_and_without_data)
{
    const double q[] = { 0, 7 }, k[] = { 0, 1 }, none[] = { 0, 0 };
    double f[2], log_f[2];
    struct density c = { 2, 2, 1, q, k, .kernel = { .kernel = ATTPOOL_BIWEIGHT } };
    succeeds(run(&c, f, log_f));
    near(f[0], 15.0 / 32, 1e-15, "the density");
    ck_assert(f[1] == 0 && log_f[1] == -HUGE_VAL);
    c.a = none;
    succeeds(run(&c, f, log_f));
    ck_assert(isnan(f[0]) && isnan(log_f[0]) && isnan(f[1]) && isnan(log_f[1]));
    c.a = NULL;
    c.m = 1;
    c.masks.leave_one_out = 1;
    succeeds(run(&c, f, log_f));
    ck_assert(isnan(f[0]) && f[1] == 0);
}
END_TEST

/* Of two keys each is the density of the other. */
START_TEST(leave_one_out_leaves_one_out)
{
    const double k[] = { 0, 1 };
    double f[2];
    struct density c = { 2, 2, 1, k, k, .kernel = { .kernel = ATTPOOL_LAPLACIAN } };
    c.masks.leave_one_out = 1;
    succeeds(run(&c, f, NULL));
    near(f[0], exp(-1) / 2, 1e-16, "the first");
    near(f[1], exp(-1) / 2, 1e-16, "the second");
}
END_TEST

/* Rows of 64 columns at a distance of 0 in a unit of 1e-30: c = (1e30)^64 / ..., beyond double. */
START_TEST(constants_do_not_overflow)
{
    enum { WIDE = 64 };
    const double k[WIDE] = { 0 };
    double f, log_f;
    const struct density c = { 1, 1, WIDE, k, k, .kernel = { .bandwidth = 1e-30 } };
    succeeds(run(&c, &f, &log_f));
    ck_assert(isinf(f) && f > 0);
    near(log_f, WIDE * (log(1e30) - log(2 * pi) / 2), 1e-10, "the logarithm");
}
END_TEST

static void check_scaled(double x)
{
    int e = 0;
    const double m = frexp(x, &e);
    const struct scaled s = scaled_of(x);
    ck_assert_msg(isnan(x) ? isnan(s.m) : s.m == m && (!isfinite(x) || s.e == e), "%a", x);
    ck_assert_msg(isnan(x) ? isnan(scaled_value(s)) : scaled_value(s) == x, "%a", x);
    for (int k = -2200; k <= 2200 && isfinite(x); k += 11) {
        const struct scaled far = { s.m, s.e + k };
        ck_assert_msg(scaled_value(far) == ldexp(m, e + k), "%a times 2^%d", x, k);
    }
}

/* By bits as by frexp and ldexp. */
START_TEST(scaled_numbers_are_exact)
{
    static const double some[] = {
        0,           -0.0,     1,  0.5,      -0.75,     0x1p-1022, 0x1p-1074,
        0x1.8p-1023, 0x1p1023, -3, HUGE_VAL, -HUGE_VAL, NAN,       0x1.fffffffffffffp1023
    };
    for (size_t i = 0; i < COUNT(some); i++)
        check_scaled(some[i]);
    for (uint64_t i = 0; i < 1000; i++) {
        const uint64_t bits = random_bits(7, i);
        double x;
        memcpy(&x, &bits, sizeof x);
        check_scaled(x);
    }
}
END_TEST

/* ---- errors ---- */

struct errors {
    float q[4], k[6], a[3], f[2];
    DLTensor Q, K, A, F, small;
    int64_t queries[2], keys[2], weights[1], rows[1], fewer[1];
    attpool_kernel_options kernel;
    attpool_masks masks;
    attpool_pool_options options;
};

static void errors_new(struct errors *x)
{
    memset(x, 0, sizeof *x);
    x->queries[0] = x->rows[0] = 2;
    x->keys[0] = x->weights[0] = 3;
    x->queries[1] = x->keys[1] = 2;
    x->fewer[0] = 1;
    x->Q = tensor_of(x->q, ELEMENT_F32, 2, x->queries);
    x->K = tensor_of(x->k, ELEMENT_F32, 2, x->keys);
    x->A = tensor_of(x->a, ELEMENT_F32, 1, x->weights);
    x->F = tensor_of(x->f, ELEMENT_F32, 1, x->rows);
    x->small = tensor_of(x->f, ELEMENT_F32, 1, x->fewer);
    x->options =
        (attpool_pool_options){ .score = ATTPOOL_KERNEL, .kernel = &x->kernel, .masks = &x->masks };
}

static void refused(struct errors *x, DLTensor *f, DLTensor *log_f, attpool_status want,
                    const char *words)
{
    const attpool_status st = attpool_density(context, &x->Q, &x->K, &x->options, f, log_f);
    ck_assert_msg(st == want && strstr(attpool_message(context), words), "%s: %s, %s", words,
                  attpool_status_name(st), attpool_message(context));
    errors_new(x);
}

START_TEST(what_is_wrong_is_named)
{
    struct errors x;
    errors_new(&x);
    refused(&x, NULL, NULL, ATTPOOL_E_OUTPUT, "density and log_density are NULL");
    refused(&x, &x.small, NULL, ATTPOOL_E_OUTPUT, "density has 1 elements");
    refused(&x, NULL, &x.small, ATTPOOL_E_LSE, "log_density has 1 elements");
    refused(&x, &x.F, &x.F, ATTPOOL_E_LSE, "log_density overlaps density");
    x.options.score = ATTPOOL_DOT;
    x.options.kernel = NULL;
    refused(&x, &x.F, NULL, ATTPOOL_E_OPTIONS, "score is 0");
    x.options.dropout = 0.5;
    refused(&x, &x.F, NULL, ATTPOOL_E_OPTIONS, "dropout is set");
    x.options.empty = ATTPOOL_EMPTY_NAN;
    refused(&x, &x.F, NULL, ATTPOOL_E_OPTIONS, "empty is set");
    x.options.n_eff = &x.F;
    refused(&x, &x.F, NULL, ATTPOOL_E_OPTIONS, "n_eff is not part of this call");
    x.masks.bias = &x.A;
    x.A.ndim = 2;
    x.A.shape = (int64_t[]){ 1, 3 };
    refused(&x, &x.F, NULL, ATTPOOL_E_BIAS, "no bias");
    x.queries[1] = x.keys[1] = 0;
    refused(&x, &x.F, NULL, ATTPOOL_E_QUERY, "no columns");
    x.kernel.bandwidth_per = ATTPOOL_BANDWIDTH_QUERY;
    x.kernel.inverse_bandwidths = &x.F;
    refused(&x, NULL, &x.F, ATTPOOL_E_OPTIONS, "does not integrate to 1");
    x.kernel.bandwidth = -1;
    refused(&x, &x.F, NULL, ATTPOOL_E_BANDWIDTH, "bandwidth is -1");
    x.a[1] = -1;
    x.options.key_weights = &x.A;
    refused(&x, &x.F, NULL, ATTPOOL_E_KEY_WEIGHTS, "key_weights[1]");
}
END_TEST

START_TEST(kernels_without_an_integral_are_refused)
{
    for (int kernel = 0; kernel < KERNEL_COUNT; kernel++)
        for (int64_t d = 1; d <= 4; d++)
            for (int form = 0; form < 2; form++) {
                const double k[4] = { 0 };
                double f;
                const struct density c = {
                    1,
                    1,
                    d,
                    k,
                    k,
                    .kernel = { .kernel = (attpool_kernel_name)kernel, .form = (attpool_form)form }
                };
                const attpool_status st = run(&c, &f, NULL);
                const bool good = has_density(kernel, (attpool_form)form, d);
                ck_assert_int_eq(st, good ? ATTPOOL_OK : ATTPOOL_E_OPTIONS);
                if (!good)
                    ck_assert_ptr_nonnull(
                        strstr(attpool_message(context), attpool_kernel_to_name(c.kernel.kernel)));
            }
    const attpool_kernel_name mixed[] = { ATTPOOL_GAUSSIAN, ATTPOOL_CONSTANT };
    const double k[2] = { 0 };
    double f;
    const struct density c = { 1, 1, 2,
                               k, k, .kernel = { .form = ATTPOOL_PRODUCT, .kernels = mixed } };
    ck_assert_int_eq(run(&c, &f, NULL), ATTPOOL_E_OPTIONS);
}
END_TEST

Suite *suite_density(void)
{
    Suite *suite = suite_create("density");
    TCase *tc = tcase_create("density");
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, integrates_to_one, 0, KERNEL_COUNT);
    tcase_add_test(tc, adaptive_bandwidths_integrate_to_one);
    tcase_add_test(tc, logarithms_do_not_underflow);
    tcase_add_test(tc, out_of_reach_and_without_data);
    tcase_add_test(tc, leave_one_out_leaves_one_out);
    tcase_add_test(tc, constants_do_not_overflow);
    tcase_add_test(tc, scaled_numbers_are_exact);
    tcase_add_test(tc, what_is_wrong_is_named);
    tcase_add_test(tc, kernels_without_an_integral_are_refused);
    suite_add_tcase(suite, tc);
    return suite;
}

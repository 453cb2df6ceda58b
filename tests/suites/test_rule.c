/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/datasets.h"
#include "tests/suites/golden.h"
#include "tests/suites/suites.h"

#include <stdlib.h>
#include <string.h>

/* Bandwidths by a rule of thumb: R's and those of Python's packages, and what the header says. */

enum { MOST_COLUMNS = 4 };

static const struct golden_rule {
    const char *call; /* package, version and what was computed */
    enum dataset data;
    int64_t d;     /* of the first columns */
    bool weighted; /* by the last one */
    attpool_rule rule;
    attpool_kernel_name kernel;
    double bound, value[MOST_COLUMNS];
} golden_rules[] = {
#define RULES
#include "tests/packages/bandwidths.inc"
#undef RULES
};

START_TEST(rules_are_those_of_other_packages)
{
    const struct golden_rule *g = &golden_rules[_i];
    double h[MOST_COLUMNS];
    int64_t m;
    double *x = dataset_read(g->data, 0, g->d, &m);
    double *weights = dataset_read(g->data, dataset_columns(g->data) - 1, 1, &m);
    DLTensor K = tensor_of(x, ELEMENT_F64, 2, SHAPE(m, g->d));
    DLTensor a = tensor_of(weights, ELEMENT_F64, 1, SHAPE(m));
    attpool_kernel_options kernel = { .kernel = g->kernel };
    succeeds(attpool_bandwidth_rule(context, g->rule, &K, g->weighted ? &a : NULL, &kernel, h));
    for (int64_t c = 0; c < g->d; c++)
        near(h[c], g->value[c], g->bound * g->value[c], g->call);
    free(weights);
    free(x);
}
END_TEST

/* ---- other kernels ---- */

static double series[60];

static void fill_series(void)
{
    for (size_t i = 0; i < COUNT(series); i++)
        series[i] = 3 + random_at(5, i);
}

static double rule_of(attpool_kernel_name kernel, int64_t d)
{
    double h[3];
    DLTensor K = tensor_of(series, ELEMENT_F64, 2, SHAPE(20, d));
    attpool_kernel_options options = { .kernel = kernel };
    succeeds(attpool_bandwidth_rule(context, ATTPOOL_RULE_SCOTT, &K, NULL, &options, h));
    return h[0];
}

START_TEST(kernels_have_canonical_ratios)
{
    static const double ratio[] = {
        [ATTPOOL_BOXCAR] = 1.7401,   [ATTPOOL_TRIANGULAR] = 2.4320, [ATTPOOL_EPANECHNIKOV] = 2.2138,
        [ATTPOOL_BIWEIGHT] = 2.6226, [ATTPOOL_TRIWEIGHT] = 2.9781,  [ATTPOOL_TRICUBE] = 2.6098,
        [ATTPOOL_COSINE] = 2.2750,   [ATTPOOL_LAPLACIAN] = 0.7398,  [ATTPOOL_LOGISTIC] = 0.5590,
        [ATTPOOL_SIGMOID] = 0.6522,  [ATTPOOL_GAUSSIAN] = 1,        [ATTPOOL_CAUCHY] = 0,
    };
    fill_series();
    for (size_t k = 0; k < COUNT(ratio); k++)
        if (ratio[k] > 0)
            near(rule_of((attpool_kernel_name)k, 1) / rule_of(ATTPOOL_GAUSSIAN, 1), ratio[k], 5e-5,
                 attpool_kernel_to_name((attpool_kernel_name)k));
    for (int d = 2; d <= 3; d++) { /* boxcar: R 1/2, variance 1/3; laplacian: 1/4, 2 */
        const double gauss = 0.5 / sqrt(acos(-1));
        near(rule_of(ATTPOOL_BOXCAR, d) / rule_of(ATTPOOL_GAUSSIAN, d),
             pow(pow(0.5 / gauss, d) * 9, 1.0 / (d + 4)), 1e-14, "boxcar of several columns");
        near(rule_of(ATTPOOL_LAPLACIAN, d) / rule_of(ATTPOOL_GAUSSIAN, d),
             pow(pow(0.25 / gauss, d) / 4, 1.0 / (d + 4)), 1e-14, "laplacian of several columns");
    }
}
END_TEST

START_TEST(a_product_of_kernels_has_a_ratio_a_column)
{
    const attpool_kernel_name names[] = { ATTPOOL_BOXCAR, ATTPOOL_LAPLACIAN };
    const double gauss = 0.5 / sqrt(acos(-1));
    double h[2], plain[2];
    fill_series();
    DLTensor K = tensor_of(series, ELEMENT_F64, 2, SHAPE(20, 2));
    attpool_kernel_options kernel = { .form = ATTPOOL_PRODUCT, .kernels = names };
    succeeds(attpool_bandwidth_rule(context, ATTPOOL_RULE_SILVERMAN, &K, NULL, NULL, plain));
    succeeds(attpool_bandwidth_rule(context, ATTPOOL_RULE_SILVERMAN, &K, NULL, &kernel, h));
    near(h[0] / plain[0], pow(0.5 * 0.25 / gauss / gauss * 9, 1.0 / 6), 1e-14, "boxcar");
    near(h[1] / plain[1], pow(0.5 * 0.25 / gauss / gauss / 4, 1.0 / 6), 1e-14, "laplacian");
}
END_TEST

/* ---- spread ---- */

static double rule_of_column(double *x, double *a, int64_t m)
{
    double h = 0;
    DLTensor K = tensor_of(x, ELEMENT_F64, 2, SHAPE(m, 1)),
             weights = tensor_of(a, ELEMENT_F64, 1, SHAPE(m));
    succeeds(
        attpool_bandwidth_rule(context, ATTPOOL_RULE_SILVERMAN, &K, a ? &weights : NULL, NULL, &h));
    return h;
}

/* Of 0, .., 0, 1 both quartiles are 0. */
START_TEST(quartiles_that_agree_leave_the_deviation)
{
    double x[10] = { 0 };
    x[9] = 1;
    near(rule_of_column(x, NULL, 10), 0.9 * sqrt(0.1) * pow(10, -0.2), 1e-15, "h");
}
END_TEST

/* By their parts of the sum alone; a row of weight 0 is as if it were not there. */
START_TEST(case_weights_have_no_unit)
{
    double x[] = { 5, 1, 2, 3, 4, 9, 7 }, a[] = { 1, 2, 0, 1, 3, 1, 0.5 }, b[7];
    double kept[] = { 5, 1, 3, 4, 9, 7 }, c[] = { 1, 2, 1, 3, 1, 0.5 },
           even[] = { 7, 7, 7, 7, 7, 7, 7 };
    const double h = rule_of_column(x, a, 7);
    for (int i = 0; i < 7; i++)
        b[i] = a[i] * 0x1p+900;
    ck_assert(rule_of_column(x, b, 7) == h);
    ck_assert(rule_of_column(kept, c, 6) == h);
    near(rule_of_column(x, even, 7), rule_of_column(x, NULL, 7), 1e-15, "equal weights");

    /* The middles of the weights stand at 1, 2.5, 4.5, 6.5, 7.25 and 8: the quartiles are 2.75
     * and 6.25 on that way, n is 8.5^2 / 16.25. */
    const double low = 3 + (2.75 - 2.5) / 2, high = 4 + (6.25 - 4.5) / 2;
    near(h, 0.9 * (high - low) / 1.34 * pow(8.5 * 8.5 / 16.25, -0.2), 1e-14, "h");
}
END_TEST

START_TEST(a_unit_scales_the_bandwidth)
{
    double x[20];
    fill_series();
    memcpy(x, series, sizeof x);
    const double h = rule_of_column(x, NULL, 20);
    for (int power = -1000; power <= 1000; power += 500) {
        for (int i = 0; i < 20; i++)
            x[i] = ldexp(series[i], power);
        ck_assert(rule_of_column(x, NULL, 20) == ldexp(h, power));
    }
}
END_TEST

START_TEST(float32_is_read_as_it_is)
{
    float x[20];
    double same[20], h;
    fill_series();
    for (int i = 0; i < 20; i++)
        same[i] = (double)(x[i] = (float)series[i]);
    DLTensor K = tensor_of(x, ELEMENT_F32, 2, SHAPE(20, 1));
    K.strides = (int64_t[]){ -1, 1 };
    K.byte_offset = 19 * sizeof(float);
    succeeds(attpool_bandwidth_rule(context, ATTPOOL_RULE_SILVERMAN, &K, NULL, NULL, &h));
    ck_assert(h == rule_of_column(same, NULL, 20));
}
END_TEST

/* ---- errors ---- */

START_TEST(errors_name_what_is_wrong)
{
    double x[] = { 1, 2, 3, 7, 2, 7 }, a[] = { 1, 0, 1 }, h[2] = { -1, -1 };
    DLTensor K = tensor_of(x, ELEMENT_F64, 2, SHAPE(3, 2)),
             w = tensor_of(a, ELEMENT_F64, 1, SHAPE(3));
    DLTensor row = tensor_of(x, ELEMENT_F64, 1, SHAPE(3)),
             two = tensor_of(a, ELEMENT_F64, 1, SHAPE(2));
    attpool_kernel_options kernel = { .kernel = ATTPOOL_CAUCHY };
    const attpool_rule rule = ATTPOOL_RULE_SILVERMAN;
    is_refused(ATTPOOL_E_OPTIONS, "rule is 2",
               attpool_bandwidth_rule(context, (attpool_rule)2, &K, NULL, NULL, h));
    is_refused(ATTPOOL_E_OPTIONS, "no rule has a bandwidth for the cauchy kernel",
               attpool_bandwidth_rule(context, rule, &K, NULL, &kernel, h));
    kernel.kernel = (attpool_kernel_name)99;
    is_refused(ATTPOOL_E_OPTIONS, "kernel is 99",
               attpool_bandwidth_rule(context, rule, &K, NULL, &kernel, h));
    is_refused(ATTPOOL_E_BANDWIDTH, "bandwidths is NULL",
               attpool_bandwidth_rule(context, rule, &K, NULL, NULL, NULL));
    is_refused(ATTPOOL_E_KEY, "K is NULL",
               attpool_bandwidth_rule(context, rule, NULL, NULL, NULL, h));
    is_refused(ATTPOOL_E_KEY, "K has 1 dimensions",
               attpool_bandwidth_rule(context, rule, &row, NULL, NULL, h));
    is_refused(ATTPOOL_E_KEY_WEIGHTS, "key_weights has 2",
               attpool_bandwidth_rule(context, rule, &K, &two, NULL, h));
    is_refused(ATTPOOL_E_KEY_WEIGHTS, "key_weights has 2 dimensions",
               attpool_bandwidth_rule(context, rule, &K, &K, NULL, h));
    x[3] = 2; /* the second column is 2, 2, 7, of which 7 has a weight */
    a[2] = 0;
    a[1] = 1;
    is_refused(ATTPOOL_E_KEY, "column 1 of K is constant",
               attpool_bandwidth_rule(context, rule, &K, &w, NULL, h));
    a[0] = -1;
    is_refused(ATTPOOL_E_KEY_WEIGHTS, "key_weights[0] is -1",
               attpool_bandwidth_rule(context, rule, &K, &w, NULL, h));
    x[4] = (double)INFINITY;
    is_refused(ATTPOOL_E_KEY, "K[2][0] is inf",
               attpool_bandwidth_rule(context, rule, &K, NULL, NULL, h));
    memset(a, 0, sizeof a);
    x[4] = 1;
    is_refused(ATTPOOL_E_KEY, "every key has the weight 0",
               attpool_bandwidth_rule(context, rule, &K, &w, NULL, h));
    K = tensor_of(x, ELEMENT_F64, 2, SHAPE(0, 2));
    is_refused(ATTPOOL_E_KEY, "K has no rows",
               attpool_bandwidth_rule(context, rule, &K, NULL, NULL, h));
    ck_assert(h[0] == -1 && h[1] == -1);
    ck_assert_int_eq(attpool_bandwidth_rule(NULL, rule, &K, NULL, NULL, h), ATTPOOL_E_CONTEXT);
}
END_TEST

Suite *suite_rule(void)
{
    Suite *suite = suite_create("rule");
    TCase *tc = tcase_create("rule");
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_add_loop_test(tc, rules_are_those_of_other_packages, 0, COUNT(golden_rules));
    tcase_add_test(tc, kernels_have_canonical_ratios);
    tcase_add_test(tc, a_product_of_kernels_has_a_ratio_a_column);
    tcase_add_test(tc, quartiles_that_agree_leave_the_deviation);
    tcase_add_test(tc, case_weights_have_no_unit);
    tcase_add_test(tc, a_unit_scales_the_bandwidth);
    tcase_add_test(tc, float32_is_read_as_it_is);
    tcase_add_test(tc, errors_name_what_is_wrong);
    suite_add_tcase(suite, tc);
    return suite;
}

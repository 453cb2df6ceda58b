/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/kernels.h"
#include "tests/suites/suites.h"
#include "tests/support/datasets.h"
#include "tests/support/selection.h"

/* Bandwidths by a score: those of other packages, and what the header says. */

static const struct golden_score {
    const char *call; /* package, version and what was computed */
    enum dataset data;
    int64_t d; /* of the first columns; y is the last one */
    attpool_criterion criterion;
    int32_t degree;
    attpool_kernel_name kernel;
    double h[MOST_D], bound, value;
} golden_scores[] = {
#define SCORES
#include "tests/packages/bandwidths.inc"
#undef SCORES
};

/* ---- other packages ---- */

START_TEST(scores_are_those_of_other_packages)
{
    const struct golden_score *g = &golden_scores[_i];
    const bool density = g->criterion == ATTPOOL_CRITERION_LIKELIHOOD;
    int64_t m, last = dataset_columns(g->data) - 1, count = g->d;
    double w[MOST_D], got;
    double *x = dataset_read(g->data, 0, g->d, &m), *y = dataset_read(g->data, last, 1, &m);
    for (int64_t c = 0; c < g->d; c++)
        w[c] = attpool_inverse_bandwidth_f64(g->h[c]);
    DLTensor K = tensor_of(x, ELEMENT_F64, 2, SHAPE(m, g->d)),
             W = tensor_of(w, ELEMENT_F64, 1, &count);
    DLTensor values = tensor_of(y, ELEMENT_F64, 2, SHAPE(m, 1));
    attpool_kernel_options kernel = { .kernel = g->kernel,
                                      .bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE,
                                      .inverse_bandwidths = &W };
    attpool_pool_options options = { .score = ATTPOOL_KERNEL, .kernel = &kernel };
    attpool_selection_options selection = { .criterion = g->criterion, .degree = g->degree };
    succeeds(attpool_bandwidth_score(context, &K, density ? NULL : &values, &options, &selection,
                                     &got, NULL, NULL));
    near(got, g->value, g->bound * fabs(g->value), g->call);
    free(y);
    free(x);
}
END_TEST

/* ---- what the header says ---- */

/* Each prediction is that of attpool_pool, bit for bit, and the sums are those of NUMERICS.md. */
START_TEST(cross_validation_is_pooling_without_the_row)
{
    static double out[M * V], lse[M];
    struct problem p;
    for (int kernel = 0; kernel < KERNEL_COUNT; kernel++)
        for (int variant = 0; variant < 16; variant++) {
            const double factor = variant & 8 ? 1.7 : 1;
            problem_new(&p, variant & 1 ? 2 : 1, variant & 2 ? V : 1);
            p.kernel.kernel = (attpool_kernel_name)kernel;
            p.kernel.form = variant & 1 ? ATTPOOL_PRODUCT : ATTPOOL_RADIAL;
            p.kernel.bandwidth = 0.9;
            p.element = variant & 4 ? ELEMENT_F32 : ELEMENT_F64;
            p.weighted = (variant & 2) != 0;
            const double got = score(&p, factor);
            p.kernel.bandwidth = 0.9 * factor;
            pool(&p, true, out, lse, NULL);
            double want = 0;
            for (int64_t c = 0; c < p.v; c++)
                want += mean_square(&p, out, c) / (p.v > 1 ? variance(&p, c) * (double)p.v : 1);
            if (p.v == 1)
                ck_assert_msg(got == want, "kernel %d, variant %d: %.17g, not %.17g", kernel,
                              variant, got, want);
            near(got, want, 1e-14 * want, "several columns");
            p.selection.criterion = ATTPOOL_CRITERION_BRIER;
            p.kernel.bandwidth = 0.9;
            const double brier = score(&p, factor);
            want = 0;
            for (int64_t c = 0; c < p.v; c++)
                want += mean_square(&p, out, c);
            ck_assert(brier == want);
        }
}
END_TEST

START_TEST(aicc_takes_the_trace_of_the_weights)
{
    static double out[M * V], lse[M], weights[M * M];
    struct problem p;
    for (int kernel = 0; kernel < KERNEL_COUNT; kernel++)
        for (int variant = 0; variant < 8; variant++) {
            problem_new(&p, variant & 1 ? 2 : 1, variant & 2 ? V : 1);
            p.kernel.kernel = (attpool_kernel_name)kernel;
            p.kernel.form = variant & 1 ? ATTPOOL_PRODUCT : ATTPOOL_RADIAL;
            p.kernel.bandwidth = 0.8;
            p.element = variant & 4 ? ELEMENT_F32 : ELEMENT_F64;
            p.weighted = (variant & 2) != 0;
            p.selection.criterion = ATTPOOL_CRITERION_AICC;
            p.a[5] = variant & 2 ? 0x1p+80 : 1; /* a weight with an exponent of its own */
            p.a[6] = variant & 2 ? 0x1p-80 : 1;
            pool(&p, false, out, lse, weights);
            double trace = 0, logs = 0, n = 0;
            for (int64_t i = 0; i < M; i++) {
                trace += weight(&p, i) > 0 ? weights[i * M + i] : 0;
                n += weight(&p, i) > 0;
            }
            for (int64_t c = 0; c < p.v; c++)
                logs += log(mean_square(&p, out, c)) / (double)p.v;
            const double want = logs + (1 + trace / n) / (1 - (trace + 2) / n);
            near(score(&p, 1), want, (variant & 4 ? 1e-5 : 1e-12) * fabs(want),
                 attpool_kernel_to_name(p.kernel.kernel));
        }
}
END_TEST

/* Of lines: the predictions of attpool_regression, and the trace of its equivalent weights. */
START_TEST(lines_are_those_of_the_regression)
{
    static double out[M * V], weights[M * M];
    static float out_f[M * V], weights_f[M * M];
    struct problem p;
    for (int variant = 0; variant < 16; variant++) {
        const bool aicc = variant & 8, single = variant & 4;
        problem_new(&p, variant & 1 ? 2 : 1, variant & 2 ? V : 1);
        p.kernel.kernel = variant & 2 ? ATTPOOL_TRICUBE : ATTPOOL_LOGISTIC;
        p.kernel.bandwidth = 1.2;
        p.element = single ? ELEMENT_F32 : ELEMENT_F64;
        p.weighted = (variant & 2) != 0;
        p.selection.degree = 1;
        p.selection.criterion = aicc ? ATTPOOL_CRITERION_AICC : ATTPOOL_CRITERION_BRIER;
        const double got = score(&p, 1);
        DLTensor O = tensor_of(single ? (void *)out_f : out, p.element, 2, p.shape_v);
        DLTensor W = tensor_of(single ? (void *)weights_f : weights, p.element, 2, SHAPE(M, M));
        const attpool_regression_options lines = { .degree = 1, .pool = &p.options };
        p.masks.leave_one_out = !aicc;
        p.options.weights = aicc ? &W : NULL;
        succeeds(attpool_regression(context, &p.K, &p.K, &p.values, &lines, &O));
        double sum = 0, logs = 0, trace = 0, n = 0;
        for (int64_t i = 0; i < M * p.v; i++)
            out[i] = tensor_get(&O, i);
        for (int64_t i = 0; i < M && aicc; i++) {
            trace += weight(&p, i) > 0 ? tensor_get(&W, i * M + i) : 0;
            n += weight(&p, i) > 0;
        }
        for (int64_t c = 0; c < p.v; c++) {
            sum += mean_square(&p, out, c);
            logs += log(mean_square(&p, out, c)) / (double)p.v;
        }
        if (!aicc)
            ck_assert(got == sum);
        else
            near(got, logs + (1 + trace / n) / (1 - (trace + 2) / n), single ? 1e-4 : 1e-11,
                 "AICc");
    }
}
END_TEST

/* A bandwidth at which nothing is left for errors, and one for too few rows. */
START_TEST(aicc_is_infinite_where_it_has_no_meaning)
{
    struct problem p;
    problem_new(&p, 1, 1);
    p.selection.criterion = ATTPOOL_CRITERION_AICC;
    p.kernel.kernel = ATTPOOL_BOXCAR;
    ck_assert(isfinite(score(&p, 1)));
    ck_assert(isinf(score(&p, 1e-9)) > 0); /* each row predicts itself: RSS = 0, tr = n */
    for (int64_t i = 0; i < M; i++) { /* pairs that predict themselves with half of the trace */
        p.x[i] = (double)(i / 2);
        p.y[i] = (double)(i / 2 % 3);
    }
    ck_assert(isinf(score(&p, 1)) > 0);
    problem_new(&p, 1, 1);
    p.selection.criterion = ATTPOOL_CRITERION_AICC;
    p.m = 3;
    ck_assert(isinf(score(&p, 0.5)) > 0); /* tr + 2 > n */
    p.kernel.kernel = ATTPOOL_CONSTANT;   /* tr = 1 = n - 2 */
    ck_assert(isinf(score(&p, 1)) > 0);
    p.m = 4;
    ck_assert(isfinite(score(&p, 1)));
}
END_TEST

/* That of attpool_density, by the sum of NUMERICS.md; with bandwidths of the keys too. */
START_TEST(likelihood_is_that_of_the_density)
{
    struct problem p;
    static double logs[M], widths[M];
    static float logs_f[M];
    for (int variant = 0; variant < 32; variant++) {
        double sum = 0, total = 0;
        problem_new(&p, variant & 1 ? 3 : 1, 1);
        p.kernel.kernel = variant & 8 ? ATTPOOL_TRICUBE : ATTPOOL_LOGISTIC;
        p.kernel.bandwidth = 2;
        p.weighted = (variant & 2) != 0;
        p.element = variant & 4 ? ELEMENT_F32 : ELEMENT_F64;
        p.selection.criterion = ATTPOOL_CRITERION_LIKELIHOOD;
        for (int64_t c = 0; c < p.d && (variant & 1); c++)
            p.w[c] = 0.5 / (double)(c + 1);
        DLTensor w = tensor_of(widths, ELEMENT_F64, 1, SHAPE(M));
        if ((variant & 21) == 16) {
            for (int i = 0; i < M; i++)
                widths[i] = 0.4 + 0.01 * i;
            p.kernel = (attpool_kernel_options){ .kernel = ATTPOOL_GAUSSIAN,
                                                 .bandwidth_per = ATTPOOL_BANDWIDTH_KEY,
                                                 .inverse_bandwidths = &w };
        }
        const double got = score(&p, 1);
        DLTensor L = tensor_of(variant & 4 ? (void *)logs_f : logs, p.element, 1, SHAPE(M));
        p.masks.leave_one_out = 1;
        succeeds(attpool_density(context, &p.K, &p.K, &p.options, NULL, &L));
        for (int i = 0; i < M; i++) {
            total += weight(&p, i);
            if (weight(&p, i) > 0)
                sum = fma(weight(&p, i), tensor_get(&L, i), sum);
        }
        ck_assert(got == -(sum / total));
    }
}
END_TEST

START_TEST(rows_without_a_prediction_are_counted)
{
    struct problem p;
    double scores[3];
    int64_t without[3];
    const double factors[] = { 1e-6, 1, 100 };
    for (int criterion = ATTPOOL_CRITERION_CV; criterion <= ATTPOOL_CRITERION_BRIER; criterion++) {
        if (criterion == ATTPOOL_CRITERION_AICC)
            continue;
        problem_new(&p, 1, 1);
        for (int64_t i = 0; i < M; i++)
            p.x[i] = (double)i;
        p.x[M - 1] = M + 1; /* two away from its neighbour, which has weight 0 in between */
        p.a[3] = 0;
        p.a[10] = p.a[17] = p.a[24] = p.a[31] = p.a[38] = 1;
        p.weighted = true;
        p.kernel.kernel = ATTPOOL_TRIANGULAR;
        p.kernel.bandwidth = 1.5;
        p.selection.criterion = (attpool_criterion)criterion;
        succeeds(curve(&p, 3, factors, scores, without));
        ck_assert(isinf(scores[0]) > 0 && without[0] == M - 1);
        ck_assert(isinf(scores[1]) > 0 && without[1] == 1);
        ck_assert(isfinite(scores[2]) && without[2] == 0);
    }
}
END_TEST

START_TEST(constant_columns_do_not_count)
{
    struct problem p;
    double scores[2];
    problem_new(&p, 1, 2);
    for (int64_t i = 0; i < M; i++)
        p.y[2 * i + 1] = 0.1;
    const double two = score(&p, 1);
    p.v = 1;
    for (int64_t i = 0; i < M; i++)
        p.y[i] = p.y[2 * i];
    problem_set(&p);
    near(two, score(&p, 1) / variance(&p, 0), 1e-14 * two, "the column that varies");
    for (int64_t i = 0; i < M; i++)
        p.y[i] = 0.1;
    ck_assert_int_eq(curve(&p, 1, (double[]){ 1 }, scores, NULL), ATTPOOL_E_VALUE);
    ck_assert_str_eq(attpool_message(context), "V is constant: every bandwidth predicts it");
}
END_TEST

START_TEST(values_that_cannot_be_squared_are_refused)
{
    struct problem p;
    double scores[1];
    problem_new(&p, 1, 1);
    for (int64_t i = 0; i < M; i++)
        p.y[i] *= 1e-300;
    ck_assert_int_eq(curve(&p, 1, (double[]){ 1 }, scores, NULL), ATTPOOL_E_VALUE);
    ck_assert_ptr_nonnull(strstr(attpool_message(context), "too small to be squared"));
    for (int64_t i = 0; i < M; i++)
        p.y[i] = p.y[i] * 1e300 * 1e200;
    ck_assert_int_eq(curve(&p, 1, (double[]){ 1 }, scores, NULL), ATTPOOL_E_VALUE);
    ck_assert_ptr_nonnull(strstr(attpool_message(context), "too large to be squared"));
}
END_TEST

/* The rows' own weights, as those of adaptive bandwidths are. */
START_TEST(row_weights_are_apart_from_key_weights)
{
    struct problem p;
    double a[M], out[M], lse[M], sum = 0, squares = 0;
    problem_new(&p, 1, 1);
    p.weighted = true;
    for (int64_t i = 0; i < M; i++)
        a[i] = 1 + (double)(i % 3);
    DLTensor rows = tensor_of(a, ELEMENT_F64, 1, SHAPE(M));
    p.selection.row_weights = &rows;
    const double got = score(&p, 1);
    pool(&p, true, out, lse, NULL);
    for (int64_t i = 0; i < M; i++) {
        sum += a[i];
        squares = fma(a[i], pow(p.y[i] - out[i], 2), squares);
    }
    near(got, squares / sum, 1e-14 * got, "the score");
}
END_TEST

/* A row whose key has no weight may be far from all others: its own weight is 0, not 0 / 0. */
START_TEST(a_row_without_key_weight_adds_nothing_to_the_trace)
{
    struct problem p;
    double a[M];
    problem_new(&p, 1, 1);
    p.weighted = true;
    p.selection.criterion = ATTPOOL_CRITERION_AICC;
    for (int64_t i = 0; i < M; i++)
        a[i] = p.a[i] = 1;
    p.a[3] = 0;
    DLTensor rows = tensor_of(a, ELEMENT_F64, 1, SHAPE(M));
    p.selection.row_weights = &rows;
    p.x[3] = 1.1; /* the others are within 1 of 0 */
    const double near_by = score(&p, 1);
    p.x[3] = 1000;
    const double far = score(&p, 1);
    ck_assert(isfinite(near_by) && isfinite(far));
    ck_assert(fabs(near_by - far) < 1);
}
END_TEST

START_TEST(no_class_has_no_error)
{
    struct problem p;
    int64_t without = -1;
    double result = -1;
    const double one = 1;
    problem_new(&p, 1, 0);
    p.selection.criterion = ATTPOOL_CRITERION_BRIER;
    succeeds(curve(&p, 1, &one, &result, &without));
    ck_assert(result == 0 && without == 0);
}
END_TEST

/* The third bandwidth is out of range. */
START_TEST(a_curve_that_fails_is_not_written)
{
    struct problem p;
    for (int degree = 0; degree < 2; degree++) {
        const double factors[] = { 1, 2, 1e300 };
        double scores[3] = { 7, 7, 7 };
        int64_t without[3] = { 7, 7, 7 };
        problem_new(&p, 1, 1);
        p.kernel.bandwidth = 1e10;
        p.selection.degree = degree;
        ck_assert_int_eq(curve(&p, 3, factors, scores, without), ATTPOOL_E_BANDWIDTH);
        for (int k = 0; k < 3; k++)
            ck_assert(scores[k] == 7 && without[k] == 7);
    }
}
END_TEST

Suite *suite_curve(void)
{
    Suite *suite = suite_create("curve");
    TCase *tc = tcase_create("curve");
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_add_loop_test(tc, scores_are_those_of_other_packages, 0, COUNT(golden_scores));
    tcase_add_test(tc, cross_validation_is_pooling_without_the_row);
    tcase_add_test(tc, aicc_takes_the_trace_of_the_weights);
    tcase_add_test(tc, lines_are_those_of_the_regression);
    tcase_add_test(tc, aicc_is_infinite_where_it_has_no_meaning);
    tcase_add_test(tc, likelihood_is_that_of_the_density);
    tcase_add_test(tc, rows_without_a_prediction_are_counted);
    tcase_add_test(tc, constant_columns_do_not_count);
    tcase_add_test(tc, values_that_cannot_be_squared_are_refused);
    tcase_add_test(tc, row_weights_are_apart_from_key_weights);
    tcase_add_test(tc, a_row_without_key_weight_adds_nothing_to_the_trace);
    tcase_add_test(tc, no_class_has_no_error);
    tcase_add_test(tc, a_curve_that_fails_is_not_written);
    suite_add_tcase(suite, tc);
    return suite;
}

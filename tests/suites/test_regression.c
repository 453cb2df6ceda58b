/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/kernels.h"
#include "core/context.h"
#include "tests/support/problem.h"
#include "tests/suites/suites.h"

#include <math.h>
#include <string.h>

/* What is known of a regression beforehand. */

/* ---- Properties ----------------------------------------------------------------------------- */

START_TEST(a_line_is_reproduced)
{
    for (int k = 0; k < KERNEL_COUNT; k++) {
        struct problem x;
        if (k == ATTPOOL_SILVERMAN)
            continue;
        problem_new(&x, 1, 0);
        x.kernel.kernel = (attpool_kernel_name)k;
        x.kernel.bandwidth = k == ATTPOOL_CONSTANT ? 0 : 0.9;
        ck_assert_int_eq(problem_run(&x), ATTPOOL_OK);
        ck_assert_int_eq(x.singular, 0);
        for (int i = 0; i < N * V; i++) {
            const int c = i % V;
            ck_assert_double_eq_tol(x.o[i], problem_plane(x.q + i / V * D, c), 2e-13);
            ck_assert_double_eq_tol(x.slope[i * D], 2, 2e-12);
            ck_assert_double_eq_tol(x.slope[i * D + 1], -(c + 3), 2e-12);
        }
    }
}
END_TEST

START_TEST(a_constant_is_kept)
{
    for (int degree = 0; degree < 2; degree++) {
        struct problem x;
        problem_new(&x, degree, 0);
        for (int i = 0; i < M * V; i++)
            x.v[i] = 3;
        ck_assert_int_eq(problem_run(&x), ATTPOOL_OK);
        for (int i = 0; i < N * V; i++) {
            ck_assert_double_eq_tol(x.o[i], 3, 1e-13);
            ck_assert_double_eq_tol(x.slope[i * D], 0, 1e-12);
        }
    }
}
END_TEST

/* The fit at key j from all the others, by a call that does not have it. */
static void refit(const struct problem *x, int j, double *fit)
{
    struct problem y = *x;
    double k[(M - 1) * D], v[(M - 1) * V];
    int64_t shape[3][2];
    DLTensor K = problem_matrix(k, shape[0], M - 1, D),
             value = problem_matrix(v, shape[1], M - 1, V);
    DLTensor Q = problem_matrix(y.k + j * D, shape[2], 1, D);
    y.outputs[0] = 1;
    y.O = problem_matrix(fit, y.outputs, 1, V);
    memcpy(k, x->k, (size_t)j * D * sizeof *k);
    memcpy(k + j * D, x->k + (j + 1) * D, (size_t)(M - 1 - j) * D * sizeof *k);
    memcpy(v, x->v, (size_t)j * V * sizeof *v);
    memcpy(v + j * V, x->v + (j + 1) * V, (size_t)(M - 1 - j) * V * sizeof *v);
    y.pool.masks = NULL;
    y.pool.kernel = &y.kernel;
    y.options.pool = &y.pool;
    y.options.slope = NULL;
    ck_assert_int_eq(attpool_regression(context, &Q, &K, &value, &y.options, &y.O), ATTPOOL_OK);
}

START_TEST(a_residual_is_that_of_a_refit)
{
    for (int degree = 0; degree < 2; degree++) {
        struct problem x;
        double fit[V];
        problem_new(&x, degree, 0.4);
        x.kernel.kernel = ATTPOOL_EPANECHNIKOV;
        x.k[0] = 100; /* nobody is near it */
        ck_assert_int_eq(problem_residuals(&x), ATTPOOL_OK);
        ck_assert(isnan(x.e[0]) && isnan(x.e[1]));
        for (int j = 1; j < M; j += 7) {
            refit(&x, j, fit);
            for (int c = 0; c < V; c++)
                ck_assert_double_eq_tol(x.e[j * V + c], x.v[j * V + c] - fit[c], 1e-11);
        }
    }
}
END_TEST

/* Also those of the first keys alone. */
START_TEST(residuals_have_the_bits_of_a_regression)
{
    for (int degree = 0; degree < 2; degree++) {
        struct problem x;
        double fit[M * V], all[M * V];
        DLTensor F;
        problem_new(&x, degree, 0.4);
        F = problem_matrix(fit, x.values, M, V);
        x.masks.leave_one_out = 1;
        x.options.slope = NULL;
        ck_assert_int_eq(attpool_regression(context, &x.K, &x.K, &x.value, &x.options, &F),
                         ATTPOOL_OK);
        x.masks.leave_one_out = 0;
        ck_assert_int_eq(problem_residuals(&x), ATTPOOL_OK);
        for (int i = 0; i < M * V; i++)
            fit[i] = x.v[i] - fit[i];
        ck_assert_mem_eq(fit, x.e, sizeof fit);
        memcpy(all, x.e, sizeof all);
        memset(x.e, 0, sizeof x.e);
        x.E = problem_matrix(x.e, x.outputs, M / 3, V);
        ck_assert_int_eq(problem_residuals(&x), ATTPOOL_OK);
        ck_assert_mem_eq(all, x.e, sizeof *all * (M / 3) * V);
        ck_assert_double_eq(x.e[M / 3 * V], 0);
    }
}
END_TEST

/* The gradient of the local constant fit, against differences of fits. */
START_TEST(the_slope_is_a_derivative)
{
    static const attpool_kernel_name smooth[] = { ATTPOOL_GAUSSIAN, ATTPOOL_BIWEIGHT,
                                                  ATTPOOL_LOGISTIC, ATTPOOL_CAUCHY };
    const double step = 1e-5;
    for (size_t k = 0; k < sizeof smooth / sizeof smooth[0]; k++)
        for (int a = 0; a < D; a++) {
            struct problem x, low, high;
            problem_new(&x, 0, 0.4);
            x.kernel.kernel = smooth[k];
            problem_new(&low, 0, 0.4);
            problem_new(&high, 0, 0.4);
            low.kernel = high.kernel = x.kernel;
            for (int i = 0; i < N; i++) {
                low.q[i * D + a] -= step;
                high.q[i * D + a] += step;
            }
            ck_assert_int_eq(problem_run(&x), ATTPOOL_OK);
            ck_assert_int_eq(problem_run(&low), ATTPOOL_OK);
            ck_assert_int_eq(problem_run(&high), ATTPOOL_OK);
            for (int i = 0; i < N * V; i++)
                ck_assert_double_eq_tol(x.slope[i * D + a], (high.o[i] - low.o[i]) / (2 * step),
                                        1e-7);
        }
}
END_TEST

/* E from t, from W on request; what is said of E. */
START_TEST(equivalent_weights_are_those_of_t)
{
    struct problem x, plain;
    problem_new(&x, 1, 0.4);
    problem_new(&plain, 0, 0.4);
    x.options.equivalent = &x.T;
    x.pool.weights = &x.W;
    x.pool.n_eff = &x.count;
    plain.pool.weights = &plain.W;
    ck_assert_int_eq(problem_run(&x), ATTPOOL_OK);
    ck_assert_int_eq(problem_run(&plain), ATTPOOL_OK);
    for (int i = 0; i < N; i++) {
        double sum = 0, squares = 0, fit = 0;
        for (int j = 0; j < M; j++) {
            const double *t = x.t + i * (1 + D), w = x.w[i * M + j];
            double tilt = t[0];
            for (int a = 0; a < D; a++)
                tilt += t[1 + a] * (x.k[j * D + a] - x.q[i * D + a]);
            ck_assert_double_eq_tol(w, plain.w[i * M + j] * tilt, 1e-15);
            sum += w;
            squares += w * w;
            fit += w * x.v[j * V];
        }
        ck_assert_double_eq_tol(sum, 1, 1e-13);
        ck_assert_double_eq_tol(fit, x.o[i * V], 1e-13);
        ck_assert_double_eq_tol(x.n_eff[i], 1 / squares, 1e-11);
    }
}
END_TEST

/* Residuals in units so small or large that their squares are none. */
START_TEST(standard_errors_have_the_units_of_residuals)
{
    static const double units[] = { 0x1p-900, 0x1p900 };
    struct problem x;
    double want[N * V], plain[M * V];
    problem_new(&x, 1, 0.4);
    ck_assert_int_eq(problem_residuals(&x), ATTPOOL_OK);
    memcpy(plain, x.e, sizeof plain);
    x.options.residuals = &x.E;
    x.options.standard_errors = &x.SE;
    ck_assert_int_eq(problem_run(&x), ATTPOOL_OK);
    memcpy(want, x.se, sizeof want);
    for (int u = 0; u < 2; u++) {
        for (int i = 0; i < M * V; i++)
            x.e[i] = plain[i] * units[u];
        ck_assert_int_eq(problem_run(&x), ATTPOOL_OK);
        for (int i = 0; i < N * V; i++)
            ck_assert_double_eq(x.se[i], want[i] * units[u]);
    }
}
END_TEST

/* Each column in units of its own: in float32 the squares of the smaller one would be 0. */
START_TEST(standard_errors_are_those_of_their_column)
{
    struct problem x;
    double want[N * V];
    problem_new(&x, 1, 0.4);
    ck_assert_int_eq(problem_residuals(&x), ATTPOOL_OK);
    x.options.residuals = &x.E;
    x.options.standard_errors = &x.SE;
    ck_assert_int_eq(problem_run(&x), ATTPOOL_OK);
    memcpy(want, x.se, sizeof want);
    for (int i = 0; i < M; i++)
        x.e[i * V] *= 0x1p600;
    ck_assert_int_eq(problem_run(&x), ATTPOOL_OK);
    for (int i = 0; i < N * V; i++)
        ck_assert_double_eq(x.se[i], i % V == 0 ? want[i] * 0x1p600 : want[i]);
}
END_TEST

/* What a constant kernel is given for a bandwidth is no unit of x. */
START_TEST(a_constant_kernel_has_lines_of_any_size)
{
    static const double units[] = { 0x1p-600, 0x1p600 };
    struct problem x;
    double want[N * V];
    problem_new(&x, 1, 0.4);
    x.kernel.kernel = ATTPOOL_CONSTANT;
    ck_assert_int_eq(problem_run(&x), ATTPOOL_OK);
    memcpy(want, x.o, sizeof want);
    for (int u = 0; u < 2; u++) {
        problem_new(&x, 1, 0.4);
        x.kernel.kernel = ATTPOOL_CONSTANT;
        for (int i = 0; i < M * D; i++)
            x.k[i] *= units[u];
        for (int i = 0; i < N * D; i++)
            x.q[i] *= units[u];
        ck_assert_int_eq(problem_run(&x), ATTPOOL_OK);
        ck_assert_int_eq(x.singular, 0);
        ck_assert(memcmp(x.o, want, sizeof want) == 0);
    }
}
END_TEST

/* Bandwidths of keys or queries: keys that take no part leave the lines as they are. */
START_TEST(far_keys_without_weight_change_no_line)
{
    static const double far[] = { 0x1p900, (double)NAN };
    for (int per = 0; per < 2; per++)
        for (int f = 0; f < 4; f++) {
            struct problem x;
            double inverse[M], weights[M], want[N * V];
            problem_new(&x, 1, 0.4);
            const int64_t count = per == 0 ? M : N;
            DLTensor w = tensor_of(inverse, ELEMENT_F64, 1, SHAPE(count));
            DLTensor a = tensor_of(weights, ELEMENT_F64, 1, SHAPE(M));
            for (int j = 0; j < M; j++) {
                inverse[j] = 2;
                weights[j] = j == 0 && f < 2 ? 0 : 1;
            }
            x.kernel.bandwidth = 0;
            x.kernel.bandwidth_per = per == 0 ? ATTPOOL_BANDWIDTH_KEY : ATTPOOL_BANDWIDTH_QUERY;
            x.kernel.inverse_bandwidths = &w;
            x.pool.key_weights = &a;
            x.masks.window = f >= 2; /* from the next key on, so key 0 is out of sight of all */
            x.masks.offset = 1;
            x.masks.right = M;
            ck_assert_int_eq(problem_run(&x), ATTPOOL_OK);
            ck_assert_int_eq(x.singular, 0);
            memcpy(want, x.o, sizeof want);
            x.k[0] = x.k[1] = far[f % 2];
            ck_assert_int_eq(problem_run(&x), ATTPOOL_OK);
            ck_assert_int_eq(x.singular, 0);
            ck_assert(memcmp(x.o, want, sizeof want) == 0);
        }
}
END_TEST

/* A narrow bandwidth of one query leaves the lines of the others as they are. */
START_TEST(bandwidths_of_queries_are_their_own)
{
    struct problem x;
    double inverse[N], want[N * V];
    DLTensor w = tensor_of(inverse, ELEMENT_F64, 1, SHAPE(N));
    problem_new(&x, 1, 0.4);
    for (int i = 0; i < N; i++)
        inverse[i] = 2;
    x.kernel.bandwidth = 0;
    x.kernel.bandwidth_per = ATTPOOL_BANDWIDTH_QUERY;
    x.kernel.inverse_bandwidths = &w;
    ck_assert_int_eq(problem_run(&x), ATTPOOL_OK);
    memcpy(want, x.o, sizeof want);
    inverse[0] = 0x1p900;
    ck_assert_int_eq(problem_run(&x), ATTPOOL_OK);
    ck_assert(memcmp(x.o + V, want + V, (N - 1) * V * sizeof *want) == 0);
}
END_TEST

START_TEST(lines_without_digits_are_counted)
{
    static const double between[] = { 0.1, 1e-3, 3e-5, 1e-6, 1e-9 };
    struct problem x;
    problem_new(&x, 1, 0.4);
    x.kernel.kernel = ATTPOOL_BOXCAR;
    x.kernel.bandwidth = 0.25;
    x.q[0] = x.q[1] = 40;
    for (int i = 0; i < 6; i++) /* three keys, as good as one for the query beside them */
        x.k[i] = i % 2 == 0 ? 40.1 : 40;
    int64_t imprecise = 0, singular = 0;
    for (size_t i = 0; i < sizeof between / sizeof between[0]; i++) {
        x.k[2] = 40.1 + between[i];
        x.k[5] = 40 + between[i];
        ck_assert_int_eq(problem_run(&x), ATTPOOL_OK);
        imprecise = i == 0 ? x.imprecise : imprecise;
        singular = i == 0 ? x.singular : singular;
        /* the least pivot is some 17 between^2, and the bounds are 7e-8 and 5e-15 */
        ck_assert_int_eq(x.imprecise - imprecise, i == 2 || i == 3);
        ck_assert_int_eq(x.singular - singular, i == 4);
    }
}
END_TEST

START_TEST(what_is_missing_or_singular_is_counted)
{
    struct problem x;
    problem_new(&x, 1, 0.4);
    x.kernel.kernel = ATTPOOL_BOXCAR;
    x.kernel.bandwidth = 0.25;
    x.k[0] = x.q[0] = 40; /* alone with one key */
    x.k[1] = x.q[1] = 40;
    ck_assert_int_eq(problem_residuals(&x), ATTPOOL_OK);
    x.options.residuals = &x.E;
    x.options.standard_errors = &x.SE;
    ck_assert_int_eq(problem_run(&x), ATTPOOL_OK);
    ck_assert_double_eq(x.o[0], x.v[0]);
    ck_assert_double_eq(x.slope[0], 0);
    ck_assert(isnan(x.se[0]) && !isnan(x.o[0]));
    ck_assert_int_ge(x.singular, 1);
    ck_assert_int_ge(x.missing, 1);
    int64_t missing = 0;
    for (int i = 0; i < N; i++)
        missing += isnan(x.se[i * V]) && !isnan(x.o[i * V]);
    ck_assert_int_eq(x.missing, missing);
}
END_TEST

/* ---- Progress ------------------------------------------------------------------------------- */

struct told {
    int calls, most, full;
    double last;
};

static int note(void *arg, double fraction)
{
    struct told *t = arg;
    ck_assert(fraction >= t->last && fraction <= 1);
    t->last = fraction;
    t->full += fraction > 0.97;
    return ++t->calls > t->most;
}

START_TEST(progress_is_of_all_steps)
{
    enum { MANY = 3000 };
    static double k[MANY], v[MANY], o[MANY], e[MANY], se[MANY];
    struct told told = { .most = 1000000 };
    attpool_options options = {
        .backend = "scalar", .threads = 1, .progress = note, .progress_data = &told
    };
    attpool_context *slow;
    int64_t shape[5][2];
    DLTensor K = problem_matrix(k, shape[0], MANY, 1), value = problem_matrix(v, shape[1], MANY, 1);
    DLTensor O = problem_matrix(o, shape[2], MANY, 1), E = problem_matrix(e, shape[3], MANY, 1);
    DLTensor SE = problem_matrix(se, shape[4], MANY, 1);
    attpool_regression_options o1 = { .size = sizeof o1, .degree = 1 };
    for (int i = 0; i < MANY; i++)
        k[i] = v[i] = random_at(5, (uint64_t)i);
    ck_assert_int_eq(attpool_open(&options, &slow), ATTPOOL_OK);
    o1.residuals = &E;
    o1.standard_errors = &SE;
    slow->engine.progress_interval = 0;
    ck_assert_int_eq(attpool_regression(slow, &K, &K, &value, &o1, &O), ATTPOOL_OK);
    ck_assert_double_eq(told.last, 1);
    ck_assert_int_le(8 * told.full, told.calls);
    told = (struct told){ .most = 0 };
    ck_assert_int_eq(attpool_regression(slow, &K, &K, &value, &o1, &O), ATTPOOL_E_CANCELLED);
    attpool_close(slow);
}
END_TEST

Suite *suite_regression(void)
{
    Suite *suite = suite_create("regression");
    TCase *tc = tcase_create("regression");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_add_test(tc, a_line_is_reproduced);
    tcase_add_test(tc, a_constant_is_kept);
    tcase_add_test(tc, a_residual_is_that_of_a_refit);
    tcase_add_test(tc, residuals_have_the_bits_of_a_regression);
    tcase_add_test(tc, the_slope_is_a_derivative);
    tcase_add_test(tc, equivalent_weights_are_those_of_t);
    tcase_add_test(tc, standard_errors_have_the_units_of_residuals);
    tcase_add_test(tc, standard_errors_are_those_of_their_column);
    tcase_add_test(tc, a_constant_kernel_has_lines_of_any_size);
    tcase_add_test(tc, far_keys_without_weight_change_no_line);
    tcase_add_test(tc, bandwidths_of_queries_are_their_own);
    tcase_add_test(tc, what_is_missing_or_singular_is_counted);
    tcase_add_test(tc, lines_without_digits_are_counted);
    tcase_add_test(tc, progress_is_of_all_steps);
    suite_add_tcase(suite, tc);
    return suite;
}

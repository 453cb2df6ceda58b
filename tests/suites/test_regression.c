/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/kernels.h"
#include "tests/support/failing.h"
#include "tests/suites/suites.h"

#include <math.h>
#include <string.h>

/* What can be wrong with a regression, and what is known of one beforehand. */

enum { N = 12, M = 90, D = 2, V = 2 };

struct problem {
    double q[N * D], k[M * D], v[M * V], o[N * V], slope[N * V * D], e[M * V], se[N * V];
    double t[N * (1 + D)], w[N * M], n_eff[N];
    DLTensor Q, K, value, O, S, E, SE, T, W, count;
    int64_t queries[2], keys[2], values[2], outputs[2], slopes[2], ts[2], ws[2], rows[1];
    attpool_kernel_options kernel;
    attpool_masks masks;
    attpool_pool_options pool;
    attpool_regression_options options;
    int64_t singular, missing;
};

static double line_at(const double *x, int c)
{
    return c + 1 + 2 * x[0] - (c + 3) * x[1];
}

static DLTensor matrix(double *x, int64_t *shape, int64_t rows, int64_t cols)
{
    shape[0] = rows;
    shape[1] = cols;
    return tensor_of(x, ELEMENT_F64, 2, shape);
}

/* Values on a line, or with noise. */
static void problem_new(struct problem *x, int degree, double noise)
{
    memset(x, 0, sizeof *x);
    for (int i = 0; i < N * D; i++)
        x->q[i] = random_at(1, (uint64_t)i);
    for (int i = 0; i < M * D; i++)
        x->k[i] = random_at(2, (uint64_t)i);
    for (int i = 0; i < M * V; i++)
        x->v[i] = line_at(x->k + i / V * D, i % V) + noise * random_at(3, (uint64_t)i);
    x->Q = matrix(x->q, x->queries, N, D);
    x->K = matrix(x->k, x->keys, M, D);
    x->value = matrix(x->v, x->values, M, V);
    x->E = matrix(x->e, x->values, M, V);
    x->O = matrix(x->o, x->outputs, N, V);
    x->SE = matrix(x->se, x->outputs, N, V);
    x->S = matrix(x->slope, x->slopes, N, V * D);
    x->T = matrix(x->t, x->ts, N, 1 + D);
    x->W = matrix(x->w, x->ws, N, M);
    x->rows[0] = N;
    x->count = tensor_of(x->n_eff, ELEMENT_F64, 1, x->rows);
    x->kernel = (attpool_kernel_options){ .size = sizeof x->kernel, .bandwidth = 0.7 };
    x->masks = (attpool_masks){ .size = sizeof x->masks };
    x->pool = (attpool_pool_options){
        .size = sizeof x->pool, .score = ATTPOOL_KERNEL, .kernel = &x->kernel, .masks = &x->masks
    };
    x->options = (attpool_regression_options){ .size = sizeof x->options,
                                               .degree = degree,
                                               .pool = &x->pool,
                                               .slope = &x->S,
                                               .singular = &x->singular,
                                               .missing = &x->missing };
}

static attpool_status run(struct problem *x)
{
    return attpool_regression(context, &x->Q, &x->K, &x->value, &x->options, &x->O);
}

static attpool_status residuals(struct problem *x)
{
    attpool_regression_options o = { .size = sizeof o, .degree = x->options.degree };
    o.pool = &x->pool;
    return attpool_residuals(context, &x->K, &x->value, &o, &x->E);
}

/* ---- Failures ------------------------------------------------------------------------------- */

START_TEST(each_argument_is_named)
{
    struct problem x;
    DLTensor other;
    int64_t shape[2];
    double room[N * (M + 1)];
    problem_new(&x, 1, 0.1);
    other = matrix(room, shape, N, V * D + 1);
    check(run(&x), ATTPOOL_OK, "", "nothing");
    x.options.degree = 2;
    check(run(&x), ATTPOOL_E_OPTIONS, "degree", "a parabola");
    x.options.degree = 1;
    x.pool.kernel = NULL;
    x.pool.score = ATTPOOL_DOT;
    check(run(&x), ATTPOOL_E_OPTIONS, "ATTPOOL_KERNEL", "a line by dot products");
    problem_new(&x, 1, 0.1);
    x.options.slope = &other;
    check(run(&x), ATTPOOL_E_SLOPE, "slope has 5 columns", "columns of the slope");
    x.options.slope = &x.O;
    check(run(&x), ATTPOOL_E_SLOPE, "slope", "the slope in O");
    x.options.slope = &x.S;
    check(attpool_regression(context, &x.Q, &x.K, &x.value, &x.options, NULL), ATTPOOL_E_SLOPE,
          "O is NULL", "a slope of nothing");
    x.options.equivalent = &other;
    check(run(&x), ATTPOOL_E_EQUIVALENT, "equivalent has 5 columns, 1 + d is 3", "columns of t");
    problem_new(&x, 0, 0.1);
    x.options.standard_errors = &x.SE;
    check(run(&x), ATTPOOL_E_RESIDUALS, "residuals", "no residuals");
    other = matrix(room, shape, M + 1, V);
    x.options.residuals = &other;
    check(run(&x), ATTPOOL_E_RESIDUALS, "residuals has 91 rows, K has 90", "too many residuals");
    other = matrix(room, shape, M, V + 1);
    check(run(&x), ATTPOOL_E_STANDARD_ERRORS, "standard_errors has 2 columns, residuals has 3",
          "columns of standard errors");
    problem_new(&x, 0, 0.1);
    x.pool.dropout = 0.5;
    check(run(&x), ATTPOOL_E_OPTIONS, "dropout", "dropout");
    problem_new(&x, 0, 0.1);
    x.pool.max = &x.count;
    check(run(&x), ATTPOOL_E_MAX, "max", "an output of pooling");
    x.pool.max = NULL;
    x.options.slope = NULL;
    check(attpool_regression(context, &x.Q, &x.K, NULL, &x.options, NULL), ATTPOOL_E_OUTPUT,
          "no other output", "nothing asked for");
}
END_TEST

START_TEST(residuals_have_no_other_results)
{
    struct problem x;
    problem_new(&x, 0, 0.1);
    check(attpool_residuals(context, &x.K, &x.value, &x.options, &x.E), ATTPOOL_E_OPTIONS, "slope",
          "a slope");
    x.options.slope = NULL;
    x.pool.n_eff = &x.count;
    check(attpool_residuals(context, &x.K, &x.value, &x.options, &x.E), ATTPOOL_E_OPTIONS, "n_eff",
          "n_eff");
    x.pool.n_eff = NULL;
    check(attpool_residuals(context, &x.K, NULL, &x.options, &x.E), ATTPOOL_E_VALUE, "V is NULL",
          "no values");
    check(attpool_residuals(context, NULL, &x.value, &x.options, &x.E), ATTPOOL_E_KEY, "K",
          "no keys");
    x.values[0] = M + 1;
    check(attpool_residuals(context, &x.K, &x.value, &x.options, &x.E), ATTPOOL_E_OUTPUT,
          "E has 91 rows, K has 90", "more residuals than keys");
}
END_TEST

START_TEST(an_empty_row_can_be_an_error)
{
    for (int degree = 0; degree < 2; degree++) {
        struct problem x;
        problem_new(&x, degree, 0.1);
        x.kernel.kernel = ATTPOOL_EPANECHNIKOV;
        x.pool.empty = ATTPOOL_EMPTY_ERROR;
        check(run(&x), ATTPOOL_OK, "", "no empty row");
        x.q[0] = 100;
        check(run(&x), ATTPOOL_E_EMPTY, "1 rows", "an empty row");
    }
}
END_TEST

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
        ck_assert_int_eq(run(&x), ATTPOOL_OK);
        ck_assert_int_eq(x.singular, 0);
        for (int i = 0; i < N * V; i++) {
            const int c = i % V;
            ck_assert_double_eq_tol(x.o[i], line_at(x.q + i / V * D, c), 2e-13);
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
        ck_assert_int_eq(run(&x), ATTPOOL_OK);
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
    DLTensor K = matrix(k, shape[0], M - 1, D), value = matrix(v, shape[1], M - 1, V);
    DLTensor Q = matrix(y.k + j * D, shape[2], 1, D);
    y.outputs[0] = 1;
    y.O = matrix(fit, y.outputs, 1, V);
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
        ck_assert_int_eq(residuals(&x), ATTPOOL_OK);
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
        F = matrix(fit, x.values, M, V);
        x.masks.leave_one_out = 1;
        x.options.slope = NULL;
        ck_assert_int_eq(attpool_regression(context, &x.K, &x.K, &x.value, &x.options, &F),
                         ATTPOOL_OK);
        x.masks.leave_one_out = 0;
        ck_assert_int_eq(residuals(&x), ATTPOOL_OK);
        for (int i = 0; i < M * V; i++)
            fit[i] = x.v[i] - fit[i];
        ck_assert_mem_eq(fit, x.e, sizeof fit);
        memcpy(all, x.e, sizeof all);
        memset(x.e, 0, sizeof x.e);
        x.E = matrix(x.e, x.outputs, M / 3, V);
        ck_assert_int_eq(residuals(&x), ATTPOOL_OK);
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
            ck_assert_int_eq(run(&x), ATTPOOL_OK);
            ck_assert_int_eq(run(&low), ATTPOOL_OK);
            ck_assert_int_eq(run(&high), ATTPOOL_OK);
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
    ck_assert_int_eq(run(&x), ATTPOOL_OK);
    ck_assert_int_eq(run(&plain), ATTPOOL_OK);
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
    ck_assert_int_eq(residuals(&x), ATTPOOL_OK);
    memcpy(plain, x.e, sizeof plain);
    x.options.residuals = &x.E;
    x.options.standard_errors = &x.SE;
    ck_assert_int_eq(run(&x), ATTPOOL_OK);
    memcpy(want, x.se, sizeof want);
    for (int u = 0; u < 2; u++) {
        for (int i = 0; i < M * V; i++)
            x.e[i] = plain[i] * units[u];
        ck_assert_int_eq(run(&x), ATTPOOL_OK);
        for (int i = 0; i < N * V; i++)
            ck_assert_double_eq(x.se[i], want[i] * units[u]);
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
    ck_assert_int_eq(residuals(&x), ATTPOOL_OK);
    x.options.residuals = &x.E;
    x.options.standard_errors = &x.SE;
    ck_assert_int_eq(run(&x), ATTPOOL_OK);
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
    attpool_options options = { .backend = "scalar", .progress = note, .progress_data = &told };
    attpool_context *slow;
    int64_t shape[5][2];
    DLTensor K = matrix(k, shape[0], MANY, 1), value = matrix(v, shape[1], MANY, 1);
    DLTensor O = matrix(o, shape[2], MANY, 1), E = matrix(e, shape[3], MANY, 1);
    DLTensor SE = matrix(se, shape[4], MANY, 1);
    attpool_regression_options o1 = { .size = sizeof o1, .degree = 1 };
    for (int i = 0; i < MANY; i++)
        k[i] = v[i] = random_at(5, (uint64_t)i);
    ck_assert_int_eq(attpool_open(&options, &slow), ATTPOOL_OK);
    o1.residuals = &E;
    o1.standard_errors = &SE;
    ck_assert_int_eq(attpool_regression(slow, &K, &K, &value, &o1, &O), ATTPOOL_OK);
    ck_assert_int_ge(told.calls, 2);
    ck_assert(told.last > 0.5);
    ck_assert_int_le(4 * told.full, told.calls);
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
    tcase_add_test(tc, each_argument_is_named);
    tcase_add_test(tc, residuals_have_no_other_results);
    tcase_add_test(tc, an_empty_row_can_be_an_error);
    tcase_add_test(tc, a_line_is_reproduced);
    tcase_add_test(tc, a_constant_is_kept);
    tcase_add_test(tc, a_residual_is_that_of_a_refit);
    tcase_add_test(tc, residuals_have_the_bits_of_a_regression);
    tcase_add_test(tc, the_slope_is_a_derivative);
    tcase_add_test(tc, equivalent_weights_are_those_of_t);
    tcase_add_test(tc, standard_errors_have_the_units_of_residuals);
    tcase_add_test(tc, what_is_missing_or_singular_is_counted);
    tcase_add_test(tc, progress_is_of_all_steps);
    suite_add_tcase(suite, tc);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/problem.h"
#include "tests/suites/suites.h"

/* What can be wrong with a regression. */

START_TEST(each_argument_is_named)
{
    struct problem x;
    DLTensor other;
    int64_t shape[2];
    double room[N * (M + 1)];
    problem_new(&x, 1, 0.1);
    other = problem_matrix(room, shape, N, V * D + 1);
    check(problem_run(&x), ATTPOOL_OK, "", "nothing");
    x.options.degree = 2;
    check(problem_run(&x), ATTPOOL_E_OPTIONS, "degree", "a parabola");
    x.options.degree = 1;
    x.pool.kernel = NULL;
    x.pool.score = ATTPOOL_DOT;
    check(problem_run(&x), ATTPOOL_E_OPTIONS, "ATTPOOL_KERNEL", "a line by dot products");
    problem_new(&x, 1, 0.1);
    x.options.slope = &other;
    check(problem_run(&x), ATTPOOL_E_SLOPE, "slope has 5 columns", "columns of the slope");
    x.options.slope = &x.O;
    check(problem_run(&x), ATTPOOL_E_SLOPE, "slope", "the slope in O");
    x.options.slope = &x.S;
    check(attpool_regression(context, &x.Q, &x.K, &x.value, &x.options, NULL), ATTPOOL_E_SLOPE,
          "O is NULL", "a slope of nothing");
    x.options.equivalent = &other;
    check(problem_run(&x), ATTPOOL_E_EQUIVALENT, "equivalent has 5 columns, 1 + d is 3",
          "columns of t");
    problem_new(&x, 0, 0.1);
    x.options.standard_errors = &x.SE;
    check(problem_run(&x), ATTPOOL_E_RESIDUALS, "residuals", "no residuals");
    other = problem_matrix(room, shape, M + 1, V);
    x.options.residuals = &other;
    check(problem_run(&x), ATTPOOL_E_RESIDUALS, "residuals has 91 rows, K has 90",
          "too many residuals");
    other = problem_matrix(room, shape, M, V + 1);
    check(problem_run(&x), ATTPOOL_E_STANDARD_ERRORS,
          "standard_errors has 2 columns, residuals has 3", "columns of standard errors");
    problem_new(&x, 0, 0.1);
    x.pool.dropout = 0.5;
    check(problem_run(&x), ATTPOOL_E_OPTIONS, "dropout", "dropout");
    problem_new(&x, 0, 0.1);
    x.pool.max = &x.count;
    check(problem_run(&x), ATTPOOL_E_MAX, "max", "an output of pooling");
    x.pool.max = NULL;
    x.options.slope = NULL;
    check(attpool_regression(context, &x.Q, &x.K, NULL, &x.options, NULL), ATTPOOL_E_OUTPUT,
          "no other output", "nothing asked for");
}
END_TEST

START_TEST(lines_without_coordinates_and_values)
{
    struct problem x;
    DLTensor keys, values, residuals;
    int64_t shape[3][2];
    double nothing[1];
    problem_new(&x, 1, 0.1);
    keys = problem_matrix(nothing, shape[0], 6, 0);
    values = problem_matrix(nothing, shape[1], 6, 0);
    residuals = problem_matrix(nothing, shape[2], 6, 0);
    x.options = (attpool_regression_options){ .degree = 1, .pool = &x.pool };
    x.pool = (attpool_pool_options){ .score = ATTPOOL_KERNEL, .kernel = x.pool.kernel };
    check(attpool_residuals(context, &keys, &values, &x.options, &residuals), ATTPOOL_OK, "",
          "residuals of nothing");
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
    x.values[0] = M;
    DLTensor other = x.K;
    other.data = NULL;
    check(attpool_residuals(context, &other, &x.value, &x.options, &x.E), ATTPOOL_E_KEY,
          "K has no data", "keys without data");
    other = x.E;
    other.data = x.K.data;
    check(attpool_residuals(context, &x.K, &x.value, &x.options, &other), ATTPOOL_E_OUTPUT,
          "E overlaps K", "residuals in the place of keys");
}
END_TEST

START_TEST(an_empty_row_can_be_an_error)
{
    for (int degree = 0; degree < 2; degree++) {
        struct problem x;
        problem_new(&x, degree, 0.1);
        x.kernel.kernel = ATTPOOL_EPANECHNIKOV;
        x.pool.empty = ATTPOOL_EMPTY_ERROR;
        check(problem_run(&x), ATTPOOL_OK, "", "no empty row");
        x.q[0] = 100;
        check(problem_run(&x), ATTPOOL_E_EMPTY, "1 rows", "an empty row");
    }
}
END_TEST

Suite *suite_regression_errors(void)
{
    Suite *suite = suite_create("regression errors");
    TCase *tc = tcase_create("errors");
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_add_test(tc, each_argument_is_named);
    tcase_add_test(tc, residuals_have_no_other_results);
    tcase_add_test(tc, lines_without_coordinates_and_values);
    tcase_add_test(tc, an_empty_row_can_be_an_error);
    suite_add_tcase(suite, tc);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/cases/cases_add.h"

/* Keys in no order, of which few are in reach: what an index finds. */

static const struct test_case narrow[] = {
    /* clang-format off */
    { "epanechnikov", REGRESS, .v = 1, .d = 1, .kernel = ATTPOOL_EPANECHNIKOV, .width = 300 },
    { "epanechnikov, all sums", REGRESS, .v = 1, .d = 1, .kernel = ATTPOOL_EPANECHNIKOV, .width = 50, .with = WITH_N_EFF },
    { "biweight, small weights", REGRESS, .v = 1, .d = 2, .kernel = ATTPOOL_BIWEIGHT, .width = 20, .with = WITH_N_EFF | WITH_KEY_WEIGHTS | WITH_WIDE_WEIGHTS },
    { "boxcar", REGRESS, .v = 1, .d = 3, .kernel = ATTPOOL_BOXCAR, .width = 5, .with = WITH_LEAVE_ONE_OUT, .query_origin = 1000, .key_origin = 1100 },
    { "tricube", REGRESS, .v = 3, .d = 2, .kernel = ATTPOOL_TRICUBE, .width = 20, .with = WITH_N_EFF },
    { "cosine", REGRESS, .v = 1, .d = 4, .kernel = ATTPOOL_COSINE, .width = 2, .bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE },
    { "triangular per query", REGRESS, .v = 1, .d = 2, .kernel = ATTPOOL_TRIANGULAR, .width = 20, .bandwidth_per = ATTPOOL_BANDWIDTH_QUERY },
    { "triweight per key", REGRESS, .v = 1, .d = 1, .kernel = ATTPOOL_TRIWEIGHT, .width = 100, .bandwidth_per = ATTPOOL_BANDWIDTH_KEY },
    { "epanechnikov per coordinate and key", REGRESS, .v = 1, .d = 3, .kernel = ATTPOOL_EPANECHNIKOV, .width = 5, .bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE_KEY, .with = WITH_N_EFF },
    { "epanechnikov product", REGRESS, .v = 1, .d = 3, .kernel = ATTPOOL_EPANECHNIKOV, .form = ATTPOOL_PRODUCT, .width = 5 },
    { "mixed product", REGRESS, .v = 1, .d = 3, .form = ATTPOOL_PRODUCT, .width = 5, .with = WITH_MIXED_KERNELS | WITH_N_EFF },
    { "mean of none", REGRESS, .v = 2, .d = 1, .kernel = ATTPOOL_EPANECHNIKOV, .width = 3000, .with = WITH_N_EFF, .empty = ATTPOOL_EMPTY_MEAN },
    { "nearest of none", REGRESS, .v = 1, .d = 2, .kernel = ATTPOOL_BOXCAR, .width = 500, .with = WITH_N_EFF | WITH_LEAVE_ONE_OUT, .empty = ATTPOOL_EMPTY_NEAREST },
    { "lengths", REGRESS, .v = 1, .d = 1, .kernel = ATTPOOL_EPANECHNIKOV, .width = 100, .with = WITH_ROW_LENGTHS | WITH_KEY_WEIGHTS },
    { "window", REGRESS, .v = 1, .d = 1, .kernel = ATTPOOL_EPANECHNIKOV, .width = 20, .with = WITH_WINDOW | WITH_LEAVE_ONE_OUT, .left = 700, .right = 300, .offset = 400 },
    { "rows", REGRESS, .v = 1, .d = 1, .kernel = ATTPOOL_EPANECHNIKOV, .width = 100, .with = WITH_WEIGHTS | WITH_ROWS },
    { "nan query", REGRESS, .v = 1, .d = 1, .kernel = ATTPOOL_EPANECHNIKOV, .width = 100, .special = SPECIAL_NAN_QUERY },
    { "nan key", REGRESS, .v = 1, .d = 2, .kernel = ATTPOOL_EPANECHNIKOV, .width = 20, .special = SPECIAL_NAN_KEY },
    { "inf key", REGRESS, .v = 1, .d = 2, .width = 200, .special = SPECIAL_INF_KEY },
    { "nan value", REGRESS, .v = 1, .d = 1, .kernel = ATTPOOL_EPANECHNIKOV, .width = 100, .special = SPECIAL_NAN_VALUE },
    { "inf value", REGRESS, .v = 2, .d = 1, .width = 2000, .special = SPECIAL_INF_VALUE },
    { "gaussian", REGRESS, .v = 1, .d = 1, .width = 2000 },
    { "gaussian, all sums", REGRESS, .v = 1, .d = 2, .width = 200, .with = WITH_N_EFF },
    { "gaussian, key weights", REGRESS, .v = 1, .d = 1, .width = 2000, .with = WITH_KEY_WEIGHTS | WITH_WIDE_WEIGHTS | WITH_LEAVE_ONE_OUT | WITH_N_EFF },
    { "gaussian, plain key weights", REGRESS, .v = 1, .d = 1, .width = 3000, .with = WITH_KEY_WEIGHTS },
    { "gaussian product", REGRESS, .v = 2, .d = 3, .width = 60, .form = ATTPOOL_PRODUCT },
    { "gaussian per key", REGRESS, .v = 1, .d = 1, .width = 2000, .bandwidth_per = ATTPOOL_BANDWIDTH_KEY },
    { "gaussian per query", REGRESS, .v = 1, .d = 2, .width = 200, .bandwidth_per = ATTPOOL_BANDWIDTH_QUERY, .with = WITH_N_EFF },
    { "gaussian, lonely", REGRESS, .v = 1, .d = 1, .width = 20000, .with = WITH_N_EFF },
    { "laplacian", REGRESS, .v = 1, .d = 1, .width = 20000, .kernel = ATTPOOL_LAPLACIAN },
    { "laplacian, product", REGRESS, .v = 1, .d = 2, .width = 2000, .kernel = ATTPOOL_LAPLACIAN, .form = ATTPOOL_PRODUCT, .bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE },
    { "logistic", REGRESS, .v = 1, .d = 1, .width = 20000, .kernel = ATTPOOL_LOGISTIC, .with = WITH_N_EFF },
    { "sigmoid", REGRESS, .v = 1, .d = 3, .width = 600, .kernel = ATTPOOL_SIGMOID, .with = WITH_SIGNED_WIDTH },
    { "sums alone", REGRESS, .v = 1, .d = 1, .kernel = ATTPOOL_EPANECHNIKOV, .width = 100, .with = WITHOUT_OUTPUT | WITH_N_EFF },
    { "sums alone, gaussian", REGRESS, .v = 1, .d = 1, .width = 2000, .with = WITHOUT_OUTPUT },
    { "density", .operation = OPERATION_DENSITY, .d = 2, .kernel = ATTPOOL_EPANECHNIKOV, .width = 20, .with = WITH_N_EFF },
    { "line", .operation = OPERATION_REGRESSION, .v = 1, .d = 1, .kernel = ATTPOOL_EPANECHNIKOV, .width = 30, .degree = 1, .with = WITH_N_EFF },
    { "line, gaussian", .operation = OPERATION_REGRESSION, .v = 2, .d = 2, .width = 100, .degree = 1, .with = WITH_N_EFF | WITH_LEAVE_ONE_OUT },
    { "band", .operation = OPERATION_REGRESSION, .v = 1, .d = 1, .width = 2000, .with = WITH_N_EFF },
    /* clang-format on */
};

void cases_of_index(void)
{
    static const int n[] = { 150, 41, 300 }, m[] = { 5000, 9300, 1500 };
    for (size_t i = 0; i < COUNT(narrow); i++) {
        struct test_case c = narrow[i];
        c.n = CYCLE(n, i), c.m = CYCLE(m, i);
        c.score = ATTPOOL_KERNEL;
        c.with |= c.operation == OPERATION_REGRESSION ? 0 : WITH_LSE;
        c.with |= c.operation == OPERATION_DENSITY ? WITHOUT_OUTPUT : 0;
        c.in = (enum arrangement)(i % ARRANGEMENTS);
        cases_add(&c, "index, %s", narrow[i].name);
    }
}

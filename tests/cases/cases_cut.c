/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/cases/cases_add.h"

/* Far keys, which take no part in rows that have a near one. */

static const struct test_case cuts[] = {
    /* clang-format off */
    { "gaussian", REGRESS, .v = 1, .d = 1 },
    { "gaussian all outputs", REGRESS, .v = 3, .d = 2, .with = WITH_N_EFF | WITH_WEIGHTS },
    { "gaussian per query", REGRESS, .v = 2, .d = 2, .bandwidth_per = ATTPOOL_BANDWIDTH_QUERY },
    { "gaussian product", REGRESS, .v = 1, .d = 2, .form = ATTPOOL_PRODUCT, .with = WITH_N_EFF },
    { "gaussian per key, mask", REGRESS, .v = 9, .d = 1, .bandwidth_per = ATTPOOL_BANDWIDTH_KEY, .with = WITH_MASK },
    { "gaussian rows", REGRESS, .v = 2, .d = 1, .with = WITH_WEIGHTS | WITH_ROWS },
    { "laplacian", REGRESS, .v = 1, .d = 1, .kernel = ATTPOOL_LAPLACIAN },
    { "laplacian, leave one out", REGRESS, .v = 1, .d = 3, .kernel = ATTPOOL_LAPLACIAN, .with = WITH_LEAVE_ONE_OUT | WITH_N_EFF },
    { "laplacian product", REGRESS, .v = 17, .d = 2, .kernel = ATTPOOL_LAPLACIAN, .form = ATTPOOL_PRODUCT, .with = WITH_WEIGHTS, .bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE },
    { "logistic", REGRESS, .v = 1, .d = 1, .kernel = ATTPOOL_LOGISTIC, .with = WITH_N_EFF },
    { "logistic product", REGRESS, .v = 2, .d = 3, .kernel = ATTPOOL_LOGISTIC, .form = ATTPOOL_PRODUCT },
    { "logistic product, uncut", REGRESS, .v = 2, .d = 4, .kernel = ATTPOOL_LOGISTIC, .form = ATTPOOL_PRODUCT },
    { "sigmoid", REGRESS, .v = 1, .d = 2, .kernel = ATTPOOL_SIGMOID, .with = WITH_LENGTHS | WITH_N_EFF | WITH_WEIGHTS },
    { "sigmoid product", REGRESS, .v = 1, .d = 6, .kernel = ATTPOOL_SIGMOID, .form = ATTPOOL_PRODUCT, .bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE_KEY },
    { "gaussian, bias", REGRESS, .v = 1, .d = 1, .with = WITH_BIAS },
    { "cauchy", REGRESS, .v = 1, .d = 1, .kernel = ATTPOOL_CAUCHY },
    { "gaussian, window", REGRESS, .v = 1, .d = 1, .with = WITH_WINDOW | WITH_CAUSAL, .left = 700, .right = 300, .offset = 400 },
    { "gaussian, empty", REGRESS, .v = 2, .d = 1, .with = WITH_MASK | WITH_N_EFF | WITH_WEIGHTS, .empty = ATTPOOL_EMPTY_MEAN },
    { "gaussian, nearest", REGRESS, .v = 2, .d = 1, .with = WITH_MASK | WITH_N_EFF | WITH_WEIGHTS, .empty = ATTPOOL_EMPTY_NEAREST },
    /* clang-format on */
};

/* Keys and queries at both sides of where a key is near and of where it is far. */
static void border_cases(void)
{
    static const int n[] = { 70, 5, 1, 19 }, m[] = { 2500, 640, 4200, 1300 };
    for (size_t e = 0; e < COUNT(cuts); e++)
        for (size_t i = 0; i < 2 * COUNT(n); i++) {
            struct test_case c = cuts[e];
            c.n = CYCLE(n, i), c.m = CYCLE(m, i + e), c.width = 1;
            c.special = SPECIAL_CUT;
            c.with |= WITH_LSE | (i >= COUNT(n) ? WITH_KEY_WEIGHTS : 0);
            c.with |= i >= COUNT(n) && i % 2 ? WITH_WIDE_WEIGHTS : 0;
            c.in = (enum arrangement)((i + e) % ARRANGEMENTS);
            if (e % 3 == 1 && c.with & WITH_LEAVE_ONE_OUT)
                c.query_origin = c.key_origin = 1024;
            if (i < COUNT(n) || e % 3 == 0)
                cases_add(&c, "pool cut, %s, %zu, n %d", cuts[e].name, i, c.n);
        }
}

/* Sorted keys, of which most blocks are out of reach; some queries have no near key. */
static void sorted_cases(void)
{
    static const struct test_case sorted[] = {
        { "plain", .d = 1, .v = 1, .width = 300 },
        { "all outputs", .d = 1, .v = 3, .width = 300, .with = WITH_ALL_OUTPUTS },
        { "two coordinates", .d = 2, .v = 1, .width = 300, .with = WITH_LSE | WITH_N_EFF },
        { "four coordinates", .d = 4, .v = 2, .width = 300, .with = WITH_WIDTH_TENSOR },
        { "five coordinates", .d = 5, .v = 1, .width = 300 },
        { "nan", .d = 2, .v = 1, .width = 300, .special = SPECIAL_SORTED_NAN,
          .with = WITH_ALL_OUTPUTS },
        { "key weights", .d = 1, .v = 1, .width = 300,
          .with = WITH_KEY_WEIGHTS | WITH_WIDE_WEIGHTS | WITH_LEAVE_ONE_OUT },
        { "origins", .d = 1, .v = 1, .width = 300, .query_origin = 990, .key_origin = 1000 },
        { "lonely", .d = 1, .v = 2, .width = 3000, .with = WITH_ALL_OUTPUTS },
        { "most lonely", .d = 1, .v = 1, .width = 1e6 },
        { "all lonely", .d = 7, .v = 2, .width = 1e9, .with = WITH_ALL_OUTPUTS },
    };
    static const attpool_kernel_name kernels[] = { ATTPOOL_GAUSSIAN, ATTPOOL_LAPLACIAN,
                                                   ATTPOOL_LOGISTIC, ATTPOOL_GAUSSIAN };
    for (size_t t = 0; t < COUNT(sorted); t++) {
        struct test_case c = sorted[t];
        c.operation = OPERATION_POOL;
        c.score = ATTPOOL_KERNEL;
        c.kernel = CYCLE(kernels, t);
        c.width *= c.kernel == ATTPOOL_GAUSSIAN ? 1 : 6;
        c.n = 1100, c.m = 1301;
        c.special = c.special != SPECIAL_NONE ? c.special : SPECIAL_SORTED;
        c.in = (enum arrangement)(t % ARRANGEMENTS);
        cases_add(&c, "pool cut, sorted keys, %s", sorted[t].name);
    }
}

void cases_of_cuts(void)
{
    border_cases();
    sorted_cases();
}

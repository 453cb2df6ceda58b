/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/kernels.h"
#include "tests/cases/cases_add.h"

static const int some_v[] = { 1, 3, 2, 1, 9 };

#define MORE (WITH_N_EFF | WITH_WEIGHTS)

/* What a kernel can be combined with. */
static const struct test_case twists[] = {
    /* clang-format off */
    { .name = "plain" },
    { "all outputs",   .with = MORE | WITH_LSE },
    { "no fit",        .with = WITHOUT_OUTPUT | WITH_N_EFF, .h = 2 },
    { "sample",        .with = WITH_SAMPLE | WITH_N_EFF, .h = 2 },
    { "rows",          .with = WITH_WEIGHTS | WITH_ROWS, .h = 2 },
    { "lengths",       .with = WITH_LENGTHS | MORE, .h = 3, .special = SPECIAL_HIDDEN },
    { "row lengths",   .with = WITH_ROW_LENGTHS, .h = 2, .special = SPECIAL_HIDDEN },
    { "mask",          .with = WITH_MASK | WITH_SAMPLE, .b = 2, .h = 2, .special = SPECIAL_EMPTY },
    { "bias",          .with = WITH_BIAS | MORE, .h = 2 },
    { "bias for all",  .with = WITH_BIAS | WITH_LENGTHS | WITH_SHARED_MASK, .h = 2, .special = SPECIAL_HIDDEN },
    { "window",        .with = WITH_WINDOW | WITH_CAUSAL | WITH_MASK, .left = 100, .right = 40, .offset = 90 },
    { "leave one out", .with = WITH_LEAVE_ONE_OUT | MORE, .special = SPECIAL_EQUAL },
    { "origins",       .with = WITH_LEAVE_ONE_OUT | WITH_CAUSAL | WITH_KEY_WEIGHTS, .query_origin = 990, .key_origin = 1000, .offset = 33 },
    { "key weights",   .with = WITH_KEY_WEIGHTS | MORE, .h = 2, .special = SPECIAL_HIDDEN },
    { "key weights, bias", .with = WITH_KEY_WEIGHTS | WITH_BIAS | WITH_SHARED_MASK, .h = 2 },
    { "wide key weights", .with = WITH_KEY_WEIGHTS | WITH_WIDE_WEIGHTS | WITHOUT_ORACLE },
    { "heads",         .with = WITH_KEY_WEIGHTS | WITH_MASK | MORE, .b = 2, .h = 4, .hk = 2 },
    { "one head of keys", .with = WITH_LENGTHS, .b = 2, .h = 3, .hk = 1 },
    { "items",         .with = WITH_ROW_LENGTHS | WITH_KEY_WEIGHTS | WITH_ITEMS, .b = 2, .h = 2, .hk = 1 },
    { "shared keys",   .with = WITH_SHARED_KEYS | WITH_N_EFF, .h = 3 },
    { "shared queries", .with = WITH_SHARED_QUERIES | MORE, .b = 2, .h = 2 },
    { "empty zero",    .with = WITH_MASK | WITH_KEY_WEIGHTS | WITH_N_EFF, .empty = ATTPOOL_EMPTY_ZERO, .special = SPECIAL_EMPTY },
    { "empty mean",    .with = WITH_MASK | WITH_KEY_WEIGHTS | MORE, .empty = ATTPOOL_EMPTY_MEAN, .special = SPECIAL_EMPTY },
    { "far, mean",     .with = WITH_LEAVE_ONE_OUT | WITH_SAMPLE, .h = 2, .empty = ATTPOOL_EMPTY_MEAN, .special = SPECIAL_FAR },
    { "far, nearest",  .with = WITH_MASK | WITH_N_EFF, .empty = ATTPOOL_EMPTY_NEAREST, .special = SPECIAL_FAR },
    { "nan key",       .with = WITH_MASK | WITHOUT_ORACLE, .special = SPECIAL_NAN_KEY },
    { "inf key",       .with = WITHOUT_ORACLE, .special = SPECIAL_INF_KEY },
    { "nan query",     .with = WITHOUT_ORACLE | WITH_N_EFF, .special = SPECIAL_NAN_QUERY },
    { "nan value",     .with = WITHOUT_ORACLE, .special = SPECIAL_NAN_VALUE },
    { "negative zeros", .with = WITHOUT_ORACLE, .special = SPECIAL_ZERO },
    { "units 1e-30",   .unit = 1e-30, .with = WITH_N_EFF },
    { "units 1e15",    .unit = 1e15 },
    /* clang-format on */
};

static const int few_m[] = { 37, 9, 130, 17, 64, 257, 5 };
static const int few_n[] = { 3, 17, 1, 9, 33, 5 };
static const int few_d[] = { 1, 2, 3, 1, 5, 8, 1, 0, 4 };

static void regression_case(const struct test_case *score, const char *name, unsigned i)
{
    const struct test_case *twist = &CYCLE(twists, i);
    struct test_case c = *twist;
    if (score->score != ATTPOOL_KERNEL)
        return;
    c.operation = OPERATION_REGRESSION;
    c.score = ATTPOOL_KERNEL;
    c.kernel = score->kernel;
    c.form = score->form;
    c.bandwidth_per = score->bandwidth_per;
    c.with |= score->with;
    c.degree = (i + i / 32) % 3 > 0;
    c.n = CYCLE(few_n, i + i / 7);
    c.m = CYCLE(few_m, i + i / 29);
    c.d = CYCLE(few_d, i + i / 31);
    c.v = CYCLE(some_v, i);
    c.in = (enum arrangement)((i + i / 31) % ARRANGEMENTS);
    c.out = (enum arrangement)(i / 3 % ARRANGE_SHARED);
    if (i % 7 == 1)
        c.with |= WITH_SIGNED_WIDTH;
    if (i % 4 == 1)
        c.with |= WITH_WIDTH_TENSOR;
    cases_add(&c, "regression %d, %s, %s", c.degree, name, twist->name);
}

/* Sizes around the seams of vectors, tiles, blocks and super-blocks. */
static void size_cases(void)
{
    static const attpool_kernel_name kernels[] = { ATTPOOL_GAUSSIAN, ATTPOOL_EPANECHNIKOV,
                                                   ATTPOOL_CAUCHY };
    static const int coordinates[] = { 1, 2, 3, 4, 5, 7, 8, 9, 12 };
    for (size_t k = 0; k < COUNT(kernels); k++) {
        for (unsigned i = 0; i < COUNT(case_lanes); i++)
            cases_add(&(struct test_case){ .operation = OPERATION_REGRESSION,
                                           .score = ATTPOOL_KERNEL,
                                           .degree = 1,
                                           .kernel = kernels[k],
                                           .n = case_lanes[i],
                                           .m = CYCLE(case_m, i),
                                           .d = 1 + (int)i % 3,
                                           .v = 1 + (int)i % 2,
                                           .with = WITH_N_EFF },
                      "regression of %d rows, kernel %zu", case_lanes[i], k);
        for (unsigned i = 0; i < COUNT(coordinates); i++)
            cases_add(&(struct test_case){ .operation = OPERATION_REGRESSION,
                                           .score = ATTPOOL_KERNEL,
                                           .degree = 1,
                                           .kernel = kernels[k],
                                           .n = 35,
                                           .m = 300,
                                           .d = coordinates[i],
                                           .v = CYCLE(some_v, i) },
                      "regression in %d coordinates, kernel %zu", coordinates[i], k);
        cases_add(&(struct test_case){ .operation = OPERATION_REGRESSION,
                                       .score = ATTPOOL_KERNEL,
                                       .degree = 1,
                                       .kernel = kernels[k],
                                       .n = 70,
                                       .m = 3100,
                                       .d = 2,
                                       .v = 1,
                                       .key_origin = 1000,
                                       .with = WITH_N_EFF },
                  "regression of 3100 keys, kernel %zu", k);
    }
}

static const struct test_case written[] = {
    /* clang-format off */
    { "regression of nothing",     .n = 0, .m = 0, .d = 2, .v = 1 },
    { "regression without keys",   .n = 3, .m = 0, .d = 2, .v = 1 },
    { "regression without keys, line", .n = 3, .m = 0, .d = 2, .v = 1, .degree = 1, .with = WITH_N_EFF },
    { "regression on one key",     .n = 3, .m = 1, .d = 1, .v = 1, .degree = 1, .with = WITH_N_EFF },
    { "regression on far keys",    .n = 40, .m = 300, .d = 1, .v = 2, .degree = 1, .width = 40, .with = WITH_N_EFF },
    { "regression on a cut",       .n = 200, .m = 300, .d = 1, .v = 1, .degree = 1, .special = SPECIAL_CUT, .with = WITH_N_EFF | WITHOUT_ORACLE },
    { "regression without values", .n = 20, .m = 300, .d = 2, .v = 0, .degree = 1, .with = WITH_N_EFF },
    { "regression by dots",        .n = 20, .m = 300, .d = 8, .v = 2, .score = ATTPOOL_DOT, .with = WITH_N_EFF },
    { "regression by an average",  .n = 20, .m = 300, .d = 8, .v = 2, .score = ATTPOOL_AVERAGE, .with = WITHOUT_OUTPUT },
    { "regression, many rows",     .n = 3000, .m = 130, .d = 12, .v = 3, .degree = 1, .with = WITH_N_EFF },
    { "regression, width 0",       .n = 5, .m = 30, .d = 2, .v = 1, .degree = 1, .width = -0.0, .with = WITH_WIDTH_TENSOR },
    { "regression, cauchy far",    .n = 5, .m = 30, .d = 2, .v = 1, .degree = 1, .kernel = ATTPOOL_CAUCHY, .width = 1e25, .with = WITHOUT_ORACLE },
    /* clang-format on */
};

void cases_of_regression(void)
{
    for (size_t i = 0; i < COUNT(written); i++) {
        struct test_case c = written[i];
        c.operation = OPERATION_REGRESSION;
        c.score = c.score == ATTPOOL_DOT && i != 7 ? ATTPOOL_KERNEL : c.score;
        cases_add(&c, "%s", c.name);
    }
    cases_each_score(COUNT(twists), regression_case);
    size_cases();
}

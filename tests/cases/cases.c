/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/cases/cases.h"

#include "backends/kernels.h"
#include "tests/cases/cases_add.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CASES = 7000, MOST_NAME = 96 };

static struct test_case table[MOST_CASES];
static char names[MOST_CASES][MOST_NAME];
static size_t filled;

/* ---- Rows written out ----------------------------------------------------------------- */

static const struct test_case written[] = {
    /* clang-format off */
    { "bmm no rows",         BMM, .n = 0, .m = 5, .d = 3, .alpha = 1 },
    { "bmm no columns",      BMM, .n = 5, .m = 0, .d = 3, .alpha = 1 },
    { "bmm k 0, 4 dimensions", BMM, .b = 2, .h = 1, .n = 2, .m = 2, .d = 0, .alpha = 1 },
    { "bmm k 0 beta 0",      BMM, .n = 3, .m = 9, .d = 0, .alpha = 1, .beta = 0 },
    { "bmm k 0 beta 2",      BMM, .n = 3, .m = 9, .d = 0, .alpha = 1, .beta = 2 },
    { "bmm grouped heads",   BMM, .b = 2, .h = 6, .hk = 2, .n = 5, .m = 17, .d = 33, .alpha = 1 },
    { "bmm grouped added",   BMM, .b = 2, .h = 4, .hk = 2, .n = 9, .m = 31, .d = 257, .alpha = -0.75, .beta = 1.5 },
    { "bmm one A for all",   BMM, .h = 5, .n = 7, .m = 16, .d = 19, .alpha = 1, .with = WITH_SHARED_QUERIES },
    { "bmm one B for all",   BMM, .b = 2, .h = 3, .n = 8, .m = 15, .d = 40, .alpha = 2, .with = WITH_SHARED_KEYS },
    { "bmm nan",             BMM, .n = 9, .m = 33, .d = 20, .alpha = 1, .special = SPECIAL_NAN_KEY },
    { "bmm nan added",       BMM, .n = 9, .m = 33, .d = 20, .alpha = 1, .beta = 1, .special = SPECIAL_NAN_QUERY },
    { "bmm payload",         BMM, .n = 4, .m = 20, .d = 3, .alpha = 1, .beta = 1, .special = SPECIAL_PAYLOAD },
    { "bmm inf",             BMM, .n = 9, .m = 33, .d = 20, .alpha = 1, .special = SPECIAL_INF_KEY },
    { "bmm alpha 0",         BMM, .n = 9, .m = 33, .d = 20, .alpha = 0, .beta = 1 },
    { "bmm alpha 0 nan",     BMM, .n = 9, .m = 33, .d = 20, .alpha = 0, .beta = 1, .special = SPECIAL_NAN_KEY },
    { "bmm negative zeros",  BMM, .n = 9, .m = 33, .d = 20, .alpha = 1, .special = SPECIAL_ZERO },
    { "bmm subnormal",       BMM, .n = 9, .m = 33, .d = 20, .alpha = 1, .special = SPECIAL_SUBNORMAL },
    { "bmm overflow",        BMM, .n = 9, .m = 33, .d = 20, .alpha = 8, .beta = 2, .special = SPECIAL_HUGE, .with = WITHOUT_ORACLE },
    { "bmm shallow",         BMM, .b = 3, .h = 5, .n = 10, .m = 10, .d = 2, .alpha = 1 },
    { "bmm shallow nan",     BMM, .h = 7, .n = 6, .m = 35, .d = 3, .alpha = -1.5, .special = SPECIAL_NAN_KEY },
    { "bmm shallow inf",     BMM, .h = 7, .n = 6, .m = 19, .d = 4, .alpha = 2, .special = SPECIAL_INF_KEY },
    { "bmm shallow zeros",   BMM, .h = 4, .n = 5, .m = 17, .d = 3, .alpha = 1, .special = SPECIAL_ZERO },
    { "bmm shallow subnormal", BMM, .h = 4, .n = 5, .m = 17, .d = 2, .alpha = 1, .special = SPECIAL_SUBNORMAL },
    { "bmm batch nan",       BMM, .h = 9, .n = 8, .m = 50, .d = 12, .alpha = 1, .special = SPECIAL_NAN_QUERY },
    { "bmm alpha 0 inf",     BMM, .h = 3, .n = 5, .m = 20, .d = 6, .alpha = 0, .special = SPECIAL_INF_KEY },
    { "bmm square",          BMM, .n = 130, .m = 131, .d = 300, .alpha = 1 },
    { "bmm long",            BMM, .n = 2, .m = 3, .d = 4099, .alpha = 1 },
    { "bmm one row",         BMM, .n = 1, .m = 1031, .d = 64, .alpha = 1 },
    { "bmm one column",      BMM, .n = 1031, .m = 1, .d = 64, .alpha = 1 },
    { "bmm one row, 64 columns", BMM, .h = 3, .n = 1, .m = 64, .d = 1027, .alpha = 1 },
    { "bmm one row, 32 columns", BMM, .h = 2, .n = 1, .m = 32, .d = 513, .alpha = -2, .beta = 1 },
    { "bmm two rows, 32 columns", BMM, .h = 2, .n = 2, .m = 32, .d = 300, .alpha = 1 },
    { "bmm two rows, 64 columns", BMM, .h = 2, .n = 2, .m = 64, .d = 300, .alpha = 1 },
    { "bmm three rows, 32 columns", BMM, .n = 3, .m = 32, .d = 3000, .alpha = 1 },
    { "bmm four rows, 32 columns", BMM, .n = 4, .m = 32, .d = 3000, .alpha = 1, .beta = 0.5 },
    { "bmm four rows, 16 columns", BMM, .n = 4, .m = 16, .d = 6000, .alpha = 1 },

    { "kernel no queries",   KERNEL, .n = 0, .m = 5, .d = 2 },
    { "kernel no keys",      KERNEL, .n = 5, .m = 0, .d = 2 },
    { "kernel default",      KERNEL, .n = 9, .m = 35, .d = 2, .with = WITHOUT_OPTIONS },
    { "kernel units 1e-30",  KERNEL, .n = 9, .m = 35, .d = 3, .kernel = ATTPOOL_EPANECHNIKOV, .unit = 1e-30 },
    { "kernel units 1e30",   KERNEL, .n = 9, .m = 35, .d = 3, .kernel = ATTPOOL_TRICUBE, .unit = 1e30 },
    { "kernel subnormal G",  KERNEL, .n = 9, .m = 200, .d = 1, .width = 7 },
    { "kernel subnormal G laplacian", KERNEL, .n = 9, .m = 200, .d = 1, .kernel = ATTPOOL_LAPLACIAN, .width = 55 },
    { "kernel subnormal keys", KERNEL, .n = 5, .m = 19, .d = 2, .kernel = ATTPOOL_CAUCHY, .special = SPECIAL_SUBNORMAL },
    { "kernel huge",         KERNEL, .n = 5, .m = 19, .d = 2, .kernel = ATTPOOL_CAUCHY, .special = SPECIAL_HUGE, .with = WITHOUT_ORACLE },
    { "kernel silverman far", KERNEL, .n = 9, .m = 200, .d = 1, .kernel = ATTPOOL_SILVERMAN, .width = 3000, .with = WITHOUT_ORACLE },
    { "kernel silverman inf", KERNEL, .n = 5, .m = 19, .d = 1, .kernel = ATTPOOL_SILVERMAN, .special = SPECIAL_INF_KEY, .with = WITHOUT_ORACLE },

    { "softmax no columns",  SOFTMAX, .h = 2, .n = 3, .m = 0 },
    { "softmax no rows",     SOFTMAX, .h = 2, .n = 0, .m = 4 },
    { "softmax default",     SOFTMAX, .n = 5, .m = 37, .with = WITHOUT_OPTIONS },
    { "softmax long",        SOFTMAX, .n = 2, .m = 5003, .with = WITH_SCALE },
    { "softmax scale 0",     SOFTMAX, .n = 3, .m = 70, .with = WITH_SCALE, .alpha = 0 },
    { "softmax scale -",     SOFTMAX, .n = 3, .m = 70, .with = WITH_SCALE, .alpha = -3 },
    { "softmax sharp",       SOFTMAX, .n = 5, .m = 300, .with = WITH_SCALE, .alpha = 500 },
    { "softmax nan",         SOFTMAX, .n = 5, .m = 70, .special = SPECIAL_NAN_KEY },
    { "softmax payload",     SOFTMAX, .n = 5, .m = 70, .special = SPECIAL_PAYLOAD },
    { "softmax inf",         SOFTMAX, .n = 5, .m = 70, .special = SPECIAL_INF_KEY },
    { "softmax huge",        SOFTMAX, .n = 5, .m = 70, .special = SPECIAL_HUGE, .with = WITHOUT_ORACLE },
    { "softmax ends",        SOFTMAX, .n = 5, .m = 70, .special = SPECIAL_ENDS },
    { "softmax ends, narrow", SOFTMAX, .n = 40, .m = 5, .special = SPECIAL_ENDS },
    { "softmax ends, scale", SOFTMAX, .n = 5, .m = 300, .special = SPECIAL_ENDS, .with = WITH_SCALE, .alpha = -3 },
    { "softmax ends, bias",  SOFTMAX, .n = 9, .m = 300, .special = SPECIAL_ENDS, .with = WITH_BIAS | WITH_HUGE_BIAS },
    { "softmax ends, scale, bias", SOFTMAX, .n = 9, .m = 70, .special = SPECIAL_ENDS, .with = WITH_SCALE | WITH_BIAS | WITH_HUGE_BIAS, .alpha = 4 },
    { "softmax huge bias",   SOFTMAX, .n = 9, .m = 70, .with = WITH_BIAS | WITH_HUGE_BIAS | WITH_MASK },
    { "softmax subnormal",   SOFTMAX, .n = 5, .m = 70, .special = SPECIAL_SUBNORMAL },

    { "average of nothing",  AVERAGE, .n = 3, .m = 0, .v = 2, .with = WITHOUT_QUERIES | WITH_LSE },
    { "average no queries",  AVERAGE, .n = 3, .m = 300, .v = 2, .with = WITHOUT_QUERIES | WITH_ALL_OUTPUTS },
    { "dot nothing",         DOT, .h = 2, .n = 0, .m = 0, .d = 0, .v = 0 },
    { "dot no queries",      DOT, .h = 2, .n = 0, .m = 7, .d = 3, .v = 2, .with = WITH_LSE },
    { "dot no keys",         DOT, .h = 2, .n = 3, .m = 0, .d = 3, .v = 2, .with = WITH_ALL_OUTPUTS },
    { "dot no values",       DOT, .h = 2, .n = 3, .m = 40, .d = 3, .v = 0, .with = WITH_ALL_OUTPUTS },
    { "dot no output",       DOT, .h = 2, .n = 3, .m = 1040, .d = 3, .v = 2, .with = WITHOUT_OUTPUT | WITH_LSE },
    { "dot width 0",         DOT, .h = 2, .n = 3, .m = 140, .d = 0, .v = 2, .with = WITH_ALL_OUTPUTS },
    { "dot default",         DOT, .h = 2, .n = 5, .m = 37, .d = 8, .v = 4, .with = WITHOUT_OPTIONS },
    { "dot scale 0",         DOT, .n = 5, .m = 37, .d = 8, .v = 4, .with = WITH_SCALE | WITH_ALL_OUTPUTS, .alpha = 0 },
    { "dot scale -",         DOT, .n = 5, .m = 137, .d = 8, .v = 4, .with = WITH_SCALE | WITH_ALL_OUTPUTS, .alpha = -2 },
    { "dot sharp",           DOT, .n = 5, .m = 1137, .d = 8, .v = 4, .with = WITH_SCALE | WITH_ALL_OUTPUTS, .alpha = 300 },
    { "dot overflow",        DOT, .n = 5, .m = 137, .d = 8, .v = 4, .with = WITHOUT_ORACLE | WITH_ALL_OUTPUTS, .special = SPECIAL_HUGE },
    { "dot one query, many keys", DOT, .n = 1, .m = 20011, .d = 3, .v = 2, .with = WITH_LSE | WITH_N_EFF },
    { "dot many queries",    DOT, .n = 1031, .m = 67, .d = 16, .v = 5, .with = WITH_LSE },
    { "dot square",          DOT, .n = 131, .m = 1153, .d = 64, .v = 64 },
    { "dot causal",          DOT, .b = 1, .h = 2, .n = 1100, .m = 1100, .d = 8, .v = 8, .with = WITH_CAUSAL | WITH_LSE },
    { "dot decoding",        DOT, .b = 2, .h = 8, .hk = 2, .n = 1, .m = 2500, .d = 64, .v = 64, .with = WITH_CAUSAL | WITH_LSE, .offset = 2499 },
    { "dot large bias",      DOT, .n = 7, .m = 1031, .d = 8, .v = 3, .with = WITH_BIAS | WITH_LARGE_BIAS | WITH_ALL_OUTPUTS },
    { "dot window far away", DOT, .n = 9, .m = 5000, .d = 4, .v = 2, .with = WITH_WINDOW | WITH_ALL_OUTPUTS, .left = 3, .right = 70, .offset = 3100 },
    { "dot causal behind",   DOT, .n = 9, .m = 50, .d = 4, .v = 2, .with = WITH_CAUSAL | WITH_ALL_OUTPUTS, .offset = -4 },
    { "gaussian a million apart", REGRESS, .n = 5, .m = 300, .d = 1, .v = 1, .width = 1e6, .with = WITH_ALL_OUTPUTS },
    { "gaussian width 0",    REGRESS, .n = 5, .m = 300, .d = 2, .v = 1, .width = -0.0, .with = WITH_WIDTH_TENSOR | WITH_ALL_OUTPUTS },
    { "gaussian units 1e-30", REGRESS, .n = 5, .m = 300, .d = 2, .v = 1, .unit = 1e-30, .with = WITH_ALL_OUTPUTS },
    { "gaussian units 1e30", REGRESS, .n = 5, .m = 300, .d = 2, .v = 1, .unit = 1e30, .with = WITH_ALL_OUTPUTS },
    { "gaussian one query, many keys", REGRESS, .n = 1, .m = 30011, .d = 1, .v = 1, .width = 3 },
    { "triangular one query, many keys", REGRESS, .n = 1, .m = 30011, .d = 1, .v = 1, .kernel = ATTPOOL_TRIANGULAR, .width = 30 },
    { "gaussian many columns", REGRESS, .n = 33, .m = 1031, .d = 2, .v = 65 },
    { "additive long",       ADDITIVE, .n = 3, .m = 263, .d = 5, .v = 3, .p = 300, .with = WITH_ALL_OUTPUTS },
    { "additive p 0",        ADDITIVE, .n = 3, .m = 31, .d = 5, .v = 3, .p = 0, .with = WITH_ALL_OUTPUTS },
    { "projection p 0",      PROJECTION, .n = 3, .m = 31, .d = 5, .v = 3, .p = 0, .with = WITH_ALL_OUTPUTS },
    { "projection long",     PROJECTION, .n = 3, .m = 131, .d = 65, .v = 3, .p = 257, .with = WITH_ALL_OUTPUTS },
    /* clang-format on */
};

/* ---- Rows made by loops ---------------------------------------------------------------- */

struct test_case *cases_add(const struct test_case *c, const char *format, ...)
{
    va_list args;
    if (filled == MOST_CASES)
        abort();
    va_start(args, format);
    vsnprintf(names[filled], MOST_NAME, format, args);
    va_end(args);
    table[filled] = *c;
    table[filled].name = names[filled];
    table[filled].seed = (unsigned)filled + 1;
    return &table[filled++];
}

const int case_lanes[15] = { 1, 2, 3, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33 };
const int case_n[9] = { 3, 1, 5, 8, 2, 9, 17, 4, 7 };
const int case_m[11] = { 37, 129, 300, 1030, 64, 257, 2049, 128, 31, 1024, 160 };
const int case_d[8] = { 1, 2, 3, 8, 1, 5, 17, 65 };

static void bmm_cases(void)
{
    static const int depths[] = { 1,  2,  3,   7,   8,   9,   15,  16,  17,  31,
                                  32, 33, 127, 128, 129, 255, 256, 257, 513, 1025 };
    static const double factors[][2] = { { 1, 0 }, { 1, 1 }, { -0.5, 0.75 }, { 3, 0 }, { 0.1, 1 } };
    for (size_t i = 0; i < COUNT(depths); i++)
        cases_add(&(struct test_case){ BMM, .n = CYCLE(case_lanes, i),
                                       .m = CYCLE(case_lanes, 2 * i + 5), .d = depths[i],
                                       .alpha = CYCLE(factors, i)[0],
                                       .beta = CYCLE(factors, i)[1] },
                  "bmm k %d", depths[i]);
    for (size_t i = 0; i < COUNT(case_lanes); i++) {
        cases_add(&(struct test_case){ BMM, .n = case_lanes[i], .m = 13, .d = 21, .alpha = 1 },
                  "bmm n %d", case_lanes[i]);
        cases_add(
            &(struct test_case){ BMM, .n = 5, .m = case_lanes[i], .d = 21, .alpha = 1, .beta = 1 },
            "bmm m %d", case_lanes[i]);
    }
    for (int a = 0; a < ARRANGEMENTS; a++)
        cases_add(&(struct test_case){ BMM, .b = 2, .h = 3, .n = 11, .m = 19, .d = 35,
                                       .alpha = 1.25, .beta = 0.5, .in = (enum arrangement)a,
                                       .out = (enum arrangement)((a + 3) % ARRANGE_SHARED) },
                  "bmm arranged %d", a);
}

static void kernel_cases(void)
{
    static const int depths[] = { 0, 1, 2, 3, 8, 63, 64, 65, 255, 256, 257, 300 };
    unsigned i = 0;
    for (int k = 0; k < KERNEL_COUNT; k++)
        for (int form = 0; form < 2; form++)
            for (int per = 0; per <= ATTPOOL_BANDWIDTH_COORDINATE_KEY; per++, i++)
                cases_add(&(struct test_case){ KERNEL, .h = i % 3 ? 2 : 0, .n = CYCLE(case_n, i),
                                               .m = CYCLE(case_lanes, 7 * i),
                                               .d = CYCLE(case_d, i / 2),
                                               .kernel = (attpool_kernel_name)k,
                                               .form = (attpool_form)form,
                                               .bandwidth_per = (attpool_bandwidth_per)per,
                                               .in = (enum arrangement)(i % ARRANGEMENTS),
                                               .with = i % 4 == 1 ? WITH_BANDWIDTH : 0 },
                          "kernel %s %s per %d", attpool_kernel_to_name((attpool_kernel_name)k),
                          form ? "product" : "radial", per);
    for (i = 0; i < COUNT(depths); i++)
        for (int form = 0; form < 2; form++)
            cases_add(&(struct test_case){ KERNEL, .n = 6, .m = 41, .d = depths[i],
                                           .kernel = (attpool_kernel_name)(5 * i % KERNEL_COUNT),
                                           .form = (attpool_form)form,
                                           .with = form ? WITH_MIXED_KERNELS : 0,
                                           .out = (enum arrangement)(i % ARRANGE_SHARED) },
                      "kernel d %d %s", depths[i], form ? "mixed" : "radial");
    for (int k = 0; k < KERNEL_COUNT; k++) {
        struct test_case c = { KERNEL, .n = 7, .m = 40, .d = 2, .kernel = (attpool_kernel_name)k };
        const char *name = attpool_kernel_to_name(c.kernel);
        c.special = k % 2 ? SPECIAL_NAN_KEY : SPECIAL_NAN_QUERY;
        cases_add(&c, "kernel %s nan", name);
        c.d = 1;
        cases_add(&c, "kernel %s nan, d 1", name);
        c.form = ATTPOOL_PRODUCT;
        c.d = 3;
        cases_add(&c, "kernel %s nan, product", name);
        c.special = SPECIAL_EQUAL;
        cases_add(&c, "kernel %s equal, product", name);
        c.form = ATTPOOL_RADIAL;
        c.special = SPECIAL_EQUAL;
        cases_add(&c, "kernel %s equal", name);
    }
}

static void softmax_cases(void)
{
    static const int inverse_bandwidths[] = { 1,   2,   3,   7,   8,    9,    15,  16, 17,
                                              23,  24,  25,  31,  32,   33,   63,  64, 65,
                                              127, 128, 129, 300, 1023, 1024, 1025 };
    static const unsigned options[] = { 0,
                                        WITH_LENGTHS,
                                        WITH_ROW_LENGTHS,
                                        WITH_MASK,
                                        WITH_BIAS,
                                        WITH_CAUSAL,
                                        WITH_WINDOW,
                                        WITH_MASK | WITH_BOOL | WITH_BIAS,
                                        WITH_LENGTHS | WITH_CAUSAL | WITH_BIAS };
    for (size_t i = 0; i < COUNT(inverse_bandwidths); i++)
        cases_add(&(struct test_case){ SOFTMAX, .n = CYCLE(case_n, i), .m = inverse_bandwidths[i],
                                       .with = WITH_SCALE, .alpha = 5 },
                  "softmax m %d", inverse_bandwidths[i]);
    for (size_t o = 0; o < COUNT(options); o++)
        for (int e = ATTPOOL_EMPTY_DEFAULT; e <= ATTPOOL_EMPTY_MEAN; e++) {
            size_t i = o * 4 + (size_t)e;
            cases_add(&(struct test_case){ SOFTMAX, .b = i % 2 ? 2 : 0, .h = 3,
                                           .n = CYCLE(case_n, i), .m = CYCLE(case_m, i) % 400,
                                           .with = options[o], .empty = (attpool_empty)e, .left = 2,
                                           .right = 20, .offset = (int)i - 12,
                                           .special = i % 3 ? SPECIAL_HIDDEN : SPECIAL_EMPTY,
                                           .in = (enum arrangement)(i % ARRANGEMENTS),
                                           .out = (enum arrangement)(i / 2 % ARRANGE_SHARED) },
                      "softmax option %zu empty %d", o, e);
        }
}

/* What belongs to the batch item, beside heads. */
static void item_cases(void)
{
    for (unsigned i = 0; i < 4; i++) {
        const unsigned with = i % 2 ? WITH_ROW_LENGTHS : WITH_LENGTHS;
        cases_add(&(struct test_case){ SOFTMAX, .b = i < 2 ? 2 : 3, .h = 2, .n = CYCLE(case_n, i),
                                       .m = CYCLE(case_m, i), .with = with | WITH_ITEMS,
                                       .special = SPECIAL_HIDDEN },
                  "softmax items %u", i);
        cases_add(&(struct test_case){ KERNEL, .b = 2, .h = 4, .hk = i < 2 ? 4 : 2,
                                       .n = CYCLE(case_n, i), .m = CYCLE(case_m, i), .d = 2,
                                       .kernel = i < 2 ? ATTPOOL_GAUSSIAN : ATTPOOL_BIWEIGHT,
                                       .bandwidth_per = i % 2 ? ATTPOOL_BANDWIDTH_KEY
                                                              : ATTPOOL_BANDWIDTH_COORDINATE_KEY,
                                       .with = WITH_ITEMS },
                  "kernel items %u", i);
    }
}

/* Larger than a near cache, where the way of a backend changes. */
static void far_cases(void)
{
    /* clang-format off */
    static const struct test_case far[] = {
        { "bmm strip",           BMM, .b = 2, .h = 1, .n = 77, .m = 50, .d = 600, .alpha = 1 },
        { "bmm strip added",     BMM, .h = 2, .n = 53, .m = 31, .d = 900, .alpha = -1, .beta = 0.5 },
        { "bmm strip nan",       BMM, .n = 60, .m = 29, .d = 1000, .alpha = 1, .special = SPECIAL_NAN_QUERY },
        { "dot far keys",        DOT, .h = 3, .n = 2, .m = 4500, .d = 33, .v = 35, .with = WITH_MASK | WITH_ALL_OUTPUTS },
        { "regression in many coordinates", .operation = OPERATION_REGRESSION, .score = ATTPOOL_KERNEL, .degree = 1, .n = 70, .m = 300, .d = 21, .v = 2, .with = WITH_N_EFF },
        { "grad, blocks of a task", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .n = 150, .m = 2600, .d = 3, .v = 1, .width = 5, .key_origin = 500, .query_origin = 77, .with = WITH_LSE },
        { "grad, blocks in lines", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .h = 2, .n = 70, .m = 1200, .d = 1, .v = 1, .width = 3 },
        { "dot, few queries",    DOT, .h = 2, .n = 1, .m = 4500, .d = 37, .v = 35, .key_origin = 384, .with = WITH_ROW_LENGTHS | WITH_LSE | WITH_N_EFF },
        { "gaussian, few queries", REGRESS, .n = 2, .m = 5000, .d = 1, .v = 1, .width = 3, .key_origin = 300, .query_origin = 1100, .with = WITH_LEAVE_ONE_OUT | WITH_N_EFF },
        { "hidden keys, few queries", REGRESS, .n = 1, .m = 3000, .d = 3, .v = 1, .special = SPECIAL_HIDDEN, .with = WITH_LENGTHS },
        { "spread keys, few queries", REGRESS, .n = 2, .m = 2600, .d = 1, .v = 3, .kernel = ATTPOOL_EPANECHNIKOV, .width = 5, .in = ARRANGE_SPREAD, .with = WITH_N_EFF | WITH_CAUSAL },
        { "spread products, few queries", DOT, .n = 2, .m = 2300, .d = 18, .v = 1, .in = ARRANGE_TRANSPOSED, .with = WITH_WINDOW, .left = 1500, .right = 900, .offset = 700 },
        { "grad, rounds of gaussians", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .n = 600, .m = 1900, .d = 3, .v = 1, .width = 5, .key_origin = 500, .query_origin = 77, .with = WITH_LSE },
        { "grad, rounds of products", .operation = OPERATION_POOL_GRAD, .h = 2, .hk = 1, .n = 260, .m = 1150, .d = 5, .v = 18, .offset = 900, .with = WITH_CAUSAL | WITH_KEY_WEIGHTS },
        { "grad, sorted keys cut", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .n = 1100, .m = 700, .d = 1, .v = 1, .width = 300, .special = SPECIAL_SORTED, .with = WITH_LSE },
        { "grad, sorted keys cut, weights", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .n = 1100, .m = 700, .d = 1, .v = 1, .width = 300, .special = SPECIAL_SORTED, .key_origin = 1000, .with = WITH_KEY_WEIGHTS | WITH_WIDE_WEIGHTS | WITH_LEAVE_ONE_OUT },
        { "grad, far keys cut", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .n = 1100, .m = 300, .d = 1, .v = 1, .width = 300, .special = SPECIAL_FAR_BLOCKS },
        { "grad, sorted keys", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .kernel = ATTPOOL_EPANECHNIKOV, .n = 450, .m = 700, .d = 1, .v = 1, .width = 9, .special = SPECIAL_SORTED },
        { "grad, sorted keys, d 2", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .kernel = ATTPOOL_TRICUBE, .n = 450, .m = 700, .d = 2, .v = 2, .width = 9, .special = SPECIAL_SORTED, .with = WITH_LSE },
        { "grad, sorted keys, far", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .kernel = ATTPOOL_BIWEIGHT, .n = 450, .m = 700, .d = 1, .v = 2, .width = 3000, .special = SPECIAL_SORTED, .empty = ATTPOOL_EMPTY_MEAN },
        { "grad, hidden widths", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .kernel = ATTPOOL_TRIANGULAR, .n = 40, .m = 150, .d = 1, .v = 2, .special = SPECIAL_HIDDEN_WIDTHS, .bandwidth_per = ATTPOOL_BANDWIDTH_KEY, .with = WITH_MASK },
        { "grad, hidden widths, d 2", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .n = 40, .m = 150, .d = 2, .v = 1, .special = SPECIAL_HIDDEN_WIDTHS, .bandwidth_per = ATTPOOL_BANDWIDTH_KEY, .with = WITH_KEY_WEIGHTS | WITH_LSE },
        { "grad, hidden widths, flat", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .kernel = ATTPOOL_BOXCAR, .n = 40, .m = 150, .d = 1, .v = 1, .special = SPECIAL_HIDDEN_WIDTHS, .bandwidth_per = ATTPOOL_BANDWIDTH_KEY, .with = WITH_KEY_WEIGHTS },
        { "grad, endless widths", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .kernel = ATTPOOL_CAUCHY, .n = 40, .m = 150, .d = 2, .v = 2, .special = SPECIAL_ENDLESS_WIDTHS, .bandwidth_per = ATTPOOL_BANDWIDTH_KEY, .with = WITH_LSE },
        { "grad, endless widths, d 1", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .kernel = ATTPOOL_SILVERMAN, .n = 40, .m = 150, .d = 1, .v = 2, .special = SPECIAL_ENDLESS_WIDTHS, .bandwidth_per = ATTPOOL_BANDWIDTH_KEY, .with = WITH_MASK },
        { "grad, endless widths, d 4", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .n = 40, .m = 150, .d = 4, .v = 1, .special = SPECIAL_ENDLESS_WIDTHS, .bandwidth_per = ATTPOOL_BANDWIDTH_KEY, .with = WITH_BIAS | WITH_KEY_WEIGHTS },
        { "grad, endless widths, product", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .kernel = ATTPOOL_CAUCHY, .form = ATTPOOL_PRODUCT, .n = 40, .m = 150, .d = 3, .v = 1, .special = SPECIAL_ENDLESS_WIDTHS, .bandwidth_per = ATTPOOL_BANDWIDTH_KEY, .with = WITH_MIXED_KERNELS },
        { "grad, endless widths of queries", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .kernel = ATTPOOL_CAUCHY, .n = 40, .m = 150, .d = 2, .v = 2, .special = SPECIAL_ENDLESS_WIDTHS, .bandwidth_per = ATTPOOL_BANDWIDTH_QUERY, .with = WITH_LSE },
        { "grad, endless widths of queries, mean", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .kernel = ATTPOOL_CAUCHY, .form = ATTPOOL_PRODUCT, .n = 40, .m = 150, .d = 2, .v = 2, .empty = ATTPOOL_EMPTY_MEAN, .special = SPECIAL_ENDLESS_WIDTHS, .bandwidth_per = ATTPOOL_BANDWIDTH_QUERY },
        { "grad, endless width", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .kernel = ATTPOOL_CAUCHY, .n = 40, .m = 150, .d = 2, .v = 2, .special = SPECIAL_ENDLESS_WIDTHS, .bandwidth_per = ATTPOOL_BANDWIDTH_ONE, .with = WITH_WIDTH_TENSOR | WITH_KEY_WEIGHTS },
        { "grad, endless width of a coordinate", .operation = OPERATION_POOL_GRAD, .score = ATTPOOL_KERNEL, .kernel = ATTPOOL_TRIANGULAR, .n = 40, .m = 150, .d = 7, .v = 2, .special = SPECIAL_ENDLESS_WIDTHS, .bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE, .with = WITH_MASK },
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(far); i++)
        cases_add(&far[i], "%s", far[i].name);
}

const struct test_case *test_cases(size_t *count)
{
    if (filled == 0) {
        for (size_t i = 0; i < COUNT(written); i++)
            cases_add(&written[i], "%s", written[i].name);
        bmm_cases();
        kernel_cases();
        softmax_cases();
        cases_of_pool();
        item_cases();
        cases_of_grad();
        cases_of_dropout(table, filled);
        cases_of_density();
        cases_of_regression();
        cases_of_index();
        cases_of_fused_grad();
        far_cases(); /* last, since inputs depend on the number of a row */
    }
    *count = filled;
    return table;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tests/cases.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CASES = 4000, MOST_NAME = 96 };

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct test_case table[MOST_CASES];
static char names[MOST_CASES][MOST_NAME];
static size_t filled;

/* ---- Rows written out ----------------------------------------------------------------- */

#define BMM        .operation = OPERATION_BMM
#define KERNEL     .operation = OPERATION_KERNEL
#define SOFTMAX    .operation = OPERATION_SOFTMAX
#define POOL       .operation = OPERATION_POOL
#define DOT        .operation = OPERATION_POOL, .score = ATTPOOL_DOT
#define AVERAGE    .operation = OPERATION_POOL, .score = ATTPOOL_AVERAGE
#define ADDITIVE   .operation = OPERATION_POOL, .score = ATTPOOL_ADDITIVE
#define PROJECTION .operation = OPERATION_POOL, .score = ATTPOOL_PROJECTION
#define REGRESS    .operation = OPERATION_POOL, .score = ATTPOOL_KERNEL

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

static struct test_case *add(const struct test_case *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static struct test_case *add(const struct test_case *c, const char *format, ...)
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

static const int lanes[] = { 1, 2, 3, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33 };
static const int some_n[] = { 3, 1, 5, 8, 2, 9, 17, 4, 7 };
static const int some_m[] = { 37, 129, 300, 1030, 64, 257, 2049, 128, 31, 1024, 160 };
static const int some_d[] = { 1, 2, 3, 8, 1, 5, 17, 65 };
static const int some_v[] = { 1, 3, 8, 2, 17, 9, 1, 65, 4 };

#define CYCLE(list, i) list[(i) % COUNT(list)]

static void bmm_cases(void)
{
    static const int depths[] = { 1,  2,  3,   7,   8,   9,   15,  16,  17,  31,
                                  32, 33, 127, 128, 129, 255, 256, 257, 513, 1025 };
    static const double factors[][2] = { { 1, 0 }, { 1, 1 }, { -0.5, 0.75 }, { 3, 0 }, { 0.1, 1 } };
    for (size_t i = 0; i < COUNT(depths); i++)
        add(&(struct test_case){ BMM, .n = CYCLE(lanes, i), .m = CYCLE(lanes, 2 * i + 5),
                                 .d = depths[i], .alpha = CYCLE(factors, i)[0],
                                 .beta = CYCLE(factors, i)[1] },
            "bmm k %d", depths[i]);
    for (size_t i = 0; i < COUNT(lanes); i++) {
        add(&(struct test_case){ BMM, .n = lanes[i], .m = 13, .d = 21, .alpha = 1 }, "bmm n %d",
            lanes[i]);
        add(&(struct test_case){ BMM, .n = 5, .m = lanes[i], .d = 21, .alpha = 1, .beta = 1 },
            "bmm m %d", lanes[i]);
    }
    for (int a = 0; a < ARRANGEMENTS; a++)
        add(&(struct test_case){ BMM, .b = 2, .h = 3, .n = 11, .m = 19, .d = 35, .alpha = 1.25,
                                 .beta = 0.5, .in = (enum arrangement)a,
                                 .out = (enum arrangement)((a + 3) % ARRANGE_SHARED) },
            "bmm arranged %d", a);
}

static void kernel_cases(void)
{
    static const int depths[] = { 0, 1, 2, 3, 8, 63, 64, 65, 255, 256, 257, 300 };
    unsigned i = 0;
    for (int k = 0; k < KERNELS; k++)
        for (int form = 0; form < 2; form++)
            for (int per = 0; per <= ATTPOOL_WIDTH_COORDINATE_KEY; per++, i++)
                add(&(struct test_case){ KERNEL, .h = i % 3 ? 2 : 0, .n = CYCLE(some_n, i),
                                         .m = CYCLE(lanes, 7 * i), .d = CYCLE(some_d, i / 2),
                                         .kernel = (attpool_kernel_name)k,
                                         .form = (attpool_form)form,
                                         .width_per = (attpool_width_per)per,
                                         .in = (enum arrangement)(i % ARRANGEMENTS),
                                         .with = i % 4 == 1 ? WITH_BANDWIDTH : 0 },
                    "kernel %s %s per %d", attpool_kernel_to_name((attpool_kernel_name)k),
                    form ? "product" : "radial", per);
    for (i = 0; i < COUNT(depths); i++)
        for (int form = 0; form < 2; form++)
            add(&(struct test_case){ KERNEL, .n = 6, .m = 41, .d = depths[i],
                                     .kernel = (attpool_kernel_name)(5 * i % KERNELS),
                                     .form = (attpool_form)form,
                                     .with = form ? WITH_MIXED_KERNELS : 0,
                                     .out = (enum arrangement)(i % ARRANGE_SHARED) },
                "kernel d %d %s", depths[i], form ? "mixed" : "radial");
    for (int k = 0; k < KERNELS; k++) {
        struct test_case c = { KERNEL, .n = 7, .m = 40, .d = 2, .kernel = (attpool_kernel_name)k };
        const char *name = attpool_kernel_to_name(c.kernel);
        c.special = k % 2 ? SPECIAL_NAN_KEY : SPECIAL_NAN_QUERY;
        add(&c, "kernel %s nan", name);
        c.d = 1;
        add(&c, "kernel %s nan, d 1", name);
        c.form = ATTPOOL_PRODUCT;
        c.d = 3;
        add(&c, "kernel %s nan, product", name);
        c.special = SPECIAL_EQUAL;
        add(&c, "kernel %s equal, product", name);
        c.form = ATTPOOL_RADIAL;
        c.special = SPECIAL_EQUAL;
        add(&c, "kernel %s equal", name);
    }
}

static void softmax_cases(void)
{
    static const int widths[] = { 1,  2,  3,  7,  8,  9,   15,  16,  17,  23,   24,   25,  31,
                                  32, 33, 63, 64, 65, 127, 128, 129, 300, 1023, 1024, 1025 };
    static const unsigned options[] = { 0,
                                        WITH_LENGTHS,
                                        WITH_ROW_LENGTHS,
                                        WITH_MASK,
                                        WITH_BIAS,
                                        WITH_CAUSAL,
                                        WITH_WINDOW,
                                        WITH_MASK | WITH_BOOL | WITH_BIAS,
                                        WITH_LENGTHS | WITH_CAUSAL | WITH_BIAS };
    for (size_t i = 0; i < COUNT(widths); i++)
        add(&(struct test_case){ SOFTMAX, .n = CYCLE(some_n, i), .m = widths[i], .with = WITH_SCALE,
                                 .alpha = 5 },
            "softmax m %d", widths[i]);
    for (size_t o = 0; o < COUNT(options); o++)
        for (int e = ATTPOOL_EMPTY_DEFAULT; e <= ATTPOOL_EMPTY_MEAN; e++) {
            size_t i = o * 4 + (size_t)e;
            add(&(struct test_case){ SOFTMAX, .b = i % 2 ? 2 : 0, .h = 3, .n = CYCLE(some_n, i),
                                     .m = CYCLE(some_m, i) % 400, .with = options[o],
                                     .empty = (attpool_empty)e, .left = 2, .right = 20,
                                     .offset = (int)i - 12,
                                     .special = i % 3 ? SPECIAL_HIDDEN : SPECIAL_EMPTY,
                                     .in = (enum arrangement)(i % ARRANGEMENTS),
                                     .out = (enum arrangement)(i / 2 % ARRANGE_SHARED) },
                "softmax option %zu empty %d", o, e);
        }
}

/* What a score can be combined with. */
static const struct test_case twists[] = {
    /* clang-format off */
    { .name = "plain" },
    { "all outputs",   .with = WITH_ALL_OUTPUTS },
    { "lengths",       .with = WITH_LENGTHS | WITH_ALL_OUTPUTS, .h = 3, .special = SPECIAL_HIDDEN },
    { "row lengths",   .with = WITH_ROW_LENGTHS | WITH_N_EFF, .h = 2, .special = SPECIAL_HIDDEN },
    { "mask",          .with = WITH_MASK | WITH_ALL_OUTPUTS, .b = 2, .h = 2, .special = SPECIAL_EMPTY },
    { "bool mask",     .with = WITH_MASK | WITH_BOOL | WITH_SHARED_MASK | WITH_LSE, .h = 2, .special = SPECIAL_HIDDEN },
    { "bias",          .with = WITH_BIAS | WITH_ALL_OUTPUTS, .h = 2 },
    { "bias, lengths", .with = WITH_BIAS | WITH_LENGTHS | WITH_SHARED_MASK, .h = 2, .special = SPECIAL_HIDDEN },
    { "causal",        .with = WITH_CAUSAL | WITH_ALL_OUTPUTS, .offset = 20 },
    { "window",        .with = WITH_WINDOW | WITH_LSE | WITH_N_EFF, .left = 5, .right = 40, .offset = 3 },
    { "window, mask, bias", .with = WITH_WINDOW | WITH_CAUSAL | WITH_MASK | WITH_BIAS | WITH_ALL_OUTPUTS, .left = 100, .right = 40, .offset = 90 },
    { "leave one out", .with = WITH_LEAVE_ONE_OUT | WITH_ALL_OUTPUTS, .special = SPECIAL_EQUAL },
    { "mask of a row", .with = WITH_MASK | WITH_BIAS | WITH_ROW_MASK | WITH_ALL_OUTPUTS, .h = 2 },
    { "origins",       .with = WITH_LEAVE_ONE_OUT | WITH_CAUSAL | WITH_ALL_OUTPUTS, .query_origin = 990, .key_origin = 1000, .offset = 33 },
    { "key weights",   .with = WITH_KEY_WEIGHTS | WITH_ALL_OUTPUTS, .h = 2, .special = SPECIAL_HIDDEN },
    { "key weights, bias", .with = WITH_KEY_WEIGHTS | WITH_BIAS | WITH_SHARED_MASK | WITH_LSE | WITH_WEIGHTS, .h = 2 },
    { "rows",          .with = WITH_WEIGHTS | WITH_ROWS | WITH_N_EFF, .h = 2 },
    { "heads",         .with = WITH_LSE | WITH_KEY_WEIGHTS | WITH_MASK, .b = 2, .h = 4, .hk = 2 },
    { "one head of keys", .with = WITH_LENGTHS, .b = 2, .h = 3, .hk = 1 },
    { "shared keys",   .with = WITH_SHARED_KEYS | WITH_LSE, .h = 3 },
    { "shared queries", .with = WITH_SHARED_QUERIES | WITH_LSE | WITH_WEIGHTS, .h = 3 },
    { "empty zero",    .with = WITH_MASK | WITH_ALL_OUTPUTS, .empty = ATTPOOL_EMPTY_ZERO, .special = SPECIAL_EMPTY },
    { "empty nan",     .with = WITH_MASK | WITH_KEY_WEIGHTS | WITH_ALL_OUTPUTS, .empty = ATTPOOL_EMPTY_NAN, .special = SPECIAL_EMPTY },
    { "empty mean",    .with = WITH_MASK | WITH_KEY_WEIGHTS | WITH_ALL_OUTPUTS, .empty = ATTPOOL_EMPTY_MEAN, .special = SPECIAL_EMPTY },
    { "far, mean",     .with = WITH_LEAVE_ONE_OUT | WITH_ALL_OUTPUTS, .empty = ATTPOOL_EMPTY_MEAN, .special = SPECIAL_FAR },
    { "nan key",       .with = WITH_ALL_OUTPUTS | WITH_MASK, .special = SPECIAL_NAN_KEY },
    { "nan query",     .with = WITH_ALL_OUTPUTS, .special = SPECIAL_NAN_QUERY },
    { "nan value",     .with = WITH_ALL_OUTPUTS, .special = SPECIAL_NAN_VALUE },
    { "inf value",     .with = WITH_LSE, .special = SPECIAL_INF_VALUE },
    { "payload",       .with = WITH_LSE, .special = SPECIAL_PAYLOAD },
    { "negative zeros", .with = WITH_ALL_OUTPUTS, .special = SPECIAL_ZERO },
    { "subnormal",     .with = WITH_LSE, .special = SPECIAL_SUBNORMAL },
    /* clang-format on */
};

static void pool_case(const struct test_case *score, const char *name, unsigned i)
{
    const struct test_case *twist = &CYCLE(twists, i);
    struct test_case c = *twist;
    c.operation = OPERATION_POOL;
    c.score = score->score;
    c.kernel = score->kernel;
    c.form = score->form;
    c.width_per = score->width_per;
    c.with |= score->with;
    c.n = CYCLE(some_n, i + i / 7);
    c.m = CYCLE(some_m, i + i / 31);
    c.d = CYCLE(some_d, i + i / 31);
    c.v = CYCLE(some_v, i);
    c.p = CYCLE(some_d, i + 3);
    c.in = (enum arrangement)((i + i / 31) % ARRANGEMENTS);
    c.out = (enum arrangement)(i / 3 % ARRANGE_SHARED);
    if (score->score == ATTPOOL_KERNEL && c.special == SPECIAL_FAR && i % 2)
        c.empty = ATTPOOL_EMPTY_NEAREST;
    if (score->score == ATTPOOL_KERNEL && i % 5 == 1)
        c.with |= WITH_BANDWIDTH;
    if (score->score == ATTPOOL_KERNEL && i % 7 == 1)
        c.with |= WITH_SIGNED_WIDTH;
    add(&c, "pool %s, %s", name, twist->name);
}

/* Every score with every twist; widths of every kind in turn. */
static void pool_cases(void)
{
    static const char *const plain[] = { [ATTPOOL_DOT] = "dot",
                                         [ATTPOOL_AVERAGE] = "average",
                                         [ATTPOOL_ADDITIVE] = "additive",
                                         [ATTPOOL_PROJECTION] = "projection" };
    unsigned i = 0;
    char name[64];
    for (int s = 0; s < (int)COUNT(plain); s++)
        for (size_t t = 0; t < COUNT(twists) && plain[s]; t++, i++)
            pool_case(&(struct test_case){ .score = (attpool_score)s }, plain[s], i);
    for (int k = 0; k < KERNELS; k++)
        for (int form = 0; form < 2; form++)
            for (size_t t = 0; t < COUNT(twists); t++, i++) {
                struct test_case score = { .score = ATTPOOL_KERNEL,
                                           .kernel = (attpool_kernel_name)k,
                                           .form = (attpool_form)form,
                                           .width_per = (attpool_width_per)(i / 2 % 5) };
                snprintf(name, sizeof name, "%s%s", attpool_kernel_to_name(score.kernel),
                         form ? " product" : "");
                pool_case(&score, name, i);
            }
    for (size_t t = 0; t < COUNT(twists); t++, i++) {
        struct test_case score = { .score = ATTPOOL_KERNEL,
                                   .form = ATTPOOL_PRODUCT,
                                   .kernel = (attpool_kernel_name)(i % KERNELS),
                                   .with = WITH_MIXED_KERNELS,
                                   .width_per = (attpool_width_per)(i % 5) };
        pool_case(&score, "mixed product", i);
    }
}

/* Masks that leave and hide whole blocks of keys, for tiles of all vectors. */
static void mask_cases(void)
{
    static const struct test_case scores[] = {
        { "dot", DOT, .d = 5, .v = 3 },
        { "dot all outputs", DOT, .d = 5, .v = 3, .with = WITH_ALL_OUTPUTS },
        { "dot bias", DOT, .d = 5, .v = 3, .with = WITH_BIAS },
        { "gaussian", REGRESS, .d = 1, .v = 1 },
        { "biweight", REGRESS, .d = 1, .v = 1, .kernel = ATTPOOL_BIWEIGHT },
        { "biweight nearest", REGRESS, .d = 1, .v = 1, .kernel = ATTPOOL_BIWEIGHT, .width = 200,
          .empty = ATTPOOL_EMPTY_NEAREST, .with = WITH_ALL_OUTPUTS },
        { "biweight mean", REGRESS, .d = 1, .v = 2, .kernel = ATTPOOL_BIWEIGHT, .width = 200,
          .empty = ATTPOOL_EMPTY_MEAN, .with = WITH_ALL_OUTPUTS },
    };
    for (size_t s = 0; s < COUNT(scores); s++)
        for (int in = 0; in < ARRANGEMENTS; in++) {
            struct test_case c = scores[s];
            c.n = 70, c.m = 420, c.in = (enum arrangement)in;
            c.with |= WITH_MASK;
            c.special = SPECIAL_BLOCKS;
            add(&c, "pool mask of blocks, %s, arrangement %d", scores[s].name, in);
        }
}

/* A few scores over every length that could be a seam. */
static void pool_sizes(void)
{
    static const int keys[] = { 1,   2,    3,    7,    8,    9,    15,   16,   17,   23,
                                24,  25,   31,   32,   33,   127,  128,  129,  255,  256,
                                257, 1023, 1024, 1025, 2047, 2048, 2049, 3001, 4097, 5003 };
    static const int depths[] = { 0, 1, 2, 3, 7, 8, 9, 63, 64, 65, 255, 256, 257, 300, 513 };
    static const int columns[] = { 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65 };
    static const struct test_case scores[] = {
        { "dot", .score = ATTPOOL_DOT },
        { "gaussian", .score = ATTPOOL_KERNEL },
        { "biweight", .score = ATTPOOL_KERNEL, .kernel = ATTPOOL_BIWEIGHT },
        { "logistic product", .score = ATTPOOL_KERNEL, .kernel = ATTPOOL_LOGISTIC,
          .form = ATTPOOL_PRODUCT },
        { "additive", .score = ATTPOOL_ADDITIVE },
    };
    for (size_t s = 0; s < COUNT(scores); s++) {
        struct test_case base = scores[s];
        const char *name = base.name;
        base.operation = OPERATION_POOL;
        base.p = 5;
        for (size_t i = 0; i < COUNT(keys); i++) {
            struct test_case c = base;
            c.n = CYCLE(some_n, i), c.m = keys[i], c.d = CYCLE(some_d, i + s);
            c.v = CYCLE(some_v, i + s);
            c.with |= i % 2 ? WITH_ALL_OUTPUTS : WITH_LSE;
            c.key_origin = i % 5 == 3 ? 777 : 0;
            c.query_origin = c.key_origin;
            add(&c, "pool %s m %d", name, keys[i]);
        }
        for (size_t i = 0; i < COUNT(lanes); i++) {
            struct test_case c = base;
            c.n = lanes[i], c.m = 140, c.d = 3, c.v = 2;
            add(&c, "pool %s n %d", name, lanes[i]);
        }
        for (size_t i = 0; i < COUNT(depths); i++) {
            struct test_case c = base;
            c.n = 5, c.m = 135, c.d = depths[i], c.v = 2, c.p = depths[COUNT(depths) - 1 - i];
            c.with |= WITH_WEIGHTS;
            add(&c, "pool %s d %d", name, depths[i]);
        }
        for (size_t i = 0; i < COUNT(columns); i++) {
            struct test_case c = base;
            c.n = 5, c.m = 135, c.d = 2, c.v = columns[i];
            add(&c, "pool %s v %d", name, columns[i]);
        }
    }
}

const struct test_case *test_cases(size_t *count)
{
    if (filled == 0) {
        for (size_t i = 0; i < COUNT(written); i++)
            add(&written[i], "%s", written[i].name);
        bmm_cases();
        kernel_cases();
        softmax_cases();
        pool_cases();
        mask_cases();
        pool_sizes();
    }
    *count = filled;
    return table;
}

static double at_least_one(int size)
{
    return size > 0 ? size : 1;
}

double test_case_flops(const struct test_case *c)
{
    double pairs = at_least_one(c->b) * at_least_one(c->h) * c->n * (double)c->m;
    switch (c->operation) {
    case OPERATION_BMM:
        return 2 * pairs * c->d;
    case OPERATION_KERNEL:
        return pairs * (3 * c->d + 10);
    case OPERATION_SOFTMAX:
        return 12 * pairs;
    default:
        break;
    }
    double rows = at_least_one(c->b) * at_least_one(c->h) * ((double)c->n + c->m);
    if (c->score == ATTPOOL_ADDITIVE)
        return pairs * (20 * c->p + 10 + 2 * c->v) + 2 * rows * c->p * c->d;
    if (c->score == ATTPOOL_PROJECTION)
        return pairs * (2 * c->p + 10 + 2 * c->v) + 2 * rows * c->p * c->d;
    return pairs * (3 * c->d + 10 + 2 * c->v);
}

bool kernel_has_factor(attpool_kernel_name kernel)
{
    return kernel != ATTPOOL_GAUSSIAN && kernel != ATTPOOL_LAPLACIAN;
}

bool kernel_is_compact(attpool_kernel_name kernel)
{
    return kernel == ATTPOOL_BOXCAR || (kernel >= ATTPOOL_TRIANGULAR && kernel <= ATTPOOL_COSINE);
}

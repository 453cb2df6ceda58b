/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/kernels.h"
#include "tests/cases/cases_add.h"

static const int some_v[] = { 1, 3, 8, 2, 9, 17 };

/* What a score can be combined with. */
static const struct test_case twists[] = {
    /* clang-format off */
    { .name = "plain" },
    { "by L",          .with = WITH_LSE },
    { "by L alone",    .with = WITH_LSE | WITHOUT_OUTPUT, .h = 2 },
    { "lengths",       .with = WITH_LENGTHS | WITH_LSE, .h = 3, .special = SPECIAL_HIDDEN },
    { "row lengths",   .with = WITH_ROW_LENGTHS, .h = 2, .special = SPECIAL_HIDDEN },
    { "mask",          .with = WITH_MASK | WITH_LSE, .b = 2, .h = 2, .special = SPECIAL_EMPTY },
    { "bias",          .with = WITH_BIAS | WITH_LSE, .h = 2 },
    { "bias for all",  .with = WITH_BIAS | WITH_LENGTHS | WITH_SHARED_MASK, .h = 2, .special = SPECIAL_HIDDEN },
    { "bias of rows",  .with = WITH_MASK | WITH_BIAS | WITH_ROW_MASK, .b = 2, .h = 2 },
    { "window",        .with = WITH_WINDOW | WITH_CAUSAL | WITH_MASK | WITH_LSE, .left = 100, .right = 40, .offset = 90 },
    { "leave one out", .with = WITH_LEAVE_ONE_OUT | WITH_LSE, .special = SPECIAL_EQUAL },
    { "origins",       .with = WITH_LEAVE_ONE_OUT | WITH_CAUSAL | WITH_KEY_WEIGHTS, .query_origin = 990, .key_origin = 1000, .offset = 33 },
    { "key weights",   .with = WITH_KEY_WEIGHTS | WITH_LSE, .h = 2, .special = SPECIAL_HIDDEN },
    { "key weights, bias", .with = WITH_KEY_WEIGHTS | WITH_BIAS | WITH_SHARED_MASK | WITH_LSE, .h = 2 },
    { "wide key weights", .with = WITH_KEY_WEIGHTS | WITH_WIDE_WEIGHTS | WITHOUT_ORACLE },
    { "heads",         .with = WITH_LSE | WITH_KEY_WEIGHTS | WITH_MASK, .b = 2, .h = 4, .hk = 2 },
    { "one head of keys", .with = WITH_LENGTHS, .b = 2, .h = 3, .hk = 1 },
    { "items",         .with = WITH_ROW_LENGTHS | WITH_KEY_WEIGHTS | WITH_ITEMS, .b = 2, .h = 2, .hk = 1 },
    { "shared keys",   .with = WITH_SHARED_KEYS | WITH_LSE, .h = 3 },
    { "shared queries", .with = WITH_SHARED_QUERIES | WITH_LSE, .b = 2, .h = 2 },
    { "empty mean",    .with = WITH_MASK | WITH_KEY_WEIGHTS | WITH_LSE, .empty = ATTPOOL_EMPTY_MEAN, .special = SPECIAL_EMPTY },
    { "far",           .with = WITH_LEAVE_ONE_OUT | WITH_LSE, .empty = ATTPOOL_EMPTY_MEAN, .special = SPECIAL_FAR },
    { "far, nearest",  .with = WITH_MASK, .empty = ATTPOOL_EMPTY_NEAREST, .special = SPECIAL_FAR },
    { "nan key",       .with = WITH_MASK | WITH_LSE | WITHOUT_ORACLE, .special = SPECIAL_NAN_KEY },
    { "inf key",       .with = WITHOUT_ORACLE, .special = SPECIAL_INF_KEY },
    { "nan value",     .with = WITHOUT_ORACLE, .special = SPECIAL_NAN_VALUE },
    { "negative zeros", .with = WITH_LSE | WITHOUT_ORACLE, .special = SPECIAL_ZERO },
    /* clang-format on */
};

static const int few_m[] = { 37, 9, 130, 17, 64, 257, 5 };
static const int few_n[] = { 3, 17, 1, 9, 33, 5 };

static void grad_case(const struct test_case *score, const char *name, unsigned i)
{
    const struct test_case *twist = &CYCLE(twists, i);
    struct test_case c = cases_cross(score, twist, i);
    c.operation = OPERATION_POOL_GRAD;
    c.n = CYCLE(few_n, i + i / 7);
    c.m = CYCLE(few_m, i + i / 29);
    c.v = CYCLE(some_v, i);
    if (score->score == ATTPOOL_AVERAGE)
        c.with &= ~(unsigned)WITHOUT_OUTPUT; /* nothing would be left to ask for */
    if (score->score != ATTPOOL_KERNEL && c.empty == ATTPOOL_EMPTY_NEAREST)
        c.empty = ATTPOOL_EMPTY_ZERO;
    if (score->score == ATTPOOL_KERNEL && i % 7 == 1)
        c.with |= WITH_SIGNED_WIDTH;
    if (score->score == ATTPOOL_KERNEL && i % 4 == 1)
        c.with |= WITH_WIDTH_TENSOR;
    if (score->score != ATTPOOL_KERNEL && score->score != ATTPOOL_AVERAGE && i % 3 == 1)
        c.with |= WITH_SCALE, c.alpha = i % 2 ? 0.7 : -0.4;
    cases_add(&c, "grad %s, %s", name, twist->name);
}

/* Every kernel with every kind of inverse bandwidth, in one coordinate and in several. */
static void width_cases(void)
{
    unsigned i = 0;
    for (int k = 0; k < KERNEL_COUNT; k++)
        for (int per = 0; per <= ATTPOOL_BANDWIDTH_COORDINATE_KEY; per++)
            for (int form = 0; form < 3; form++, i++)
                cases_add(&(struct test_case){ .operation = OPERATION_POOL_GRAD,
                                               .score = ATTPOOL_KERNEL,
                                               .n = CYCLE(few_n, i),
                                               .m = CYCLE(few_m, i),
                                               .d = form == 1 ? 1 : 3,
                                               .v = CYCLE(some_v, i),
                                               .h = i % 3 ? 2 : 0,
                                               .kernel = (attpool_kernel_name)k,
                                               .form = form == 2 ? ATTPOOL_PRODUCT : ATTPOOL_RADIAL,
                                               .bandwidth_per = (attpool_bandwidth_per)per,
                                               .with = i % 2 ? WITH_LSE : WITH_KEY_WEIGHTS },
                          "grad %s per %d, %s", attpool_kernel_to_name((attpool_kernel_name)k), per,
                          form == 0   ? "radial"
                          : form == 1 ? "one coordinate"
                                      : "product");
}

/* Sizes around the seams of blocks and super-blocks, of queries and of keys. */
static void size_cases(void)
{
    static const int sizes[] = {
        1, 2, 7, 8, 15, 16, 17, 31, 33, 127, 128, 129, 255, 257, 1023, 1025
    };
    static const int widths[] = { 0, 1, 2, 7, 8, 9, 16, 31, 33, 65, 255, 257, 513 };
    static const struct test_case scores[] = {
        { "dot", .score = ATTPOOL_DOT },
        { "gaussian", .score = ATTPOOL_KERNEL },
        { "biweight", .score = ATTPOOL_KERNEL, .kernel = ATTPOOL_BIWEIGHT },
        { "laplacian product", .score = ATTPOOL_KERNEL, .kernel = ATTPOOL_LAPLACIAN,
          .form = ATTPOOL_PRODUCT },
        { "additive", .score = ATTPOOL_ADDITIVE },
    };
    for (size_t s = 0; s < COUNT(scores); s++) {
        struct test_case base = scores[s];
        base.operation = OPERATION_POOL_GRAD;
        base.p = 3;
        for (size_t i = 0; i < COUNT(sizes); i++) {
            struct test_case c = base;
            c.n = sizes[COUNT(sizes) - 1 - i] % 300, c.m = sizes[i], c.d = 3,
            c.v = CYCLE(some_v, i);
            c.n = s > 1 && c.n > 150 ? c.n / 3 : c.n;
            c.key_origin = i % 3 == 1 ? 777 : 0;
            c.query_origin = i % 3 == 1 ? 901 : 0;
            cases_add(&c, "grad %s m %d", base.name, c.m);
            c.n = sizes[i], c.m = 5 + (int)i;
            cases_add(&c, "grad %s n %d", base.name, c.n);
        }
        for (size_t i = 0; i < COUNT(widths); i++) {
            struct test_case c = base;
            c.n = 5, c.m = 19, c.d = widths[i], c.v = widths[(i + 5) % COUNT(widths)];
            c.p = widths[COUNT(widths) - 1 - i];
            c.with = c.v == 0 ? WITH_LSE : 0;
            cases_add(&c, "grad %s d %d", base.name, c.d);
        }
    }
}

static const struct test_case written[] = {
    /* clang-format off */
    { "grad of nothing",      DOT, .h = 2, .n = 0, .m = 0, .d = 3, .v = 2 },
    { "grad, no queries",     DOT, .h = 2, .n = 0, .m = 7, .d = 3, .v = 2, .with = WITH_BIAS },
    { "grad, no keys",        DOT, .h = 2, .n = 3, .m = 0, .d = 3, .v = 2, .with = WITH_LSE },
    { "grad, average, no queries", AVERAGE, .n = 3, .m = 300, .v = 2, .with = WITHOUT_QUERIES },
    { "grad, dot, scale 0",   DOT, .n = 5, .m = 37, .d = 8, .v = 4, .with = WITH_SCALE, .alpha = 0 },
    { "grad, dot sharp",      DOT, .n = 5, .m = 137, .d = 8, .v = 4, .with = WITH_SCALE | WITHOUT_ORACLE, .alpha = 300 },
    { "grad, dot square",     DOT, .n = 131, .m = 1153, .d = 64, .v = 64 },
    { "grad, dot causal",     DOT, .b = 1, .h = 2, .n = 300, .m = 300, .d = 8, .v = 8, .with = WITH_CAUSAL | WITH_LSE },
    { "grad, large bias",     DOT, .n = 7, .m = 131, .d = 8, .v = 3, .with = WITH_BIAS | WITH_LARGE_BIAS },
    { "grad, gaussian width 0", REGRESS, .n = 5, .m = 30, .d = 2, .v = 1, .width = -0.0, .with = WITH_WIDTH_TENSOR },
    { "grad, gaussian units 1e-30", REGRESS, .n = 5, .m = 30, .d = 2, .v = 1, .unit = 1e-30 },
    { "grad, gaussian units 1e30", REGRESS, .n = 5, .m = 30, .d = 2, .v = 1, .unit = 1e30 },
    { "grad, triangular units 1e-30", REGRESS, .n = 5, .m = 30, .d = 3, .v = 1, .kernel = ATTPOOL_TRIANGULAR, .unit = 1e-30, .bandwidth_per = ATTPOOL_BANDWIDTH_KEY },
    { "grad, gaussian a million apart", REGRESS, .n = 5, .m = 300, .d = 1, .v = 1, .width = 1e6, .with = WITHOUT_ORACLE },
    { "grad, gaussian far keys", REGRESS, .n = 40, .m = 150, .d = 1, .v = 2, .width = 40, .with = WITH_LSE },
    { "grad, gaussian far keys, product", REGRESS, .n = 9, .m = 300, .d = 2, .v = 2, .width = 40, .form = ATTPOOL_PRODUCT, .with = WITH_KEY_WEIGHTS },
    { "grad, gaussian far nan", REGRESS, .n = 40, .m = 300, .d = 1, .v = 2, .width = 60, .special = SPECIAL_NAN_VALUE, .with = WITHOUT_ORACLE | WITH_KEY_WEIGHTS | WITH_WIDE_WEIGHTS },
    { "grad, logistic far nan", REGRESS, .n = 9, .m = 300, .d = 2, .v = 2, .kernel = ATTPOOL_LOGISTIC, .width = 300, .special = SPECIAL_NAN_VALUE, .with = WITHOUT_ORACLE | WITH_LSE },
    { "grad, cauchy far",     REGRESS, .n = 5, .m = 30, .d = 2, .v = 1, .kernel = ATTPOOL_CAUCHY, .width = 1e25, .with = WITHOUT_ORACLE },
    /* clang-format on */
};

/* Gaussians that vectors take by a way of their own (backends/simd/grad/fused.h). */
static const struct test_case fused[] = {
    /* clang-format off */ /* a case a line reads as a table */
    { "grad, gaussian fused", REGRESS, .n = 150, .m = 300, .d = 1, .v = 1, .with = WITH_LSE },
    { "grad, gaussian fused, d 2", REGRESS, .b = 1, .h = 2, .n = 33, .m = 300, .d = 2, .v = 1, .bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE, .key_origin = 777, .query_origin = 901 },
    { "grad, gaussian fused, d 3", REGRESS, .n = 140, .m = 131, .d = 3, .v = 1, .with = WITH_CAUSAL },
    { "grad, gaussian fused, far", REGRESS, .n = 140, .m = 150, .d = 1, .v = 1, .width = 60, .with = WITH_LSE },
    { "grad, gaussian fused, units 1e30", REGRESS, .n = 20, .m = 140, .d = 2, .v = 1, .unit = 1e30 },
    { "grad, gaussian fused, few rows", REGRESS, .n = 3, .m = 150, .d = 1, .v = 1, .width = 60 }, /* most keys are far from all */
    /* clang-format on */
};

static void add_written(const struct test_case *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct test_case c = list[i];
        c.operation = OPERATION_POOL_GRAD;
        cases_add(&c, "%s", c.name);
    }
}

void cases_of_fused_grad(void)
{
    add_written(fused, COUNT(fused));
}

void cases_of_grad(void)
{
    add_written(written, COUNT(written));
    cases_each_score(COUNT(twists), grad_case);
    width_cases();
    size_cases();
}

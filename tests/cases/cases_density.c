/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/kernels.h"
#include "tests/cases/cases_add.h"

/* What a density can be combined with. */
static const struct test_case twists[] = {
    /* clang-format off */
    { .name = "plain" },
    { "leave one out", .with = WITH_LEAVE_ONE_OUT, .special = SPECIAL_EQUAL },
    { "key weights",   .with = WITH_KEY_WEIGHTS, .h = 2, .special = SPECIAL_HIDDEN },
    { "lengths",       .with = WITH_LENGTHS, .b = 2, .h = 3, .special = SPECIAL_HIDDEN },
    { "row lengths",   .with = WITH_ROW_LENGTHS | WITH_KEY_WEIGHTS | WITH_ITEMS, .b = 2, .h = 2, .hk = 1 },
    { "mask",          .with = WITH_MASK | WITH_KEY_WEIGHTS, .b = 2, .h = 2, .special = SPECIAL_EMPTY },
    { "causal",        .with = WITH_CAUSAL | WITH_KEY_WEIGHTS, .h = 2, .offset = 3 },
    { "window",        .with = WITH_WINDOW | WITH_LEAVE_ONE_OUT, .left = 20, .right = 4, .query_origin = 990, .key_origin = 1000 },
    { "heads",         .with = WITH_KEY_WEIGHTS, .b = 2, .h = 4, .hk = 2 },
    { "shared keys",   .with = WITH_SHARED_KEYS | WITH_KEY_WEIGHTS, .h = 3 },
    { "shared queries", .with = WITH_SHARED_QUERIES, .b = 2, .h = 2 },
    { "far",           .special = SPECIAL_FAR },
    { "units of 1e-30", .unit = 1e-30 },
    { "nan key",       .with = WITH_KEY_WEIGHTS | WITHOUT_ORACLE, .special = SPECIAL_NAN_KEY },
    { "nan query",     .with = WITHOUT_ORACLE, .special = SPECIAL_NAN_QUERY },
    { "wide key weights", .with = WITH_KEY_WEIGHTS | WITH_WIDE_WEIGHTS | WITHOUT_ORACLE },
    /* clang-format on */
};

static const int few_m[] = { 37, 9, 130, 17, 64, 257, 5 };
static const int few_n[] = { 3, 17, 1, 9, 33, 5 };
static const int few_d[] = { 2, 3, 5, 1, 8, 17 };

static bool has_density(int kernel, attpool_form form, int d)
{
    return kernel != ATTPOOL_CONSTANT &&
           (form == ATTPOOL_PRODUCT || (kernel == ATTPOOL_CAUCHY      ? d == 1
                                        : kernel == ATTPOOL_SILVERMAN ? d <= 2
                                                                      : true));
}

static void kernel_case(int kernel, int per, int form, unsigned i)
{
    const struct test_case *twist = &CYCLE(twists, i);
    struct test_case c = *twist;
    c.operation = OPERATION_DENSITY;
    c.score = ATTPOOL_KERNEL;
    c.kernel = (attpool_kernel_name)kernel;
    c.form = form == 2 ? ATTPOOL_PRODUCT : ATTPOOL_RADIAL;
    c.bandwidth_per = (attpool_bandwidth_per)per;
    c.with |= WITHOUT_OUTPUT | (i % 5 != 3 ? WITH_LSE : 0) | (i % 5 != 1 ? WITH_N_EFF : 0);
    if (per == ATTPOOL_BANDWIDTH_ONE)
        c.with |= i % 3 == 0 ? WITH_WIDTH_TENSOR : i % 3 == 1 ? WITH_BANDWIDTH : 0;
    else if (i % 3 == 0)
        c.with |= WITH_SIGNED_WIDTH;
    c.n = CYCLE(few_n, i);
    c.m = CYCLE(few_m, i + i / 16);
    c.d = form == 1 ? 1 : CYCLE(few_d, i + i / 3);
    if (kernel == ATTPOOL_SILVERMAN && form == 0)
        c.d = 2;
    c.in = (enum arrangement)(i % ARRANGEMENTS);
    c.out = (enum arrangement)(i / 3 % ARRANGE_SHARED);
    if (has_density(kernel, c.form, c.d))
        cases_add(&c, "density %s %s per %d, %s", form == 2 ? "product" : "radial",
                  attpool_kernel_to_name(c.kernel), per, twist->name);
}

static const struct test_case written[] = {
    /* clang-format off */
    { "density of nothing",    .n = 0, .m = 0, .d = 2 },
    { "density without data",  .h = 2, .n = 3, .m = 0, .d = 2 },
    { "density at one point",  .n = 1, .m = 2500, .d = 1, .with = WITH_KEY_WEIGHTS },
    { "density of super-blocks", .n = 9, .m = 2100, .d = 3, .with = WITH_LEAVE_ONE_OUT, .kernel = ATTPOOL_TRIWEIGHT },
    { "density of many rows",  .n = 1400, .m = 300, .d = 1, .kernel = ATTPOOL_LOGISTIC },
    { "density, width 0",      .n = 5, .m = 30, .d = 2, .width = -0.0, .with = WITH_WIDTH_TENSOR },
    { "density, adaptive, width 0", .n = 5, .m = 30, .d = 2, .width = -0.0, .bandwidth_per = ATTPOOL_BANDWIDTH_KEY },
    { "density of far apart",  .n = 5, .m = 30, .d = 2, .width = 1e6 },
    { "density of many columns", .n = 5, .m = 30, .d = 300 },
    { "density of many columns, product", .n = 5, .m = 30, .d = 300, .form = ATTPOOL_PRODUCT, .kernel = ATTPOOL_LAPLACIAN },
    { "density, units 1e30",   .n = 5, .m = 30, .d = 3, .unit = 1e30, .kernel = ATTPOOL_EPANECHNIKOV, .bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE },
    /* clang-format on */
};

void cases_of_density(void)
{
    unsigned i = 0;
    for (size_t k = 0; k < COUNT(written); k++) {
        struct test_case c = written[k];
        c.operation = OPERATION_DENSITY;
        c.score = ATTPOOL_KERNEL;
        c.with |= WITHOUT_OUTPUT | WITH_LSE | WITH_N_EFF;
        cases_add(&c, "%s", c.name);
    }
    for (int kernel = 0; kernel < KERNEL_COUNT; kernel++)
        for (int per = 0; per <= ATTPOOL_BANDWIDTH_COORDINATE_KEY; per++)
            for (int form = 0; form < 3 && per != ATTPOOL_BANDWIDTH_QUERY; form++)
                kernel_case(kernel, per, form, i++);
}

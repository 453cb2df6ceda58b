/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/cases/cases_add.h"

#include "backends/kernels.h"

#include <math.h>
#include <stdio.h>

static const int some_v[] = { 1, 3, 8, 2, 17, 9, 1, 65, 4 };

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

struct test_case cases_cross(const struct test_case *score, const struct test_case *twist,
                             unsigned i)
{
    struct test_case c = *twist;
    c.score = score->score;
    c.kernel = score->kernel;
    c.form = score->form;
    c.bandwidth_per = score->bandwidth_per;
    c.with |= score->with;
    c.d = CYCLE(case_d, i + i / 31);
    c.p = CYCLE(case_d, i + 3);
    c.in = (enum arrangement)((i + i / 31) % ARRANGEMENTS);
    c.out = (enum arrangement)(i / 3 % ARRANGE_SHARED);
    return c;
}

static void pool_case(const struct test_case *score, const char *name, unsigned i)
{
    const struct test_case *twist = &CYCLE(twists, i);
    struct test_case c = cases_cross(score, twist, i);
    c.operation = OPERATION_POOL;
    c.n = CYCLE(case_n, i + i / 7);
    c.m = CYCLE(case_m, i + i / 31);
    c.v = CYCLE(some_v, i);
    if (score->score == ATTPOOL_KERNEL && c.special == SPECIAL_FAR && i % 2)
        c.empty = ATTPOOL_EMPTY_NEAREST;
    if (score->score == ATTPOOL_KERNEL && i % 5 == 1)
        c.with |= WITH_BANDWIDTH;
    if (score->score == ATTPOOL_KERNEL && i % 7 == 1)
        c.with |= WITH_SIGNED_WIDTH;
    cases_add(&c, "pool %s, %s", name, twist->name);
}

void cases_each_score(size_t turns, score_case *add)
{
    static const char *const plain[] = { [ATTPOOL_DOT] = "dot",
                                         [ATTPOOL_AVERAGE] = "average",
                                         [ATTPOOL_ADDITIVE] = "additive",
                                         [ATTPOOL_PROJECTION] = "projection" };
    unsigned i = 0;
    char name[64];
    for (int s = 0; s < (int)COUNT(plain); s++)
        for (size_t t = 0; t < turns && plain[s]; t++, i++)
            add(&(struct test_case){ .score = (attpool_score)s }, plain[s], i);
    for (int k = 0; k < KERNEL_COUNT; k++)
        for (int form = 0; form < 2; form++)
            for (size_t t = 0; t < turns; t++, i++) {
                struct test_case score = { .score = ATTPOOL_KERNEL,
                                           .kernel = (attpool_kernel_name)k,
                                           .form = (attpool_form)form,
                                           .bandwidth_per = (attpool_bandwidth_per)(i / 2 % 5) };
                snprintf(name, sizeof name, "%s%s", attpool_kernel_to_name(score.kernel),
                         form ? " product" : "");
                add(&score, name, i);
            }
    for (size_t t = 0; t < turns; t++, i++) {
        struct test_case score = { .score = ATTPOOL_KERNEL,
                                   .form = ATTPOOL_PRODUCT,
                                   .kernel = (attpool_kernel_name)(i % KERNEL_COUNT),
                                   .with = WITH_MIXED_KERNELS,
                                   .bandwidth_per = (attpool_bandwidth_per)(i % 5) };
        add(&score, "mixed product", i);
    }
}

static void pool_cases(void)
{
    cases_each_score(COUNT(twists), pool_case);
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
            cases_add(&c, "pool mask of blocks, %s, arrangement %d", scores[s].name, in);
        }
}

/* Blocks of keys out of reach of many queries, for kernels of bounded support. */
static void reach_cases(void)
{
    static const struct test_case twists_of_reach[] = {
        { "plain", .d = 1, .v = 1 },
        { "all outputs", .d = 1, .v = 3, .with = WITH_ALL_OUTPUTS },
        { "two coordinates", .d = 2, .v = 1, .with = WITH_LSE | WITH_N_EFF },
        { "four coordinates", .d = 4, .v = 2, .with = WITH_WIDTH_TENSOR },
        { "five coordinates", .d = 5, .v = 1 },
        { "nan", .d = 2, .v = 1, .special = SPECIAL_SORTED_NAN, .with = WITH_ALL_OUTPUTS },
        { "hidden", .d = 1, .v = 1, .with = WITH_MASK | WITH_KEY_WEIGHTS | WITH_LEAVE_ONE_OUT },
        { "causal", .d = 1, .v = 1, .with = WITH_CAUSAL | WITH_LSE },
        { "origins", .d = 1, .v = 1, .query_origin = 990, .key_origin = 1000 },
        { "far, nearest", .d = 1, .v = 1, .width = 3000, .empty = ATTPOOL_EMPTY_NEAREST,
          .with = WITH_ALL_OUTPUTS },
        { "far, mean", .d = 1, .v = 2, .width = 3000, .empty = ATTPOOL_EMPTY_MEAN,
          .with = WITH_ALL_OUTPUTS },
        { "units 1e-30", .d = 3, .v = 1, .unit = 1e-30 },
        { "width inf", .d = 2, .v = 1, .unit = 1e-25, .width = HUGE_VAL,
          .with = WITH_WIDTH_TENSOR | WITHOUT_ORACLE },
    };
    for (size_t t = 0; t < COUNT(twists_of_reach); t++) {
        struct test_case c = twists_of_reach[t];
        c.operation = OPERATION_POOL;
        c.score = ATTPOOL_KERNEL;
        c.kernel = t % 3 ? ATTPOOL_EPANECHNIKOV : ATTPOOL_BOXCAR;
        c.n = 450, c.m = 1701;
        c.width = c.width > 0 ? c.width : 9;
        c.special = c.special != SPECIAL_NONE ? c.special : SPECIAL_SORTED;
        c.in = (enum arrangement)(t % ARRANGEMENTS);
        cases_add(&c, "pool sorted keys, %s", twists_of_reach[t].name);
    }
}

/* Lengths, key weights and inverse bandwidths of the batch item, beside heads. */
static void item_cases(void)
{
    static const struct test_case twists_of_items[] = {
        { "lengths", .with = WITH_LENGTHS | WITH_ALL_OUTPUTS, .b = 2, .h = 2 },
        { "row lengths", .with = WITH_ROW_LENGTHS | WITH_LSE, .b = 3, .h = 2 },
        { "key weights", .with = WITH_KEY_WEIGHTS | WITH_ALL_OUTPUTS, .b = 2, .h = 4, .hk = 2 },
        { "all", .with = WITH_ROW_LENGTHS | WITH_KEY_WEIGHTS | WITH_MASK | WITH_ALL_OUTPUTS, .b = 2,
          .h = 2, .hk = 1 },
    };
    static const struct test_case scores[] = {
        { "dot", DOT },
        { "gaussian", REGRESS, .bandwidth_per = ATTPOOL_BANDWIDTH_KEY },
        { "tricube", REGRESS, .kernel = ATTPOOL_TRICUBE, .bandwidth_per = ATTPOOL_BANDWIDTH_QUERY },
        { "cauchy product", REGRESS, .kernel = ATTPOOL_CAUCHY, .form = ATTPOOL_PRODUCT,
          .bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE_KEY },
    };
    unsigned i = 0;
    for (size_t s = 0; s < COUNT(scores); s++)
        for (size_t t = 0; t < COUNT(twists_of_items); t++)
            for (int many = 0; many < 2; many++, i++) {
                struct test_case c = scores[s];
                const struct test_case *twist = &twists_of_items[t];
                c.with |= twist->with | WITH_ITEMS;
                c.b = twist->b, c.h = twist->h, c.hk = twist->hk;
                c.special = SPECIAL_HIDDEN;
                c.n = many ? 33 : 2;
                c.m = CYCLE(case_m, i);
                c.d = CYCLE(case_d, i), c.v = CYCLE(some_v, i);
                c.in = (enum arrangement)(i % ARRANGEMENTS);
                cases_add(&c, "pool %s, items, %s, n %d", scores[s].name, twist->name, c.n);
            }
}

/* Scores and biases near the largest number, for many queries, a few, and one. */
static void end_cases(void)
{
    static const struct test_case ends[] = {
        { "dot", DOT, .d = 1, .special = SPECIAL_ENDS },
        { "dot key weights", DOT, .d = 1, .special = SPECIAL_ENDS, .with = WITH_KEY_WEIGHTS },
        { "dot scale", DOT, .d = 1, .special = SPECIAL_ENDS, .with = WITH_SCALE, .alpha = 5 },
        { "dot bias", DOT, .d = 1, .special = SPECIAL_ENDS, .with = WITH_BIAS | WITH_HUGE_BIAS },
        { "dot scale, bias", DOT, .d = 1, .special = SPECIAL_ENDS, .alpha = -4,
          .with = WITH_SCALE | WITH_BIAS | WITH_HUGE_BIAS },
        { "dot, huge bias", DOT, .d = 3, .with = WITH_BIAS | WITH_HUGE_BIAS | WITH_MASK },
        { "additive, huge bias", ADDITIVE, .d = 3, .p = 4, .with = WITH_BIAS | WITH_HUGE_BIAS },
        { "average, huge bias", AVERAGE, .d = 1, .with = WITH_BIAS | WITH_HUGE_BIAS },
        { "gaussian, huge bias", REGRESS, .d = 1, .with = WITH_BIAS | WITH_HUGE_BIAS },
        { "biweight, huge bias", REGRESS, .d = 1, .kernel = ATTPOOL_BIWEIGHT,
          .with = WITH_BIAS | WITH_HUGE_BIAS },
        { "logistic product, huge bias", REGRESS, .d = 2, .kernel = ATTPOOL_LOGISTIC,
          .form = ATTPOOL_PRODUCT, .with = WITH_BIAS | WITH_HUGE_BIAS },
    };
    static const int n[] = { 70, 5, 1 };
    for (size_t e = 0; e < COUNT(ends); e++)
        for (size_t i = 0; i < COUNT(n); i++) {
            struct test_case c = ends[e];
            c.n = n[i], c.m = 1403, c.v = i % 2 ? 3 : 1;
            c.with |= (e + i) % 2 ? WITH_LSE : WITH_ALL_OUTPUTS;
            cases_add(&c, "pool ends, %s, n %d", ends[e].name, n[i]);
        }
}

/* Key weights and kernels of any size, for many queries, a few, and one. */
static void range_cases(void)
{
    static const struct test_case ranges[] = {
        { "dot", DOT, .d = 2 },
        { "dot bias", DOT, .d = 2, .with = WITH_BIAS },
        { "average", AVERAGE, .d = 1 },
        { "average bias", AVERAGE, .d = 1, .with = WITH_BIAS },
        { "gaussian", REGRESS, .d = 1 },
        { "gaussian mask", REGRESS, .d = 2, .with = WITH_MASK },
        { "gaussian narrow", REGRESS, .d = 1, .width = 12 },
        { "laplacian product", REGRESS, .d = 2, .kernel = ATTPOOL_LAPLACIAN,
          .form = ATTPOOL_PRODUCT },
        { "logistic", REGRESS, .d = 1, .kernel = ATTPOOL_LOGISTIC, .with = WITH_LEAVE_ONE_OUT },
        { "boxcar", REGRESS, .d = 1, .kernel = ATTPOOL_BOXCAR },
        { "biweight", REGRESS, .d = 2, .kernel = ATTPOOL_BIWEIGHT, .empty = ATTPOOL_EMPTY_MEAN },
        { "biweight bias", REGRESS, .d = 2, .kernel = ATTPOOL_BIWEIGHT, .with = WITH_BIAS },
        { "triweight product", REGRESS, .d = 3, .kernel = ATTPOOL_TRIWEIGHT,
          .form = ATTPOOL_PRODUCT },
        { "cauchy far", REGRESS, .d = 1, .kernel = ATTPOOL_CAUCHY, .width = 1e13 },
        { "silverman far", REGRESS, .d = 1, .kernel = ATTPOOL_SILVERMAN, .width = 60 },
    };
    static const int n[] = { 70, 5, 1 };
    for (size_t e = 0; e < COUNT(ranges); e++)
        for (size_t i = 0; i < 2 * COUNT(n); i++) {
            struct test_case c = ranges[e];
            c.n = CYCLE(n, i), c.m = i % 2 ? 1403 : 2300, c.v = e % 2 ? 3 : 1;
            c.with |= WITH_LSE | (i % 4 < 3 ? WITH_N_EFF : 0) | (i % 3 ? 0 : WITH_WEIGHTS);
            if (i < COUNT(n))
                c.with |= WITH_KEY_WEIGHTS | WITH_WIDE_WEIGHTS;
            if (i < COUNT(n) || (e > 8 && c.kernel > ATTPOOL_COSINE))
                cases_add(&c, "pool range, %s, %zu, n %d", ranges[e].name, i, c.n);
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
            c.n = CYCLE(case_n, i), c.m = keys[i], c.d = CYCLE(case_d, i + s);
            c.v = CYCLE(some_v, i + s);
            c.with |= i % 2 ? WITH_ALL_OUTPUTS : WITH_LSE;
            c.key_origin = i % 5 == 3 ? 777 : 0;
            c.query_origin = c.key_origin;
            cases_add(&c, "pool %s m %d", name, keys[i]);
        }
        for (size_t i = 0; i < COUNT(case_lanes); i++) {
            struct test_case c = base;
            c.n = case_lanes[i], c.m = 140, c.d = 3, c.v = 2;
            cases_add(&c, "pool %s n %d", name, case_lanes[i]);
        }
        for (size_t i = 0; i < COUNT(depths); i++) {
            struct test_case c = base;
            c.n = 5, c.m = 135, c.d = depths[i], c.v = 2, c.p = depths[COUNT(depths) - 1 - i];
            c.with |= WITH_WEIGHTS;
            cases_add(&c, "pool %s d %d", name, depths[i]);
        }
        for (size_t i = 0; i < COUNT(columns); i++) {
            struct test_case c = base;
            c.n = 5, c.m = 135, c.d = 2, c.v = columns[i];
            cases_add(&c, "pool %s v %d", name, columns[i]);
        }
    }
}

void cases_of_pool(void)
{
    pool_cases();
    mask_cases();
    reach_cases();
    pool_sizes();
    item_cases();
    end_cases();
    range_cases();
    cases_of_cuts();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/suites/suites.h"
#include "tests/support/faulty.h"

/* A device that says it is a graphics card takes the programs for one: pooling in local memory and
 * tiles of registers, whatever the score. They give the bits of plain C. */

static const struct test_case cases[] = {
    { .name = "a product in large tiles",
      .operation = OPERATION_BMM,
      .n = 200,
      .m = 190,
      .d = 300,
      .alpha = 0.5,
      .beta = 2 },
    { .name = "products and values in tiles",
      .operation = OPERATION_POOL,
      .h = 2,
      .n = 70,
      .m = 1100,
      .d = 20,
      .v = 19,
      .score = ATTPOOL_DOT,
      .key_origin = 384,
      .with = WITH_CAUSAL | WITH_LSE | WITH_N_EFF },
    { .name = "more coordinates than a chain has, more columns than a tile",
      .operation = OPERATION_POOL,
      .n = 33,
      .m = 140,
      .d = 270,
      .v = 70,
      .score = ATTPOOL_DOT,
      .with = WITH_MASK,
      .dropout = 0.25 },
    { .name = "few queries",
      .operation = OPERATION_POOL,
      .h = 2,
      .n = 3,
      .m = 2100,
      .d = 9,
      .v = 20,
      .score = ATTPOOL_DOT,
      .with = WITH_BIAS | WITH_KEY_WEIGHTS },
    { .name = "squares in tiles, bandwidths of keys",
      .operation = OPERATION_POOL,
      .n = 40,
      .m = 1030,
      .d = 9,
      .v = 17,
      .score = ATTPOOL_KERNEL,
      .bandwidth_per = ATTPOOL_BANDWIDTH_KEY,
      .special = SPECIAL_HIDDEN,
      .with = WITH_LENGTHS },
    { .name = "squares in tiles, bandwidths of queries",
      .operation = OPERATION_POOL,
      .n = 70,
      .m = 1030,
      .d = 12,
      .v = 1,
      .score = ATTPOOL_KERNEL,
      .bandwidth_per = ATTPOOL_BANDWIDTH_QUERY,
      .with = WITH_LEAVE_ONE_OUT | WITH_N_EFF },
    { .name = "one coordinate and far keys",
      .operation = OPERATION_POOL,
      .n = 40,
      .m = 1030,
      .d = 1,
      .v = 1,
      .score = ATTPOOL_KERNEL,
      .special = SPECIAL_CUT,
      .with = WITH_LSE },
    { .name = "factors beside scores",
      .operation = OPERATION_POOL,
      .n = 40,
      .m = 300,
      .d = 1,
      .v = 2,
      .score = ATTPOOL_KERNEL,
      .kernel = ATTPOOL_SILVERMAN,
      .with = WITH_BIAS },
    { .name = "a line",
      .operation = OPERATION_REGRESSION,
      .n = 40,
      .m = 300,
      .d = 2,
      .v = 1,
      .score = ATTPOOL_KERNEL,
      .degree = 1 },
    { .name = "gradients of products",
      .operation = OPERATION_POOL_GRAD,
      .h = 2,
      .n = 70,
      .m = 140,
      .d = 20,
      .v = 70,
      .score = ATTPOOL_DOT,
      .query_origin = 700,
      .key_origin = 40,
      .with = WITH_CAUSAL | WITH_LSE | WITH_SCALE,
      .offset = 30,
      .alpha = 0.7,
      .dropout = 0.25 },
    { .name = "gradients of squares, bandwidths of keys",
      .operation = OPERATION_POOL_GRAD,
      .n = 140,
      .m = 70,
      .d = 9,
      .v = 3,
      .score = ATTPOOL_KERNEL,
      .bandwidth_per = ATTPOOL_BANDWIDTH_KEY,
      .with = WITH_WIDTH_TENSOR | WITH_KEY_WEIGHTS | WITH_LSE },
    { .name = "gradients of squares, bandwidths of queries",
      .operation = OPERATION_POOL_GRAD,
      .n = 140,
      .m = 70,
      .d = 3,
      .v = 1,
      .score = ATTPOOL_KERNEL,
      .kernel = ATTPOOL_TRIWEIGHT,
      .bandwidth_per = ATTPOOL_BANDWIDTH_QUERY,
      .empty = ATTPOOL_EMPTY_NEAREST,
      .special = SPECIAL_EMPTY,
      .with = WITH_MASK | WITH_BIAS },
    { .name = "gradients of one coordinate",
      .operation = OPERATION_POOL_GRAD,
      .n = 70,
      .m = 140,
      .d = 1,
      .v = 1,
      .score = ATTPOOL_KERNEL,
      .with = WITH_WIDTH_TENSOR | WITH_LEAVE_ONE_OUT },
};
enum { CASES = sizeof cases / sizeof cases[0] };

START_TEST(gives_the_bits_of_scalar)
{
    const struct test_case *c = &cases[_i / 2];
    const enum element element = _i % 2 ? ELEMENT_F64 : ELEMENT_F32;
    struct layer_faults *faults;
    struct job job;
    struct answer right;
    if (!opencl_is_asked_for() || !(faults = layer_load_faults()))
        return;
    faults->gpu = true;
    attpool_context *context = open_layered(&faults), *judge = open_judge();
    if (context && promises_bits(context) && computes(context, element)) {
        now_testing(c, element, "a graphics card");
        job_new(&job, c, element, PLACE_END);
        answer_keep(&right, &job, run_anew(judge, &job));
        answer_compare(&right, &job, run_anew(context, &job), "a graphics card");
        answer_free(&right);
        job_free(&job);
    }
    attpool_close(context);
    attpool_close(judge);
    answers_agree();
}
END_TEST

Suite *suite_graphics(void)
{
    Suite *suite = suite_create("graphics");
    TCase *tc = tcase_create("graphics");
    tcase_set_timeout(tc, 600);
    tcase_add_loop_test(tc, gives_the_bits_of_scalar, 0, 2 * CASES);
    suite_add_tcase(suite, tc);
    return suite;
}

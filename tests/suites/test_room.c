/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/backends.h"
#include "tests/support/opencl_layer.h"
#include "tests/suites/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Calls whose arrays a device has no room for. */

static attpool_context *open_limited(const char *limit)
{
    setenv("ATTPOOL_OPENCL_MEM_LIMIT", limit, 1);
    attpool_context *context = open_backend("opencl", 1);
    if (context && !promises_bits(context)) {
        attpool_close(context);
        return NULL;
    }
    return context;
}

/* Runs on the device and compares with scalar; the status of the device, how often it waited. */
static attpool_status compare(attpool_context *judge, attpool_context *context, struct job *job,
                              const struct layer_counts *counts, int *waits)
{
    struct answer answer;
    attpool_status status = job_run(judge, job);
    answer_keep(&answer, job, status);
    job_reset(job);
    *waits = counts ? counts->waits : 0;
    status = job_run(context, job);
    *waits = counts ? counts->waits - *waits : 0;
    if (status != ATTPOOL_E_MEMORY)
        answer_compare(&answer, job, status, "in parts");
    answer_free(&answer);
    return status;
}

static const char *const limits[] = { "100k", "6000", "1700" };

/* Each case, whatever fits: what does not is refused. */
START_TEST(parts_have_the_same_bits)
{
    struct layer_counts *counts = layer_load();
    attpool_context *judge = open_judge(), *context = open_limited(limits[_i]);
    const struct test_case *c;
    int made[OPERATION_REGRESSION + 1] = { 0 }, cut[OPERATION_REGRESSION + 1] = { 0 };
    if (!context)
        return;
    for (size_t i = 0; next_case(&i, 3, &c);)
        for (int element = ELEMENT_F32; element <= ELEMENT_F64; element++) {
            struct job job;
            int waits;
            if (!computes(context, (enum element)element))
                continue;
            now_testing(c, (enum element)element, limits[_i]);
            job_new(&job, c, (enum element)element, i % 2 ? PLACE_END : PLACE_START);
            if (compare(judge, context, &job, counts, &waits) != ATTPOOL_E_MEMORY) {
                made[c->operation]++;
                cut[c->operation] += waits > 1;
            }
            job_free(&job);
        }
    answers_agree();
    for (int o = OPERATION_BMM; o <= OPERATION_POOL; o++)
        printf("limit %s, operation %d: %d cases, %d in parts\n", limits[_i], o, made[o], cut[o]);
    attpool_close(context);
    attpool_close(judge);
}
END_TEST

#define POOL          .operation = OPERATION_POOL
#define PARTS_OF_KEYS .n = 70, .m = 5000, .with = WITH_LSE
static const struct test_case cut_cases[] = {
    { .name = "bmm inner",
      .operation = OPERATION_BMM,
      .n = 30,
      .m = 20,
      .d = 3000,
      .alpha = 1.5,
      .beta = 0.5 },
    { .name = "bmm all",
      .operation = OPERATION_BMM,
      .h = 3,
      .n = 200,
      .m = 210,
      .d = 1000,
      .alpha = 1,
      .beta = -1,
      .in = ARRANGE_TRANSPOSED },
    { .name = "bmm grouped",
      .operation = OPERATION_BMM,
      .b = 2,
      .h = 6,
      .hk = 2,
      .n = 60,
      .m = 90,
      .d = 300,
      .alpha = 1 },
    { .name = "softmax",
      .operation = OPERATION_SOFTMAX,
      .h = 2,
      .n = 50,
      .m = 900,
      .with = WITH_CAUSAL | WITH_ROW_LENGTHS | WITH_MASK,
      .offset = 800 },
    { .name = "kernel",
      .operation = OPERATION_KERNEL,
      .n = 300,
      .m = 400,
      .d = 3,
      .bandwidth_per = ATTPOOL_BANDWIDTH_KEY,
      .kernel = ATTPOOL_TRICUBE },
    { .name = "queries",
      POOL,
      .b = 2,
      .h = 4,
      .hk = 2,
      .n = 900,
      .m = 130,
      .d = 16,
      .v = 16,
      .with = WITH_LSE | WITH_N_EFF | WITH_CAUSAL | WITH_MASK | WITH_BIAS,
      .query_origin = 5 },
    { .name = "queries, W",
      POOL,
      .h = 2,
      .n = 300,
      .m = 200,
      .d = 2,
      .v = 2,
      .score = ATTPOOL_KERNEL,
      .with = WITH_ALL_OUTPUTS | WITH_KEY_WEIGHTS,
      .empty = ATTPOOL_EMPTY_NEAREST,
      .bandwidth_per = ATTPOOL_BANDWIDTH_QUERY },
    { .name = "dropout",
      POOL,
      .b = 3,
      .h = 2,
      .n = 400,
      .m = 150,
      .d = 8,
      .v = 8,
      .dropout = 0.4,
      .batch_origin = 3 },
    { .name = "additive",
      POOL,
      .h = 2,
      .n = 300,
      .m = 300,
      .d = 20,
      .v = 8,
      .p = 6,
      .score = ATTPOOL_ADDITIVE },
    { .name = "keys, dot",
      POOL,
      PARTS_OF_KEYS | WITH_CAUSAL | WITH_LENGTHS,
      .h = 2,
      .d = 4,
      .v = 4,
      .offset = 4000 },
    { .name = "keys, lengths",
      POOL,
      PARTS_OF_KEYS | WITH_ROW_LENGTHS | WITH_BIAS,
      .b = 2,
      .d = 4,
      .v = 3,
      .key_origin = 2048 },
    { .name = "keys, gaussian",
      POOL,
      PARTS_OF_KEYS | WITH_KEY_WEIGHTS,
      .d = 1,
      .v = 3,
      .score = ATTPOOL_KERNEL,
      .special = SPECIAL_CUT },
    { .name = "keys, boxcar",
      POOL,
      PARTS_OF_KEYS | WITH_LEAVE_ONE_OUT,
      .d = 2,
      .v = 5,
      .score = ATTPOOL_KERNEL,
      .kernel = ATTPOOL_BOXCAR,
      .bandwidth_per = ATTPOOL_BANDWIDTH_KEY },
    { .name = "keys, dropout",
      POOL,
      PARTS_OF_KEYS | WITH_WINDOW,
      .d = 4,
      .v = 4,
      .left = 3000,
      .right = 2000,
      .dropout = 0.3 },
    { .name = "keys, projection",
      POOL,
      PARTS_OF_KEYS,
      .d = 9,
      .v = 4,
      .p = 5,
      .score = ATTPOOL_PROJECTION },
    { .name = "keys, empty",
      POOL,
      PARTS_OF_KEYS | WITH_LENGTHS,
      .d = 4,
      .v = 3,
      .empty = ATTPOOL_EMPTY_ERROR,
      .special = SPECIAL_EMPTY },
};
enum { CUT_CASES = sizeof cut_cases / sizeof cut_cases[0] };

/* These fit in parts and not at once. */
START_TEST(large_calls_are_cut)
{
    struct layer_counts *counts = layer_load();
    attpool_context *judge = open_judge(), *context = open_limited("80k");
    if (!context)
        return;
    for (int i = 0; i < CUT_CASES; i++) {
        struct job job;
        int waits;
        now_testing(&cut_cases[i], ELEMENT_F32, "80k");
        job_new(&job, &cut_cases[i], ELEMENT_F32, PLACE_END);
        attpool_status status = compare(judge, context, &job, counts, &waits);
        ck_assert_msg(status != ATTPOOL_E_MEMORY, "%s: %s", job.c->name, attpool_message(context));
        ck_assert_msg(!counts || waits > 1, "%s is not cut", job.c->name);
        job_free(&job);
    }
    answers_agree();
    attpool_close(context);
    attpool_close(judge);
}
END_TEST

/* A row of one matrix, say, has to fit. */
START_TEST(what_cannot_be_cut_is_refused)
{
    static const struct test_case c = {
        .name = "one row", .operation = OPERATION_SOFTMAX, .n = 2, .m = 30000
    };
    attpool_context *context = open_limited("80k");
    struct job job;
    if (!context)
        return;
    job_new(&job, &c, ELEMENT_F32, PLACE_END);
    ck_assert_int_eq(job_run(context, &job), ATTPOOL_E_MEMORY);
    ck_assert_msg(strstr(attpool_message(context), "cannot be cut"), "%s",
                  attpool_message(context));
    job_free(&job);
    attpool_close(context);
}
END_TEST

/* A device is tested when it is first used for something: a limit must not make that fail. */
START_TEST(the_self_test_has_no_limit)
{
    attpool_self_test_result result;
    attpool_context *context = open_limited(limits[2]);
    if (!context)
        return;
    ck_assert_int_eq(attpool_self_test(context, 0, &result), ATTPOOL_OK);
    ck_assert_msg(result.failed == 0, "%s", result.first);
    attpool_close(context);
}
END_TEST

START_TEST(a_limit_is_a_number)
{
    static const char *const wrong[] = { "much", "0", "-5", "12q", "3kk", "20000000000G", " " };
    attpool_context *context = open_limited("1G");
    char message[200];
    if (!context)
        return;
    attpool_close(context);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        attpool_options options = { .backend = "opencl",
                                    .message = message,
                                    .message_size = sizeof message };
        setenv("ATTPOOL_OPENCL_MEM_LIMIT", wrong[i], 1);
        ck_assert_int_eq(attpool_open(&options, &context), ATTPOOL_E_OPTIONS);
        ck_assert_msg(strstr(message, "ATTPOOL_OPENCL_MEM_LIMIT"), "%s", message);
    }
}
END_TEST

/* PoCL takes this as the gigabytes of its device, of which a buffer has a part at most. */
START_TEST(keys_larger_than_a_buffer)
{
    enum { KEYS = 140 << 20, SOME = 5000 };
    float *keys = calloc(KEYS, sizeof *keys), query = 0.25f, out[2] = { 0, 0 };
    int64_t keys_shape[] = { KEYS, 1 }, one[] = { 1, 1 };
    const attpool_kernel_options kernel = { .kernel = ATTPOOL_GAUSSIAN, .bandwidth = 0.1 };
    const attpool_pool_options options = { .score = ATTPOOL_KERNEL, .kernel = &kernel };
    setenv("POCL_MEMORY_LIMIT", "1", 1);
    attpool_context *context = open_backend("opencl", 1), *judge = open_judge();
    if (!context || !keys)
        return;
    for (int i = 0; i < SOME; i++) {
        keys[i] = (float)random_at(1, (uint64_t)i);
        keys[KEYS - 1 - i] = (float)random_at(2, (uint64_t)i);
    }
    DLTensor k = tensor_of(keys, ELEMENT_F32, 2, keys_shape);
    DLTensor q = tensor_of(&query, ELEMENT_F32, 2, one);
    attpool_context *const both[] = { judge, context };
    for (int i = 0; i < 2; i++) {
        DLTensor o = tensor_of(&out[i], ELEMENT_F32, 2, one);
        attpool_status status = attpool_pool(both[i], &q, &k, &k, &options, &o);
        ck_assert_msg(status == ATTPOOL_OK, "%s", attpool_message(both[i]));
    }
    ck_assert(!promises_bits(context) || memcmp(&out[0], &out[1], sizeof out[0]) == 0);
    attpool_close(context);
    attpool_close(judge);
    free(keys);
}
END_TEST

Suite *suite_room(void)
{
    Suite *suite = suite_create("room");
    TCase *tc = tcase_create("room"), *large = tcase_create("large");
    tcase_set_timeout(tc, 600);
    tcase_add_loop_test(tc, parts_have_the_same_bits, 0, sizeof limits / sizeof limits[0]);
    tcase_add_test(tc, what_cannot_be_cut_is_refused);
    tcase_add_test(tc, a_limit_is_a_number);
    suite_add_tcase(suite, tc);
    tcase_set_timeout(large, 600);
    tcase_set_tags(large, "large");
    tcase_add_test(large, the_self_test_has_no_limit);
    tcase_add_test(large, large_calls_are_cut);
    tcase_add_test(large, keys_larger_than_a_buffer);
    suite_add_tcase(suite, large);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/backends.h"
#include "tests/support/device.h"
#include "tests/support/opencl_layer.h"
#include "tests/suites/suites.h"

#include "core/context.h"

#include <stdio.h>
#include <string.h>

/* What a call asks of the OpenCL driver: launches, copies and waits, counted by a layer. */

static struct layer_counts *counts;

static attpool_context *open_counted(void)
{
    attpool_context *context;
    if (!(counts = layer_load()) || !(context = open_backend("opencl", 1)))
        return NULL;
    if (layer_works(counts))
        return context;
    attpool_close(context);
    return NULL;
}

static void run(attpool_context *context, struct job *job)
{
    attpool_status status = job_run(context, job);
    ck_assert_msg(status == ATTPOOL_OK, "%s: %s", job->c->name, attpool_message(context));
}

/* Launches are said to take too little time for a rate, so that a busy machine cuts none. */
static void begin_counting(void)
{
    *counts = (struct layer_counts){ .held = counts->held,
                                     .most_held = counts->held,
                                     .launch_seconds = 1e-6 };
}

/* Of a call by itself: programs are built and scratch memory is there. */
static struct layer_counts count_call(attpool_context *context, struct job *job)
{
    begin_counting();
    run(context, job);
    begin_counting();
    run(context, job);
    return *counts;
}

static const struct {
    struct test_case c;
    int inputs, outputs;
    bool same; /* as many launches for one super-block of keys as for several */
} rows[] = {
    { { .name = "bmm", .operation = OPERATION_BMM, .n = 40, .m = 40, .d = 20, .alpha = 1 },
      2,
      1,
      true },
    { { .name = "bmm added",
        .operation = OPERATION_BMM,
        .b = 2,
        .n = 40,
        .m = 40,
        .d = 20,
        .alpha = 1,
        .beta = 2 },
      2,
      1,
      true },
    { { .name = "softmax",
        .operation = OPERATION_SOFTMAX,
        .b = 2,
        .n = 30,
        .m = 70,
        .with = WITH_LENGTHS | WITH_BIAS },
      3,
      1,
      true },
    { { .name = "kernel", .operation = OPERATION_KERNEL, .n = 40, .m = 40, .d = 3 }, 2, 1, false },
    { { .name = "dot",
        .operation = OPERATION_POOL,
        .h = 2,
        .n = 40,
        .m = 130,
        .d = 16,
        .v = 16,
        .with = WITH_LSE | WITH_CAUSAL },
      3,
      2,
      false },
    { { .name = "gaussian",
        .operation = OPERATION_POOL,
        .n = 40,
        .m = 130,
        .d = 1,
        .v = 1,
        .score = ATTPOOL_KERNEL,
        .with = WITH_N_EFF | WITH_KEY_WEIGHTS },
      4,
      2,
      false },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static void expect(const struct test_case *c, const char *what, int got, int want)
{
    ck_assert_msg(got == want, "%s, %d x %d: %d %s, not %d", c->name, c->n, c->m, got, what, want);
}

/* Arrays of the host: each one is copied once, or none where the device computes in its memory, and
 * there is one wait. */
START_TEST(a_call_waits_once)
{
    attpool_context *context = open_counted();
    struct test_case c = rows[_i].c;
    int launches[3];
    if (!context)
        return;
    for (int size = 0; size < 3; size++) {
        struct job job;
        if (size > 0)
            c.n *= size == 1 ? 13 : 2, c.m *= size == 1 ? 11 : 2;
        job_new(&job, &c, ELEMENT_F32, PLACE_END);
        struct layer_counts of_call = count_call(context, &job);
        launches[size] = of_call.launches;
        expect(&c, "waits", of_call.waits, 1);
        expect(&c, "programs built", of_call.builds, 0);
        if (of_call.maps > 0) {
            expect(&c, "maps", of_call.maps, rows[_i].outputs);
            expect(&c, "copies", of_call.copies, 0);
        } else {
            const int added = c.operation == OPERATION_BMM && c.beta != 0;
            expect(&c, "copies", of_call.copies, rows[_i].inputs + rows[_i].outputs + added);
            expect(&c, "buffers made", of_call.buffers, 0);
        }
        job_free(&job);
    }
    if (rows[_i].same)
        expect(&c, "launches", launches[1], launches[0]);
    expect(&c, "launches", launches[2], launches[1]);
    attpool_close(context);
    ck_assert_msg(counts->held == 0, "%zu bytes left", counts->held);
}
END_TEST

/* Arrays of the device: nothing is copied, and a chain of calls waits when it is finished. */
START_TEST(a_chain_of_calls_waits_once)
{
    attpool_context *context = open_counted();
    struct on_device moved[JOB_OUTPUTS + 4];
    struct job job;
    const char *name;
    int count = 0;
    if (!context)
        return;
    job_new(&job, &rows[_i].c, ELEMENT_F32, PLACE_END);
    run(context, &job);
    struct tensor *const inputs[] = { &job.q,       &job.k,    &job.v,
                                      &job.lengths, &job.bias, &job.key_weights };
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++)
        if (tensor_present(inputs[i])) {
            tensor_unprotect(inputs[i]);
            to_device(context, inputs[i], &moved[count++]);
        }
    for (int i = 0; i < JOB_OUTPUTS; i++)
        if (job_output(&job, i, &name))
            to_device(context, job_output(&job, i, &name), &moved[count++]);
    begin_counting();
    for (int k = 0; k < 3; k++)
        run(context, &job);
    expect(job.c, "waits before the end", counts->waits, 0);
    expect(job.c, "copies", counts->copies, 0);
    ck_assert_int_eq(attpool_finish(context), ATTPOOL_OK);
    expect(job.c, "waits", counts->waits, 1);
    while (count > 0)
        from_device(context, &moved[--count]);
    job_free(&job);
    attpool_close(context);
}
END_TEST

/* The status flags are read where a policy needs them. */
START_TEST(flags_are_read_when_needed)
{
    attpool_context *context = open_counted();
    struct test_case c = rows[2].c;
    struct layer_counts of_call[2];
    if (!context)
        return;
    for (int k = 0; k < 2; k++) {
        struct job job;
        c.empty = k == 0 ? ATTPOOL_EMPTY_ZERO : ATTPOOL_EMPTY_ERROR;
        c.with = 0;
        job_new(&job, &c, ELEMENT_F32, PLACE_END);
        of_call[k] = count_call(context, &job);
        job_free(&job);
    }
    expect(&c, "copies", of_call[1].copies, of_call[0].copies + 2);
    expect(&c, "waits", of_call[1].waits, 1);
    attpool_close(context);
}
END_TEST

/* Where a call takes a second it is cut into ten launches, where it takes a tenth it is one. */
START_TEST(launches_are_short)
{
    static const struct test_case calls[] = {
        { .name = "bmm", .operation = OPERATION_BMM, .n = 640, .m = 300, .d = 900, .alpha = 1 },
        { .name = "softmax", .operation = OPERATION_SOFTMAX, .n = 1300, .m = 8100 },
    };
    static const double seconds[] = { 0.1, 1, 0.1 };
    attpool_context *context = open_counted();
    const struct test_case *c = &calls[_i];
    struct job job;
    if (!context)
        return;
    job_new(&job, c, ELEMENT_F32, PLACE_END);
    for (int i = 0; i < 3; i++) {
        const int want = (int)(seconds[i] * 10);
        counts->launch_seconds = 1e-3; /* so fast that there is one */
        run(context, &job);
        counts->launch_seconds = seconds[i];
        run(context, &job);
        begin_counting();
        run(context, &job);
        ck_assert_msg(counts->launches >= want && counts->launches <= 2 * want,
                      "%s: %d launches in %g s", c->name, counts->launches, seconds[i]);
    }
    job_free(&job);
    attpool_close(context);
}
END_TEST

/* A tile of rows that takes a second has its keys cut into ten parts, of the same bits; of
 * gradients, rows have their keys and keys are cut themselves. */
static const struct {
    struct test_case c;
    const char *function;
    int least, most; /* more launches */
} few_rows[] = {
    { { .name = "cauchy",
        .operation = OPERATION_POOL,
        .n = 30,
        .m = 60000,
        .d = 128,
        .v = 2,
        .score = ATTPOOL_KERNEL,
        .kernel = ATTPOOL_CAUCHY,
        .with = WITH_LSE },
      "leaves",
      8,
      12 },
    { { .name = "gradients",
        .operation = OPERATION_POOL_GRAD,
        .n = 30,
        .m = 60000,
        .d = 16,
        .v = 16,
        .score = ATTPOOL_DOT },
      "grad_tiles",
      16,
      24 },
};

/* From now on, of the row's function alone. */
static void begin_counting_of(const char *function)
{
    begin_counting();
    strcpy(counts->only, function);
}

START_TEST(launches_of_few_rows_are_short)
{
    const struct test_case *c = &few_rows[_i].c;
    attpool_context *context = open_counted(), *judge = open_judge();
    struct answer right;
    struct job job;
    if (!context)
        return;
    job_new(&job, c, ELEMENT_F32, PLACE_END);
    answer_keep(&right, &job, job_run(judge, &job));
    for (int i = 0; i < 2; i++) {
        begin_counting_of(few_rows[_i].function);
        counts->launch_seconds = 2e-3; /* so fast that there is one */
        run(context, &job);
    }
    const int together = counts->launches;
    counts->launch_seconds = 1;
    run(context, &job);
    begin_counting_of(few_rows[_i].function);
    job_reset(&job);
    answer_compare(&right, &job, job_run(context, &job), "in parts");
    const int more = counts->launches - together;
    ck_assert_msg(more >= few_rows[_i].least && more <= few_rows[_i].most, "%s: %d launches more",
                  c->name, more);
    answer_free(&right);
    job_free(&job);
    attpool_close(context);
    attpool_close(judge);
    answers_agree();
}
END_TEST

/* Memory of the driver's own: none for arrays of the host where the device computes there. */
START_TEST(arrays_are_not_copied_in_shared_memory)
{
    static const struct test_case c = { .name = "one query",
                                        .operation = OPERATION_POOL,
                                        .n = 1,
                                        .m = 3000000,
                                        .d = 1,
                                        .v = 1,
                                        .score = ATTPOOL_KERNEL };
    attpool_context *context = open_counted();
    struct job job;
    if (!context)
        return;
    job_new(&job, &c, ELEMENT_F32, PLACE_END);
    begin_counting();
    run(context, &job);
    if (counts->maps > 0)
        ck_assert_msg(counts->most_held < job.k.size + job.v.size, "%zu bytes beside arrays of %zu",
                      counts->most_held, job.k.size + job.v.size);
    else
        printf("skipped: the device has memory of its own\n");
    job_free(&job);
    attpool_close(context);
}
END_TEST

Suite *suite_launches(void)
{
    Suite *suite = suite_create("launches");
    TCase *tc = tcase_create("launches");
    tcase_set_timeout(tc, 600);
    tcase_set_tags(tc, "launches");
    tcase_add_loop_test(tc, a_call_waits_once, 0, ROWS);
    tcase_add_loop_test(tc, a_chain_of_calls_waits_once, 0, ROWS);
    tcase_add_test(tc, flags_are_read_when_needed);
    tcase_add_loop_test(tc, launches_are_short, 0, 2);
    tcase_add_loop_test(tc, launches_of_few_rows_are_short, 0,
                        sizeof few_rows / sizeof few_rows[0]);
    tcase_add_test(tc, arrays_are_not_copied_in_shared_memory);
    suite_add_tcase(suite, tc);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/faulty.h"
#include "tests/suites/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* OpenCL calls that fail: a status, not a crash, a leak or a wrong number. */

static struct layer_faults *faults;

/* The call may have failed; if not, it has the right bits, and only what a device did may have been
 * written by one that failed. */
static void judge(attpool_context *context, struct job *job, const struct answer *right,
                  const struct answer *untouched, attpool_status status, const char *how)
{
    const char *name;
    if (status == ATTPOOL_OK) {
        answer_compare(right, job, status, how);
        return;
    }
    ck_assert_msg(status == ATTPOOL_E_DEVICE || status == ATTPOOL_E_MEMORY, "%s, %s: %s",
                  job->c->name, how, attpool_status_name(status));
    ck_assert_msg(attpool_message(context)[0] != '\0', "%s, %s: no message", job->c->name, how);
    if (status == ATTPOOL_E_DEVICE)
        return;
    struct answer same = *untouched;
    same.status = status;
    /* The pooling before the gradients is a call of its own; regression says that it has steps. */
    int written = job->c->operation == OPERATION_POOL_GRAD    ? FIRST_GRADIENT
                  : job->c->operation == OPERATION_REGRESSION ? JOB_OUTPUTS
                                                              : 0;
    for (int i = 0; i < written; i++)
        same.bytes[i] = job_output(job, i, &name) ? job_output(job, i, &name)->bytes : NULL;
    answer_compare(&same, job, status, how);
}

static void fail_each_call(const struct test_case *c, bool lost)
{
    struct job job;
    struct answer right, untouched;
    char how[80];
    int calls;
    attpool_context *context = open_layered(&faults), *judging = open_judge();
    if (!context)
        return;
    job_new(&job, c, ELEMENT_F32, PLACE_END);
    answer_keep(&right, &job, run_anew(judging, &job));
    job_reset(&job);
    answer_keep(&untouched, &job, ATTPOOL_OK);
    ck_assert_int_eq(run_anew(context, &job), ATTPOOL_OK);
    faults->calls = 0;
    ck_assert_int_eq(run_anew(context, &job), ATTPOOL_OK);
    calls = faults->calls;
    for (int n = 1; n <= calls; n++) {
        snprintf(how, sizeof how, "call %d of %d%s", n, calls, lost ? " and all after it" : "");
        now_testing(c, ELEMENT_F32, how);
        *faults = (struct layer_faults){ .fail_at = n, .lost = lost, .live = faults->live };
        judge(context, &job, &right, &untouched, run_anew(context, &job), how);
        faults->fail_at = 0;
        attpool_finish(context);
        answer_compare(&right, &job, run_anew(context, &job), "after a failure");
    }
    answers_agree();
    attpool_close(context);
    attpool_close(judging);
    expect_closed(faults);
    answer_free(&right);
    answer_free(&untouched);
    job_free(&job);
}

START_TEST(a_call_may_fail)
{
    fail_each_call(&faulty_cases[_i], false);
}
END_TEST

START_TEST(a_device_may_be_lost)
{
    fail_each_call(&faulty_cases[_i], true);
}
END_TEST

/* ---- Opening, and the first call ---- */

enum { HANDLED = 10, NOT_REACHED, NOT_HERE };

/* In a process that knows nothing of the device yet. */
static int open_and_run(int n)
{
    struct job job;
    struct answer right;
    char message[256] = "", how[40];
    attpool_context *context, *judging = open_judge();
    attpool_options options = { .size = sizeof options,
                                .backend = "opencl",
                                .message = message,
                                .message_size = sizeof message };
    if (!(faults = layer_load_faults()))
        return NOT_HERE;
    snprintf(how, sizeof how, "call %d of the first", n);
    job_new(&job, &faulty_cases[0], ELEMENT_F32, PLACE_END);
    answer_keep(&right, &job, run_anew(judging, &job));
    faults->fail_at = n;
    attpool_status status = attpool_open(&options, &context);
    if (status == ATTPOOL_OK && (status = run_anew(context, &job)) != ATTPOOL_OK)
        snprintf(message, sizeof message, "%s", attpool_message(context));
    ck_assert_msg(status == ATTPOOL_OK || message[0] != '\0', "%s: no message", how);
    if (status == ATTPOOL_OK)
        answer_compare(&right, &job, status, how);
    answers_agree();
    attpool_close(context);
    expect_closed(faults);
    return faults->calls == 0 ? NOT_HERE : faults->calls < n ? NOT_REACHED : HANDLED;
}

START_TEST(opening_may_fail)
{
    int result = HANDLED;
    if (!opencl_is_asked_for())
        return;
    for (int n = 1; result == HANDLED; n++)
        result = in_child(open_and_run, n);
    ck_assert_msg(result == NOT_REACHED || result == NOT_HERE, "it returned %d", result);
}
END_TEST

Suite *suite_faults(void)
{
    Suite *suite = suite_create("faults");
    TCase *tc = tcase_create("faults");
    tcase_set_timeout(tc, 600);
    tcase_set_tags(tc, "faults");
    tcase_add_loop_test(tc, a_call_may_fail, 0, FAULTY_CASES);
    tcase_add_loop_test(tc, a_device_may_be_lost, 0, FAULTY_CASES);
    tcase_add_test(tc, opening_may_fail);
    suite_add_tcase(suite, tc);
    return suite;
}

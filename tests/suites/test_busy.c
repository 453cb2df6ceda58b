/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/attention.h"
#include "tests/support/call.h"
#include "tests/suites/suites.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* A context serves one call at a time, and says so to every other. */

static const char in_use[] = "another call is using the context";

/* ---- While a call is in the context, which its log shows --------------------------------------
 */

struct meeting {
    attpool_context *context;
    struct call_data data;
    attpool_state *state;
    int calls; /* of the log */
};

/* Every call that takes a context; each must refuse one that is busy, and name itself. */
static void refused(attpool_status status, const attpool_context *context, const char *call)
{
    ck_assert_msg(status == ATTPOOL_E_BUSY, "%s: %s", call, attpool_status_name(status));
    ck_assert_msg(strcmp(attpool_message(context), in_use) == 0, "%s: %s", call,
                  attpool_message(context));
}

static void *call_everything(void *arg)
{
    struct meeting *m = arg;
    attpool_context *c = m->context;
    float x[4] = { 1, 2, 3, 4 }, fit[2];
    attpool_state *state = m->state;
    for (int kind = CALL_POOL_KERNEL; kind <= CALL_BMM; kind++) {
        call_new(&m->data, (enum call_kind)kind);
        call_mark_outputs(&m->data);
        refused(call_run(c, &m->data, (enum call_kind)kind), c, "a call");
        ck_assert(call_outputs_untouched(&m->data));
        call_free(&m->data);
    }
    call_new(&m->data, CALL_POOL_KERNEL);
    refused(attpool_finish(c), c, "finish");
    refused(attpool_state_pool(c, &m->data.q.dl, &m->data.k.dl, &m->data.v.dl, NULL, &state), c,
            "state_pool");
    ck_assert_ptr_null(state);
    refused(attpool_state_merge(c, m->state, m->state), c, "state_merge");
    refused(attpool_state_finish(c, m->state, ATTPOOL_EMPTY_NAN, &m->data.out.dl, NULL), c,
            "state_finish");
    refused(attpool_regress_f32(c, 2, 2, 1, 1, x, x, x, ATTPOOL_GAUSSIAN, 1, fit), c, "regress");
    refused(attpool_regress_f32(c, 2, 2, 1, 1, x, x, x, ATTPOOL_GAUSSIAN, 0, fit), c, "regress");
    refused(attpool_attend_f32(c, 1, 2, 2, 1, 1, x, x, x, 0, fit), c, "attend");
    ck_assert_str_eq(attpool_backend_name(c), "scalar");
    ck_assert(attpool_device_name(c)[0] != '\0');
    ck_assert_int_eq(attpool_threads(c), 1);
    call_free(&m->data);
    return NULL;
}

static void from_another_thread(void *data, const char *line)
{
    struct meeting *m = data;
    pthread_t thread;
    (void)line;
    if (m->calls++ == 0) /* of opening */
        return;
    ck_assert_int_eq(pthread_create(&thread, NULL, call_everything, m), 0);
    pthread_join(thread, NULL);
}

static void from_the_callback(void *data, const char *line)
{
    struct meeting *m = data;
    (void)line;
    if (m->calls++ > 0)
        call_everything(m);
}

static void meet(struct meeting *m, attpool_log_function *log)
{
    struct attention a;
    float want[N * V];
    attpool_options quiet = { .backend = "scalar", .threads = 1 }, options = quiet;
    attention_new(&a);
    attpool_context *judge = open_with(&quiet);
    ck_assert_int_eq(attend(judge, &a), ATTPOOL_OK);
    memcpy(want, a.out, sizeof want);
    attpool_close(judge);
    memset(&a.out, 0, sizeof a.out);
    options.verbose = 2;
    options.log = log;
    options.log_data = m;
    m->context = open_with(&options);
    ck_assert_int_eq(attend(m->context, &a), ATTPOOL_OK);
    ck_assert_int_eq(m->calls, 2);
    ck_assert(memcmp(a.out, want, sizeof want) == 0);
}

START_TEST(another_thread_is_refused)
{
    struct meeting m = { .calls = 0 };
    meet(&m, from_another_thread);
    /* This thread was not refused; nor will the other be, now that there is room. */
    ck_assert_str_eq(attpool_message(m.context), "");
    attpool_close(m.context);
}
END_TEST

START_TEST(a_callback_is_refused)
{
    struct meeting m = { .calls = 0 };
    struct attention a;
    attention_new(&a);
    meet(&m, from_the_callback);
    /* The last call of the thread is the one that it came from, and that succeeded. */
    ck_assert_str_eq(attpool_message(m.context), "");
    m.calls = 0; /* the log is quiet for one call */
    ck_assert_int_eq(attend(m.context, &a), ATTPOOL_OK);
    ck_assert_str_eq(attpool_message(m.context), "");
    m.calls = 0;
    ck_assert_int_eq(attpool_bmm(m.context, 1, NULL, NULL, 0, NULL), ATTPOOL_E_A);
    ck_assert_str_eq(attpool_message(m.context), "A is NULL");
    /* What one context has refused is not what another says. */
    m.calls = 1;
    ck_assert_int_eq(attend(m.context, &a), ATTPOOL_OK);
    attpool_context *other = open_with(NULL);
    ck_assert_str_eq(attpool_message(other), "");
    ck_assert_str_eq(attpool_message(m.context), "");
    attpool_close(other);
    attpool_close(m.context);
}
END_TEST

/* ---- Many threads at once ---------------------------------------------------------------------
 */

struct crowd {
    attpool_context *context;
    float want[N * V];
    atomic_int wrong, served;
};

static void *try_again(void *arg)
{
    struct crowd *crowd = arg;
    struct attention a;
    attention_new(&a);
    for (int done = 0; done < 50;) {
        memset(a.out, 0, sizeof a.out);
        attpool_status status = attend(crowd->context, &a);
        const bool same = memcmp(a.out, crowd->want, sizeof a.out) == 0;
        const bool served = status == ATTPOOL_OK;
        if (served ? !same : status != ATTPOOL_E_BUSY || a.out[0] != 0)
            crowd->wrong++;
        if (!served && strcmp(attpool_message(crowd->context), in_use) != 0)
            crowd->wrong++;
        done += served;
        crowd->served += served;
    }
    return NULL;
}

START_TEST(each_call_is_right_or_refused)
{
    enum { THREADS = 4 };
    static struct crowd crowd;
    pthread_t threads[THREADS];
    struct attention a;
    attpool_options options = { .threads = 2 };
    crowd.context = open_with(&options);
    attention_new(&a);
    ck_assert_int_eq(attend(crowd.context, &a), ATTPOOL_OK);
    memcpy(crowd.want, a.out, sizeof a.out);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, try_again, &crowd), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(crowd.wrong, 0);
    ck_assert_int_eq(crowd.served, THREADS * 50);
    attpool_close(crowd.context);
}
END_TEST

Suite *suite_busy(void)
{
    Suite *suite = suite_create("busy");
    TCase *tc = tcase_create("busy");
    tcase_add_checked_fixture(tc, clean_environment, NULL);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, another_thread_is_refused);
    tcase_add_test(tc, a_callback_is_refused);
    tcase_add_test(tc, each_call_is_right_or_refused);
    suite_add_tcase(suite, tc);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/call/call.h"
#include "tests/support/attention.h"
#include "tests/support/backends.h"
#include "tests/support/float_env.h"
#include "tests/suites/suites.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a caller gets to know of a call, and what it leaves of his. */

/* ---- Callbacks ---------------------------------------------------------------------------- */

struct lines {
    int count;
    char last[400], first[400];
};

static void take_line(void *data, const char *line)
{
    struct lines *lines = data;
    if (lines->count++ == 0)
        snprintf(lines->first, sizeof lines->first, "%s", line);
    snprintf(lines->last, sizeof lines->last, "%s", line);
    ck_assert_ptr_null(strchr(line, '\n'));
}

START_TEST(the_log_gets_what_is_asked_for)
{
    /* asked for by the options, by the environment; lines of opening, of a call */
    static const struct {
        int verbose;
        const char *variable;
        int opening, call;
    } rows[] = { { 0, "0", 0, 0 }, { 1, "0", 1, 0 },  { 2, "0", 1, 1 }, { 0, "1", 1, 0 },
                 { 0, "2", 1, 1 }, { -1, "2", 0, 0 }, { 1, "2", 1, 0 } };
    struct attention a;
    attention_new(&a);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct lines lines = { 0 };
        attpool_options options = {
            .backend = "scalar", .verbose = rows[i].verbose, .log = take_line, .log_data = &lines
        };
        setenv("ATTPOOL_VERBOSE", rows[i].variable, 1);
        attpool_context *context = open_with(&options);
        ck_assert_int_eq(lines.count, rows[i].opening);
        ck_assert(rows[i].opening == 0 || strstr(lines.first, "scalar"));
        ck_assert(rows[i].opening == 0 || strstr(lines.first, attpool_device_name(context)));
        ck_assert_int_eq(attend(context, &a), ATTPOOL_OK);
        ck_assert_int_eq(lines.count, rows[i].opening + rows[i].call);
        attpool_close(context);
    }
}
END_TEST

/* What the process writes to a descriptor meanwhile, in bytes. */
static long written_to(int descriptor, void (*work)(void))
{
    struct stat info;
    char name[] = "/tmp/attpool-output-XXXXXX";
    int file = mkstemp(name), kept = dup(descriptor);
    unlink(name);
    fflush(NULL);
    dup2(file, descriptor);
    work();
    fflush(NULL);
    dup2(kept, descriptor);
    fstat(file, &info);
    close(file);
    close(kept);
    return (long)info.st_size;
}

static void be_noisy(void)
{
    struct attention a;
    attpool_context *context;
    attpool_options options = { .verbose = 2 };
    attention_new(&a);
    context = open_with(&options);
    if (attend(context, &a) != ATTPOOL_OK)
        abort();
    attpool_bmm(context, 1, NULL, NULL, 0, NULL);
    attpool_close(context);
    options.backend = "no such";
    attpool_open(&options, &context);
}

START_TEST(the_library_prints_nothing)
{
    setenv("ATTPOOL_VERBOSE", "2", 1);
    ck_assert_int_eq(written_to(STDERR_FILENO, be_noisy), 0);
    ck_assert_int_eq(written_to(STDOUT_FILENO, be_noisy), 0);
}
END_TEST

struct watched {
    int calls, limit;
    double last;
    pthread_t thread;
    bool bad;
};

static int watch(void *data, double fraction)
{
    struct watched *w = data;
    w->bad = w->bad || !(fraction >= w->last && fraction <= 1) ||
             !pthread_equal(pthread_self(), w->thread);
    w->last = fraction;
    return ++w->calls >= w->limit;
}

START_TEST(progress_is_told_and_can_cancel)
{
    const char *backends[] = { "scalar", NULL };
    for (int i = 0; i < 2; i++)
        for (int threads = 1; threads <= 2; threads++) {
            struct watched w = { .limit = 1 << 30, .thread = pthread_self() };
            attpool_options options = {
                .backend = backends[i], .threads = threads, .progress = watch, .progress_data = &w
            };
            attpool_context *context = open_with(&options);
            context->engine.progress_interval = 0;
            int64_t n = 100;
            for (; w.calls < 2 && n < 1000000; n *= 4) {
                w.last = 0;
                w.calls = 0;
                ck_assert_int_eq(long_call(context, n), ATTPOOL_OK);
            }
            ck_assert_msg(w.calls >= 2, "progress is never told");
            ck_assert(!w.bad);
            w.calls = 0;
            w.limit = 1;
            w.last = 0;
            ck_assert_int_eq(long_call(context, n), ATTPOOL_E_CANCELLED);
            ck_assert_int_eq(w.calls, 1);
            ck_assert(attpool_message(context)[0] != '\0');
            /* The context is as good as new. */
            w.limit = 1 << 30;
            struct attention a;
            attention_new(&a);
            ck_assert_int_eq(attend(context, &a), ATTPOOL_OK);
            attpool_close(context);
        }
}
END_TEST

/* ---- The caller's floating-point environment ---- */

static int go_on(void *data, double fraction)
{
    (void)data;
    (void)fraction;
    return 0;
}

static void ignore_line(void *data, const char *line)
{
    (void)data;
    (void)line;
}

/* Every kind of call, with all that callbacks make it compute. */
static void call_everything(struct attention *a)
{
    attpool_options options = { .verbose = 2, .log = ignore_line, .progress = go_on };
    attpool_context *context;
    attpool_device_list *list;
    if (attpool_open(&options, &context) != ATTPOOL_OK || attend(context, a) != ATTPOOL_OK ||
        attpool_finish(context) != ATTPOOL_OK || attpool_list_devices(&list) != ATTPOOL_OK)
        abort();
    attpool_free_devices(list);
    attpool_close(context);
    volatile float nan_f32 = NAN, third_f32 = 3;
    volatile double nan_f64 = (double)NAN, third_f64 = 3;
    attpool_inverse_bandwidth_f32(nan_f32);
    attpool_inverse_bandwidth_f32(third_f32);
    attpool_inverse_bandwidth_f64(nan_f64);
    attpool_inverse_bandwidth_f64(third_f64);
}

START_TEST(the_floating_point_environment_stays)
{
    struct attention a;
    attention_new(&a);
    for (int i = 0; i < float_environments; i++) {
        float_environment_set(i);
        uint64_t before = float_environment_get();
        call_everything(&a);
        uint64_t after = float_environment_get();
        float_environment_default();
        ck_assert_msg(before == after, "%s: it was %llx, is %llx", float_environment_name(i),
                      (unsigned long long)before, (unsigned long long)after);
    }
}
END_TEST

struct fractions {
    int calls;
    double first, last;
};

static int keep_fractions(void *data, double fraction)
{
    struct fractions *f = data;
    f->first = f->calls++ == 0 ? fraction : f->first;
    f->last = fraction;
    return 0;
}

static void do_nothing(void *arg, int64_t index, int worker)
{
    (void)arg;
    (void)index;
    (void)worker;
}

START_TEST(a_step_tells_its_part_of_the_call)
{
    struct fractions told;
    attpool_options options = { .threads = 1, .progress = keep_fractions, .progress_data = &told };
    attpool_context *context = open_with(&options);
    struct engine *e = &context->engine;
    struct call call;
    ck_assert_int_eq(ap_call_begin(&call, context, "test"), ATTPOOL_OK);
    for (int step = 0; step < 2; step++) {
        ap_engine_part(e, 0.5 * step, 0.5 * (step + 1));
        e->progress_interval = 0;
        told.calls = 0;
        ck_assert_int_eq(ap_engine_parallel(e, 4, do_nothing, NULL), ATTPOOL_OK);
        ck_assert_int_eq(told.calls, 4);
        ck_assert_double_eq(told.first, 0.5 * step + 0.125);
        ck_assert_double_eq(told.last, 0.5 * (step + 1));
        e->progress_interval = 1e9;
        ck_assert_int_eq(ap_engine_parallel(e, 1, do_nothing, NULL), ATTPOOL_OK);
        ck_assert_int_eq(told.calls, 4);
    }
    ck_assert_int_eq(ap_call_end(&call, ATTPOOL_OK), ATTPOOL_OK);
    attpool_close(context);
}
END_TEST

Suite *suite_callbacks(void)
{
    Suite *suite = suite_create("callbacks");
    TCase *tc = tcase_create("callbacks");
    tcase_add_checked_fixture(tc, clean_environment, NULL);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, the_log_gets_what_is_asked_for);
    tcase_add_test(tc, the_library_prints_nothing);
    tcase_add_test(tc, progress_is_told_and_can_cancel);
    tcase_add_test(tc, a_step_tells_its_part_of_the_call);
    tcase_add_test(tc, the_floating_point_environment_stays);
    suite_add_tcase(suite, tc);
    return suite;
}

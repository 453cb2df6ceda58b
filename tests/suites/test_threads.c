/* SPDX-License-Identifier: Apache-2.0 */
#include "core/threads.h"
#include "tests/support/attention.h"
#include "tests/support/process.h"
#include "tests/suites/suites.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Who may use a context: threads and processes, and the threads that it has itself. */

struct user {
    const char *backend;
    struct attention a;
    float want[N * V];
    bool good;
};

static void *use_context(void *arg)
{
    struct user *u = arg;
    attpool_options options = { .backend = u->backend, .threads = 2 };
    attpool_context *context;
    u->good = attpool_open(&options, &context) == ATTPOOL_OK;
    for (int i = 0; i < 60 && u->good; i++) {
        memset(u->a.out, 0, sizeof u->a.out);
        u->good =
            attend(context, &u->a) == ATTPOOL_OK && memcmp(u->a.out, u->want, sizeof u->want) == 0;
    }
    attpool_close(context);
    return NULL;
}

START_TEST(contexts_work_side_by_side)
{
    enum { USERS = 4 };
    static struct user users[USERS];
    pthread_t threads[USERS];
    attpool_context *context = open_with(NULL);
    for (int i = 0; i < USERS; i++) {
        users[i].backend = i % 2 ? NULL : "scalar";
        attention_new(&users[i].a);
        ck_assert_int_eq(attend(context, &users[i].a), ATTPOOL_OK);
        memcpy(users[i].want, users[i].a.out, sizeof users[i].want);
    }
    for (int i = 0; i < USERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use_context, &users[i]), 0);
    for (int i = 0; i < USERS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_msg(users[i].good, "user %d", i);
    }
    attpool_close(context);
}
END_TEST

START_TEST(a_context_survives_a_fork)
{
    struct attention a;
    float want[N * V];
    attpool_options options = { .threads = 4 };
    attpool_context *context = open_with(&options);
    attention_new(&a);
    ck_assert_int_eq(attend(context, &a), ATTPOOL_OK);
    memcpy(want, a.out, sizeof want);
    for (int i = 0; i < 3; i++) {
        int status;
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        memset(a.out, 0, sizeof a.out);
        bool good = attend(context, &a) == ATTPOOL_OK && memcmp(a.out, want, sizeof want) == 0;
        if (child == 0) {
            attpool_close(context);
            _exit(good ? 0 : 1);
        }
        ck_assert(good);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child failed");
    }
    attpool_close(context);
}
END_TEST

/* Memory that the process has mapped, in bytes. */
static size_t mapped(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    ck_assert(f && fscanf(f, "%lu", &pages) == 1);
    fclose(f);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

START_TEST(refused_threads_are_done_without)
{
    struct attention a;
    float want[N * V];
    attpool_options options = { .threads = 64 };
    attpool_context *context = open_with(NULL);
    attention_new(&a);
    ck_assert_int_eq(attend(context, &a), ATTPOOL_OK);
    memcpy(want, a.out, sizeof want);
    attpool_close(context);
    /* Room for the stacks of two or three threads. */
    rlim_t room = mapped() + (24u << 20);
    struct rlimit limit = { room, room };
    context = open_with(&options);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    for (int i = 0; i < 3; i++) {
        memset(a.out, 0, sizeof a.out);
        ck_assert_int_eq(attend(context, &a), ATTPOOL_OK);
        ck_assert(memcmp(a.out, want, sizeof want) == 0);
    }
    attpool_close(context);
}
END_TEST

START_TEST(threads_are_started_when_there_is_work)
{
    struct attention a;
    attpool_options options = { .threads = 3 };
    attention_new(&a);
    int alone = threads_of_process(); /* an emulator has threads of its own */
    attpool_context *context = open_with(&options);
    ck_assert_int_eq(threads_of_process(), alone);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(attpool_attend_f32(context, 1, N, 9, D, V, a.q, a.k, a.v, 0, a.out),
                         ATTPOOL_OK);
        ck_assert_int_eq(threads_of_process(), alone);
    }
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(long_call(context, 200), ATTPOOL_OK);
        ck_assert_int_eq(threads_of_process(), alone + 2);
    }
    attpool_close(context);
    /* A thread that was joined may be on the list for a moment. */
    for (int i = 0; threads_of_process() > alone && i < 1000; i++)
        usleep(1000);
    ck_assert_int_eq(threads_of_process(), alone);
}
END_TEST

START_TEST(any_number_of_threads)
{
    /* More threads than work, and many contexts opened and closed. */
    struct attention a;
    float want[N * V];
    attention_new(&a);
    for (int threads = 1; threads <= 64; threads *= 4) {
        attpool_options options = { .threads = threads };
        attpool_context *context = open_with(&options);
        ck_assert_int_eq(attpool_threads(context), threads);
        ck_assert_int_eq(attend(context, &a), ATTPOOL_OK);
        if (threads == 1)
            memcpy(want, a.out, sizeof want);
        ck_assert(memcmp(a.out, want, sizeof want) == 0);
        attpool_close(context);
    }
    for (int i = 0; i < 200; i++)
        attpool_close(open_with(NULL));
}
END_TEST

/* Ends when every worker is in it. */
static void meet(void *arg, int64_t index, int worker)
{
    atomic_int *missing = arg;
    (void)index;
    (void)worker;
    (*missing)--;
    while (*missing > 0)
        sched_yield();
}

START_TEST(every_thread_comes)
{
    struct threads *threads = ap_threads_new(3);
    ck_assert_ptr_nonnull(threads);
    for (int i = 0; i < 20; i++) {
        atomic_int missing = 3;
        ck_assert(ap_threads_run(threads, false, 3, meet, &missing, NULL, NULL));
        usleep((useconds_t)i * 100); /* after a while they have to be woken */
    }
    ap_threads_free(threads);
}
END_TEST

START_TEST(calls_may_follow_at_once_or_later)
{
    /* Threads look for the next call for a while, then sleep. There are more of them than many
     * machines have processors, so that some come too late for a call. */
    struct attention a;
    float want[N * V];
    attpool_options options = { .threads = 5 };
    attpool_context *context = open_with(&options);
    attention_new(&a);
    ck_assert_int_eq(attend(context, &a), ATTPOOL_OK);
    memcpy(want, a.out, sizeof want);
    for (int i = 0; i < 400; i++) {
        memset(a.out, 0, sizeof a.out);
        ck_assert_int_eq(attend(context, &a), ATTPOOL_OK);
        ck_assert_msg(memcmp(a.out, want, sizeof want) == 0, "call %d", i);
        if (i % 4 == 3)
            usleep((useconds_t)i * 2);
    }
    attpool_close(context);
}
END_TEST

Suite *suite_threads(void)
{
    Suite *suite = suite_create("threads");
    TCase *tc = tcase_create("threads"), *forked = tcase_create("fork");
    tcase_add_checked_fixture(tc, clean_environment, NULL);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, contexts_work_side_by_side);
    tcase_add_test(tc, refused_threads_are_done_without);
    tcase_add_test(tc, threads_are_started_when_there_is_work);
    tcase_add_test(tc, any_number_of_threads);
    tcase_add_test(tc, every_thread_comes);
    tcase_add_test(tc, calls_may_follow_at_once_or_later);
    suite_add_tcase(suite, tc);
    tcase_add_checked_fixture(forked, clean_environment, NULL);
    tcase_set_timeout(forked, 120);
    tcase_set_tags(forked, "fork");
    tcase_add_test(forked, a_context_survives_a_fork);
    suite_add_tcase(suite, forked);
    return suite;
}

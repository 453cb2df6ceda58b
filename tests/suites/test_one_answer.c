/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/backends.h"
#include "tests/support/float_env.h"
#include "tests/suites/suites.h"

#include <stdio.h>
#include <string.h>

/* Every backend gives the bits of the scalar one with one thread: for every case of the table, on
 * any number of threads, whatever floating-point environment the caller has. */

static const int thread_counts[] = { 1, 2, 3, 8 };
enum { THREAD_COUNTS = sizeof thread_counts / sizeof thread_counts[0] };

struct contexts {
    const char *name;
    int count;
    attpool_context *judge, *context[THREAD_COUNTS];
};

static bool open_contexts(struct contexts *all, const char *name)
{
    /* The threads are not OpenCL's. */
    *all = (struct contexts){ .name = name, .count = is_opencl(name) ? 1 : THREAD_COUNTS };
    for (int i = 0; i < all->count; i++)
        if (!(all->context[i] = open_backend(name, thread_counts[i])))
            return false;
    all->judge = open_judge();
    return true;
}

static void close_contexts(struct contexts *all)
{
    for (int i = 0; i < all->count; i++)
        attpool_close(all->context[i]);
    attpool_close(all->judge);
}

static void compare_threads(const struct contexts *all, const struct test_case *c,
                            enum element element, enum place place)
{
    struct job job;
    struct answer answer;
    char how[64];
    now_testing(c, element, "scalar, 1 thread");
    job_new(&job, c, element, place);
    attpool_status status = job_run(all->judge, &job);
    ck_assert_msg(status == ATTPOOL_OK, "%s: %s", c->name, attpool_message(all->judge));
    answer_keep(&answer, &job, status);
    for (int i = 0; i < all->count; i++) {
        snprintf(how, sizeof how, "%s, %d threads", all->name, thread_counts[i]);
        now_testing(c, element, how);
        job_reset(&job);
        status = job_run(all->context[i], &job);
        answer_compare(&answer, &job, status, how);
    }
    answer_free(&answer);
    job_free(&job);
}

START_TEST(gives_the_bits_of_scalar)
{
    struct contexts all;
    const struct test_case *c;
    const char *name = test_backends[_i / 2];
    enum element element = _i % 2 ? ELEMENT_F64 : ELEMENT_F32;
    if (!open_contexts(&all, name))
        return;
    if (promises_bits(all.context[0]) && computes(all.context[0], element))
        for (size_t i = 0, k = 0; next_case(&i, 1, &c); k++)
            compare_threads(&all, c, element, k % 2 ? PLACE_START : PLACE_END);
    close_contexts(&all);
    answers_agree();
}
END_TEST

static void compare_environments(attpool_context *context, struct job *job, const char *name)
{
    struct answer answer;
    char how[96];
    now_testing(job->c, job->element, name);
    answer_keep(&answer, job, job_run(context, job));
    for (int i = 0; i < float_environments; i++) {
        snprintf(how, sizeof how, "%s, %s", name, float_environment_name(i));
        now_testing(job->c, job->element, how);
        job_reset(job);
        float_environment_set(i);
        uint64_t before = float_environment_get();
        attpool_status status = job_run(context, job);
        uint64_t after = float_environment_get();
        float_environment_default();
        answer_compare(&answer, job, status, how);
        ck_assert_msg(before == after, "%s, %s: the environment was %llx, is %llx", job->c->name,
                      how, (unsigned long long)before, (unsigned long long)after);
    }
    answer_free(&answer);
}

START_TEST(any_floating_point_environment)
{
    enum { EVERY = 11 };
    const struct test_case *c;
    const char *name = test_backends[_i / 2];
    enum element element = _i % 2 ? ELEMENT_F64 : ELEMENT_F32;
    attpool_context *context = open_backend(name, 2);
    if (!context)
        return;
    if (computes(context, element))
        for (size_t i = 0; next_case(&i, is_opencl(name) ? 4 * EVERY : EVERY, &c);) {
            struct job job;
            job_new(&job, c, element, PLACE_END);
            compare_environments(context, &job, name);
            job_free(&job);
        }
    attpool_close(context);
    answers_agree();
}
END_TEST

/* Some drivers end loops early, without a word. Long ones are right all the same, or refused. */
static void long_loop(attpool_context *context, const char *name, attpool_score score)
{
    enum { LONG = 70000, N = 2 };
    static float x[N * LONG];
    float one[N] = { 1, 2 }, out[N], want[N];
    int64_t shape[] = { N, LONG }, column[] = { N, 1 }, wide[] = { LONG, 1 }, p[] = { LONG };
    DLTensor X = tensor_of(x, ELEMENT_F32, 2, shape), V = tensor_of(one, ELEMENT_F32, 2, column);
    DLTensor O = tensor_of(out, ELEMENT_F32, 2, column), W = tensor_of(x, ELEMENT_F32, 2, wide);
    DLTensor wv = tensor_of(x, ELEMENT_F32, 1, p);
    attpool_pool_options options = { .score = score };
    attpool_context *judge = open_judge();
    for (int i = 0; i < N * LONG; i++)
        x[i] = (float)random_at(7, (uint64_t)i) / 256;
    if (score == ATTPOOL_ADDITIVE)
        options.wq = options.wk = &W, options.wv = &wv;
    const DLTensor *Q = score == ATTPOOL_ADDITIVE ? &V : &X;
    ck_assert_int_eq(attpool_pool(judge, Q, Q, &V, &options, &O), ATTPOOL_OK);
    memcpy(want, out, sizeof want);
    memset(out, 0, sizeof out);
    attpool_status status = attpool_pool(context, Q, Q, &V, &options, &O);
    if (status == ATTPOOL_OK)
        ck_assert_msg(!promises_bits(context) || memcmp(out, want, sizeof want) == 0,
                      "%s: %g and %g, not %g and %g", name, (double)out[0], (double)out[1],
                      (double)want[0], (double)want[1]);
    else
        ck_assert_msg(status == ATTPOOL_E_DEVICE &&
                          strstr(attpool_message(context), "65535 iterations"),
                      "%s: %s", name, attpool_message(context));
    attpool_close(judge);
}

START_TEST(long_loops_are_right_or_refused)
{
    const char *name = test_backends[_i];
    attpool_context *context = open_backend(name, 1);
    if (!context)
        return;
    long_loop(context, name, ATTPOOL_DOT);
    long_loop(context, name, ATTPOOL_ADDITIVE);
    attpool_close(context);
}
END_TEST

Suite *suite_one_answer(void)
{
    Suite *suite = suite_create("one answer");
    TCase *bits = tcase_create("bits"), *environment = tcase_create("environment");
    tcase_set_timeout(bits, 1800);
    tcase_add_loop_test(bits, gives_the_bits_of_scalar, 0, 2 * TEST_BACKENDS);
    suite_add_tcase(suite, bits);
    tcase_add_loop_test(bits, long_loops_are_right_or_refused, 0, TEST_BACKENDS);
    tcase_set_timeout(environment, 600);
    tcase_add_loop_test(environment, any_floating_point_environment, 0, 2 * TEST_BACKENDS);
    suite_add_tcase(suite, environment);
    return suite;
}

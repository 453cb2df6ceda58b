/* SPDX-License-Identifier: Apache-2.0 */
#include "core/thread_context.h"
#include "tests/support/attention.h"
#include "tests/support/process.h"
#include "tests/support/tensor.h"
#include "tests/suites/suites.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The calls for plain arrays, with a context and with that of the thread. */

/* The calls for plain arrays are pooling by another name. */
START_TEST(plain_arrays_are_tensors)
{
    struct attention a;
    float want[N * V];
    double q[3] = { 0, 1, 9 }, x[4] = { 0, 1, 2, 3 }, y[4] = { 1, 2, 4, 8 }, fit[3];
    int64_t q_shape[] = { N, D }, k_shape[] = { M, D }, v_shape[] = { M, V }, o_shape[] = { N, V };
    attpool_context *context = open_with(NULL);
    attention_new(&a);
    DLTensor Q = tensor_of(a.q, ELEMENT_F32, 2, q_shape),
             K = tensor_of(a.k, ELEMENT_F32, 2, k_shape);
    DLTensor values = tensor_of(a.v, ELEMENT_F32, 2, v_shape);
    DLTensor O = tensor_of(want, ELEMENT_F32, 2, o_shape);
    for (int causal = 0; causal < 2; causal++) {
        attpool_masks masks = { .causal = causal };
        attpool_pool_options options = { .masks = &masks };
        ck_assert_int_eq(attpool_pool(context, &Q, &K, &values, &options, &O), ATTPOOL_OK);
        for (int own = 0; own < 2; own++) {
            memset(a.out, 0, sizeof a.out);
            ck_assert_int_eq(attpool_attend_f32(own ? NULL : context, 1, N, M, D, V, a.q, a.k, a.v,
                                                causal, a.out),
                             ATTPOOL_OK);
            ck_assert(memcmp(a.out, want, sizeof want) == 0);
        }
    }
    ck_assert_int_eq(
        attpool_regress_f64(context, 3, 4, 1, 1, q, x, y, ATTPOOL_TRIANGULAR, 1.5, fit),
        ATTPOOL_OK);
    ck_assert(fabs(fit[0] - (1 + 2.0 / 3) / (4.0 / 3)) < 1e-15 && isnan(fit[2]));
    ck_assert_int_eq(attpool_regress_f64(context, 3, 4, 1, 1, q, x, y, ATTPOOL_TRIANGULAR, 0, fit),
                     ATTPOOL_E_BANDWIDTH);
    ck_assert_str_eq(attpool_message(context), "bandwidth is 0, it should be positive and finite");
    ck_assert_int_eq(attpool_regress_f64(NULL, 3, 4, 1, 1, q, x, y, ATTPOOL_TRIANGULAR, 0, fit),
                     ATTPOOL_E_BANDWIDTH);
    for (int i = 0; i < 3; i++) {
        const double ignored[] = { 0, -1, (double)NAN };
        ck_assert_int_eq(
            attpool_regress_f64(context, 3, 4, 1, 1, q, x, y, ATTPOOL_CONSTANT, ignored[i], fit),
            ATTPOOL_OK);
        ck_assert(fit[0] == (y[0] + y[1] + y[2] + y[3]) / 4 && fit[2] == fit[0]);
    }
    ck_assert_int_eq(attpool_regress_f64(context, 3, 4, 1, 1, NULL, x, y, ATTPOOL_BOXCAR, 1, fit),
                     ATTPOOL_E_QUERY);
    ck_assert_int_eq(attpool_regress_f64(context, -1, 4, 1, 1, q, x, y, ATTPOOL_BOXCAR, 1, fit),
                     ATTPOOL_E_QUERY);
    attpool_close(context);
}
END_TEST

/* ---- Without a context ----------------------------------------------------------------------- */

static const double x[3] = { 0, 1, 2 };

static attpool_status regress(double bandwidth)
{
    double fit[3];
    return attpool_regress_f64(NULL, 3, 3, 1, 1, x, x, x, ATTPOOL_GAUSSIAN, bandwidth, fit);
}

static void *fail_in_a_thread(void *arg)
{
    (void)arg;
    ck_assert_str_eq(attpool_message(NULL), "");
    ck_assert_int_eq(
        attpool_regress_f64(NULL, 3, 3, 1, 1, NULL, x, x, ATTPOOL_GAUSSIAN, 1, (double[3]){ 0 }),
        ATTPOOL_E_QUERY);
    ck_assert_str_eq(attpool_message(NULL), "Q has no data");
    return NULL;
}

START_TEST(a_message_needs_no_context)
{
    pthread_t thread;
    ck_assert_str_eq(attpool_message(NULL), "");
    ck_assert_int_eq(regress(-1), ATTPOOL_E_BANDWIDTH);
    ck_assert_ptr_nonnull(strstr(attpool_message(NULL), "bandwidth is -1"));
    ck_assert_int_eq(regress(0), ATTPOOL_E_BANDWIDTH);
    ck_assert_str_eq(attpool_message(NULL), "bandwidth is 0, it should be positive and finite");
    /* Each thread has its own. */
    ck_assert_int_eq(pthread_create(&thread, NULL, fail_in_a_thread, NULL), 0);
    pthread_join(thread, NULL);
    ck_assert_str_eq(attpool_message(NULL), "bandwidth is 0, it should be positive and finite");
    /* A context has another. */
    attpool_context *context = open_with(NULL);
    ck_assert_int_eq(attpool_bmm(context, 1, NULL, NULL, 0, NULL), ATTPOOL_E_A);
    ck_assert_str_eq(attpool_message(NULL), "bandwidth is 0, it should be positive and finite");
    attpool_close(context);
    ck_assert_int_eq(regress(1), ATTPOOL_OK);
    ck_assert_str_eq(attpool_message(NULL), "");
    ck_assert_int_eq(attpool_bmm(NULL, 1, NULL, NULL, 0, NULL), ATTPOOL_E_CONTEXT);
    ck_assert_str_eq(attpool_message(NULL), "the context is NULL");
}
END_TEST

static void *look_at_context(void *arg)
{
    attpool_status status;
    attpool_context *context = ap_thread_context(&status);
    ck_assert_ptr_nonnull(context);
    *(int *)arg = attpool_threads(context);
    ck_assert_int_eq(ap_thread_context_done(context, ATTPOOL_OK), ATTPOOL_OK);
    return NULL;
}

START_TEST(a_thread_keeps_its_context)
{
    attpool_status status;
    pthread_t thread;
    int threads = 0;
    setenv("ATTPOOL_NUM_THREADS", "3", 1);
    attpool_context *context = ap_thread_context(&status);
    ck_assert_ptr_nonnull(context);
    ap_thread_context_done(context, ATTPOOL_OK);
    ck_assert_int_eq(regress(1), ATTPOOL_OK);
    ck_assert_ptr_eq(ap_thread_context(&status), context);
    ck_assert_int_eq(attpool_threads(context), 3);
    /* A changed environment is for threads that have none yet. */
    setenv("ATTPOOL_NUM_THREADS", "2", 1);
    ck_assert_ptr_eq(ap_thread_context(&status), context);
    ck_assert_int_eq(pthread_create(&thread, NULL, look_at_context, &threads), 0);
    pthread_join(thread, NULL);
    ck_assert_int_eq(threads, 2);
}
END_TEST

START_TEST(an_environment_that_is_wrong_is_named)
{
    setenv("ATTPOOL_BACKEND", "no such", 1);
    ck_assert_int_eq(regress(1), ATTPOOL_E_BACKEND);
    ck_assert_ptr_nonnull(strstr(attpool_message(NULL), "no such"));
    /* It is not kept: the next call looks again. */
    setenv("ATTPOOL_BACKEND", "scalar", 1);
    ck_assert_int_eq(regress(1), ATTPOOL_OK);
    ck_assert_str_eq(attpool_message(NULL), "");
}
END_TEST

static void *work_in_a_thread(void *arg)
{
    ck_assert_int_eq(long_call(NULL, 200), ATTPOOL_OK);
    *(int *)arg = threads_of_process();
    return NULL;
}

START_TEST(a_thread_that_ends_takes_its_workers_along)
{
    pthread_t thread;
    int alone = threads_of_process(), most = 0;
    setenv("ATTPOOL_NUM_THREADS", "3", 1);
    ck_assert_int_eq(pthread_create(&thread, NULL, work_in_a_thread, &most), 0);
    pthread_join(thread, NULL);
    ck_assert_int_eq(most, alone + 3);
    /* A thread that was joined may be on the list for a moment. */
    for (int i = 0; threads_of_process() > alone && i < 1000; i++)
        usleep(1000);
    ck_assert_int_eq(threads_of_process(), alone);
}
END_TEST

START_TEST(a_child_goes_on)
{
    struct attention a;
    float want[N * V];
    int status;
    setenv("ATTPOOL_NUM_THREADS", "3", 1);
    attention_new(&a);
    ck_assert_int_eq(long_call(NULL, 200), ATTPOOL_OK);
    ck_assert_int_eq(attend(NULL, &a), ATTPOOL_OK);
    memcpy(want, a.out, sizeof want);
    memset(a.out, 0, sizeof a.out);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    bool good = long_call(NULL, 200) == ATTPOOL_OK && attend(NULL, &a) == ATTPOOL_OK &&
                memcmp(a.out, want, sizeof want) == 0;
    if (child == 0)
        _exit(good ? 0 : 1);
    ck_assert(good);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child failed");
}
END_TEST

/* Lines and errors are those of the calls for tensors, too. */
START_TEST(plain_lines_and_errors)
{
    enum { ROWS = 40, AT = 5 };
    double points[ROWS], y[ROWS], fit[AT], slope[AT], want[AT], at[AT] = { -1, 0, 0.1, 0.7, 2 };
    float points_f[ROWS], yf[ROWS], fit_f[AT], slope_f[AT], at_f[AT];
    const double bandwidths[] = { 0.1, 0.3, 1 };
    double errors[3], scores[3];
    for (int i = 0; i < ROWS; i++) {
        points[i] = points_f[i] = (float)random_at(8, (uint64_t)i);
        y[i] = yf[i] = (float)(3 * points[i] + 1);
    }
    for (int i = 0; i < AT; i++)
        at_f[i] = (float)at[i];
    attpool_context *context = open_with(NULL);
    DLTensor K = tensor_of(points, ELEMENT_F64, 2, (int64_t[]){ ROWS, 1 }),
             values = tensor_of(y, ELEMENT_F64, 2, (int64_t[]){ ROWS, 1 }),
             Q = tensor_of(at, ELEMENT_F64, 2, (int64_t[]){ AT, 1 }),
             O = tensor_of(want, ELEMENT_F64, 2, (int64_t[]){ AT, 1 });
    attpool_kernel_options kernel = { .kernel = ATTPOOL_BIWEIGHT, .bandwidth = 3 };
    attpool_pool_options pool = { .score = ATTPOOL_KERNEL, .kernel = &kernel };
    const attpool_regression_options degree = { .degree = 1, .pool = &pool };
    ck_assert_int_eq(attpool_regression(context, &Q, &K, &values, &degree, &O), ATTPOOL_OK);
    for (int own = 0; own < 2; own++) {
        ck_assert_int_eq(attpool_line_f64(own ? NULL : context, AT, ROWS, 1, 1, at, points, y,
                                          ATTPOOL_BIWEIGHT, 3, fit, own ? NULL : slope),
                         ATTPOOL_OK);
        ck_assert(memcmp(fit, want, sizeof want) == 0);
    }
    ck_assert_int_eq(attpool_line_f32(context, AT, ROWS, 1, 1, at_f, points_f, yf, ATTPOOL_BIWEIGHT,
                                      3, fit_f, slope_f),
                     ATTPOOL_OK);
    for (int i = 0; i < AT; i++) {
        ck_assert(fabs(slope[i] - 3) < 1e-6 && fabs((double)slope_f[i] - 3) < 1e-4);
        ck_assert(fabs((double)fit_f[i] - want[i]) < 1e-4);
    }
    ck_assert_int_eq(
        attpool_line_f64(context, AT, ROWS, 1, 1, at, points, y, ATTPOOL_BIWEIGHT, 0, fit, NULL),
        ATTPOOL_E_BANDWIDTH);
    kernel = (attpool_kernel_options){ .bandwidth = 1 };
    ck_assert_int_eq(
        attpool_bandwidth_curve(context, &K, &values, &pool, NULL, 3, bandwidths, scores, NULL),
        ATTPOOL_OK);
    for (int own = 0; own < 2; own++) {
        ck_assert_int_eq(attpool_cross_validate_f64(own ? NULL : context, ROWS, 1, 1, points, y,
                                                    ATTPOOL_GAUSSIAN, 3, bandwidths, errors),
                         ATTPOOL_OK);
        ck_assert(memcmp(errors, scores, sizeof scores) == 0);
    }
    ck_assert_int_eq(attpool_cross_validate_f32(context, ROWS, 1, 1, points_f, yf, ATTPOOL_GAUSSIAN,
                                                3, bandwidths, errors),
                     ATTPOOL_OK);
    ck_assert(fabs(errors[0] - scores[0]) < 1e-4 * scores[0]);
    attpool_close(context);
}
END_TEST

Suite *suite_plain(void)
{
    Suite *suite = suite_create("plain");
    TCase *tc = tcase_create("plain"), *forked = tcase_create("fork");
    tcase_add_checked_fixture(tc, clean_environment, NULL);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, plain_arrays_are_tensors);
    tcase_add_test(tc, plain_lines_and_errors);
    tcase_add_test(tc, a_message_needs_no_context);
    tcase_add_test(tc, a_thread_keeps_its_context);
    tcase_add_test(tc, an_environment_that_is_wrong_is_named);
    tcase_add_test(tc, a_thread_that_ends_takes_its_workers_along);
    suite_add_tcase(suite, tc);
    tcase_add_checked_fixture(forked, clean_environment, NULL);
    tcase_set_timeout(forked, 120);
    tcase_set_tags(forked, "fork");
    tcase_add_test(forked, a_child_goes_on);
    suite_add_tcase(suite, forked);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/backends.h"
#include "tests/suites/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Pooling and its gradients need O(n + m) memory beside W. */

enum { SIZE = 20000, GRADIENTS_SIZE = 4096, COLUMNS = 2 };

struct data {
    float *x, *y, *out, *lse, *n_eff;
    float *dq, *dk, *dv;
};

static long peak_kilobytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void data_new(struct data *d)
{
    d->x = malloc(SIZE * sizeof *d->x);
    d->y = malloc(SIZE * COLUMNS * sizeof *d->y);
    d->out = calloc(SIZE * COLUMNS, sizeof *d->out);
    d->lse = calloc(SIZE, sizeof *d->lse);
    d->n_eff = calloc(SIZE, sizeof *d->n_eff);
    d->dq = calloc(SIZE, sizeof *d->dq);
    d->dk = calloc(SIZE, sizeof *d->dk);
    d->dv = calloc(SIZE * COLUMNS, sizeof *d->dv);
    for (int i = 0; i < SIZE; i++)
        d->x[i] = (float)random_at(1, (uint64_t)i);
    for (int i = 0; i < SIZE * COLUMNS; i++)
        d->y[i] = (float)random_at(2, (uint64_t)i);
}

static void data_free(struct data *d)
{
    free(d->x);
    free(d->y);
    free(d->out);
    free(d->lse);
    free(d->n_eff);
    free(d->dq);
    free(d->dk);
    free(d->dv);
}

static void check(attpool_context *context, attpool_status status)
{
    ck_assert_msg(status == ATTPOOL_OK, "%s", attpool_message(context));
}

static void pool(attpool_context *context, const struct data *d, int64_t size, attpool_score score)
{
    int64_t x_shape[] = { size, 1 }, y_shape[] = { size, COLUMNS }, row[] = { size };
    DLTensor x = tensor_of(d->x, ELEMENT_F32, 2, x_shape),
             y = tensor_of(d->y, ELEMENT_F32, 2, y_shape);
    DLTensor out = tensor_of(d->out, ELEMENT_F32, 2, y_shape);
    DLTensor lse = tensor_of(d->lse, ELEMENT_F32, 1, row),
             n_eff = tensor_of(d->n_eff, ELEMENT_F32, 1, row);
    attpool_kernel_options kernel = { .kernel = ATTPOOL_TRIWEIGHT, .bandwidth = 0.1 };
    attpool_pool_options options = { .score = score,
                                     .kernel = score == ATTPOOL_KERNEL ? &kernel : NULL,
                                     .lse = &lse,
                                     .n_eff = &n_eff };
    check(context, attpool_pool(context, &x, &x, &y, &options, &out));
}

/* With max and sum in the places of L and n_eff, and y as dO. These are of the host, where no
 * scratch memory hides that of the gradients. */
static void pool_grad(attpool_context *context, const struct data *d, int64_t size,
                      attpool_score score)
{
    int64_t x_shape[] = { size, 1 }, y_shape[] = { size, COLUMNS }, row[] = { size };
    DLTensor x = tensor_of(d->x, ELEMENT_F32, 2, x_shape),
             y = tensor_of(d->y, ELEMENT_F32, 2, y_shape);
    DLTensor out = tensor_of(d->out, ELEMENT_F32, 2, y_shape);
    DLTensor max = tensor_of(d->lse, ELEMENT_F32, 1, row),
             sum = tensor_of(d->n_eff, ELEMENT_F32, 1, row);
    DLTensor dq = tensor_of(d->dq, ELEMENT_F32, 2, x_shape),
             dk = tensor_of(d->dk, ELEMENT_F32, 2, x_shape),
             dv = tensor_of(d->dv, ELEMENT_F32, 2, y_shape);
    attpool_kernel_options kernel = { .kernel = ATTPOOL_GAUSSIAN, .bandwidth = 0.1 };
    attpool_pool_options options = {
        .score = score, .kernel = score == ATTPOOL_KERNEL ? &kernel : NULL, .max = &max, .sum = &sum
    };
    attpool_gradients gradients = { .Q = &dq, .K = &dk, .V = &dv };
    attpool_context *host = open_judge();
    check(host, attpool_pool(host, &x, &x, &y, &options, &out));
    attpool_close(host);
    check(context, attpool_pool_grad(context, &x, &x, &y, &options, &out, &y, NULL, &gradients));
}

typedef void measured(attpool_context *context, const struct data *d, int64_t size,
                      attpool_score score);

static void measure(const char *name, measured *call, int64_t size)
{
    const long weights = (long)(size * size) * (long)sizeof(float) / 1024;
    attpool_context *context = open_backend(name, 2);
    struct data d;
    if (!context)
        return;
    data_new(&d);
    for (int score = ATTPOOL_DOT; score <= ATTPOOL_KERNEL; score += ATTPOOL_KERNEL) {
        /* The first call builds programs and starts threads. */
        call(context, &d, 300, (attpool_score)score);
        long before = peak_kilobytes();
        call(context, &d, size, (attpool_score)score);
        long used = peak_kilobytes() - before;
        ck_assert_msg(used < weights / 20, "%s, score %d: %ld kB, W would take %ld", name, score,
                      used, weights);
    }
    data_free(&d);
    attpool_close(context);
}

START_TEST(pooling_does_not_store_the_weights)
{
    measure(test_backends[_i], pool, SIZE);
}
END_TEST

START_TEST(gradients_do_not_store_the_weights)
{
    measure(test_backends[_i], pool_grad, GRADIENTS_SIZE);
}
END_TEST

Suite *suite_memory(void)
{
    Suite *suite = suite_create("memory");
    TCase *tc = tcase_create("memory");
    tcase_set_timeout(tc, 600);
    tcase_set_tags(tc, "memory");
    tcase_add_loop_test(tc, pooling_does_not_store_the_weights, 0, TEST_BACKENDS);
    tcase_add_loop_test(tc, gradients_do_not_store_the_weights, 0, TEST_BACKENDS);
    suite_add_tcase(suite, tc);
    return suite;
}

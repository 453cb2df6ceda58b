/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/backends.h"
#include "tests/suites/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Pooling needs O(n + m) memory beside W. */

enum { SIZE = 20000, COLUMNS = 2 };

struct data {
    float *x, *y, *out, *lse, *n_eff;
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
    attpool_status status = attpool_pool(context, &x, &x, &y, &options, &out);
    ck_assert_msg(status == ATTPOOL_OK, "%s", attpool_message(context));
}

START_TEST(pooling_does_not_store_the_weights)
{
    static const long weights = (long)SIZE * SIZE * (long)sizeof(float) / 1024;
    const char *name = test_backends[_i];
    attpool_context *context = open_backend(name, 2);
    struct data d;
    if (!context)
        return;
    data_new(&d);
    for (int score = ATTPOOL_DOT; score <= ATTPOOL_KERNEL; score += ATTPOOL_KERNEL) {
        /* The first call builds programs and starts threads. */
        pool(context, &d, 300, (attpool_score)score);
        long before = peak_kilobytes();
        pool(context, &d, SIZE, (attpool_score)score);
        long used = peak_kilobytes() - before;
        ck_assert_msg(used < weights / 20, "%s, score %d: %ld kB, W would take %ld", name, score,
                      used, weights);
    }
    data_free(&d);
    attpool_close(context);
}
END_TEST

Suite *suite_memory(void)
{
    Suite *suite = suite_create("memory");
    TCase *tc = tcase_create("memory");
    tcase_set_timeout(tc, 600);
    tcase_set_tags(tc, "memory");
    tcase_add_loop_test(tc, pooling_does_not_store_the_weights, 0, TEST_BACKENDS);
    suite_add_tcase(suite, tc);
    return suite;
}

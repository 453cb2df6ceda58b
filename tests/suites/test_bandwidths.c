/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/suites/golden.h"
#include "tests/suites/suites.h"
#include "tests/support/backends.h"

#include <stdlib.h>

/* Bandwidths that are judged together have the bits of each by itself. */

enum { WIDTHS = 37, TABLE_ROWS = 2600 };

static const struct bandwidths_case {
    const char *name;
    int64_t m, d, v;
    attpool_kernel_name kernel;
    attpool_criterion criterion;
    bool sorted; /* blocks of keys are out of reach of narrow kernels */
    bool far;    /* some rows lie far from all others, so that they have no near key */
    bool weighted, tiny, window;
} bandwidths_cases[] = {
    { "plain", 300, 1, 1, ATTPOOL_GAUSSIAN, ATTPOOL_CRITERION_CV, .sorted = false },
    { "three coordinates", 300, 3, 1, ATTPOOL_GAUSSIAN, ATTPOOL_CRITERION_CV, .sorted = false },
    { "sorted", TABLE_ROWS, 1, 1, ATTPOOL_GAUSSIAN, ATTPOOL_CRITERION_CV, .sorted = true },
    { "rows apart", 2100, 1, 1, ATTPOOL_GAUSSIAN, ATTPOOL_CRITERION_CV, .sorted = true,
      .far = true },
    { "trace", 200, 2, 1, ATTPOOL_GAUSSIAN, ATTPOOL_CRITERION_AICC, .far = true },
    { "weights with exponents", 400, 1, 1, ATTPOOL_GAUSSIAN, ATTPOOL_CRITERION_CV,
      .weighted = true },
    { "weights, far", 400, 2, 1, ATTPOOL_GAUSSIAN, ATTPOOL_CRITERION_CV, .weighted = true,
      .far = true },
    { "squares out of range", 200, 2, 1, ATTPOOL_GAUSSIAN, ATTPOOL_CRITERION_CV, .tiny = true },
    { "a window", 500, 1, 1, ATTPOOL_GAUSSIAN, ATTPOOL_CRITERION_CV, .window = true },
    { "three values", 200, 1, 3, ATTPOOL_GAUSSIAN, ATTPOOL_CRITERION_BRIER, .sorted = false },
    { "laplacian", 200, 2, 1, ATTPOOL_LAPLACIAN, ATTPOOL_CRITERION_CV, .sorted = false },
    { "biweight", 200, 1, 1, ATTPOOL_BIWEIGHT, ATTPOOL_CRITERION_CV, .sorted = true },
};

struct table {
    double x[3 * TABLE_ROWS], y[3 * TABLE_ROWS], a[TABLE_ROWS];
    float xf[3 * TABLE_ROWS], yf[3 * TABLE_ROWS], af[TABLE_ROWS];
};

static int compare(const void *left, const void *right)
{
    const double l = *(const double *)left, r = *(const double *)right;
    return (l > r) - (l < r);
}

/* Of x and bandwidths: squares of differences are too small for numbers. */
static double unit_of(const struct bandwidths_case *c, enum element element)
{
    return !c->tiny ? 1 : element == ELEMENT_F32 ? 0x1p-62 : 0x1p-511;
}

static void fill(struct table *t, const struct bandwidths_case *c)
{
    for (int64_t i = 0; i < c->m * c->d; i++)
        t->x[i] = 3 * random_at(31, (uint64_t)i);
    if (c->sorted)
        qsort(t->x, (size_t)c->m, sizeof t->x[0], compare);
    for (int64_t i = 0; i < c->m; i++) {
        for (int64_t k = 0; k < c->v; k++)
            t->y[i * c->v + k] = sin(3 * t->x[i * c->d]) + random_at(32, (uint64_t)(i * c->v + k));
        t->a[i] = i % 9 == 4 ? 0 : i % 50 == 7 ? 0x1p+80 : i % 50 == 8 ? 0x1p-80 : 1.5;
    }
    for (int64_t i = c->m - 70; i < c->m && c->far; i += 13)
        t->x[i * c->d] = 100 + 7 * (double)(i - c->m);
    for (int64_t i = 0; i < 3 * TABLE_ROWS; i++) {
        t->xf[i] = (float)(t->x[i] * unit_of(c, ELEMENT_F32));
        t->x[i] *= unit_of(c, ELEMENT_F64);
        t->yf[i] = (float)t->y[i];
        t->af[i % TABLE_ROWS] = (float)t->a[i % TABLE_ROWS];
    }
}

static void judge(const struct bandwidths_case *c, struct table *t, enum element element,
                  int64_t count, const double *factors, double *scores, int64_t *without)
{
    const bool single = element == ELEMENT_F32;
    DLTensor K = tensor_of(single ? (void *)t->xf : t->x, element, 2, SHAPE(c->m, c->d)),
             V = tensor_of(single ? (void *)t->yf : t->y, element, 2, SHAPE(c->m, c->v)),
             A = tensor_of(single ? (void *)t->af : t->a, element, 1, SHAPE(c->m));
    attpool_kernel_options kernel = { .kernel = c->kernel, .bandwidth = unit_of(c, element) };
    attpool_masks masks = { .window = c->window, .left = 40, .right = 60 };
    attpool_pool_options options = { .score = ATTPOOL_KERNEL,
                                     .kernel = &kernel,
                                     .masks = &masks,
                                     .key_weights = c->weighted ? &A : NULL };
    attpool_selection_options selection = { .criterion = c->criterion };
    succeeds(attpool_bandwidth_curve(context, &K, &V, &options, &selection, count, factors, scores,
                                     without));
}

static void check_case(const struct bandwidths_case *c, struct table *t, enum element element)
{
    double factors[WIDTHS], together[WIDTHS], alone;
    int64_t without[WIDTHS], missing;
    int finite = 0;
    /* An emulated processor would take an hour. */
    const int count = test_every() > 1 ? WIDTHS / 4 : WIDTHS;
    for (int k = 0; k < WIDTHS; k++)
        factors[k] = 0.002 * exp(0.25 * (double)(k * 11 % WIDTHS)); /* in no order */
    judge(c, t, element, count, factors, together, without);
    for (int k = 0; k < count; k++)
        finite += isfinite(together[k]);
    for (int k = 0; k < count; k += (int)test_every()) {
        judge(c, t, element, 1, &factors[k], &alone, &missing);
        ck_assert_msg(memcmp(&alone, &together[k], sizeof alone) == 0 && missing == without[k],
                      "%s, %s, %s: the bandwidth %g has %.17g, by itself %.17g", c->name,
                      attpool_backend_name(context), element_name(element), factors[k], together[k],
                      alone);
    }
    ck_assert_msg(finite > count / 4, "%s has %d scores", c->name, finite);
}

START_TEST(bandwidths_together_have_the_bits_of_each)
{
    const int most_threads = test_every() > 1 ? 1 : 3;
    struct table *t = malloc(sizeof *t);
    fill(t, &bandwidths_cases[_i]);
    for (int b = 0; b < TEST_BACKENDS; b++)
        for (int threads = 1; threads <= most_threads; threads += 2) {
            if (is_opencl(test_backends[b]) || b == 0)
                continue;
            context = open_backend(test_backends[b], threads);
            if (context == NULL)
                continue;
            check_case(&bandwidths_cases[_i], t, ELEMENT_F32);
            check_case(&bandwidths_cases[_i], t, ELEMENT_F64);
            attpool_close(context);
        }
    free(t);
}
END_TEST

Suite *suite_bandwidths(void)
{
    Suite *suite = suite_create("bandwidths");
    TCase *tc = tcase_create("bandwidths");
    tcase_add_loop_test(tc, bandwidths_together_have_the_bits_of_each, 0, COUNT(bandwidths_cases));
    tcase_set_timeout(tc, 300);
    suite_add_tcase(suite, tc);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/suites/suites.h"
#include "tests/support/backends.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Weights may have any size: the effective number of keys, the fit and L are those of weights of
 * the size of 1, however large or small key weights or kernels are. */

struct scored {
    const char *name;
    attpool_score score;
    attpool_kernel_name kernel;
    attpool_form form;
    bool biased;
};

static const struct scored scores[] = {
    { "dot", ATTPOOL_DOT, .biased = false },
    { "dot, bias", ATTPOOL_DOT, .biased = true },
    { "average", ATTPOOL_AVERAGE, .biased = false },
    { "average, bias", ATTPOOL_AVERAGE, .biased = true },
    { "gaussian", ATTPOOL_KERNEL, ATTPOOL_GAUSSIAN, ATTPOOL_RADIAL, false },
    { "laplacian product", ATTPOOL_KERNEL, ATTPOOL_LAPLACIAN, ATTPOOL_PRODUCT, false },
    { "logistic", ATTPOOL_KERNEL, ATTPOOL_LOGISTIC, ATTPOOL_RADIAL, false },
    { "boxcar", ATTPOOL_KERNEL, ATTPOOL_BOXCAR, ATTPOOL_RADIAL, false },
    { "epanechnikov", ATTPOOL_KERNEL, ATTPOOL_EPANECHNIKOV, ATTPOOL_RADIAL, false },
    { "epanechnikov, bias", ATTPOOL_KERNEL, ATTPOOL_EPANECHNIKOV, ATTPOOL_RADIAL, true },
    { "biweight product", ATTPOOL_KERNEL, ATTPOOL_BIWEIGHT, ATTPOOL_PRODUCT, false },
    { "silverman", ATTPOOL_KERNEL, ATTPOOL_SILVERMAN, ATTPOOL_RADIAL, false },
    { "cauchy", ATTPOOL_KERNEL, ATTPOOL_CAUCHY, ATTPOOL_RADIAL, false },
};
enum { SCORES = sizeof scores / sizeof scores[0] };

static const double sizes[][6] = { { 1e30, 1e-30, 1e22, 1e-22, 1e12, 1e-12 },
                                   { 1e300, 1e-300, 1e200, 1e-200, 1e30, 1e-100 } };

struct call {
    const char *backend;
    attpool_context *context;
    enum element element;
    int64_t n, m;
    const struct scored *scored;
    struct tensor q, k, v, a, bias;
    struct tensor out[2], lse[2], n_eff[2], weights[2];
};

static void call_new(struct call *c)
{
    const int64_t queries[] = { c->n, 1 }, keys[] = { c->m, 1 }, all[] = { c->n, c->m };
    tensor_new(&c->q, c->element, ARRANGE_COMPACT, PLACE_END, 2, queries);
    tensor_new(&c->k, c->element, ARRANGE_COMPACT, PLACE_END, 2, keys);
    tensor_new(&c->v, c->element, ARRANGE_COMPACT, PLACE_END, 2, keys);
    tensor_new(&c->a, c->element, ARRANGE_COMPACT, PLACE_END, 1, keys);
    tensor_new(&c->bias, c->element, ARRANGE_COMPACT, PLACE_END, 2, all);
    for (int i = 0; i < 2; i++) {
        tensor_new(&c->out[i], c->element, ARRANGE_COMPACT, PLACE_END, 2, queries);
        tensor_new(&c->lse[i], c->element, ARRANGE_COMPACT, PLACE_END, 1, queries);
        tensor_new(&c->n_eff[i], c->element, ARRANGE_COMPACT, PLACE_END, 1, queries);
        tensor_new(&c->weights[i], c->element, ARRANGE_COMPACT, PLACE_END, 2, all);
    }
    for (int64_t i = 0; i < c->n; i++)
        tensor_set(&c->q.dl, i, 0.5 * random_at(1, (uint64_t)i));
    for (int64_t j = 0; j < c->m; j++) {
        tensor_set(&c->k.dl, j, 0.5 * random_at(2, (uint64_t)j));
        tensor_set(&c->v.dl, j, 2 + random_at(3, (uint64_t)j));
    }
    for (int64_t i = 0; i < c->n * c->m; i++)
        tensor_set(&c->bias.dl, i, random_at(4, (uint64_t)i));
}

static void call_free(struct call *c)
{
    struct tensor *const all[] = { &c->q, &c->k, &c->v, &c->a, &c->bias };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        tensor_free(all[i]);
    for (int i = 0; i < 2; i++) {
        tensor_free(&c->out[i]);
        tensor_free(&c->lse[i]);
        tensor_free(&c->n_eff[i]);
        tensor_free(&c->weights[i]);
    }
}

/* Key weights about `size`, into outputs number i. */
static void run(struct call *c, double size, int i)
{
    attpool_kernel_options kernel = { .kernel = c->scored->kernel, .form = c->scored->form };
    attpool_masks masks = { .bias = c->scored->biased ? &c->bias.dl : NULL };
    attpool_pool_options options = { .score = c->scored->score,
                                     .kernel = c->scored->score == ATTPOOL_KERNEL ? &kernel : NULL,
                                     .masks = &masks,
                                     .key_weights = size != 0 ? &c->a.dl : NULL,
                                     .lse = &c->lse[i].dl,
                                     .n_eff = &c->n_eff[i].dl };
    for (int64_t j = 0; j < c->m && size != 0; j++)
        tensor_set(&c->a.dl, j, j % 7 == 3 ? 0 : size * (1.5 + random_at(5, (uint64_t)j)));
    for (int weights = 0; weights < 2; weights++) {
        options.weights = weights ? &c->weights[i].dl : NULL;
        attpool_status status =
            attpool_pool(c->context, &c->q.dl, &c->k.dl, &c->v.dl, &options, &c->out[i].dl);
        ck_assert_msg(status == ATTPOOL_OK, "%s", attpool_message(c->context));
    }
}

static void expect(const struct call *c, const char *what, double size, double got, double want)
{
    double most = (c->element == ELEMENT_F32 ? 3e-5 : 1e-13) * (1 + fabs(want));
    ck_assert_msg(fabs(got - want) <= most,
                  "%s, %s, %s, n %d, m %d, size %g: %s is %.9g, should be %.9g", c->backend,
                  element_name(c->element), c->scored->name, (int)c->n, (int)c->m, size, what, got,
                  want);
}

static void compare(const struct call *c, double size)
{
    for (int64_t i = 0; i < c->n; i++) {
        double l = tensor_get(&c->lse[0].dl, i) + log(size);
        expect(c, "O", size, tensor_get(&c->out[1].dl, i), tensor_get(&c->out[0].dl, i));
        expect(c, "n_eff", size, tensor_get(&c->n_eff[1].dl, i), tensor_get(&c->n_eff[0].dl, i));
        expect(c, "L", size, tensor_get(&c->lse[1].dl, i), l);
    }
    for (int64_t i = 0; i < c->n * c->m; i++)
        expect(c, "W", size, tensor_get(&c->weights[1].dl, i), tensor_get(&c->weights[0].dl, i));
}

static void each_shape(struct call *c, void (*test)(struct call *))
{
    enum { SHAPES = 5 };
    static const int64_t shapes[SHAPES][2] = {
        { 5, 1 }, { 300, 6 }, { 2800, 1 }, { 2800, 6 }, { 300, 40 }
    };
    const int step = test_every() > 1 ? SHAPES + 1 : 1; /* some scores, and all shapes */
    if (c->context && computes(c->context, c->element))
        for (int i = 0; i < SCORES * SHAPES; i += step) {
            c->scored = &scores[i / SHAPES];
            c->m = shapes[i % SHAPES][0];
            c->n = shapes[i % SHAPES][1];
            call_new(c);
            test(c);
            call_free(c);
        }
    attpool_close(c->context);
}

static struct call call_of(int test)
{
    struct call c = { .backend = test_backends[test / 2] };
    c.element = test % 2 ? ELEMENT_F64 : ELEMENT_F32;
    c.context = open_backend(c.backend, 2);
    return c;
}

static void any_size(struct call *c)
{
    run(c, 1, 0);
    for (int i = 0; i < 6; i++) {
        double size = sizes[c->element == ELEMENT_F64][i];
        run(c, size, 1);
        compare(c, size);
    }
}

START_TEST(key_weights_have_any_size)
{
    struct call c = call_of(_i);
    each_shape(&c, any_size);
}
END_TEST

/* By states, whose keys are cut at every super-block. */
static void any_size_by_states(struct call *c)
{
    attpool_kernel_options kernel = { .kernel = c->scored->kernel, .form = c->scored->form };
    for (int i = 0; i < 2; i++) {
        double size = sizes[c->element == ELEMENT_F64][i];
        attpool_state *all = NULL;
        run(c, size, 0);
        for (int64_t at = 0; at < c->m; at += ATTPOOL_SUPER_BLOCK) {
            int64_t count = c->m - at < ATTPOOL_SUPER_BLOCK ? c->m - at : ATTPOOL_SUPER_BLOCK;
            struct tensor k, v, a, bias;
            attpool_state *part = NULL;
            attpool_masks masks = { .key_origin = at };
            attpool_pool_options options = { .score = c->scored->score,
                                             .kernel = c->scored->score == ATTPOOL_KERNEL ? &kernel
                                                                                          : NULL,
                                             .masks = &masks,
                                             .key_weights = &a.dl };
            tensor_view(&k, &c->k);
            tensor_view(&v, &c->v);
            tensor_view(&a, &c->a);
            tensor_view(&bias, &c->bias);
            tensor_slice(&k, -2, at, count);
            tensor_slice(&v, -2, at, count);
            tensor_slice(&a, -1, at, count);
            tensor_slice(&bias, -1, at, count);
            masks.bias = c->scored->biased ? &bias.dl : NULL;
            attpool_status status =
                attpool_state_pool(c->context, &c->q.dl, &k.dl, &v.dl, &options, &part);
            ck_assert_msg(status == ATTPOOL_OK, "%s", attpool_message(c->context));
            if (all)
                ck_assert_int_eq(attpool_state_merge(c->context, all, part), ATTPOOL_OK);
            if (all)
                attpool_state_free(part);
            else
                all = part;
        }
        ck_assert_int_eq(
            attpool_state_finish(c->context, all, ATTPOOL_EMPTY_NAN, &c->out[1].dl, &c->lse[1].dl),
            ATTPOOL_OK);
        attpool_state_free(all);
        ck_assert(tensor_same(&c->out[0].dl, &c->out[1].dl));
        ck_assert(tensor_same(&c->lse[0].dl, &c->lse[1].dl));
    }
}

START_TEST(states_have_weights_of_any_size)
{
    struct call c = call_of(_i);
    each_shape(&c, any_size_by_states);
}
END_TEST

/* A light key near the query, a heavy one far away, which is all that matters. */
static void heavy_and_far(struct call *c)
{
    bool single = c->element == ELEMENT_F32;
    double light = single ? 1e-30 : 1e-300, heavy = single ? 1e30 : 1e300;
    const attpool_kernel_options kernel = { .kernel = c->scored->kernel, .form = c->scored->form };
    attpool_pool_options options = { .score = ATTPOOL_KERNEL,
                                     .kernel = &kernel,
                                     .key_weights = &c->a.dl,
                                     .lse = &c->lse[0].dl,
                                     .n_eff = &c->n_eff[0].dl };
    bool has_log = kernel.kernel == ATTPOOL_GAUSSIAN || kernel.kernel == ATTPOOL_LAPLACIAN ||
                   kernel.kernel == ATTPOOL_LOGISTIC;
    double far = single ? 14 : 36,
           k = exp(kernel.kernel == ATTPOOL_GAUSSIAN ? -far * far / 2 : -far);
    if (c->scored->score != ATTPOOL_KERNEL || c->scored->biased || !has_log)
        return;
    for (int64_t i = 0; i < c->n; i++)
        tensor_set(&c->q.dl, i, 0);
    for (int64_t j = 0; j < c->m; j++) {
        tensor_set(&c->a.dl, j, j == c->m / 2 ? heavy : light);
        tensor_set(&c->k.dl, j, j == c->m / 2 ? far : 0);
        tensor_set(&c->v.dl, j, j == c->m / 2 ? 5 : -3);
    }
    attpool_status status =
        attpool_pool(c->context, &c->q.dl, &c->k.dl, &c->v.dl, &options, &c->out[0].dl);
    ck_assert_msg(status == ATTPOOL_OK, "%s", attpool_message(c->context));
    for (int64_t i = 0; i < c->n; i++) {
        expect(c, "O", heavy, tensor_get(&c->out[0].dl, i), 5);
        expect(c, "n_eff", heavy, tensor_get(&c->n_eff[0].dl, i), 1);
        expect(c, "L", heavy, tensor_get(&c->lse[0].dl, i), log(heavy) + log(k));
    }
}

START_TEST(a_heavy_key_counts_far_away)
{
    struct call c = call_of(_i);
    each_shape(&c, heavy_and_far);
}
END_TEST

/* Kernels whose weights are small all over: every second key twice as far away. */
static void small_kernel(struct call *c)
{
    bool single = c->element == ELEMENT_F32;
    double near, ratio;
    if (c->scored->kernel == ATTPOOL_CAUCHY) {
        near = single ? 1e13 : 1e100;
        ratio = 0.25;
    } else if (c->scored->kernel == ATTPOOL_SILVERMAN) {
        near = 8 * 3.14159265358979 * sqrt(2) * (single ? 2 : 18); /* a whole number of turns */
        ratio = exp(-near / sqrt(2)) * 1;
    } else {
        return;
    }
    for (int64_t i = 0; i < c->n; i++)
        tensor_set(&c->q.dl, i, 0);
    for (int64_t j = 0; j < c->m; j++) {
        tensor_set(&c->k.dl, j, j % 2 ? 2 * near : near);
        tensor_set(&c->v.dl, j, 3);
    }
    double ones = (double)((c->m + 1) / 2), twos = (double)(c->m / 2);
    double sum = ones + twos * ratio, want = sum * sum / (ones + twos * ratio * ratio);
    run(c, 0, 0);
    for (int64_t i = 0; i < c->n; i++) {
        expect(c, "O", 0, tensor_get(&c->out[0].dl, i), 3);
        expect(c, "n_eff", 0, tensor_get(&c->n_eff[0].dl, i), want);
    }
}

START_TEST(kernels_may_be_small)
{
    struct call c = call_of(_i);
    each_shape(&c, small_kernel);
}
END_TEST

Suite *suite_weight_range(void)
{
    Suite *suite = suite_create("weight range");
    TCase *tc = tcase_create("weight range");
    tcase_set_timeout(tc, 900);
    tcase_add_loop_test(tc, key_weights_have_any_size, 0, 2 * TEST_BACKENDS);
    tcase_add_loop_test(tc, states_have_weights_of_any_size, 0, 2 * TEST_BACKENDS);
    tcase_add_loop_test(tc, a_heavy_key_counts_far_away, 0, 2 * TEST_BACKENDS);
    tcase_add_loop_test(tc, kernels_may_be_small, 0, 2 * TEST_BACKENDS);
    suite_add_tcase(suite, tc);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/kernels.h"
#include "tests/suites/golden.h"
#include "tests/suites/suites.h"
#include "tests/support/tensor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers that must come out, from the literature and from arithmetic by hand. */

START_TEST(product_of_ones)
{
    float a[2 * 4], b[2 * 4 * 6], c[2 * 6];
    for (size_t i = 0; i < COUNT(a); i++)
        a[i] = 1;
    for (size_t i = 0; i < COUNT(b); i++)
        b[i] = 1;
    DLTensor A = tensor_of(a, ELEMENT_F32, 3, SHAPE(2, 1, 4));
    DLTensor B = tensor_of(b, ELEMENT_F32, 3, SHAPE(2, 4, 6));
    DLTensor C = tensor_of(c, ELEMENT_F32, 3, SHAPE(2, 1, 6));
    succeeds(attpool_bmm(context, 1, &A, &B, 0, &C));
    for (size_t i = 0; i < COUNT(c); i++)
        ck_assert(c[i] == 4);
}
END_TEST

START_TEST(weighted_mean_as_a_product)
{
    double w[20], v[20], o[2];
    for (int i = 0; i < 20; i++) {
        w[i] = 0.1;
        v[i] = i;
    }
    DLTensor W = tensor_of(w, ELEMENT_F64, 3, SHAPE(2, 1, 10));
    DLTensor V = tensor_of(v, ELEMENT_F64, 3, SHAPE(2, 10, 1));
    DLTensor O = tensor_of(o, ELEMENT_F64, 3, SHAPE(2, 1, 1));
    succeeds(attpool_bmm(context, 1, &W, &V, 0, &O));
    near(o[0], 4.5, 1e-14, "the first mean");
    near(o[1], 14.5, 1e-14, "the second mean");
}
END_TEST

/* k(distance / sigma) by the library. */
static double kernel_at(attpool_kernel_name kernel, double distance, double sigma)
{
    double q = distance, k = 0, g = -1;
    attpool_kernel_options options = { .kernel = kernel, .bandwidth = sigma };
    DLTensor Q = tensor_of(&q, ELEMENT_F64, 2, SHAPE(1, 1));
    DLTensor K = tensor_of(&k, ELEMENT_F64, 2, SHAPE(1, 1));
    DLTensor G = tensor_of(&g, ELEMENT_F64, 2, SHAPE(1, 1));
    succeeds(attpool_kernel(context, &Q, &K, &options, &G));
    return g;
}

START_TEST(kernels_of_the_book)
{
    static const struct {
        attpool_kernel_name kernel;
        double distance, sigma, value;
    } rows[] = {
        { ATTPOOL_GAUSSIAN, 0.5508, 1, 0.85925 },
        { ATTPOOL_BOXCAR, 0.5508, 1, 1 },
        { ATTPOOL_TRIANGULAR, 0.5508, 1, 0.4492 },
        { ATTPOOL_GAUSSIAN, 4.6253, 1, 2.2622e-05 },
        { ATTPOOL_GAUSSIAN, 0.5508, 0.1, 2.5833e-07 },
        { ATTPOOL_GAUSSIAN, 0.5508, 0.2, 2.2545e-02 },
        { ATTPOOL_GAUSSIAN, 0.5508, 0.5, 5.4511e-01 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        /* The distances are printed to four digits and so are the values. */
        double u = rows[i].distance / rows[i].sigma;
        double relative = u * 1e-4 / rows[i].sigma + 1e-4;
        near(kernel_at(rows[i].kernel, rows[i].distance, rows[i].sigma), rows[i].value,
             relative * rows[i].value, attpool_kernel_to_name(rows[i].kernel));
    }
}
END_TEST

/* Every kernel against its formula at a few places. */
START_TEST(kernels_by_their_formula)
{
    static const double places[] = { 0, 0.125, 0.5, 0.9, 0.999, 1, 1.5, 3, 20 };
    const double pi = 3.14159265358979323846;
    for (size_t i = 0; i < COUNT(places); i++) {
        double u = places[i], in = u < 1, g = 1 - u * u, r = sqrt(0.5);
        const double want[KERNEL_COUNT] = {
            [ATTPOOL_GAUSSIAN] = exp(-u * u / 2),
            [ATTPOOL_BOXCAR] = in,
            [ATTPOOL_CONSTANT] = 1,
            [ATTPOOL_TRIANGULAR] = in * (1 - u),
            [ATTPOOL_EPANECHNIKOV] = in * g,
            [ATTPOOL_BIWEIGHT] = in * g * g,
            [ATTPOOL_TRIWEIGHT] = in * g * g * g,
            [ATTPOOL_TRICUBE] = in * pow(1 - u * u * u, 3),
            [ATTPOOL_COSINE] = in * cos(pi * u / 2),
            [ATTPOOL_LAPLACIAN] = exp(-u),
            [ATTPOOL_LOGISTIC] = 1 / (exp(u) + 2 + exp(-u)),
            [ATTPOOL_SIGMOID] = 1 / (exp(u) + exp(-u)),
            [ATTPOOL_SILVERMAN] = exp(-u * r) * sin(u * r + pi / 4),
            [ATTPOOL_CAUCHY] = 1 / (1 + u * u),
        };
        for (int k = 0; k < KERNEL_COUNT; k++)
            near(kernel_at((attpool_kernel_name)k, u, 1), want[k], 1e-15,
                 attpool_kernel_to_name((attpool_kernel_name)k));
    }
}
END_TEST

START_TEST(attention_with_equal_keys)
{
    enum { B = 2, M = 10, D = 2, V = 4, P = 8 };
    static const float want[B][V] = { { 2, 3, 4, 5 }, { 10, 11, 12, 13 } };
    float q[B * 20], k[B * M * D], v[M * V], wq[P * 20], wk[P * D], wv[P], o[B * V];
    int32_t lengths[B] = { 2, 6 };
    for (int i = 0; i < B * 20; i++)
        q[i] = (float)random_at(1, (uint64_t)i);
    for (int i = 0; i < B * M * D; i++)
        k[i] = 1;
    for (int i = 0; i < M * V; i++)
        v[i] = (float)i;
    for (int i = 0; i < P * 20; i++)
        wq[i] = (float)random_at(2, (uint64_t)i);
    for (int i = 0; i < P * D; i++)
        wk[i] = (float)random_at(3, (uint64_t)i);
    for (int i = 0; i < P; i++)
        wv[i] = (float)random_at(4, (uint64_t)i);
    DLTensor K = tensor_of(k, ELEMENT_F32, 3, SHAPE(B, M, D));
    DLTensor values = tensor_of(v, ELEMENT_F32, 2, SHAPE(M, V)); /* repeated over the batch */
    DLTensor Wq = tensor_of(wq, ELEMENT_F32, 2, SHAPE(P, 20));
    DLTensor Wk = tensor_of(wk, ELEMENT_F32, 2, SHAPE(P, D));
    DLTensor Wv = tensor_of(wv, ELEMENT_F32, 1, SHAPE(P));
    DLTensor L = tensor_of(lengths, ELEMENT_I32, 1, SHAPE(B));
    DLTensor O = tensor_of(o, ELEMENT_F32, 3, SHAPE(B, 1, V));
    attpool_masks masks = { .lengths = &L };
    for (int additive = 0; additive < 2; additive++) {
        attpool_pool_options options = { .score = additive ? ATTPOOL_ADDITIVE : ATTPOOL_DOT,
                                         .masks = &masks };
        DLTensor Q = tensor_of(q, ELEMENT_F32, 3, SHAPE(B, 1, additive ? 20 : D));
        if (additive) {
            options.wq = &Wq;
            options.wk = &Wk;
            options.wv = &Wv;
        }
        succeeds(attpool_pool(context, &Q, &K, &values, &options, &O));
        for (int i = 0; i < B * V; i++)
            near((double)o[i], (double)want[i / V][i % V], 2e-6, "O");
    }
}
END_TEST

static void check_softmax(const int32_t *lengths, attpool_lengths_per per)
{
    float s[2 * 2 * 4], w[2 * 2 * 4];
    int64_t shape[] = { 2, 2, 4 };
    for (int i = 0; i < 16; i++)
        s[i] = (float)random_at(5, (uint64_t)i);
    int32_t copy[4];
    memcpy(copy, lengths, per == ATTPOOL_LENGTHS_ROW ? sizeof copy : sizeof copy / 2);
    DLTensor S = tensor_of(s, ELEMENT_F32, 3, shape), W = tensor_of(w, ELEMENT_F32, 3, shape);
    DLTensor L = tensor_of(copy, ELEMENT_I32, per == ATTPOOL_LENGTHS_ROW ? 2 : 1, SHAPE(2, 2));
    attpool_masks masks = { .lengths = &L, .lengths_per = per };
    attpool_softmax_options options = { .masks = &masks };
    succeeds(attpool_softmax(context, &S, &options, &W));
    for (int r = 0; r < 4; r++) {
        int length = lengths[per == ATTPOOL_LENGTHS_ROW ? r : r / 2];
        double sum = 0;
        for (int j = 0; j < 4; j++) {
            float x = w[4 * r + j];
            ck_assert(j < length ? x > 0 : x == 0 && !signbit(x));
            sum += (double)x;
        }
        near(sum, 1, 2e-7, "the sum of a row");
    }
}

START_TEST(masked_softmax)
{
    check_softmax((const int32_t[]){ 2, 3 }, ATTPOOL_LENGTHS_BATCH);
    check_softmax((const int32_t[]){ 1, 3, 2, 4 }, ATTPOOL_LENGTHS_ROW);
}
END_TEST

Suite *suite_golden(void)
{
    Suite *suite = suite_create("golden");
    TCase *tc = tcase_create("golden");
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, product_of_ones);
    tcase_add_test(tc, weighted_mean_as_a_product);
    tcase_add_test(tc, kernels_of_the_book);
    tcase_add_test(tc, kernels_by_their_formula);
    tcase_add_test(tc, attention_with_equal_keys);
    tcase_add_test(tc, masked_softmax);
    suite_add_tcase(suite, tc);
    return suite;
}

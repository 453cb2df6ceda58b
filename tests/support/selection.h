/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_SELECTION_H
#define TESTS_SUPPORT_SELECTION_H

/* Bandwidths to be judged, and the sums of NUMERICS.md over poolings. */

#include "tests/suites/golden.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_D = 3, M = 40, V = 3 };

struct problem {
    double x[M * MOST_D], y[M * V], a[M];
    float xf[M * MOST_D], yf[M * V], af[M];
    int64_t m, d, v;
    enum element element;
    bool weighted;
    int64_t shape_k[2], shape_v[2], shape_a[1], shape_w[1];
    double w[MOST_D]; /* inverse bandwidths, used where they are one a coordinate */
    float wf[MOST_D];
    DLTensor K, values, weights, inverse;
    attpool_kernel_options kernel;
    attpool_masks masks;
    attpool_pool_options options;
    attpool_selection_options selection;
};

static inline void problem_new(struct problem *p, int64_t d, int64_t v)
{
    memset(p, 0, sizeof *p);
    p->m = M;
    p->d = d;
    p->v = v;
    p->element = ELEMENT_F64;
    for (int64_t i = 0; i < M * d; i++)
        p->x[i] = random_at(3, (uint64_t)i);
    for (int64_t i = 0; i < M; i++) {
        for (int64_t c = 0; c < v; c++)
            p->y[i * v + c] = sin(3 * p->x[i * d]) * (double)(c + 1) +
                              0.3 * random_at(4, (uint64_t)(i * v + c)) +
                              (d > 1 ? p->x[i * d + 1] : 0);
        p->a[i] = i % 7 == 3 ? 0 : 1 + 0.5 * random_at(6, (uint64_t)i);
    }
    p->kernel.bandwidth = 0.4;
}

/* The tensors, when all else is set. */
static inline void problem_set(struct problem *p)
{
    const bool single = p->element == ELEMENT_F32;
    for (int64_t i = 0; i < M * MOST_D; i++)
        p->xf[i] = (float)p->x[i];
    for (int64_t i = 0; i < M * V; i++)
        p->yf[i] = (float)p->y[i];
    for (int64_t i = 0; i < M; i++)
        p->af[i] = (float)p->a[i];
    for (int64_t c = 0; c < MOST_D; c++)
        p->wf[c] = (float)p->w[c];
    p->shape_k[0] = p->shape_v[0] = p->shape_a[0] = p->m;
    p->shape_k[1] = p->shape_w[0] = p->d;
    p->shape_v[1] = p->v;
    p->K = tensor_of(single ? (void *)p->xf : p->x, p->element, 2, p->shape_k);
    p->values = tensor_of(single ? (void *)p->yf : p->y, p->element, 2, p->shape_v);
    p->weights = tensor_of(single ? (void *)p->af : p->a, p->element, 1, p->shape_a);
    p->inverse = tensor_of(single ? (void *)p->wf : p->w, p->element, 1, p->shape_w);
    if (p->w[0] > 0) {
        p->kernel.bandwidth = 0;
        p->kernel.bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE;
        p->kernel.inverse_bandwidths = &p->inverse;
    }
    p->options = (attpool_pool_options){ .score = ATTPOOL_KERNEL,
                                         .kernel = &p->kernel,
                                         .masks = &p->masks,
                                         .key_weights = p->weighted ? &p->weights : NULL };
}

static inline const DLTensor *values_of(const struct problem *p)
{
    return p->selection.criterion == ATTPOOL_CRITERION_LIKELIHOOD ? NULL : &p->values;
}

static inline attpool_status curve(struct problem *p, int64_t count, const double *factors,
                                   double *scores, int64_t *without)
{
    problem_set(p);
    return attpool_bandwidth_curve(context, &p->K, values_of(p), &p->options, &p->selection, count,
                                   factors, scores, without);
}

static inline double score(struct problem *p, double factor)
{
    double result;
    succeeds(curve(p, 1, &factor, &result, NULL));
    return result;
}

static inline double own_score(struct problem *p, double *gradient)
{
    double result;
    problem_set(p);
    succeeds(attpool_bandwidth_score(context, &p->K, values_of(p), &p->options, &p->selection,
                                     &result, NULL, gradient));
    return result;
}

static inline double weight(const struct problem *p, int64_t i)
{
    return !p->weighted ? 1 : p->element == ELEMENT_F32 ? (double)p->af[i] : p->a[i];
}

/* Pooling of all rows by the options of the problem, in double. */
static inline void pool(struct problem *p, bool loo, double *out, double *lse, double *weights)
{
    static float of[M * V], lf[M], wf[M * M];
    const bool single = p->element == ELEMENT_F32;
    problem_set(p);
    DLTensor O = tensor_of(single ? (void *)of : out, p->element, 2, p->shape_v);
    DLTensor L = tensor_of(single ? (void *)lf : lse, p->element, 1, p->shape_a);
    DLTensor W = tensor_of(single ? (void *)wf : weights, p->element, 2, SHAPE(p->m, p->m));
    p->masks.leave_one_out = loo;
    p->options.lse = &L;
    p->options.weights = weights ? &W : NULL;
    succeeds(attpool_pool(context, &p->K, &p->K, &p->values, &p->options, &O));
    p->masks.leave_one_out = 0;
    for (int64_t i = 0; i < p->m * p->v && single; i++)
        out[i] = (double)of[i];
    for (int64_t i = 0; i < p->m && single; i++)
        lse[i] = (double)lf[i];
    for (int64_t i = 0; i < p->m * p->m && single && weights; i++)
        weights[i] = (double)wf[i];
}

static inline double value(const struct problem *p, int64_t i, int64_t c)
{
    return p->element == ELEMENT_F32 ? (double)p->yf[i * p->v + c] : p->y[i * p->v + c];
}

/* The mean squared error of a column, by the order of NUMERICS.md. */
static inline double mean_square(const struct problem *p, const double *out, int64_t c)
{
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < p->m; i++) {
        const double e = value(p, i, c) - out[i * p->v + c];
        sum += weight(p, i);
        if (weight(p, i) > 0)
            squares = fma(weight(p, i), e * e, squares);
    }
    return squares / sum;
}

static inline double variance(const struct problem *p, int64_t c)
{
    double sum = 0, mean = 0, squares = 0;
    for (int64_t i = 0; i < p->m; i++) {
        sum += weight(p, i);
        mean += weight(p, i) * value(p, i, c);
    }
    for (int64_t i = 0; i < p->m; i++)
        squares += weight(p, i) * pow(value(p, i, c) - mean / sum, 2);
    return squares / sum;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/selftest/trial.h"

#include "backends/elementary.h"
#include "core/context.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS = 5, OUTPUTS = 6, DIMENSIONS = 2 };
enum { Q, K, V, KEY_WEIGHTS, MASK };

struct matrix {
    int64_t shape[DIMENSIONS];
    int dimensions;
    void *data;
    DLTensor tensor;
};

struct work {
    const struct trial *trial;
    int type;
    struct matrix in[INPUTS];
    struct matrix out[2][OUTPUTS]; /* of the judge, of the device */
    int outputs;
};

static size_t element_bytes(int type)
{
    return type == TYPE_F32 ? sizeof(float) : sizeof(double);
}

static size_t matrix_count(const struct matrix *x)
{
    return (size_t)(x->shape[0] * (x->dimensions == 2 ? x->shape[1] : 1));
}

static double trial_get(const struct work *w, const struct matrix *x, size_t i)
{
    return w->type == TYPE_F32 ? (double)((const float *)x->data)[i] : ((const double *)x->data)[i];
}

static void trial_set(const struct work *w, const struct matrix *x, size_t i, double value)
{
    if (w->type == TYPE_F32)
        ((float *)x->data)[i] = (float)value;
    else
        ((double *)x->data)[i] = value;
}

static bool new_matrix(const struct work *w, struct matrix *x, bool bytes, int dimensions,
                       int64_t rows, int64_t cols)
{
    *x = (struct matrix){ .shape = { rows, cols }, .dimensions = dimensions };
    x->data = calloc(matrix_count(x) + 1, bytes ? 1 : element_bytes(w->type));
    x->tensor = (DLTensor){
        .data = x->data,
        .device = { .device_type = kDLCPU },
        .ndim = dimensions,
        .dtype = { .code = kDLFloat, .bits = w->type == TYPE_F32 ? 32 : 64, .lanes = 1 },
        .shape = x->shape,
    };
    if (bytes)
        x->tensor.dtype = (DLDataType){ .code = kDLUInt, .bits = 8, .lanes = 1 };
    return x->data;
}

/* ---- Inputs: numbers of no pattern in -1 .. 1 ---- */

static double random_number(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*state >> 40) * 0x1p-23 - 1;
}

static void fill_input(const struct work *w, int input, uint64_t seed, double size)
{
    const struct matrix *x = &w->in[input];
    const size_t count = matrix_count(x);
    for (size_t i = 0; i < count; i++)
        trial_set(w, x, i, size * random_number(&seed));
}

static void fill_marks(const struct work *w)
{
    uint64_t seed = 77;
    size_t count = matrix_count(&w->in[MASK]);
    for (size_t i = 0; i < count; i++)
        ((unsigned char *)w->in[MASK].data)[i] = random_number(&seed) > -0.5;
    count = matrix_count(&w->in[KEY_WEIGHTS]);
    for (size_t i = 0; i < count; i++)
        trial_set(w, &w->in[KEY_WEIGHTS], i, i % 7 == 3 ? 0 : 1 + random_number(&seed));
}

static bool make_inputs(struct work *w)
{
    const struct trial *t = w->trial;
    const double least = w->type == TYPE_F32 ? 0x1p-128 : 0x1p-1024;
    const bool product = t->operation == TRIAL_BMM;
    bool whole = new_matrix(w, &w->in[Q], false, 2, t->n,
                            t->operation == TRIAL_SOFTMAX      ? t->m
                            : t->operation == TRIAL_ELEMENTARY ? 1
                                                               : t->d) &&
                 new_matrix(w, &w->in[K], false, 2, product ? t->d : t->m, product ? t->m : t->d) &&
                 new_matrix(w, &w->in[V], false, 2, t->m, t->v) &&
                 new_matrix(w, &w->in[KEY_WEIGHTS], false, 1, t->m, 1) &&
                 new_matrix(w, &w->in[MASK], true, 2, t->n, t->m);
    if (!whole)
        return false;
    fill_input(w, Q, 1, t->operation == TRIAL_ELEMENTARY || t->operation == TRIAL_SOFTMAX ? 20 : 1);
    fill_input(w, K, 2, product && (t->with & TRIAL_SUBNORMAL) ? least : 1);
    fill_input(w, V, 3, t->with & TRIAL_SUBNORMAL ? least : 1);
    fill_marks(w);
    return true;
}

/* ---- The calls ---- */

static attpool_status run_elementary(struct work *w, struct engine *e, struct matrix *out)
{
    const struct elementwise_args args = {
        .function = w->trial->d, .n = (size_t)w->trial->n, .x = w->in[Q].data, .y = out->data
    };
    attpool_status st = e->backend->elementwise[w->type](e, &args);
    return st == ATTPOOL_OK && e->backend->memory ? e->backend->memory->sync(e) : st;
}

static attpool_status run_pool(struct work *w, attpool_context *c, struct matrix *out)
{
    const struct trial *t = w->trial;
    const attpool_masks masks = { .size = sizeof masks,
                                  .causal = (t->with & TRIAL_CAUSAL) != 0,
                                  .offset = t->m - t->n,
                                  .mask = t->with & TRIAL_MASKED ? &w->in[MASK].tensor : NULL };
    const attpool_kernel_options kernel = { .size = sizeof kernel,
                                            .kernel = t->kernel,
                                            .bandwidth = 0.5 };
    const DLTensor *weights = t->with & TRIAL_WEIGHTS ? &w->in[KEY_WEIGHTS].tensor : NULL;
    const bool additive = t->score == ATTPOOL_ADDITIVE;
    const DLTensor *q = &w->in[Q].tensor, *k = &w->in[K].tensor, *v = &w->in[V].tensor;
    if (t->operation == TRIAL_REGRESSION) {
        const attpool_pool_options pool = { .size = sizeof pool,
                                            .score = ATTPOOL_KERNEL,
                                            .kernel = &kernel };
        const attpool_regression_options options = {
            .size = sizeof options, .degree = 1, .pool = &pool, .slope = &out[1].tensor
        };
        return attpool_regression(c, q, k, v, &options, &out[0].tensor);
    }
    const bool gradients = t->operation == TRIAL_GRADIENTS;
    const attpool_pool_options options = {
        .size = sizeof options,
        .score = t->score,
        .kernel = t->score == ATTPOOL_KERNEL ? &kernel : NULL,
        /* Of as many hidden units as there are keys. */
        .wq = additive ? k : NULL,
        .wk = additive ? k : NULL,
        .wv = additive ? &w->in[KEY_WEIGHTS].tensor : NULL,
        .key_weights = weights,
        .masks = &masks,
        .lse = gradients ? NULL : &out[1].tensor,
        .n_eff = gradients ? NULL : &out[2].tensor,
        .max = gradients ? &out[1].tensor : NULL,
        .sum = gradients ? &out[2].tensor : NULL,
    };
    attpool_status st = attpool_pool(c, q, k, v, &options, &out[0].tensor);
    if (st != ATTPOOL_OK || !gradients)
        return st;
    attpool_gradients wanted = { .size = sizeof wanted };
    if (t->score == ATTPOOL_AVERAGE) { /* d is v */
        wanted.V = &out[4].tensor;
    } else {
        wanted.Q = &out[3].tensor;
        wanted.K = &out[4].tensor;
    }
    wanted.key_weights = weights ? &out[5].tensor : NULL;
    return attpool_pool_grad(c, q, k, v, &options, &out[0].tensor, &out[0].tensor, NULL, &wanted);
}

static attpool_status compute(struct work *w, attpool_context *c, struct matrix *out)
{
    const struct trial *t = w->trial;
    const attpool_masks masks = { .size = sizeof masks,
                                  .mask = t->with & TRIAL_MASKED ? &w->in[MASK].tensor : NULL };
    const attpool_softmax_options softmax = { .size = sizeof softmax, .masks = &masks };
    const attpool_kernel_options kernel = { .size = sizeof kernel, .kernel = t->kernel };
    switch (t->operation) {
    case TRIAL_ELEMENTARY:
        return run_elementary(w, &c->engine, out);
    case TRIAL_BMM:
        return attpool_bmm(c, 1, &w->in[Q].tensor, &w->in[K].tensor, 0, &out->tensor);
    case TRIAL_SOFTMAX:
        return attpool_softmax(c, &w->in[Q].tensor, &softmax, &out->tensor);
    case TRIAL_KERNEL:
        return attpool_kernel(c, &w->in[Q].tensor, &w->in[K].tensor, &kernel, &out->tensor);
    default:
        return run_pool(w, c, out);
    }
}

static bool make_outputs(struct work *w, struct matrix out[OUTPUTS])
{
    const struct trial *t = w->trial;
    switch (t->operation) {
    case TRIAL_ELEMENTARY:
        w->outputs = 1;
        return new_matrix(w, &out[0], false, 2, t->n, 1);
    case TRIAL_BMM:
    case TRIAL_SOFTMAX:
    case TRIAL_KERNEL:
        w->outputs = 1;
        return new_matrix(w, &out[0], false, 2, t->n, t->m);
    case TRIAL_REGRESSION:
        w->outputs = 2;
        return new_matrix(w, &out[0], false, 2, t->n, t->v) &&
               new_matrix(w, &out[1], false, 2, t->n, (int64_t)t->v * t->d);
    default:
        w->outputs = t->operation == TRIAL_GRADIENTS ? 6 : 3;
        return new_matrix(w, &out[0], false, 2, t->n, t->v) &&
               new_matrix(w, &out[1], false, 1, t->n, 1) &&
               new_matrix(w, &out[2], false, 1, t->n, 1) &&
               new_matrix(w, &out[3], false, 2, t->n, t->d) &&
               new_matrix(w, &out[4], false, 2, t->m, t->d) &&
               new_matrix(w, &out[5], false, 1, t->m, 1);
    }
}

/* ---- Comparing ---- */

/* Numbers that were rounded in another way lie nearer than this, relative to the largest one; a
 * wrong term or factor is farther off. Results below the least normal number may be lost. */
static const double nearness[TYPES] = { 0x1p-16, 0x1p-44 };
static const double least_normal[TYPES] = { 0x1p-126, 0x1p-1022 };

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* The largest difference, relative to the largest number; Inf where one is no number. */
static double difference(const struct work *w, const struct matrix *right, const struct matrix *got)
{
    double largest = 0, most = 0;
    const size_t count = matrix_count(right);
    for (size_t i = 0; i < count; i++)
        if (isfinite(trial_get(w, right, i)))
            largest = larger(largest, fabs(trial_get(w, right, i)));
    for (size_t i = 0; i < count; i++) {
        const double x = trial_get(w, right, i), y = trial_get(w, got, i);
        if (x == y || (isnan(x) && isnan(y)))
            continue;
        if (!isfinite(x) || !isfinite(y))
            return INFINITY;
        most = larger(most, fabs(x - y) - 2 * least_normal[w->type]);
    }
    return most > 0 ? most / largest : 0;
}

static void name_trial(const struct work *w, char *text, size_t size)
{
    static const char *const names[] = {
        "elementary function", "matrix product",  "softmax", "kernel", "pooling",
        "gradients",           "local linear fit"
    };
    static const char *const scores[] = {
        [ATTPOOL_DOT] = "dot", [ATTPOOL_AVERAGE] = "average", [ATTPOOL_ADDITIVE] = "additive"
    };
    const struct trial *t = w->trial;
    const char *which = "";
    if (t->operation == TRIAL_KERNEL || (t->operation >= TRIAL_POOL && t->score == ATTPOOL_KERNEL))
        which = attpool_kernel_to_name(t->kernel);
    else if (t->operation >= TRIAL_POOL)
        which = scores[t->score];
    snprintf(text, size, "%s %s%s%s %d x %d x %d", w->type == TYPE_F32 ? "float32" : "float64",
             which, *which ? " " : "", names[t->operation], t->n, t->m, t->d);
}

static void count(struct work *w, attpool_status status, const char *message,
                  attpool_self_test_result *result)
{
    char name[80];
    double worst = 0;
    bool same = true;
    for (int i = 0; status == ATTPOOL_OK && i < w->outputs; i++) {
        const struct matrix *right = &w->out[0][i], *got = &w->out[1][i];
        const size_t bytes = matrix_count(right) * element_bytes(w->type);
        same &= memcmp(right->data, got->data, bytes) == 0;
        worst = larger(worst, difference(w, right, got));
    }
    const bool failed = status != ATTPOOL_OK;
    const bool wrong = failed ? !(w->trial->with & TRIAL_MAY_FAIL) : worst > nearness[w->type];
    result->cases++;
    result->close += !wrong && !same;
    result->wrong += wrong;
    result->failed += failed && wrong;
    result->worst = larger(result->worst, worst);
    const int verdict = wrong  ? ATTPOOL_VERDICT_WRONG
                        : same ? ATTPOOL_VERDICT_SAME
                               : ATTPOOL_VERDICT_CLOSE;
    if (verdict <= result->verdict)
        return;
    result->verdict = verdict;
    name_trial(w, name, sizeof name);
    if (status != ATTPOOL_OK)
        snprintf(result->first, sizeof result->first, "%s: %.70s", name, message);
    else
        snprintf(result->first, sizeof result->first, "%s is off by %.1e", name, worst);
}

attpool_status ap_trial_run(attpool_context *tested, attpool_context *judge, const struct trial *t,
                            int type, attpool_self_test_result *result)
{
    struct work w = { .trial = t, .type = type };
    attpool_status st = ATTPOOL_E_MEMORY;
    if (make_inputs(&w) && make_outputs(&w, w.out[0]) && make_outputs(&w, w.out[1]))
        st = compute(&w, judge, w.out[0]);
    if (st == ATTPOOL_OK) {
        attpool_status of_device = compute(&w, tested, w.out[1]);
        if (of_device == ATTPOOL_E_BUSY)
            st = of_device;
        else
            count(&w, of_device, tested->engine.message, result);
    }
    for (int i = 0; i < INPUTS; i++)
        free(w.in[i].data);
    for (int i = 0; i < OUTPUTS; i++) {
        free(w.out[0][i].data);
        free(w.out[1][i].data);
    }
    return st;
}

/* SPDX-License-Identifier: Apache-2.0 */

/* Bandwidths of the keys: wide where keys are rare. */

#include "core/statistics/adaptive.h"

#include "core/call/call.h"
#include "core/selftest/tested.h"
#include "core/statistics/density.h"
#include "core/statistics/elementary.h"
#include "core/statistics/numbers.h"
#include "core/tensor/memory.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

struct adaptive_call {
    attpool_adaptive method;
    int64_t neighbours, m, d;
    attpool_pool_options options;
    struct view *k, *key_weights, *factors, *weights;
    double *factor;        /* [m] */
    struct arguments args; /* last: all before it begins as 0 */
};

/* ---- checks ---- */

static attpool_status take_vector(struct adaptive_call *c, const DLTensor *t, const char *name,
                                  attpool_status status, enum role role, struct view **view)
{
    struct engine *e = c->args.engine;
    attpool_status st =
        ap_arguments_add(&c->args, t, name, status, role, KIND_REAL, LAYOUT_COL, NULL, view);
    if (st == ATTPOOL_OK && (*view)->ndim != 1)
        st = ap_engine_fail(e, status, "%s has %d dimensions, it should have 1", name,
                            (*view)->ndim);
    return st == ATTPOOL_OK ? ap_view_expect(e, *view, 3, c->m, "the rows of K are") : st;
}

static attpool_status take_tensors(struct adaptive_call *c, const DLTensor *K,
                                   const DLTensor *key_factors, const DLTensor *key_weights)
{
    struct engine *e = c->args.engine;
    attpool_status st = ap_arguments_add(&c->args, K, "K", ATTPOOL_E_KEY, ROLE_INPUT, KIND_REAL,
                                         LAYOUT_PLAIN, NULL, &c->k);
    if (st != ATTPOOL_OK)
        return st;
    c->m = c->k->size[2];
    c->d = c->k->size[3];
    if (c->options.key_weights)
        st = take_vector(c, c->options.key_weights, "key_weights", ATTPOOL_E_KEY_WEIGHTS,
                         ROLE_INPUT, &c->key_weights);
    if (st == ATTPOOL_OK)
        st = take_vector(c, key_factors, "key_factors", ATTPOOL_E_BANDWIDTH, ROLE_OUTPUT,
                         &c->factors);
    if (st == ATTPOOL_OK && key_weights)
        st =
            take_vector(c, key_weights, "the weights", ATTPOOL_E_WEIGHTS, ROLE_OUTPUT, &c->weights);
    if (st == ATTPOOL_OK && !ap_arguments_on_host(&c->args))
        st = ap_engine_fail(e, ATTPOOL_E_KEY, "all tensors should be on the host");
    if (st == ATTPOOL_OK && c->key_weights)
        st = ap_check_key_weights(e, c->key_weights);
    return st == ATTPOOL_OK ? ap_arguments_overlap(&c->args, NULL) : st;
}

static attpool_status check_adaptive(struct adaptive_call *c, const attpool_pool_options *options)
{
    struct engine *e = c->args.engine;
    if (c->method != ATTPOOL_ADAPTIVE_ABRAMSON && c->method != ATTPOOL_ADAPTIVE_NEIGHBOURS)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                              "method is %d, which is not an attpool_adaptive", (int)c->method);
    if (!ap_take_options(e, "attpool_pool_options", &c->options, sizeof c->options, options))
        return ATTPOOL_E_OPTIONS;
    if (c->options.masks)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "adaptive bandwidths take no masks");
    return ATTPOOL_OK;
}

/* ---- the square root of a pilot density ---- */

static double weight_of(const struct adaptive_call *c, int64_t j)
{
    return c->key_weights ? ap_view_real(c->key_weights, 0, 0, 0, j) : 1;
}

static double log_of(const struct adaptive_call *c, const void *logs, int64_t j)
{
    return c->args.type == TYPE_F32 ? (double)((const float *)logs)[j] : ((const double *)logs)[j];
}

/* sqrt(f_j / g) of logarithms in the type. */
static attpool_status root_of_density(struct adaptive_call *c, const void *logs)
{
    double sum = 0, mean = 0;
    for (int64_t j = 0; j < c->m; j++) {
        const double a = weight_of(c, j), f = log_of(c, logs, j);
        if (!(a > 0))
            continue;
        if (!isfinite(f))
            return ap_engine_fail(c->args.engine, ATTPOOL_E_BANDWIDTH,
                                  "the density at key %lld is 0 or not finite", (long long)j);
        sum += a;
        mean = fma(a, f, mean);
    }
    mean /= sum;
    for (int64_t j = 0; j < c->m; j++)
        c->factor[j] = weight_of(c, j) > 0 ? ap_exp(0.5 * (log_of(c, logs, j) - mean)) : 1;
    return ATTPOOL_OK;
}

static attpool_status abramson(struct adaptive_call *c, const DLTensor *K)
{
    const struct pool_tensors tensors = { K, K, NULL, &c->options, NULL };
    void *logs = malloc((size_t)(c->m + 1) * number_bytes(c->args.type));
    const DLTensor log_density = {
        .data = logs,
        .device = { .device_type = kDLCPU },
        .ndim = 1,
        .dtype = { .code = kDLFloat, .bits = c->args.type == TYPE_F32 ? 32 : 64, .lanes = 1 },
        .shape = &c->m,
    };
    if (!logs)
        return ap_engine_fail(c->args.engine, ATTPOOL_E_MEMORY, "no memory for %lld keys",
                              (long long)c->m);
    attpool_status st = ap_density(c->args.engine, &tensors, NULL, &log_density);
    if (st == ATTPOOL_OK)
        st = root_of_density(c, logs);
    free(logs);
    return st;
}

/* ---- results ---- */

/* The weight of key j and factors of its bandwidth. */
static double weight_by(const struct adaptive_call *c, int64_t j, double factor)
{
    double weight = weight_of(c, j);
    for (int64_t i = 0; i < c->d; i++)
        weight *= factor;
    return weight;
}

static attpool_status check_factors(const struct adaptive_call *c)
{
    const double most = c->args.type == TYPE_F32 ? (double)FLT_MAX : DBL_MAX;
    for (int64_t j = 0; j < c->m; j++)
        if (!(c->factor[j] <= most) || (c->weights && !(weight_by(c, j, c->factor[j]) <= most)))
            return ap_engine_fail(c->args.engine, ATTPOOL_E_BANDWIDTH,
                                  "the bandwidth of key %lld is too small", (long long)j);
    return ATTPOOL_OK;
}

static void write_factors(struct adaptive_call *c)
{
    for (int64_t j = 0; j < c->m; j++) {
        ap_view_set(c->factors, 0, 0, 0, j, c->factor[j]);
        const double factor = ap_view_real(c->factors, 0, 0, 0, j);
        if (c->weights)
            ap_view_set(c->weights, 0, 0, 0, j, weight_by(c, j, factor));
    }
}

static attpool_status find_factors(struct adaptive_call *c, const DLTensor *K, double *deviations)
{
    struct engine *e = c->args.engine;
    double *sd = malloc((size_t)(c->d + 1) * sizeof *sd);
    c->factor = malloc((size_t)(c->m + 1) * sizeof *c->factor);
    attpool_status st = ATTPOOL_OK;
    if (!sd || !c->factor)
        st = ap_engine_fail(e, ATTPOOL_E_MEMORY, "no memory for %lld keys", (long long)c->m);
    if (st == ATTPOOL_OK)
        st = ap_deviations(e, c->k, c->key_weights, sd);
    if (st == ATTPOOL_OK)
        st = c->method == ATTPOOL_ADAPTIVE_ABRAMSON
                 ? abramson(c, K)
                 : ap_neighbours(e, c->k, c->key_weights, sd, c->neighbours, c->factor);
    if (st == ATTPOOL_OK)
        st = check_factors(c);
    if (st == ATTPOOL_OK)
        write_factors(c);
    for (int64_t i = 0; deviations && i < c->d && st == ATTPOOL_OK; i++)
        deviations[i] = sd[i];
    free(c->factor);
    free(sd);
    return st;
}

attpool_status attpool_adaptive_factors(attpool_context *context, attpool_adaptive method,
                                        int64_t neighbours, const DLTensor *K,
                                        const attpool_pool_options *options, DLTensor *key_factors,
                                        DLTensor *key_weights, double *deviations)
{
    struct call call;
    struct adaptive_call c;
    attpool_status st = ap_call_begin_tested(&call, context, "adaptive_factors",
                                             ap_tested_of_kernel(options), K, NULL);
    if (st != ATTPOOL_OK)
        return st;
    ap_clear(&c, offsetof(struct adaptive_call, args));
    ap_arguments_init(&c.args, &context->engine);
    c.method = method;
    c.neighbours = neighbours;
    st = check_adaptive(&c, options);
    if (st == ATTPOOL_OK)
        st = take_tensors(&c, K, key_factors, key_weights);
    if (st == ATTPOOL_OK)
        st = find_factors(&c, K, deviations);
    return ap_call_end(&call, st);
}

/* SPDX-License-Identifier: Apache-2.0 */

/* The calls for plain arrays: describe them as tensors, pool. */

#include "core/call/call.h"
#include "core/call/options.h"
#include "core/thread_context.h"

struct plain_array {
    int64_t shape[3];
    DLTensor tensor;
};

static DLTensor *describe(struct plain_array *m, const void *data, int bits, int64_t b,
                          int64_t rows, int64_t cols)
{
    m->shape[0] = b;
    m->shape[1] = rows;
    m->shape[2] = cols;
    m->tensor = (DLTensor){
        .data = (void *)(uintptr_t)data,
        .device = { .device_type = kDLCPU },
        .ndim = 3,
        .dtype = { .code = kDLFloat, .bits = (uint8_t)bits, .lanes = 1 },
        .shape = m->shape,
    };
    return &m->tensor;
}

struct plain {
    int bits;
    int64_t b, n, m, d, v;
    const void *q, *k, *value;
    void *out;
};

static attpool_status pool_plain(attpool_context *context, const struct plain *p,
                                 const attpool_pool_options *options)
{
    struct plain_array q, k, v, o;
    return attpool_pool(context, describe(&q, p->q, p->bits, p->b, p->n, p->d),
                        describe(&k, p->k, p->bits, p->b, p->m, p->d),
                        describe(&v, p->value, p->bits, p->b, p->m, p->v), options,
                        describe(&o, p->out, p->bits, p->b, p->n, p->v));
}

static attpool_status no_bandwidth(attpool_context *context)
{
    struct call call;
    attpool_status st = ap_call_begin(&call, context, "pool");
    if (st != ATTPOOL_OK)
        return st;
    return ap_call_end(&call, ap_engine_fail(&context->engine, ATTPOOL_E_BANDWIDTH,
                                             "bandwidth is 0, it should be positive and finite"));
}

static attpool_status regress_in(attpool_context *context, const struct plain *p,
                                 attpool_kernel_name kernel, double bandwidth)
{
    attpool_kernel_options kernel_options;
    attpool_pool_options options;
    ap_clear(&kernel_options, sizeof kernel_options);
    ap_clear(&options, sizeof options);
    kernel_options.kernel = kernel;
    kernel_options.bandwidth = kernel == ATTPOOL_CONSTANT ? 0 : bandwidth;
    options.score = ATTPOOL_KERNEL;
    options.kernel = &kernel_options;
    /* In the options it would mean the default. */
    if (bandwidth == 0 && kernel != ATTPOOL_CONSTANT)
        return no_bandwidth(context);
    return pool_plain(context, p, &options);
}

static attpool_status attend_in(attpool_context *context, const struct plain *p, int causal)
{
    attpool_masks masks;
    attpool_pool_options options;
    ap_clear(&masks, sizeof masks);
    ap_clear(&options, sizeof options);
    masks.causal = causal;
    options.masks = causal ? &masks : NULL;
    return pool_plain(context, p, &options);
}

static attpool_status regress(attpool_context *context, const struct plain *p,
                              attpool_kernel_name kernel, double bandwidth)
{
    attpool_status st;
    if (context)
        return regress_in(context, p, kernel, bandwidth);
    context = ap_thread_context(&st);
    return context ? ap_thread_context_done(context, regress_in(context, p, kernel, bandwidth))
                   : st;
}

static attpool_status attend(attpool_context *context, const struct plain *p, int causal)
{
    attpool_status st;
    if (context)
        return attend_in(context, p, causal);
    context = ap_thread_context(&st);
    return context ? ap_thread_context_done(context, attend_in(context, p, causal)) : st;
}

attpool_status attpool_regress_f32(attpool_context *context, int64_t n, int64_t m, int64_t d,
                                   int64_t v, const float *queries, const float *x, const float *y,
                                   attpool_kernel_name kernel, double bandwidth, float *fit)
{
    const struct plain p = { 32, 1, n, m, d, v, queries, x, y, fit };
    return regress(context, &p, kernel, bandwidth);
}

attpool_status attpool_regress_f64(attpool_context *context, int64_t n, int64_t m, int64_t d,
                                   int64_t v, const double *queries, const double *x,
                                   const double *y, attpool_kernel_name kernel, double bandwidth,
                                   double *fit)
{
    const struct plain p = { 64, 1, n, m, d, v, queries, x, y, fit };
    return regress(context, &p, kernel, bandwidth);
}

attpool_status attpool_attend_f32(attpool_context *context, int64_t b, int64_t n, int64_t m,
                                  int64_t d, int64_t v, const float *queries, const float *keys,
                                  const float *values, int causal, float *output)
{
    const struct plain p = { 32, b, n, m, d, v, queries, keys, values, output };
    return attend(context, &p, causal);
}

attpool_status attpool_attend_f64(attpool_context *context, int64_t b, int64_t n, int64_t m,
                                  int64_t d, int64_t v, const double *queries, const double *keys,
                                  const double *values, int causal, double *output)
{
    const struct plain p = { 64, b, n, m, d, v, queries, keys, values, output };
    return attend(context, &p, causal);
}

/* SPDX-License-Identifier: Apache-2.0 */

/* The calls for plain arrays: describe them as tensors, pool. */

#include "core/call/call.h"
#include "core/call/options.h"
#include "core/thread_context.h"

struct plain_array {
    int64_t shape[3];
    DLTensor tensor;
};

static DLTensor *describe_array(struct plain_array *m, const void *data, int bits, int64_t b,
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

/* What any of them is given. */
struct plain_arrays {
    int bits;
    int64_t b, n, m, d, v;
    const void *q, *k, *value;
    void *out;
};

struct plain {
    struct plain_arrays a;
    attpool_kernel_name kernel;
    double bandwidth;
    int causal;
    void *slope;
    int64_t count; /* of bandwidths to be judged */
    const double *bandwidths;
    double *errors;
};

static attpool_status pool_plain(attpool_context *context, const struct plain *p,
                                 const attpool_pool_options *options)
{
    struct plain_array q, k, v, o;
    return attpool_pool(context, describe_array(&q, p->a.q, p->a.bits, p->a.b, p->a.n, p->a.d),
                        describe_array(&k, p->a.k, p->a.bits, p->a.b, p->a.m, p->a.d),
                        describe_array(&v, p->a.value, p->a.bits, p->a.b, p->a.m, p->a.v), options,
                        describe_array(&o, p->a.out, p->a.bits, p->a.b, p->a.n, p->a.v));
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

/* The options of a kernel; false where the bandwidth would mean the default. */
static bool take_kernel(const struct plain *p, attpool_kernel_options *kernel,
                        attpool_pool_options *options)
{
    ap_clear(kernel, sizeof *kernel);
    ap_clear(options, sizeof *options);
    kernel->kernel = p->kernel;
    kernel->bandwidth = p->kernel == ATTPOOL_CONSTANT ? 0 : p->bandwidth;
    options->score = ATTPOOL_KERNEL;
    options->kernel = kernel;
    return p->bandwidth != 0 || p->kernel == ATTPOOL_CONSTANT;
}

static attpool_status regress(attpool_context *context, const struct plain *p)
{
    attpool_kernel_options kernel;
    attpool_pool_options options;
    return take_kernel(p, &kernel, &options) ? pool_plain(context, p, &options)
                                             : no_bandwidth(context);
}

static attpool_status line(attpool_context *context, const struct plain *p)
{
    attpool_kernel_options kernel;
    attpool_pool_options pool;
    attpool_regression_options options;
    struct plain_array q, k, v, o, slope;
    ap_clear(&options, sizeof options);
    options.degree = 1;
    options.pool = &pool;
    if (!take_kernel(p, &kernel, &pool))
        return no_bandwidth(context);
    if (p->slope)
        options.slope = describe_array(&slope, p->slope, p->a.bits, 1, p->a.n, p->a.v * p->a.d);
    return attpool_regression(context, describe_array(&q, p->a.q, p->a.bits, 1, p->a.n, p->a.d),
                              describe_array(&k, p->a.k, p->a.bits, 1, p->a.m, p->a.d),
                              describe_array(&v, p->a.value, p->a.bits, 1, p->a.m, p->a.v),
                              &options, describe_array(&o, p->a.out, p->a.bits, 1, p->a.n, p->a.v));
}

/* Two dimensions: scores know no batch. */
static DLTensor *table(struct plain_array *m, const void *data, int bits, int64_t rows,
                       int64_t cols)
{
    DLTensor *tensor = describe_array(m, data, bits, 1, rows, cols);
    tensor->ndim = 2;
    tensor->shape = m->shape + 1;
    return tensor;
}

static attpool_status cross_validate(attpool_context *context, const struct plain *p)
{
    attpool_kernel_options kernel;
    attpool_pool_options options;
    struct plain_array k, v;
    (void)take_kernel(p, &kernel, &options);
    return attpool_bandwidth_curve(context, table(&k, p->a.k, p->a.bits, p->a.m, p->a.d),
                                   table(&v, p->a.value, p->a.bits, p->a.m, p->a.v), &options, NULL,
                                   p->count, p->bandwidths, p->errors, NULL);
}

static attpool_status attend(attpool_context *context, const struct plain *p)
{
    attpool_masks masks;
    attpool_pool_options options;
    ap_clear(&masks, sizeof masks);
    ap_clear(&options, sizeof options);
    masks.causal = p->causal;
    options.masks = p->causal ? &masks : NULL;
    return pool_plain(context, p, &options);
}

/* In the context given or that of the thread. */
static attpool_status run_plain(attpool_context *context, const struct plain *p,
                                attpool_status (*call)(attpool_context *, const struct plain *))
{
    attpool_status st;
    if (context)
        return call(context, p);
    context = ap_thread_context(&st);
    return context ? ap_thread_context_done(context, call(context, p)) : st;
}

attpool_status attpool_regress_f32(attpool_context *context, int64_t n, int64_t m, int64_t d,
                                   int64_t v, const float *queries, const float *x, const float *y,
                                   attpool_kernel_name kernel, double bandwidth, float *fit)
{
    const struct plain p = { .a = { 32, 1, n, m, d, v, queries, x, y, fit },
                             .kernel = kernel,
                             .bandwidth = bandwidth };
    return run_plain(context, &p, regress);
}

attpool_status attpool_regress_f64(attpool_context *context, int64_t n, int64_t m, int64_t d,
                                   int64_t v, const double *queries, const double *x,
                                   const double *y, attpool_kernel_name kernel, double bandwidth,
                                   double *fit)
{
    const struct plain p = { .a = { 64, 1, n, m, d, v, queries, x, y, fit },
                             .kernel = kernel,
                             .bandwidth = bandwidth };
    return run_plain(context, &p, regress);
}

attpool_status attpool_line_f32(attpool_context *context, int64_t n, int64_t m, int64_t d,
                                int64_t v, const float *queries, const float *x, const float *y,
                                attpool_kernel_name kernel, double bandwidth, float *fit,
                                float *slope)
{
    const struct plain p = { .a = { 32, 1, n, m, d, v, queries, x, y, fit },
                             .kernel = kernel,
                             .bandwidth = bandwidth,
                             .slope = slope };
    return run_plain(context, &p, line);
}

attpool_status attpool_line_f64(attpool_context *context, int64_t n, int64_t m, int64_t d,
                                int64_t v, const double *queries, const double *x, const double *y,
                                attpool_kernel_name kernel, double bandwidth, double *fit,
                                double *slope)
{
    const struct plain p = { .a = { 64, 1, n, m, d, v, queries, x, y, fit },
                             .kernel = kernel,
                             .bandwidth = bandwidth,
                             .slope = slope };
    return run_plain(context, &p, line);
}

attpool_status attpool_cross_validate_f32(attpool_context *context, int64_t m, int64_t d, int64_t v,
                                          const float *x, const float *y,
                                          attpool_kernel_name kernel, int64_t count,
                                          const double *bandwidths, double *errors)
{
    const struct plain p = { .a = { .bits = 32, .m = m, .d = d, .v = v, .k = x, .value = y },
                             .kernel = kernel,
                             .bandwidth = 1,
                             .count = count,
                             .bandwidths = bandwidths,
                             .errors = errors };
    return run_plain(context, &p, cross_validate);
}

attpool_status attpool_cross_validate_f64(attpool_context *context, int64_t m, int64_t d, int64_t v,
                                          const double *x, const double *y,
                                          attpool_kernel_name kernel, int64_t count,
                                          const double *bandwidths, double *errors)
{
    const struct plain p = { .a = { .bits = 64, .m = m, .d = d, .v = v, .k = x, .value = y },
                             .kernel = kernel,
                             .bandwidth = 1,
                             .count = count,
                             .bandwidths = bandwidths,
                             .errors = errors };
    return run_plain(context, &p, cross_validate);
}

attpool_status attpool_attend_f32(attpool_context *context, int64_t b, int64_t n, int64_t m,
                                  int64_t d, int64_t v, const float *queries, const float *keys,
                                  const float *values, int causal, float *output)
{
    const struct plain p = { .a = { 32, b, n, m, d, v, queries, keys, values, output },
                             .causal = causal };
    return run_plain(context, &p, attend);
}

attpool_status attpool_attend_f64(attpool_context *context, int64_t b, int64_t n, int64_t m,
                                  int64_t d, int64_t v, const double *queries, const double *keys,
                                  const double *values, int causal, double *output)
{
    const struct plain p = { .a = { 64, b, n, m, d, v, queries, keys, values, output },
                             .causal = causal };
    return run_plain(context, &p, attend);
}

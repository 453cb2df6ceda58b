/* SPDX-License-Identifier: Apache-2.0 */

/* The loss of a batch that is predicted from all other rows, and its gradients. */

#include "core/call/call.h"
#include "core/call/pool_grad.h"
#include "core/learning/train.h"
#include "core/selftest/tested.h"

#include <math.h>
#include <stdlib.h>

/* Of the time of both. */
#define PREDICTION_PART (1.0 / 3)

/* ---- options ---- */

static attpool_status check_pool(struct learning *s)
{
    struct engine *e = s->args.engine;
    const attpool_pool_options *o = &s->pool;
    if (o->lse || o->n_eff || o->weights || o->rows || o->max || o->sum)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                              "lse, n_eff, weights, rows, max and sum should be NULL");
    return ATTPOOL_OK;
}

static attpool_status check_batch(struct learning *s)
{
    struct engine *e = s->args.engine;
    const attpool_training *t = &s->training;
    if ((int)t->loss < ATTPOOL_LOSS_HALF || (int)t->loss > ATTPOOL_LOSS_MEAN)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "loss is %d, which is not an attpool_loss",
                              (int)t->loss);
    if (!isfinite(t->rate))
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "rate is %g, it should be finite", t->rate);
    if (t->first < 0 || t->first >= s->m)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "first is %lld, it should be 0 to %lld",
                              (long long)t->first, (long long)s->m - 1);
    if (t->count < 0 || t->count > s->m - t->first)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "count is %lld, it should be 0 to %lld",
                              (long long)t->count, (long long)(s->m - t->first));
    s->count = t->count > 0 ? t->count : s->m - t->first;
    return ATTPOOL_OK;
}

static attpool_status take_options(struct learning *s)
{
    struct engine *e = s->args.engine;
    if (!ap_take_options(e, "attpool_pool_options", &s->pool, sizeof s->pool, s->given.options) ||
        !ap_take_options(e, "attpool_training", &s->training, sizeof s->training,
                         s->given.training) ||
        !ap_take_options(e, "attpool_masks", &s->masks, sizeof s->masks, s->pool.masks))
        return ATTPOOL_E_OPTIONS;
    s->pool.size = s->masks.size = 0;
    return check_pool(s);
}

/* ---- tensors ---- */

static attpool_status add_table(struct learning *s, const DLTensor *t, const char *name,
                                attpool_status status, struct view **view)
{
    struct engine *e = s->args.engine;
    attpool_status st = ap_arguments_add(&s->args, t, name, status, ROLE_INPUT, KIND_REAL,
                                         LAYOUT_MATRIX, NULL, view);
    if (st == ATTPOOL_OK && ((*view)->ndim != 2 || (*view)->device))
        return ap_engine_fail(e, status, "%s should have 2 dimensions and be on the host", name);
    return st;
}

static DLTensor tensor(const struct learning *s, void *data, int dims, int64_t *shape)
{
    return (DLTensor){
        .data = data,
        .device = { .device_type = kDLCPU },
        .ndim = dims,
        .dtype = { .code = kDLFloat, .bits = s->args.type == TYPE_F32 ? 32 : 64, .lanes = 1 },
        .shape = shape,
    };
}

/* The rows of the batch, as queries. */
static void describe_queries(struct learning *s, const struct view *k)
{
    s->queries = *s->given.K;
    s->queries_shape[0] = s->count;
    s->queries_shape[1] = k->size[3];
    s->queries_strides[0] = k->stride[2];
    s->queries_strides[1] = k->stride[3];
    s->queries.shape = s->queries_shape;
    s->queries.strides = s->queries_strides;
    s->queries.data = k->data + s->training.first * k->stride[2] * k->bytes;
    s->queries.byte_offset = 0;
}

static attpool_status reserve_outputs(struct learning *s, int bytes)
{
    const size_t out = (size_t)s->count * (size_t)s->v, rows = (size_t)s->count;
    s->memory = calloc(2 * out + 2 * rows + 1, (size_t)bytes);
    if (!s->memory)
        return ap_engine_fail(s->args.engine, ATTPOOL_E_MEMORY, "no memory for a batch");
    char *at = s->memory;
    s->out_shape[0] = s->count;
    s->out_shape[1] = s->v;
    s->out = tensor(s, at, 2, s->out_shape);
    s->gradient = tensor(s, at + out * (size_t)bytes, 2, s->out_shape);
    s->max = tensor(s, at + 2 * out * (size_t)bytes, 1, s->out_shape);
    s->sum = tensor(s, at + (2 * out + rows) * (size_t)bytes, 1, s->out_shape);
    return ATTPOOL_OK;
}

attpool_status ap_learning_begin(struct learning *s, struct engine *engine,
                                 const struct learning_tensors *given)
{
    struct view *k;
    ap_clear(s, offsetof(struct learning, args));
    ap_arguments_init(&s->args, engine);
    s->given = *given;
    attpool_status st = take_options(s);
    if (st == ATTPOOL_OK)
        st = add_table(s, given->K, "K", ATTPOOL_E_KEY, &k);
    if (st == ATTPOOL_OK)
        st = add_table(s, given->V, "V", ATTPOOL_E_VALUE, &s->value);
    if (st != ATTPOOL_OK)
        return st;
    s->m = k->size[2];
    s->v = s->value->size[3];
    if (s->m == 0)
        return ap_engine_fail(engine, ATTPOOL_E_KEY, "K has no rows");
    st = ap_view_expect(engine, s->value, 2, s->m, "K has");
    if (st == ATTPOOL_OK)
        st = check_batch(s);
    if (st == ATTPOOL_OK)
        st = reserve_outputs(s, k->bytes);
    if (st != ATTPOOL_OK)
        return st;
    if (s->masks.query_origin < 0 || s->masks.query_origin > INT64_MAX - s->m)
        return ap_engine_fail(engine, ATTPOOL_E_OPTIONS,
                              "query_origin is %lld, which is out of range",
                              (long long)s->masks.query_origin);
    describe_queries(s, k);
    s->masks.leave_one_out = 1;
    s->masks.query_origin += s->training.first;
    s->pool.masks = &s->masks;
    s->pool.max = &s->max;
    s->pool.sum = &s->sum;
    return ATTPOOL_OK;
}

void ap_learning_end(struct learning *s)
{
    free(s->memory);
}

/* ---- loss ---- */

static double get_number(const struct learning *s, const DLTensor *t, int64_t i)
{
    return s->args.type == TYPE_F32 ? (double)((const float *)t->data)[i]
                                    : ((const double *)t->data)[i];
}

static void set_number(const struct learning *s, DLTensor *t, int64_t i, double x)
{
    if (s->args.type == TYPE_F32)
        ((float *)t->data)[i] = (float)x;
    else
        ((double *)t->data)[i] = x;
}

/* The factor of the sum of squares, which is half the factor of an error in its gradient. */
static double scale_of(const struct learning *s)
{
    switch (s->training.loss) {
    case ATTPOOL_LOSS_SUM:
        return 1;
    case ATTPOOL_LOSS_MEAN:
        return 1 / ((double)s->count * (double)s->v);
    default:
        return 0.5;
    }
}

/* The loss of the predictions, whose gradients take their place beside them. */
static double judge_outputs(struct learning *s)
{
    const double scale = scale_of(s);
    double sum = 0;
    for (int64_t i = 0; i < s->count; i++)
        for (int64_t c = 0; c < s->v; c++) {
            const int64_t at = i * s->v + c;
            const double e =
                get_number(s, &s->out, at) - ap_view_real(s->value, 0, 0, s->training.first + i, c);
            sum = fma(e, e, sum);
            set_number(s, &s->gradient, at, 2 * scale * e);
        }
    return s->v > 0 ? scale * sum : 0;
}

static struct pool_tensors tensors_of(const struct learning *s)
{
    return (struct pool_tensors){ &s->queries, s->given.K, s->given.V, &s->pool, &s->out };
}

attpool_status ap_learning_loss(struct learning *s, double *loss)
{
    const struct pool_tensors tensors = tensors_of(s);
    struct pool_call call;
    ap_engine_part(s->args.engine, 0, PREDICTION_PART);
    attpool_status st = ap_pool_check(&call, s->args.engine, &tensors, PURPOSE_POOL);
    if (st == ATTPOOL_OK)
        st = ap_pool_run(&call);
    if (st == ATTPOOL_OK)
        *loss = judge_outputs(s);
    return st;
}

attpool_status ap_learning_grad(struct learning *s, const attpool_gradients *gradients)
{
    struct pool_grad_call call;
    const struct pool_grad_tensors tensors = { tensors_of(s), &s->gradient, NULL, gradients };
    ap_engine_part(s->args.engine, PREDICTION_PART, 1);
    attpool_status st = ap_pool_grad_check(&call, s->args.engine, &tensors);
    return st == ATTPOOL_OK ? ap_pool_grad_run(&call) : st;
}

/* Q, K and V are what is learned from. */
static attpool_status check_gradients(struct engine *e, const attpool_gradients *caller)
{
    attpool_gradients g;
    if (!ap_take_options(e, "attpool_gradients", &g, sizeof g, caller))
        return ATTPOOL_E_OPTIONS;
    if (!g.Q && !g.K && !g.V && !g.bias)
        return ATTPOOL_OK;
    return ap_engine_fail(e, ATTPOOL_E_GRADIENT, "%s is asked for, which is not a parameter",
                          g.Q   ? "dQ"
                          : g.K ? "dK"
                          : g.V ? "dV"
                                : "dbias");
}

attpool_status attpool_train_loss(attpool_context *context, const DLTensor *K, const DLTensor *V,
                                  const attpool_pool_options *options,
                                  const attpool_training *training, double *loss,
                                  const attpool_gradients *gradients)
{
    struct call call;
    struct learning s;
    attpool_status st =
        ap_call_begin_tested(&call, context, "train_loss",
                             ap_tested_of_pool(options) | ap_tested_of_gradients(options), V, K);
    if (st != ATTPOOL_OK)
        return st;
    struct engine *e = &context->engine;
    const struct learning_tensors given = { K, V, options, training };
    s.memory = NULL;
    st =
        loss ? check_gradients(e, gradients) : ap_engine_fail(e, ATTPOOL_E_CONTEXT, "loss is NULL");
    if (st == ATTPOOL_OK)
        st = ap_learning_begin(&s, e, &given);
    if (st == ATTPOOL_OK)
        st = ap_learning_loss(&s, loss);
    if (st == ATTPOOL_OK && gradients && isfinite(*loss))
        st = ap_learning_grad(&s, gradients);
    ap_learning_end(&s);
    return ap_call_end(&call, st);
}

/* SPDX-License-Identifier: Apache-2.0 */

/* A step of gradient descent. */

#include "core/call/call.h"
#include "core/learning/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PARAMETERS = 5 };

/* A parameter and its gradient, which is row-major. */
struct parameter {
    const char *name;
    DLTensor *own;          /* NULL: it is not learned */
    const DLTensor *option; /* what it should be */
    DLTensor gradient;
    int64_t count;
};

struct parameters {
    struct parameter list[PARAMETERS];
    attpool_gradients gradients;
    void *memory;
};

/* The first and the last byte of a tensor that has been checked and is not empty. */
struct bytes {
    const char *first, *last;
};

static struct bytes bytes_of(const DLTensor *t)
{
    const int64_t size = t->dtype.bits / 8;
    struct bytes b = { .first = (const char *)t->data + t->byte_offset };
    int64_t plain = size;
    b.last = b.first + size - 1;
    for (int c = t->ndim - 1; c >= 0; c--) {
        const int64_t step = (t->strides ? t->strides[c] * size : plain) * (t->shape[c] - 1);
        plain *= t->shape[c];
        *(step < 0 ? &b.first : &b.last) += step;
    }
    return b;
}

static bool overlap(const DLTensor *a, const DLTensor *b)
{
    for (int c = 0; c < a->ndim; c++)
        if (a->shape[c] == 0)
            return false;
    for (int c = 0; c < b->ndim; c++)
        if (b->shape[c] == 0)
            return false;
    const struct bytes x = bytes_of(a), y = bytes_of(b);
    return x.first <= y.last && y.first <= x.last;
}

/* All tensors have been checked. */
static attpool_status check_parameter(struct engine *e, const struct learning_tensors *given,
                                      const struct parameters *all, int i)
{
    const struct parameter *p = &all->list[i];
    if (!p->own)
        return ATTPOOL_OK;
    for (int c = 0; c < p->own->ndim && p->own->strides; c++)
        if (p->own->strides[c] == 0 && p->own->shape[c] > 1)
            return ap_engine_fail(e, ATTPOOL_E_GRADIENT, "the parameter %s is broadcast", p->name);
    if (overlap(p->own, given->K) || overlap(p->own, given->V))
        return ap_engine_fail(e, ATTPOOL_E_GRADIENT, "the parameter %s overlaps %s", p->name,
                              overlap(p->own, given->K) ? "K" : "V");
    for (int j = 0; j < i; j++)
        if (all->list[j].option && overlap(p->own, all->list[j].option))
            return ap_engine_fail(e, ATTPOOL_E_GRADIENT, "the parameter %s overlaps %s", p->name,
                                  all->list[j].name);
    return ATTPOOL_OK;
}

static attpool_status take_parameters(struct engine *e, const attpool_pool_options *pool,
                                      const attpool_parameters *caller, struct parameters *p)
{
    attpool_parameters o;
    attpool_kernel_options kernel;
    attpool_status st = ATTPOOL_OK;
    bool any = false;
    if (!ap_take_options(e, "attpool_parameters", &o, sizeof o, caller) ||
        !ap_take_options(e, "attpool_kernel_options", &kernel, sizeof kernel, pool->kernel))
        return ATTPOOL_E_OPTIONS;
    const struct parameter all[PARAMETERS] = {
        { .name = "inverse_bandwidths",
          .own = o.inverse_bandwidths,
          .option = kernel.inverse_bandwidths },
        { .name = "key_factors", .own = o.key_factors, .option = kernel.key_factors },
        { .name = "wq", .own = o.wq, .option = pool->wq },
        { .name = "wk", .own = o.wk, .option = pool->wk },
        { .name = "wv", .own = o.wv, .option = pool->wv },
    };
    memcpy(p->list, all, sizeof all);
    for (int i = 0; i < PARAMETERS && st == ATTPOOL_OK; i++) {
        const struct parameter *x = &p->list[i];
        any = any || x->own;
        if (x->own && x->own != x->option)
            st = ap_engine_fail(e, ATTPOOL_E_GRADIENT,
                                "the parameter %s is not the tensor of the options", x->name);
    }
    if (st == ATTPOOL_OK && !any)
        st = ap_engine_fail(e, ATTPOOL_E_GRADIENT, "no parameter is to be learned");
    return st;
}

/* Memory for the gradients. The options have been checked, so shapes are what they should be. */
static attpool_status reserve(struct engine *e, struct parameters *p, int bytes)
{
    int64_t used = 0;
    DLTensor **const to[PARAMETERS] = { &p->gradients.inverse_bandwidths, &p->gradients.key_factors,
                                        &p->gradients.wq, &p->gradients.wk, &p->gradients.wv };
    for (int turn = 0; turn < 2; turn++) {
        used = 0;
        for (int i = 0; i < PARAMETERS; i++) {
            struct parameter *x = &p->list[i];
            if (!x->own)
                continue;
            x->gradient = *x->own;
            x->gradient.data = turn ? (char *)p->memory + used * bytes : NULL;
            x->gradient.byte_offset = 0;
            x->gradient.strides = NULL;
            x->count = 1;
            for (int c = 0; c < x->own->ndim; c++)
                x->count *= x->own->shape[c];
            used += x->count;
            *to[i] = &x->gradient;
        }
        if (turn == 0 && !(p->memory = calloc((size_t)used + 1, (size_t)bytes)))
            return ap_engine_fail(e, ATTPOOL_E_MEMORY, "no memory for gradients");
    }
    return ATTPOOL_OK;
}

/* Where number i of a tensor lies, in row-major order. */
static char *element_at(const DLTensor *t, int64_t i)
{
    int64_t offset = 0, plain = 1;
    for (int c = t->ndim - 1; c >= 0; c--) {
        offset += i % t->shape[c] * (t->strides ? t->strides[c] : plain);
        i /= t->shape[c];
        plain *= t->shape[c];
    }
    return (char *)t->data + t->byte_offset + offset * (t->dtype.bits / 8);
}

static void descend(const struct parameter *p, double rate)
{
    for (int64_t i = 0; i < p->count; i++) {
        char *at = element_at(p->own, i);
        if (p->own->dtype.bits == 32) {
            float x;
            memcpy(&x, at, sizeof x);
            x = (float)fma(-rate, (double)((const float *)p->gradient.data)[i], (double)x);
            memcpy(at, &x, sizeof x);
        } else {
            double x;
            memcpy(&x, at, sizeof x);
            x = fma(-rate, ((const double *)p->gradient.data)[i], x);
            memcpy(at, &x, sizeof x);
        }
    }
}

static attpool_status step(struct learning *s, const attpool_parameters *caller, double *loss)
{
    struct engine *e = s->args.engine;
    struct parameters p = { .memory = NULL };
    double before = 0;
    attpool_status st = take_parameters(e, &s->pool, caller, &p);
    if (st == ATTPOOL_OK)
        st = ap_learning_loss(s, &before);
    for (int i = 0; i < PARAMETERS && st == ATTPOOL_OK; i++)
        st = check_parameter(e, &s->given, &p, i);
    if (st == ATTPOOL_OK)
        *loss = before;
    if (st == ATTPOOL_OK && isfinite(*loss))
        st = reserve(e, &p, s->args.type == TYPE_F32 ? 4 : 8);
    if (st == ATTPOOL_OK && isfinite(*loss))
        st = ap_learning_grad(s, &p.gradients);
    for (int i = 0; i < PARAMETERS && st == ATTPOOL_OK && isfinite(*loss); i++)
        if (p.list[i].own)
            descend(&p.list[i], s->training.rate);
    free(p.memory);
    return st;
}

attpool_status attpool_train_step(attpool_context *context, const DLTensor *K, const DLTensor *V,
                                  const attpool_pool_options *options,
                                  const attpool_training *training,
                                  const attpool_parameters *parameters, double *loss)
{
    struct call call;
    struct learning s;
    attpool_status st = ap_call_begin(&call, context, "train_step");
    if (st != ATTPOOL_OK)
        return st;
    struct engine *e = &context->engine;
    const struct learning_tensors given = { K, V, options, training };
    s.memory = NULL;
    st = loss ? ap_learning_begin(&s, e, &given)
              : ap_engine_fail(e, ATTPOOL_E_CONTEXT, "loss is NULL");
    if (st == ATTPOOL_OK)
        st = step(&s, parameters, loss);
    ap_learning_end(&s);
    return ap_call_end(&call, st);
}

/* SPDX-License-Identifier: Apache-2.0 */

/* A step of gradient descent. */

#include "core/call/call.h"
#include "core/learning/train.h"
#include "core/selftest/tested.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PARAMETERS = 5 };

/* A parameter and its gradient, which is row-major. */
struct parameter {
    const char *name;
    DLTensor *own;          /* NULL: it is not learned */
    const DLTensor *option; /* what it should be; NULL: there is none */
    enum layout layout;
    bool used; /* by this score */
    DLTensor gradient;
    int64_t count;
};

struct parameters {
    struct parameter list[PARAMETERS];
    attpool_gradients gradients;
    void *memory;
};

/* A parameter that is learned is an output beside K, V and the others. */
static attpool_status add_parameter(struct arguments *args, const struct parameter *p)
{
    struct view *view;
    if (p->own && p->own != p->option)
        return ap_engine_fail(args->engine, ATTPOOL_E_GRADIENT,
                              "the parameter %s is not the tensor of the options", p->name);
    if (!p->option || (!p->own && !p->used))
        return ATTPOOL_OK;
    return ap_arguments_add(args, p->option, p->name, ATTPOOL_E_GRADIENT,
                            p->own ? ROLE_OUTPUT : ROLE_INPUT, KIND_REAL, p->layout, NULL, &view);
}

static attpool_status take_parameters(struct learning *s, const attpool_parameters *caller,
                                      struct parameters *p)
{
    struct engine *e = s->args.engine;
    const attpool_pool_options *pool = &s->pool;
    const bool kernels = pool->score == ATTPOOL_KERNEL, additive = pool->score == ATTPOOL_ADDITIVE;
    const bool projects = additive || pool->score == ATTPOOL_PROJECTION;
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
          .option = kernel.inverse_bandwidths,
          .layout = ap_bandwidth_layout(kernel.bandwidth_per),
          .used = kernels },
        { .name = "key_factors",
          .own = o.key_factors,
          .option = kernel.key_factors,
          .layout = LAYOUT_COL,
          .used = kernels },
        { .name = "wq", .own = o.wq, .option = pool->wq, .layout = LAYOUT_PLAIN, .used = projects },
        { .name = "wk", .own = o.wk, .option = pool->wk, .layout = LAYOUT_PLAIN, .used = projects },
        { .name = "wv", .own = o.wv, .option = pool->wv, .layout = LAYOUT_COL, .used = additive },
    };
    memcpy(p->list, all, sizeof all);
    for (int i = 0; i < PARAMETERS && st == ATTPOOL_OK; i++) {
        st = add_parameter(&s->args, &p->list[i]);
        any = any || p->list[i].own;
    }
    if (st == ATTPOOL_OK && !any)
        st = ap_engine_fail(e, ATTPOOL_E_GRADIENT, "no parameter is to be learned");
    return st == ATTPOOL_OK ? ap_arguments_overlap(&s->args, NULL) : st;
}

/* Memory for the gradients. The options have been checked, so shapes are what they should be. */
static attpool_status reserve_gradients(struct engine *e, struct parameters *p, int bytes)
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
    attpool_status st = take_parameters(s, caller, &p);
    if (st == ATTPOOL_OK)
        st = ap_learning_loss(s, loss);
    if (st == ATTPOOL_OK && isfinite(*loss))
        st = reserve_gradients(e, &p, s->args.type == TYPE_F32 ? 4 : 8);
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
    attpool_status st =
        ap_call_begin_tested(&call, context, "train_step",
                             ap_tested_of_pool(options) | ap_tested_of_gradients(options), V, K);
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

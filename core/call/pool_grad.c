/* SPDX-License-Identifier: Apache-2.0 */
#include "core/call/pool_grad.h"

#include "core/call/call.h"
#include "core/call/options.h"
#include "core/call/projection.h"
#include "core/selftest/tested.h"

/* What projected queries or keys came from, and what their gradient is to become. */
struct projected_side {
    const struct view *x;
    struct array from, w; /* X and its matrix; dx and dw, absent where not asked for */
    struct array dx, dw;
    struct projected to, dto; /* X W^T and its gradient */
    struct projected copy;    /* of X, for that of the matrix */
};

static bool is_asked(const struct projected_side *s)
{
    return s->dx.data || s->dw.data;
}

/* The matrix (b, h) of an array that does not broadcast. */
static struct array matrix_of(const struct engine *e, const struct array *x, int64_t b, int64_t h,
                              int bytes)
{
    struct array matrix = { .data = x->data, .offset = x->offset, .row = x->row, .col = x->col };
    const int64_t skip = (b * x->batch + h * x->head) * bytes;
    matrix.group = 1;
    if (e->backend->memory)
        matrix.offset += skip;
    else
        matrix.data = (char *)x->data + skip;
    return matrix;
}

/* dX = dX' W. */
static attpool_status by_input(struct pool_grad_call *c, const struct projected_side *s)
{
    struct engine *e = c->pool.args.engine;
    struct bmm_args m = {
        .batch = s->x->size[0],
        .heads = s->x->size[1],
        .n = s->x->size[2],
        .k = c->pool.p,
        .m = s->x->size[3],
        .alpha = 1,
        .a = s->dto.array,
        .b = s->w,
        .c = s->dx,
    };
    m.a.group = m.b.group = m.c.group = 1;
    if (!s->dx.data || m.batch * m.heads * m.n * m.m == 0)
        return ATTPOOL_OK;
    return e->backend->bmm[c->pool.args.type](e, &m);
}

/* dW = the sum of dX'^T X over batch and heads, in their order. */
static attpool_status by_matrix(struct pool_grad_call *c, const struct projected_side *s)
{
    struct engine *e = c->pool.args.engine;
    const int64_t items = s->x->size[0] * s->x->size[1];
    attpool_status st = ATTPOOL_OK;
    if (!s->dw.data || c->pool.p * s->x->size[3] == 0)
        return ATTPOOL_OK;
    for (int64_t i = 0; i < (items > 0 ? items : 1) && st == ATTPOOL_OK; i++) {
        const int64_t b = items > 0 ? i / s->x->size[1] : 0, h = items > 0 ? i % s->x->size[1] : 0;
        struct bmm_args m = { .batch = 1, .heads = 1, .n = c->pool.p, .m = s->x->size[3] };
        m.k = items > 0 ? s->x->size[2] : 0;
        m.alpha = 1;
        m.beta = i > 0;
        m.a = matrix_of(e, &s->dto.array, b, h, s->x->bytes);
        m.a.col = m.a.row;
        m.a.row = 1;
        m.b = matrix_of(e, &s->copy.array, b, h, s->x->bytes);
        m.c = s->dw;
        m.c.group = 1;
        st = e->backend->bmm[c->pool.args.type](e, &m);
    }
    return st;
}

static attpool_status begin_side(struct pool_grad_call *c, struct projected_side *s,
                                 struct array *x, struct array *dx, struct grad_copy *copy)
{
    attpool_status st = ap_project(&c->pool, s->x, &s->from, &s->w, &s->to);
    *x = s->to.array;
    if (st != ATTPOOL_OK || !is_asked(s))
        return st;
    st = ap_projected_take(&c->pool, s->x, c->pool.p, s->from.group, &s->dto);
    *dx = s->dto.array;
    if (st != ATTPOOL_OK || !s->dw.data)
        return st;
    st = ap_projected_take(&c->pool, s->x, s->x->size[3], 1, &s->copy);
    *copy = (struct grad_copy){ s->x->size[0], s->x->size[1], s->x->size[2], c->pool.p,
                                s->x->size[3], s->dto.array,  s->from,       s->copy.array };
    copy->gradient.group = copy->from.group = 1;
    return st;
}

static attpool_status end_side(struct pool_grad_call *c, const struct projected_side *s)
{
    if (!is_asked(s))
        return ATTPOOL_OK;
    attpool_status st = by_input(c, s);
    return st == ATTPOOL_OK ? by_matrix(c, s) : st;
}

static void end_memory(struct engine *e, const struct projected_side *s)
{
    ap_projected_give(e, &s->copy);
    ap_projected_give(e, &s->dto);
    ap_projected_give(e, &s->to);
}

static attpool_status pool_grad(struct pool_grad_call *c)
{
    struct engine *e = c->pool.args.engine;
    const struct pool_args *p = &c->pool.pool;
    double work = 2 * (double)(p->d * 2 + p->v * 2 + ELEMENT_WORK);
    ap_engine_expect(e, (double)(p->batch * p->heads * p->n) * (double)p->m * work);
    return e->backend->pool_grad[c->pool.args.type](e, &c->grad);
}

static attpool_status pool_grad_projected(struct pool_grad_call *c)
{
    struct engine *e = c->pool.args.engine;
    struct pool_call *p = &c->pool;
    struct projected_side q = { .x = p->q, .from = p->pool.q, .w = p->wq_array, .dx = c->dq };
    struct projected_side k = { .x = p->k, .from = p->pool.k, .w = p->wk_array, .dx = c->dk };
    q.dw = c->dwq;
    k.dw = c->dwk;
    attpool_status st = begin_side(c, &q, &p->pool.q, &c->grad.dq, &c->grad.copy_q);
    if (st == ATTPOOL_OK)
        st = begin_side(c, &k, &p->pool.k, &c->grad.dk, &c->grad.copy_k);
    if (st == ATTPOOL_OK)
        st = pool_grad(c);
    if (st == ATTPOOL_OK)
        st = end_side(c, &q);
    if (st == ATTPOOL_OK)
        st = end_side(c, &k);
    end_memory(e, &k);
    end_memory(e, &q);
    return st;
}

attpool_status ap_pool_grad_run(struct pool_grad_call *c)
{
    struct arguments *args = &c->pool.args;
    attpool_status st = ap_arguments_stage(args);
    if (st != ATTPOOL_OK)
        return st;
    return ap_arguments_unstage(args, c->pool.wq ? pool_grad_projected(c) : pool_grad(c));
}

attpool_status attpool_pool_grad(attpool_context *context, const DLTensor *Q, const DLTensor *K,
                                 const DLTensor *V, const attpool_pool_options *options,
                                 const DLTensor *O, const DLTensor *dO, const DLTensor *dL,
                                 const attpool_gradients *gradients)
{
    struct call call;
    struct pool_grad_call c;
    const struct pool_grad_tensors tensors = { { Q, K, V, options, O }, dO, dL, gradients };
    attpool_status st =
        ap_call_begin_tested(&call, context, "pool_grad", ap_tested_of_gradients(options), V, Q);
    if (st != ATTPOOL_OK)
        return st;
    st = ap_pool_grad_check(&c, &context->engine, &tensors);
    if (st == ATTPOOL_OK)
        st = ap_pool_grad_run(&c);
    return ap_call_end(&call, st);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/call/pool.h"

#include "core/call/call.h"

#include <stdlib.h>

/* A projected tensor, b by h matrices of `rows` x p, in memory of the backend. */
struct projected {
    void *memory;
    struct array array;
};

static attpool_status take_memory(struct engine *e, size_t bytes, void **memory)
{
    *memory = NULL;
    if (e->backend->memory)
        return e->backend->memory->alloc(e, bytes, memory);
    *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
    return *memory ? ATTPOOL_OK
                   : ap_engine_fail(e, ATTPOOL_E_MEMORY, "no memory for the projections, %zu bytes",
                                    bytes);
}

static void give_memory(struct engine *e, void *memory)
{
    if (memory && e->backend->memory)
        e->backend->memory->release(e, memory);
    else
        free(memory);
}

/* x W^T for Q or K, in x's own leading dimensions; those that broadcast still do. */
static attpool_status project(struct pool_call *c, const struct view *x, const struct array *from,
                              const struct array *w, struct projected *to)
{
    struct engine *e = c->args.engine;
    int64_t rows = x->size[2], p = c->p;
    size_t bytes = (size_t)(x->size[0] * x->size[1] * rows * p) * (size_t)x->bytes;
    attpool_status st = take_memory(e, bytes > 0 ? bytes : 64, &to->memory);
    if (st != ATTPOOL_OK)
        return st;
    struct bmm_args m = {
        .batch = x->size[0],
        .heads = x->size[1],
        .n = rows,
        .k = x->size[3],
        .m = p,
        .alpha = 1,
        .a = *from,
        .b = { .data = w->data, .offset = w->offset, .row = w->col, .col = w->row, .group = 1 },
        .c = { .data = to->memory,
               .batch = x->size[1] * rows * p,
               .head = rows * p,
               .row = p,
               .col = 1,
               .group = 1 },
    };
    m.a.group = 1;
    to->array = m.c;
    to->array.group = from->group;
    if (x->size[0] == 1)
        to->array.batch = 0;
    if (x->size[1] == 1)
        to->array.head = 0;
    if (bytes == 0)
        return ATTPOOL_OK;
    ap_engine_expect(e, (double)(m.batch * m.heads * m.n) * (double)m.m * (double)(m.k + 1));
    return e->backend->bmm[c->args.type](e, &m);
}

static attpool_status pool(struct pool_call *c)
{
    struct engine *e = c->args.engine;
    const struct pool_args *p = &c->pool;
    bool each =
        p->score == POOL_ADDITIVE || (p->score == POOL_KERNEL && p->kernel.form == ATTPOOL_PRODUCT);
    double work = (double)(p->d * (each ? ELEMENT_WORK : 1) + p->v + ELEMENT_WORK);
    ap_engine_expect(e, (double)(p->batch * p->heads * p->n) * (double)p->m * work);
    return e->backend->pool[c->args.type](e, p);
}

static attpool_status pool_projected(struct pool_call *c)
{
    struct engine *e = c->args.engine;
    struct projected q = { NULL, { 0 } }, k = { NULL, { 0 } };
    attpool_status st = project(c, c->q, &c->pool.q, &c->wq_array, &q);
    if (st == ATTPOOL_OK)
        st = project(c, c->k, &c->pool.k, &c->wk_array, &k);
    if (st == ATTPOOL_OK) {
        c->pool.q = q.array;
        c->pool.k = k.array;
        st = pool(c);
    }
    give_memory(e, k.memory);
    give_memory(e, q.memory);
    return st;
}

attpool_status ap_pool_run(struct pool_call *c)
{
    const struct pool_args *p = &c->pool;
    if (p->batch * p->heads * p->n == 0)
        return ATTPOOL_OK;
    attpool_status st = ap_arguments_stage(&c->args);
    if (st != ATTPOOL_OK)
        return st;
    st = c->wq ? pool_projected(c) : pool(c);
    return ap_arguments_unstage(&c->args, st);
}

attpool_status attpool_pool(attpool_context *context, const DLTensor *Q, const DLTensor *K,
                            const DLTensor *V, const attpool_pool_options *options, DLTensor *O)
{
    struct call call;
    struct pool_call c;
    struct pool_tensors tensors = { Q, K, V, options, O };
    attpool_status st = ap_call_begin(&call, context, "pool");
    if (st != ATTPOOL_OK)
        return st;
    st = ap_pool_check(&c, &context->engine, &tensors, false);
    if (st == ATTPOOL_OK)
        st = ap_pool_run(&c);
    return ap_call_end(&call, st);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/call/pool.h"

#include "core/automatic/offload.h"
#include "core/call/call.h"
#include "core/call/pool_parts.h"
#include "core/call/projection.h"
#include "core/index/pool.h"
#include "core/selftest/tested.h"

static double work_of(const struct pool_args *p)
{
    bool each =
        p->score == POOL_ADDITIVE || (p->score == POOL_KERNEL && p->kernel.form == ATTPOOL_PRODUCT);
    double work = (double)(p->d * (each ? ELEMENT_WORK : 1) + p->v + ELEMENT_WORK);
    return (double)(p->batch * p->heads * p->n) * (double)p->m * work;
}

attpool_status ap_pool_slot(struct engine *e, int type, const struct pool_args *p,
                            const struct key_index *keys)
{
    ap_engine_expect(e, work_of(p));
    return ap_index_pool(e, type, p, keys);
}

attpool_status ap_pool_run_bandwidths(const struct pool_call *calls, int count)
{
    struct engine *e = calls->args.engine;
    struct pool_args pools[POOL_BANDWIDTHS];
    const struct pool_bandwidths_args args = { .pool = pools, .count = count };
    for (int k = 0; k < count; k++)
        pools[k] = calls[k].pool;
    ap_engine_expect(e, work_of(pools) * count);
    return e->backend->pool_bandwidths[calls->args.type](e, &args);
}

static attpool_status run_pool(struct pool_call *c)
{
    return ap_pool_slot(c->args.engine, c->args.type, &c->pool, c->keys);
}

static attpool_status pool_projected(struct pool_call *c)
{
    struct engine *e = c->args.engine;
    struct projected q = { NULL, { 0 } }, k = { NULL, { 0 } };
    attpool_status st = ap_project(c, c->q, &c->pool.q, &c->wq_array, &q);
    if (st == ATTPOOL_OK)
        st = ap_project(c, c->k, &c->pool.k, &c->wk_array, &k);
    if (st == ATTPOOL_OK) {
        c->pool.q = q.array;
        c->pool.k = k.array;
        st = run_pool(c);
    }
    ap_projected_give(e, &k);
    ap_projected_give(e, &q);
    return st;
}

attpool_status ap_pool_run(struct pool_call *c)
{
    const struct pool_args *p = &c->pool;
    if (p->batch * p->heads * p->n == 0)
        return ATTPOOL_OK;
    attpool_status (*const slot)(struct pool_call *) = c->wq ? pool_projected : run_pool;
    return c->args.engine->backend->memory ? ap_pool_parts(c, slot) : slot(c);
}

/* WORKS: it is never offloaded. */
static enum profile_work profile_of(const struct pool_args *p)
{
    if (p->score == POOL_DOT)
        return WORK_DOT;
    return p->score == POOL_KERNEL && p->kernel.form == ATTPOOL_RADIAL ? WORK_POOL : WORKS;
}

attpool_status attpool_pool(attpool_context *context, const DLTensor *Q, const DLTensor *K,
                            const DLTensor *V, const attpool_pool_options *options, DLTensor *O)
{
    struct call call;
    struct pool_call c;
    struct pool_tensors tensors = { Q, K, V, options, O };
    attpool_status st = ap_call_begin_tested(
        &call, context, "pool", ap_tested_with_queries(ap_tested_of_pool(options), Q), V, Q);
    if (st != ATTPOOL_OK)
        return st;
    st = ap_pool_check(&c, &context->engine, &tensors, PURPOSE_POOL);
    const enum profile_work work = st == ATTPOOL_OK ? profile_of(&c.pool) : WORKS;
    attpool_context *device =
        work != WORKS ? ap_offload(&context->engine, work, &c.args, work_of(&c.pool)) : NULL;
    if (device) {
        st = attpool_pool(device, Q, K, V, options, O);
        if (ap_offload_done(&context->engine, device, work, st))
            return ap_call_end(&call, st);
        st = ATTPOOL_OK;
    }
    if (st == ATTPOOL_OK)
        st = ap_pool_run(&c);
    return ap_call_end(&call, st);
}

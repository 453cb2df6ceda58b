/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/pool.h"

/* Sums of values by squared weights: the steps of pooling (pool.c) with the final weights, so that
 * states merge by additions. */

static attpool_status launch_square(const struct pooling *p, const struct slab *s)
{
    static const size_t across[3] = { GROUP, 1, 1 }, along[3] = { 1, GROUP, 1 };
    const struct pool_args *args = p->args;
    int64_t slot = (s->key + args->key_origin) / SUPER_BLOCK - p->first_super;
    int64_t items[2] = { s->rows, max64(1, s->width / BLOCK) };
    struct launch l;

    if (ap_launch_begin(&l, p->engine, KERNEL_SQUARE, p->type)) {
        pooling_put_slab(&l, p, s);
        pooling_put_weighing(&l, p);
        ap_put_array(&l, &args->key_weights);
        ap_put_array(&l, &args->max);
        ap_put_array(&l, &args->sum);
        ap_put_int(&l, p->tilt->data != NULL);
        ap_put_array(&l, p->tilt);
        ap_put_array(&l, &args->q);
        ap_put_array(&l, &args->k);
        ap_put_buffer(&l, p->power);
        ap_put_long(&l, args->d);
        ap_put_buffer(&l, p->scores);
        ap_put_buffer(&l, p->scales);
        ap_put_buffer(&l, p->blocks);
        ap_put_buffer(&l, p->nodes);
        ap_put_long(&l, slot);
        ap_put_long(&l, p->slots);
        ap_launch_run(&l, 2, items, s->rows < 32 ? along : across);
    }
    if (ap_launch_end(&l) != ATTPOOL_OK)
        return l.status;
    return ap_pool_gather(p, s, slot);
}

static attpool_status slab_squared(void *arg, struct slab *s)
{
    const struct pooling *p = arg;
    attpool_status status = ap_pool_each_scores(p, s, launch_square);
    if (status == ATTPOOL_OK)
        status = ap_pool_merge(p, s, 0, ap_pool_levels(p));
    return status == ATTPOOL_OK ? ap_pool_finish(p, s) : status;
}

attpool_status ap_opencl_pool_squared(struct engine *engine, const struct pool_squared_args *args,
                                      int type)
{
    struct pooling p;
    attpool_status status = ap_pool_begin(&p, engine, args->pool, type);

    if (status != ATTPOOL_OK)
        return status;
    p.squared = true;
    p.tilt = &args->tilt;
    p.column_count = args->pool->v;
    if (args->pool->v > 0)
        status = ap_pool_plan_slabs(&p);
    if (status == ATTPOOL_OK && args->pool->v > 0)
        status = ap_pool_each_slab(&p, QUERIES_ALL, slab_squared);
    ap_pool_end(&p);
    return status;
}

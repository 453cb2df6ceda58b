/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/pool.h"

/* G is computed from the scores that pooling has. */

static attpool_status launch_evaluate(const struct pooling *p, const struct slab *s)
{
    static const size_t wide[2] = { GROUP, 1 }, tall[2] = { 1, GROUP };
    int64_t items[2] = { s->width, s->rows };
    struct launch l;

    if (ap_launch_begin(&l, p->engine, KERNEL_EVALUATE, p->type)) {
        ap_put(&l, sizeof *s, s);
        ap_put_buffer(&l, p->scores);
        ap_put_buffer(&l, p->scales);
        ap_put_int(&l, p->log_domain);
        ap_put_int(&l, p->has_factor);
        ap_put_array(&l, &p->args->weights);
        ap_launch_run(&l, 2, items, s->m < GROUP / 2 ? tall : wide);
    }
    return ap_launch_end(&l);
}

static attpool_status evaluate_slab(void *arg, struct slab *s)
{
    return ap_pool_each_scores(arg, s, launch_evaluate);
}

attpool_status ap_opencl_kernel(struct engine *engine, const struct kernel_args *args, int type)
{
    struct pool_args scores = {
        .batch = args->batch,
        .heads = args->heads,
        .n = args->n,
        .m = args->m,
        .d = args->d,
        .score = POOL_KERNEL,
        .kernel = args->kernel,
        .q = args->q,
        .k = args->k,
        .masks = { .band_low = -BAND_OPEN, .band_high = BAND_OPEN },
        .weights = args->g,
    };
    struct cut cut = { .batch = args->batch, .heads = args->heads, .n = args->n, .m = args->m };
    struct pooling p;
    attpool_status status = ap_pool_plan(&p, engine, &scores, type);

    if (status == ATTPOOL_OK)
        status = ap_pool_plan_slabs(&p);
    if (status != ATTPOOL_OK)
        return status;
    if (!ap_score_open(engine, &p.score))
        return ATTPOOL_E_MEMORY;
    cut.most = p.slab_rows;
    status = ap_slab_each(&cut, evaluate_slab, &p);
    ap_score_close(engine, &p.score);
    return status;
}

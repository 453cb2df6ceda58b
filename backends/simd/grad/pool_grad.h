/* SPDX-License-Identifier: Apache-2.0 */

/* The slot pool_grad: one sweep over the pairs for all, or, where there are too few items for the
 * threads, one over the rows for what belongs to queries and one over the columns for what belongs
 * to keys. Gradients through other kernels than the Gaussian go through plain C:
 * the same bits, more slowly. */
#ifndef BACKENDS_SIMD_GRAD_POOL_GRAD_H
#define BACKENDS_SIMD_GRAD_POOL_GRAD_H

#include "backends/simd/grad/columns.h"
#include "backends/simd/grad/rows.h"
#include "backends/simd/table.h"

/* Is nothing asked for that a slope takes part in which only plain C has? */
static bool grad_has_vectors(const struct grad_plan *plan)
{
    const struct pool_grad_args *a = plan->a;
    const struct kernel *kernel = &a->pool->kernel;
    const bool gaussian = kernel->name == ATTPOOL_GAUSSIAN && a->pool->d <= CHUNK &&
                          kernel->per != ATTPOOL_BANDWIDTH_COORDINATE_KEY;
    const bool slopes = plan->path == GRAD_PRODUCT || (plan->path == GRAD_RADIAL && !gaussian);
    return !slopes ||
           (a->dq.data == NULL && a->dk.data == NULL && a->dscale.data == NULL &&
            a->dinverse_bandwidths.data == NULL && a->dfactors.data == NULL && a->dwv.data == NULL);
}

/* Fused pairs are made twice anyway, so that there is nothing to gain.
 *
 * Of others the products with values and keys and the sums of three gradients take five parts of
 * one sweep's time, seven of two, which make the former twice; but one sweep has an item, not a
 * tile or a block, to a task. */
static bool grad_takes_one_sweep(const struct grad_job *job)
{
    const int64_t tasks = grad_class_count(&job->of_both);
    const int64_t workers = ap_engine_workers(job->engine);
    const int64_t turns = (tasks + workers - 1) / workers;
    return !job->fused && job->plan->rows && job->plan->columns && 5 * turns * workers <= 7 * tasks;
}

/* Four tasks for each worker at least. */
static int grad_share(const struct grad_job *job)
{
    const int64_t blocks = grad_class_count(&job->plan->of_columns) * job->blocks;
    const int64_t share = blocks / (4 * ap_engine_workers(job->engine));
    return job->fused ? (int)int_max(1, int_min(GRAD_SHARE, share)) : 1;
}

static attpool_status grad_sweeps(struct grad_job *job)
{
    const struct grad_plan *plan = job->plan;
    attpool_status st = SCALAR_TWIN(TYPED(grad_begin))(job->engine, plan, job->facts);
    if (st == ATTPOOL_OK && job->both)
        st = ap_engine_parallel(job->engine, grad_class_count(&job->of_both), grad_both_task, job);
    if (st == ATTPOOL_OK && plan->rows && !job->both)
        st = ap_engine_parallel(job->engine, grad_class_count(&plan->of_rows) * job->tiles,
                                grad_rows_task, job);
    if (st == ATTPOOL_OK && plan->columns && !job->both)
        st = ap_engine_parallel(job->engine,
                                grad_class_count(&plan->of_columns) * grad_columns_tasks(job),
                                grad_columns_task, job);
    if (st == ATTPOOL_OK)
        SCALAR_TWIN(TYPED(grad_end))(plan, job->facts);
    return st;
}

#define simd_pool_grad SIMD_SYMBOL(TYPED(pool_grad))
attpool_status simd_pool_grad(struct engine *engine, const struct pool_grad_args *a)
{
    const struct pool_args *p = a->pool;
    const struct grad_plan plan = grad_plan_of(a);
    if (!grad_has_vectors(&plan) || p->n == 0 || p->m == 0)
        return SCALAR_TWIN(TYPED(pool_grad))(engine, a);
    const struct pool_plan pool = pool_plan_of(p);
    struct grad_job job = { .engine = engine, .plan = &plan, .pool = &pool };
    struct grad_room room;
    job.fused = grad_is_fused(&plan, &pool);
    job.vectors = (int)int_min(job.fused ? POOL_VECTORS : 3, (p->n + LANES - 1) / LANES);
    job.tiles = (p->n + job.vectors * LANES - 1) / (job.vectors * LANES);
    job.blocks = (p->key_origin + p->m + BLOCK - 1) / BLOCK - p->key_origin / BLOCK;
    job.share = grad_share(&job);
    job.of_both = grad_classes_of_both(&plan);
    job.both = grad_takes_one_sweep(&job);
    job.wide_keys = plan.path == GRAD_DOT && a->dk.data != NULL && grad_is_wide(&p->q, p->d);
    job.wide_values = !job.fused && a->dvalue.data != NULL && a->d_out.data != NULL &&
                      grad_is_wide(&a->d_out, p->v);
    const size_t each = grad_room_of(&job, NULL, &room) + (size_t)p->d * sizeof(real);
    if (!ap_engine_reserve(engine, each, grad_facts_bytes(&plan, sizeof(real))))
        return ap_engine_fail(engine, ATTPOOL_E_MEMORY, "no memory for gradients");
    const struct grad_facts facts = grad_facts_at(&plan, sizeof(real), ap_engine_shared(engine));
    job.facts = &facts;
    return grad_sweeps(&job);
}

#endif

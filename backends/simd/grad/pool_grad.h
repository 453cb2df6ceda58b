/* SPDX-License-Identifier: Apache-2.0 */

/* The slot pool_grad: one sweep over the pairs for all, or, where the threads have too little to do
 * in it, one over the rows for what belongs to queries and one over the columns for what belongs to
 * keys. Gradients through key factors and through many coordinates of the product form go through
 * plain C: the same bits, more slowly. */
#ifndef BACKENDS_SIMD_GRAD_POOL_GRAD_H
#define BACKENDS_SIMD_GRAD_POOL_GRAD_H

#include "backends/simd/grad/columns.h"
#include "backends/simd/grad/rounds.h"
#include "backends/simd/grad/rows.h"
#include "backends/simd/table.h"

/* Are the inverse bandwidths finite? The sums have pairs that take no part as zeros, and multiply
 * them by these. */
static bool grad_widths_are_finite(const struct pool_args *p)
{
    const struct array *w = &p->kernel.inverse_bandwidths;
    const attpool_bandwidth_per per = p->kernel.per;
    if (w->data == NULL)
        return r_abs((real)p->kernel.one) <= REAL_MAX;
    const int64_t rows = per == ATTPOOL_BANDWIDTH_QUERY ? p->n : 1;
    const int64_t cols = per == ATTPOOL_BANDWIDTH_KEY       ? p->m
                         : kernel_by_coordinate(&p->kernel) ? p->d
                                                            : 1;
    const struct grad_output x = grad_output_of(p, w, rows, cols);
    return grad_array_is_moderate(&x, REAL_MAX);
}

/* Is nothing asked for that a slope takes part in which only plain C has? */
static bool grad_has_vectors(const struct grad_plan *plan)
{
    const struct pool_args *p = plan->a->pool;
    const int64_t most = plan->path == GRAD_PRODUCT ? GRAD_PRODUCT_MOST : CHUNK;
    if ((plan->path != GRAD_PRODUCT && plan->path != GRAD_RADIAL) || !grad_takes_slopes(plan))
        return true;
    return p->d <= most && p->kernel.per != ATTPOOL_BANDWIDTH_COORDINATE_KEY &&
           grad_widths_are_finite(p);
}

/* Rounds have work for some hundred microseconds. One sweep has so much memory at most. */
enum { GRAD_ROUND_WORK = 6000, GRAD_SWEEP_BYTES = 64 << 20 };

/* Is one sweep of `tasks` tasks sooner done than two? The products with values and keys and the
 * sums of three gradients take five parts of its time, seven of two, which make the former twice;
 * but it has an item, or in rounds a block of keys of all queries, not a tile or a block to a task.
 */
static bool grad_one_sweep_pays(const struct grad_job *job, int64_t tasks)
{
    const int64_t workers = ap_engine_workers(job->engine);
    const int64_t turns = (tasks + workers - 1) / workers;
    return job->plan->rows && job->plan->columns && 5 * turns * workers <= 7 * tasks;
}

static size_t grad_bytes(const struct grad_job *job)
{
    struct grad_room room;
    return grad_room_of(job, NULL, &room) + (size_t)job->plan->a->pool->d * sizeof(real);
}

/* Are there rounds with enough to do? */
static bool grad_rounds_pay(const struct grad_job *job)
{
    const struct pool_args *p = job->plan->a->pool;
    return p->n >= GRAD_ROUND_WORK / (p->d + p->v + 8) && grad_one_sweep_pays(job, job->blocks);
}

/* What stands `at` bytes from where the memory for all begins. */
static real *grad_part_of(struct grad_job *job, size_t at)
{
    return (real *)(void *)((char *)ap_engine_shared(job->engine) + at);
}

static size_t grad_aligned(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

/* The sweeps, and the memory that they take. */
static bool grad_choose(struct grad_job *job, struct grad_facts *facts)
{
    const size_t boxes = grad_aligned(grad_facts_bytes(job->plan, sizeof(real)));
    const size_t totals =
        boxes + grad_aligned(pool_prune_room(&job->prune, job->pool) * sizeof(real));
    job->both = true;
    const size_t workers = (size_t)ap_engine_workers(job->engine),
                 bytes = workers * grad_bytes(job);
    const bool room = bytes <= GRAD_SWEEP_BYTES;
    const bool items = room && grad_one_sweep_pays(job, grad_class_count(&job->of_both));
    const bool rounds = room && !items && grad_rounds_pay(job);
    job->both = items || rounds;
    if (!ap_engine_reserve(job->engine, grad_bytes(job),
                           totals + (rounds ? grad_rows_bytes(job) : 0)))
        return false;
    *facts = grad_facts_at(job->plan, sizeof(real), ap_engine_shared(job->engine));
    job->facts = facts;
    pool_prune_place(&job->prune, job->pool, grad_part_of(job, boxes));
    job->totals = rounds ? grad_part_of(job, totals) : NULL;
    return true;
}

/* Four tasks for each worker at least. */
static int grad_share(const struct grad_job *job)
{
    const int64_t blocks = grad_class_count(&job->plan->of_columns) * job->blocks;
    const int64_t share = blocks / (4 * ap_engine_workers(job->engine));
    return job->fused ? (int)int_max(1, int_min(GRAD_SHARE, share)) : 1;
}

/* One sweep over the rows and one over the columns, or one of them. */
static attpool_status grad_two_sweeps(struct grad_job *job)
{
    const struct grad_plan *plan = job->plan;
    const double half = !plan->rows ? 0 : plan->columns ? 0.5 : 1;
    attpool_status st = ATTPOOL_OK;
    ap_engine_part(job->engine, 0, half);
    if (plan->rows)
        st = ap_engine_parallel(job->engine, grad_class_count(&plan->of_rows) * job->tiles,
                                grad_rows_task, job);
    ap_engine_part(job->engine, half, 1);
    if (st == ATTPOOL_OK && plan->columns)
        st = ap_engine_parallel(job->engine,
                                grad_class_count(&plan->of_columns) * grad_columns_tasks(job),
                                grad_columns_task, job);
    return st;
}

static attpool_status grad_sweeps(struct grad_job *job)
{
    const struct pool_shape *s = &job->pool->shape;
    ap_engine_part(job->engine, 0, 0);
    attpool_status st = SCALAR_TWIN(TYPED(grad_begin))(job->engine, job->plan, job->facts);
    if (st == ATTPOOL_OK && job->prune.w > 0)
        st = ap_engine_parallel(job->engine, s->end - s->first, pool_prune_task, &job->prune);
    ap_engine_part(job->engine, 0, 1);
    if (st == ATTPOOL_OK && job->totals != NULL)
        st = grad_rounds(job);
    else if (st == ATTPOOL_OK && job->both)
        st = ap_engine_parallel(job->engine, grad_class_count(&job->of_both), grad_both_task, job);
    else if (st == ATTPOOL_OK)
        st = grad_two_sweeps(job);
    if (st == ATTPOOL_OK)
        SCALAR_TWIN(TYPED(grad_end))(job->plan, job->facts);
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
    struct grad_facts facts;
    job.prune.w = pool_prune_w(&pool);
    job.fused = grad_is_fused(&plan, &pool);
    job.vectors = (int)int_min(job.fused ? POOL_VECTORS : 3, (p->n + LANES - 1) / LANES);
    job.tiles = (p->n + job.vectors * LANES - 1) / (job.vectors * LANES);
    job.blocks = (p->key_origin + p->m + BLOCK - 1) / BLOCK - p->key_origin / BLOCK;
    job.share = grad_share(&job);
    job.of_both = grad_classes_of_both(&plan);
    job.wide_keys = plan.path == GRAD_DOT && a->dk.data != NULL && grad_is_wide(&p->q, p->d);
    job.wide_values = !job.fused && a->dvalue.data != NULL && a->d_out.data != NULL &&
                      grad_is_wide(&a->d_out, p->v);
    if (!grad_choose(&job, &facts))
        return ap_engine_fail(engine, ATTPOOL_E_MEMORY, "no memory for gradients");
    return grad_sweeps(&job);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* The slot pool: from a call to its tasks. Read the files in the order of the data:
 *
 *     plan.h                  how rows and keys are split into tasks; what is to be done to a pair
 *     task.h                  struct pool_job, and a tile with all keys, from its rows to its
 * output tile.h                  some rows, a lane each, memory to work on them, and the next block
 * of keys, unless it is hidden from all of them prune.h                 or too far measure.h
 * distance.h    of each pair the inner product, u, or sum of squared differences factor.h what a
 * kernel makes of that: factor, support, product form masks.h                 what masks and biases
 * leave score.h                 all this in its order: the scores of a tile and a block sums.h
 * scores become weights; sums of these, and of weighted values dropout.h               weights that
 * dropout leaves out of O fused.h ahead.h         from measures to sums at once, for the plainest
 * regressions; with the scores of the next block weigh.h                 the maxima, weights and
 * sums of a block, by sums.h or fused.h moments.h offsets.h     for local lines, sums by the
 * differences of coordinates too state.h                 a tile's state after some keys; how states
 * merge gather.h sparse.h       keys that an index lists, gathered; blocks of a few of them at once
 *     run.h                   blocks into the state of a super-block, states into the tree
 *     finish.h                the root of the tree becomes O, L and n_eff
 *     empty_rows.h            rows of which nothing takes part
 *     weights_out.h           W, from the final maxima and sums
 *     bandwidths.h            several bandwidths in one pass
 *     squared.h               the slot pool_squared: sums by squared weights
 *     pieces.h                a tile with pieces of the keys
 *     by_key/                 few rows and many keys: by_key.h, then panel.h or transpose.h and
 *                             score.h, weigh.h with sums.h or values.h, state.h; run.h calls them
 *
 * A tile has up to POOL_VECTORS vectors of rows. What belongs to its pairs with a block of keys
 * (s, factor, included) lies row of lanes by row of lanes, so that a sum over keys, whose order
 * NUMERICS.md gives, is vertical and the same for every row:
 *
 *                    lanes: rows i, i + 1, ...
 *                  +-------------+-------------+
 *        key j     | x  x  x  x  | x  x  x  x  |    BLOCK rows of lanes
 *        key j + 1 | x  x  x  x  | x  x  x  x  |
 *          ...     |             |             |
 *                  +-------------+-------------+
 *
 * By key a super-block is transposed into a panel instead, whose lanes are its blocks (or those of
 * two super-blocks, where a vector has more lanes than one has blocks):
 *
 *                    lanes: blocks 0, 1, ... 7
 *                  +-------------+-------------+
 *        key 0     | x  x  x  x  | x  x  x  x  |    key 0 of every block,
 *        key 1     | x  x  x  x  | x  x  x  x  |    then key 1: sums along a block are
 *          ...     |             |             |    vertical again
 *                  +-------------+-------------+
 */
#ifndef BACKENDS_SIMD_POOL_JOB_H
#define BACKENDS_SIMD_POOL_JOB_H

#include "backends/simd/pool/pieces.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/prune.h"
#include "backends/simd/pool/task.h"
#include "backends/simd/pool/tile.h"

/* Chosen rows of W: tile `index` of the chosen rows of each head. */
static void pool_job_chosen(void *arg, int64_t index, int worker)
{
    struct pool_job *job = arg;
    const struct pool_args *a = job->a;
    const int64_t lanes = job->plan.shape.tile_vectors * LANES;
    const int64_t tiles = (a->row_count + lanes - 1) / lanes, head = index / tiles;
    const int64_t at = index % tiles * lanes;
    struct pool_tile t;
    struct by_key by_key;
    int64_t place[POOL_LANES(LANES)];
    size_t bytes;
    pool_job_tile(job, (int)job->plan.shape.tile_vectors, ap_engine_scratch(job->engine, worker),
                  &t, &by_key, &bytes);
    t.b = head / a->heads;
    const int count = (int)int_min(lanes, a->row_count - at);
    for (int lane = 0; lane < count; lane++) {
        t.head[lane] = head % a->heads;
        t.query[lane] = a->rows[at + lane];
        place[lane] = at + lane;
    }
    pool_tile_begin(&t, count);
    pool_job_end(job, &t, pool_job_root(job, &t, &by_key), place);
}

static bool pool_job_reserve(struct pool_job *job)
{
    const struct pool_shape *s = &job->plan.shape;
    const int vectors = (int)(s->tile_vectors + (s->tile_extra > 0));
    struct pool_tile t;
    struct by_key by_key;
    size_t bytes, shared = 0, roots = 0;
    pool_job_tile(job, vectors, NULL, &t, &by_key, &bytes);
    job->piece = pool_tile_state(&job->plan, vectors);
    if (s->split)
        shared = (size_t)(s->sets * s->tiles * s->pieces) * job->piece * sizeof(real);
    if (s->split && job->plan.cuts_far)
        roots = (size_t)(s->sets * s->tiles) * job->piece * sizeof(real);
    const size_t nodes = s->split ? (size_t)s->pieces * sizeof *job->nodes : 0;
    const size_t boxes = pool_prune_room(&job->prune, &job->plan) * sizeof(real);
    if (!ap_engine_reserve(job->engine, bytes, boxes + shared + roots + nodes))
        return false;
    for (int w = 0; w < ap_engine_workers(job->engine) && job->a->index != NULL; w++)
        pool_gather_clear(job->a->index, ap_engine_scratch(job->engine, w));
    pool_prune_place(&job->prune, &job->plan, ap_engine_shared(job->engine));
    job->pieces = (real *)(void *)((char *)ap_engine_shared(job->engine) + boxes);
    job->roots = (real *)(void *)((char *)job->pieces + shared);
    job->nodes = (struct tree_node *)(void *)((char *)job->roots + roots);
    if (s->split)
        pool_split_keys(s, job->nodes);
    return true;
}

static attpool_status pool_main(struct pool_job *job)
{
    const struct pool_shape *s = &job->plan.shape;
    const int64_t tasks = s->sets * s->tiles;
    attpool_status st = ATTPOOL_OK;
    ap_engine_part(job->engine, 0, 0);
    if (job->prune.w > 0)
        st = ap_engine_parallel(job->engine, s->end - s->first, pool_prune_task, &job->prune);
    ap_engine_part(job->engine, 0, 1);
    if (st == ATTPOOL_OK && !s->split)
        return ap_engine_parallel(job->engine, tasks, pool_job_whole, job);
    if (st != ATTPOOL_OK)
        return st;
    job->near = job->plan.cuts_far;
    st = pool_in_pieces(job, 0, 1);
    if (st == ATTPOOL_OK && job->near && pool_job_is_lonely(job))
        st = pool_in_pieces(job, 1, 1);
    return st;
}

/* W of chosen rows: nothing else of them is written. */
struct pool_chosen {
    struct pool_args a;
    struct pool_job job;
};

static void pool_chosen_of(struct engine *engine, const struct pool_args *args, bool notes,
                           struct pool_chosen *x)
{
    struct pool_args *a = &x->a;
    *a = *args;
    a->out.data = a->lse.data = a->n_eff.data = a->max.data = a->sum.data = a->value.data = NULL;
    a->v = 0;
    a->index = NULL;
    x->job = (struct pool_job){ .engine = engine, .a = a, .notes = notes };
    x->job.plan = pool_plan_of(a);
    struct pool_shape *s = &x->job.plan.shape;
    s->split = s->by_key = false;
    s->group = 1;
    s->tile_vectors = int_min((a->row_count + LANES - 1) / LANES, POOL_VECTORS - 1);
    s->tile_extra = 0;
}

static attpool_status pool_chosen_run(struct pool_chosen *x)
{
    const int64_t lanes = x->job.plan.shape.tile_vectors * LANES;
    const int64_t tiles = (x->a.row_count + lanes - 1) / lanes;
    return ap_engine_parallel(x->job.engine, x->a.batch * x->a.heads * tiles, pool_job_chosen,
                              &x->job);
}

#ifdef VEC_HALF
#define half_pool SIMD_HALF(TYPED(pool))
OPERATION_FUNCTION(pool, half_pool)

/* Are vectors of half the width faster? Few queries wait for keys that no near cache holds, and
 * squares of half the width read half as many of them at a time. */
static bool pool_is_half(const struct pool_plan *p)
{
    const struct pool_args *a = p->a;
    const int64_t keys = p->shape.sets * a->m * (a->d + a->v);
    return p->shape.by_key && a->score == POOL_DOT && p->shape.rows <= LANES / 4 && a->k.col == 1 &&
           a->d > LANES && keys > POOL_FAR / (int64_t)sizeof(real);
}
#endif

#define simd_pool SIMD_SYMBOL(TYPED(pool))
attpool_status simd_pool(struct engine *engine, const struct pool_args *a)
{
    struct pool_job job = { .engine = engine, .a = a, .notes = true };
    struct pool_chosen w;
    const bool chosen = a->weights.data != NULL && a->rows != NULL;
    const bool some = chosen && a->row_count > 0;
    const bool sums = a->out.data != NULL || pool_wants_sums(a) || a->nodes != NULL;
    attpool_status st = ATTPOOL_OK;
    if (a->batch * a->heads * a->n == 0)
        return ATTPOOL_OK;
    if (some)
        pool_chosen_of(engine, a, !sums, &w);
    /* Its memory first: there has to be enough before anything is written. */
    if (some && !pool_job_reserve(&w.job))
        return ap_engine_fail(engine, ATTPOOL_E_MEMORY, "no memory for weights");
    if (sums || !chosen) {
        job.plan = pool_plan_of(a);
#ifdef VEC_HALF
        if (!chosen && pool_is_half(&job.plan))
            return half_pool(engine, a);
#endif
        job.prune.w = pool_prune_w(&job.plan);
        if (!pool_job_reserve(&job))
            return ap_engine_fail(engine, ATTPOOL_E_MEMORY, "no memory for pooling");
        st = pool_main(&job);
    }
    if (st == ATTPOOL_OK && some && pool_job_reserve(&w.job))
        st = pool_chosen_run(&w);
    return st;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* The slot pool: from a call to its tasks. Read the files in the order of the data:
 *
 *     plan.h                  how rows and keys are cut into tasks; what is to be done to a pair
 *     tile.h                  some rows, a lane each, memory to work on them, and the next block of
 *                             keys, unless it is hidden from all of them
 *     prune.h                 or too far
 *     measure.h distance.h    of each pair the inner product, u, or sum of squared differences
 *     factor.h                what a kernel makes of that: factor, support, product form
 *     masks.h                 what masks and biases leave
 *     score.h                 all this in its order: the scores of a tile and a block
 *     sums.h                  scores become weights; sums of these, and of weighted values
 *     fused.h                 from measures to sums at once, for the plainest regressions
 *     weigh.h                 these two: the maxima, weights and sums of a block
 *     state.h                 a tile's state after some keys; how states merge
 *     run.h                   blocks into the state of a super-block, states into the tree
 *     finish.h                the root of the tree becomes O, L and n_eff
 *     empty_rows.h            rows of which nothing takes part
 *     weights_out.h           W, from the final maxima and sums
 *     by_key/                 the same for few rows: lanes are keys
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
 * By key a super-block is transposed into a panel instead, whose lanes are its blocks (or halves
 * of them, where a vector has more lanes than a super-block has blocks):
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

#include "backends/simd/pool/by_key/by_key.h"
#include "backends/simd/pool/by_key/run.h"
#include "backends/simd/pool/by_key/score.h"
#include "backends/simd/pool/empty_rows.h"
#include "backends/simd/pool/finish.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/prune.h"
#include "backends/simd/pool/run.h"
#include "backends/simd/pool/state.h"
#include "backends/simd/pool/tile.h"
#include "backends/simd/pool/weights_out.h"
#include "backends/tree.h"

struct pool_job {
    struct engine *engine;
    const struct pool_args *a;
    struct pool_plan plan;
    bool notes; /* count empty rows */
    struct pool_prune prune;
    real *pieces;            /* states of the pieces of the keys, where these are split */
    struct tree_node *nodes; /* what the pieces are */
    size_t piece;            /* numbers of one */
};

/* The worker's tile with room for the vectors of any. */
static void pool_job_tile(const struct pool_job *job, int vectors, void *scratch,
                          struct pool_tile *t, struct by_key *by_key, size_t *bytes)
{
    struct pool_arena c = { .at = scratch };
    const struct pool_shape *s = &job->plan.shape;
    t->plan = &job->plan;
    t->prune = job->prune.w > 0 ? &job->prune : NULL;
    t->vectors = vectors;
    t->lanes = vectors * LANES;
    pool_tile_allocate(t, &c);
    const size_t slots = (size_t)tree_slots(s->first, s->end) + 1;
    t->states = pool_arena_take(&c, slots * pool_tile_state(&job->plan, vectors));
    by_key->t = t;
    if (s->by_key)
        by_key_allocate(by_key, &c);
    *bytes = c.used;
}

/* Rows of tile `index` of all tiles of all sets. */
static void pool_job_begin(const struct pool_job *job, int64_t index, int worker,
                           struct pool_tile *t, struct by_key *by_key)
{
    const struct pool_shape *s = &job->plan.shape;
    const struct pool_args *a = job->a;
    const int64_t set = index / s->tiles, tile = index % s->tiles;
    const int64_t first = pool_tile_first(s, tile) * LANES;
    const int64_t set_heads = a->heads / s->group;
    size_t bytes;
    pool_job_tile(job, (int)pool_tile_vectors(s, tile), ap_engine_scratch(job->engine, worker), t,
                  by_key, &bytes);
    const int count = (int)int_min(t->lanes, s->rows - first);
    t->b = set / set_heads;
    for (int lane = 0; lane < count; lane++) {
        t->head[lane] = set % set_heads * s->group + (first + lane) / a->n;
        t->query[lane] = (first + lane) % a->n;
    }
    pool_tile_begin(t, count);
    pool_prune_tile(t);
}

/* Everything that is wanted of a tile whose rows have been run. */
static void pool_job_end(const struct pool_job *job, struct pool_tile *t, struct pool_forest *f,
                         const int64_t *place)
{
    real count[POOL_LANES(LANES)];
    int64_t nearest[POOL_LANES(LANES)];
    struct pool_result result = { .count = count, .nearest = nearest };
    if (job->a->nodes != NULL) {
        pool_tile_nodes(t, f);
        return;
    }
    pool_tile_finish(t, pool_tile_root(t, f), &result);
    if (job->notes || job->a->empty != ATTPOOL_EMPTY_ERROR)
        pool_tile_empty_rows(t, job->engine, &result);
    if (job->a->weights.data != NULL && place != NULL)
        pool_tile_weights(t, &result, place);
}

static void pool_job_run(struct pool_tile *t, struct by_key *by_key, int64_t first, int64_t end,
                         struct pool_forest *f)
{
    if (!t->plan->shape.by_key) {
        pool_tile_run(t, first, end, f);
        return;
    }
    by_key_begin(by_key);
    by_key_run(by_key, first, end, f);
}

/* A tile with all keys. */
static void pool_job_whole(void *arg, int64_t index, int worker)
{
    const struct pool_job *job = arg;
    struct pool_tile t;
    struct by_key by_key;
    struct pool_forest f;
    int64_t first, end;
    pool_job_begin(job, index, worker, &t, &by_key);
    pool_tile_range(&t, &first, &end);
    pool_prune_range(&t, &first, &end);
    pool_job_run(&t, &by_key, first, end, &f);
    pool_job_end(job, &t, &f, job->a->rows == NULL ? t.query : NULL);
}

/* A tile with a piece of the keys. */
static void pool_job_piece(void *arg, int64_t index, int worker)
{
    const struct pool_job *job = arg;
    const struct pool_shape *s = &job->plan.shape;
    const struct tree_node node = job->nodes[index % s->pieces];
    struct pool_tile t;
    struct by_key by_key;
    struct pool_forest f;
    pool_job_begin(job, index / s->pieces, worker, &t, &by_key);
    pool_job_run(&t, &by_key, tree_first(node), tree_end(node), &f);
    memcpy(job->pieces + (size_t)index * job->piece, pool_tile_root(&t, &f),
           pool_tile_state(&job->plan, t.vectors) * sizeof(real));
}

/* The pieces of a tile merged. */
static void pool_job_join(void *arg, int64_t index, int worker)
{
    const struct pool_job *job = arg;
    const struct pool_shape *s = &job->plan.shape;
    struct pool_tile t;
    struct by_key by_key;
    struct pool_forest f = { .tree = { 0 } };
    struct tree_merge step;
    pool_job_begin(job, index, worker, &t, &by_key);
    for (int64_t k = 0; k < s->pieces; k++) {
        const struct tree_node node = job->nodes[k];
        int slot = tree_push(&f.tree, node.level, node.index);
        f.state[slot] = job->pieces + (size_t)(index * s->pieces + k) * job->piece;
        while (tree_join(&f.tree, &step))
            pool_state_merge(&job->plan, f.state[step.left], f.state[step.right], t.lanes);
    }
    pool_job_end(job, &t, &f, job->a->rows == NULL ? t.query : NULL);
}

/* Chosen rows of W: tile `index` of the chosen rows of each head. */
static void pool_job_chosen(void *arg, int64_t index, int worker)
{
    const struct pool_job *job = arg;
    const struct pool_args *a = job->a;
    const int64_t lanes = job->plan.shape.tile_vectors * LANES;
    const int64_t tiles = (a->row_count + lanes - 1) / lanes, head = index / tiles;
    const int64_t at = index % tiles * lanes;
    struct pool_tile t;
    struct by_key by_key;
    struct pool_forest f;
    int64_t place[POOL_LANES(LANES)], first, end;
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
    pool_tile_range(&t, &first, &end);
    pool_tile_run(&t, first, end, &f);
    pool_job_end(job, &t, &f, place);
}

static bool pool_job_reserve(struct pool_job *job)
{
    const struct pool_shape *s = &job->plan.shape;
    const int vectors = (int)(s->tile_vectors + (s->tile_extra > 0));
    struct pool_tile t;
    struct by_key by_key;
    size_t bytes, shared = 0;
    pool_job_tile(job, vectors, NULL, &t, &by_key, &bytes);
    job->piece = pool_tile_state(&job->plan, vectors);
    if (s->split)
        shared = (size_t)(s->sets * s->tiles * s->pieces) * job->piece * sizeof(real);
    const size_t nodes = s->split ? (size_t)s->pieces * sizeof *job->nodes : 0;
    const size_t boxes = pool_prune_room(&job->prune, &job->plan) * sizeof(real);
    if (!ap_engine_reserve(job->engine, bytes, boxes + shared + nodes))
        return false;
    pool_prune_place(&job->prune, &job->plan, ap_engine_shared(job->engine));
    job->pieces = (real *)(void *)((char *)ap_engine_shared(job->engine) + boxes);
    job->nodes = (struct tree_node *)(void *)((char *)job->pieces + shared);
    if (s->split)
        pool_cut(s, job->nodes);
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
    if (st == ATTPOOL_OK)
        st = ap_engine_parallel(job->engine, tasks * s->pieces, pool_job_piece, job);
    if (st != ATTPOOL_OK)
        return st;
    ap_engine_part(job->engine, 1, 1);
    return ap_engine_parallel(job->engine, tasks, pool_job_join, job);
}

/* W of chosen rows: nothing else of them is written. */
static attpool_status pool_chosen(struct engine *engine, const struct pool_args *args, bool notes)
{
    struct pool_args a = *args;
    a.out.data = a.lse.data = a.n_eff.data = a.value.data = NULL;
    a.v = 0;
    struct pool_job job = { .engine = engine, .a = &a, .notes = notes };
    job.plan = pool_plan_of(&a);
    struct pool_shape *s = &job.plan.shape;
    s->split = s->by_key = false;
    s->group = 1;
    s->tile_vectors = int_min((a.row_count + LANES - 1) / LANES, POOL_VECTORS - 1);
    s->tile_extra = 0;
    if (!pool_job_reserve(&job))
        return ap_engine_fail(engine, ATTPOOL_E_MEMORY, "no memory for weights");
    const int64_t lanes = s->tile_vectors * LANES;
    const int64_t tiles = (a.row_count + lanes - 1) / lanes;
    return ap_engine_parallel(engine, a.batch * a.heads * tiles, pool_job_chosen, &job);
}

#define simd_pool SIMD_SYMBOL(TYPED(pool))
attpool_status simd_pool(struct engine *engine, const struct pool_args *a)
{
    struct pool_job job = { .engine = engine, .a = a, .notes = true };
    const bool chosen = a->weights.data != NULL && a->rows != NULL;
    const bool sums =
        a->out.data != NULL || a->lse.data != NULL || a->n_eff.data != NULL || a->nodes != NULL;
    attpool_status st = ATTPOOL_OK;
    if (a->batch * a->heads * a->n == 0)
        return ATTPOOL_OK;
    if (sums || !chosen) {
        job.plan = pool_plan_of(a);
        job.prune.w = pool_prune_w(&job.plan);
        if (!pool_job_reserve(&job))
            return ap_engine_fail(engine, ATTPOOL_E_MEMORY, "no memory for pooling");
        st = pool_main(&job);
    }
    if (st == ATTPOOL_OK && chosen && a->row_count > 0)
        st = pool_chosen(engine, a, !sums);
    return st;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* The task of a tile with all keys. */
#ifndef BACKENDS_SIMD_POOL_TASK_H
#define BACKENDS_SIMD_POOL_TASK_H

#include "backends/simd/pool/by_key/by_key.h"
#include "backends/simd/pool/by_key/run.h"
#include "backends/simd/pool/by_key/score.h"
#include "backends/simd/pool/empty_rows.h"
#include "backends/simd/pool/finish.h"
#include "backends/simd/pool/gather.h"
#include "backends/simd/pool/moments.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/prune.h"
#include "backends/simd/pool/run.h"
#include "backends/simd/pool/state.h"
#include "backends/simd/pool/tile.h"
#include "backends/simd/pool/weights_out.h"
#include "backends/tree.h"

#include <stdatomic.h>

struct pool_job {
    struct engine *engine;
    const struct pool_args *a;
    struct pool_plan plan;
    bool notes; /* count empty rows */
    struct pool_prune prune;
    bool near;               /* pieces and joins are of keys that are not far */
    atomic_bool lonely;      /* the last tile had no row with a near key */
    real *pieces;            /* states of the pieces of the keys, where these are split */
    real *roots;             /* and of the tiles, without far keys */
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
    t->near = false;
    t->vectors = vectors;
    t->lanes = vectors * LANES;
    t->listed = false;
    pool_gather_allocate(t, &c);
    pool_tile_allocate(t, &c);
    const size_t slots = (size_t)tree_slots(s->first, s->end) * (job->a->index != NULL ? 2 : 1) + 1;
    t->states = pool_arena_take(&c, slots * pool_tile_state(&job->plan, vectors));
    t->other = pool_arena_take(&c, job->plan.cuts_far ? pool_tile_state(&job->plan, vectors) : 0);
    by_key->t = t;
    if (s->by_key)
        by_key_allocate(by_key, &c);
    *bytes = c.used;
}

/* How many rows tile `index` of all tiles of all sets has. */
static int pool_job_rows(const struct pool_shape *s, int64_t index)
{
    const int64_t tile = index % s->tiles;
    return (int)int_min(pool_tile_vectors(s, tile) * LANES,
                        s->rows - pool_tile_first(s, tile) * LANES);
}

/* Rows of that tile. */
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
    const int count = pool_job_rows(s, index);
    t->b = set / set_heads;
    for (int lane = 0; lane < count; lane++) {
        t->head[lane] = set % set_heads * s->group + (first + lane) / a->n;
        t->query[lane] = a->index != NULL ? a->index->rows[first + lane] : (first + lane) % a->n;
    }
    pool_tile_begin(t, count);
    if (a->moments.power != NULL)
        pool_moments_begin(t);
    pool_prune_tile(t);
}

/* Everything that is wanted of a tile whose rows have been run, from its root. */
static void pool_job_end(const struct pool_job *job, struct pool_tile *t, real *root,
                         const int64_t *place)
{
    real count[POOL_LANES(LANES)];
    int64_t nearest[POOL_LANES(LANES)];
    struct pool_result result = { .count = count, .nearest = nearest };
    t->near = job->plan.cuts_far && pool_near_rows(root, t->count) == t->count;
    pool_tile_finish(t, root, &result);
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

/* All keys of a tile, or those that are not far. */
static void pool_job_side(struct pool_tile *t, struct by_key *by_key, bool near,
                          struct pool_forest *f)
{
    int64_t first, end;
    t->near = near;
    pool_tile_range(t, &first, &end);
    if (pool_gathers(t)) {
        pool_gather_run(t, pool_block_leaf, NULL, f);
        return;
    }
    pool_prune_range(t, &first, &end);
    pool_job_run(t, by_key, first, end, f);
}

/* The root of a tile. Where far keys are cut it is made without them, and then with them for rows
 * that have no near key; or first with them, where the tile before had no row with one. */
static real *pool_job_root(struct pool_job *job, struct pool_tile *t, struct by_key *by_key)
{
    struct pool_forest f;
    const bool near =
        job->plan.cuts_far && !atomic_load_explicit(&job->lonely, memory_order_relaxed);
    pool_job_side(t, by_key, near, &f);
    real *root = pool_tile_root(t, &f);
    if (!job->plan.cuts_far)
        return root;
    const int rows = pool_near_rows(root, t->count);
    atomic_store_explicit(&job->lonely, rows == 0, memory_order_relaxed);
    if (rows == (near ? t->count : 0))
        return root;
    memcpy(t->other, root, pool_tile_state(t->plan, t->vectors) * sizeof(real));
    pool_job_side(t, by_key, !near, &f);
    root = pool_tile_root(t, &f);
    if (near)
        pool_state_choose(t->plan, root, t->other, t->lanes);
    else
        pool_state_choose(t->plan, t->other, root, t->lanes);
    return near ? root : t->other;
}

/* The states of a tile without far keys, and in m the maxima of its rows. Where all rows have a
 * near key those with far keys may be anything, and are nothing. False where they are wanted. */
static bool pool_job_near_nodes(struct pool_tile *t, struct pool_forest *f, real *m)
{
    pool_tile_nodes(t, f);
    pool_forest_maxima(f, t->lanes, m);
    if (pool_near_rows(m, t->count) != t->count)
        return false;
    pool_forest_clear(t->plan, f, t->lanes);
    t->near = false;
    return true;
}

/* The states of a tile: without far keys and, where a row has no near key in any of them, with
 * them. */
static void pool_job_nodes(const struct pool_job *job, struct pool_tile *t, struct by_key *by_key)
{
    struct pool_forest f;
    real m[POOL_LANES(LANES)];
    pool_job_side(t, by_key, job->plan.cuts_far, &f);
    if (job->plan.cuts_far && !pool_job_near_nodes(t, &f, m))
        pool_job_side(t, by_key, false, &f);
    pool_tile_nodes(t, &f);
}

/* A tile with all keys. */
static void pool_job_whole(void *arg, int64_t index, int worker)
{
    struct pool_job *job = arg;
    struct pool_tile t;
    struct by_key by_key;
    pool_job_begin(job, index, worker, &t, &by_key);
    if (job->a->nodes != NULL)
        pool_job_nodes(job, &t, &by_key);
    else
        pool_job_end(job, &t, pool_job_root(job, &t, &by_key),
                     job->a->rows == NULL ? t.query : NULL);
}

#endif

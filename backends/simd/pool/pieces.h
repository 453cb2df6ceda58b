/* SPDX-License-Identifier: Apache-2.0 */

/* Tiles whose keys are split into pieces, as there are few of them: the tasks of a tile with a
 * piece, and of the pieces of a tile. */
#ifndef BACKENDS_SIMD_POOL_PIECES_H
#define BACKENDS_SIMD_POOL_PIECES_H

#include "backends/simd/pool/task.h"

/* The root of a tile without far keys. */
static real *pool_job_near_root(const struct pool_job *job, int64_t tile)
{
    return job->roots + (size_t)tile * job->piece;
}

/* Whether all rows of a tile had a near key, so that its far ones are not wanted. */
static bool pool_job_is_done(const struct pool_job *job, int64_t tile)
{
    const int count = pool_job_rows(&job->plan.shape, tile);
    return job->plan.cuts_far && !job->near &&
           pool_near_rows(pool_job_near_root(job, tile), count) == count;
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
    if (pool_job_is_done(job, index / s->pieces))
        return;
    pool_job_begin(job, index / s->pieces, worker, &t, &by_key);
    t.near = job->near;
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
    if (pool_job_is_done(job, index))
        return;
    pool_job_begin(job, index, worker, &t, &by_key);
    for (int64_t k = 0; k < s->pieces; k++) {
        const struct tree_node node = job->nodes[k];
        int slot = tree_push(&f.tree, node.level, node.index);
        f.state[slot] = job->pieces + (size_t)(index * s->pieces + k) * job->piece;
        while (tree_join(&f.tree, &step))
            pool_state_merge(&job->plan, f.state[step.left], f.state[step.right], t.lanes);
    }
    t.near = job->near;
    if (job->a->nodes != NULL) {
        if (!job->near || pool_job_near_nodes(&t, &f, pool_job_near_root(job, index)))
            pool_tile_nodes(&t, &f);
        return;
    }
    real *root = pool_tile_root(&t, &f);
    if (job->near) {
        memcpy(pool_job_near_root(job, index), root,
               pool_tile_state(&job->plan, t.vectors) * sizeof(real));
        if (pool_near_rows(root, t.count) != t.count)
            return;
    } else if (job->plan.cuts_far) {
        pool_state_choose(&job->plan, root, pool_job_near_root(job, index), t.lanes);
    }
    pool_job_end(job, &t, root, job->a->rows == NULL ? t.query : NULL);
}

/* Pieces of all tiles, then tiles of pieces; from `from` to `to` of the call. */
static attpool_status pool_in_pieces(struct pool_job *job, double from, double to)
{
    const struct pool_shape *s = &job->plan.shape;
    const int64_t tasks = s->sets * s->tiles;
    ap_engine_part(job->engine, from, to);
    attpool_status st = ap_engine_parallel(job->engine, tasks * s->pieces, pool_job_piece, job);
    if (st != ATTPOOL_OK)
        return st;
    ap_engine_part(job->engine, to, to);
    return ap_engine_parallel(job->engine, tasks, pool_job_join, job);
}

/* Whether some row of a call in pieces has no near key. */
static bool pool_job_is_lonely(struct pool_job *job)
{
    const int64_t tasks = job->plan.shape.sets * job->plan.shape.tiles;
    job->near = false;
    for (int64_t tile = 0; tile < tasks; tile++)
        if (!pool_job_is_done(job, tile))
            return true;
    return false;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_OPENCL_POOL_H
#define BACKENDS_OPENCL_POOL_H

/* A pooling on its way through scratch memory. */

#include "backends/opencl/score.h"
#include "backends/opencl/slab.h"

struct pooling {
    struct engine *engine;
    const struct pool_args *args;
    int type;
    bool tiles; /* the device has room for them */
    bool fused; /* states are made without memory for pairs (fused.h) */
    struct score score;
    int sums;                     /* SUM_* */
    bool log_domain, has_factor;  /* has_factor: besides a score in the log domain */
    bool cuts_far;                /* far keys are no part of rows that have a near one */
    int special;                  /* what this pass is for */
    int64_t first_super, slots;   /* super-blocks of the call */
    int64_t column_count;         /* of the accumulators */
    bool squared;                 /* values are summed by squared weights (pool_squared.c) */
    const struct array *tilt;     /* of these */
    int64_t slab_rows, slab_keys; /* the most at a time; keys: whole super-blocks */
    cl_mem chosen;                /* pool_args.rows on the device, or NULL */
    cl_mem power;                 /* pool_args.moments.power in the type, or NULL */
    cl_mem scores, scales, blocks, nodes, columns, row_max, row_sum, row_info;
};

enum { LEAST_TILED = 32 };

static inline void pooling_put_slab(struct launch *l, const struct pooling *p, const struct slab *s)
{
    ap_put(l, sizeof *s, s);
    ap_put_buffer(l, p->chosen);
}

/* Is this pass for all rows alike? */
static inline bool pooling_takes_every_row(const struct pooling *p)
{
    return p->special == USUAL || p->special == NEAR_KEYS;
}

static inline bool pooling_has_maxima(const struct pooling *p)
{
    return p->log_domain && p->special != EVEN_OF_EMPTY && !p->squared;
}

static inline void pooling_put_weighing(struct launch *l, const struct pooling *p)
{
    const struct weighing how = { p->log_domain, p->has_factor, p->args->key_weights.data != NULL,
                                  p->args->n_eff.data != NULL, p->cuts_far };
    ap_put(l, sizeof how, &how);
}

/* Everything but what is in args and scratch memory, for calls of any length of row. */
attpool_status ap_pool_plan(struct pooling *p, struct engine *engine, const struct pool_args *args,
                            int type);

/* Sizes of slabs whose pairs are in scratch memory, and that memory. */
attpool_status ap_pool_plan_slabs(struct pooling *p);

/* The same with what the device is to read, and the score opened; to be ended. */
attpool_status ap_pool_begin(struct pooling *p, struct engine *engine, const struct pool_args *args,
                             int type);
void ap_pool_end(struct pooling *p);

/* All rows of the call, or the chosen ones, a slab after the other; `queries` is QUERIES_*. */
attpool_status ap_pool_each_slab(struct pooling *p, int queries, slab_step *step);

/* Let the slab have as many keys as scratch memory has room for, make their scores, take the
 * step; and so on to the last key. */
typedef attpool_status scores_step(const struct pooling *p, const struct slab *s);
attpool_status ap_pool_each_scores(const struct pooling *p, struct slab *s, scores_step *step);

/* Steps of ap_slab_each with a struct pooling. Results of a slab; with args->nodes, its states. */
slab_step ap_pool_slab;

/* Of the accumulators, with squared weights made: those of the super-blocks from `slot` on. */
attpool_status ap_pool_gather(const struct pooling *p, const struct slab *s, int64_t slot);

/* How many levels the tree has; its merges of levels [from, to); O. */
int ap_pool_levels(const struct pooling *p);
attpool_status ap_pool_merge(const struct pooling *p, const struct slab *s, int from, int to);
attpool_status ap_pool_finish(const struct pooling *p, const struct slab *s);

/* The policy nearest, for the rows of the slab that are empty. */
slab_step ap_pool_slab_nearest;

/* W of the rows of the slab. */
slab_step ap_pool_slab_weights;

#endif

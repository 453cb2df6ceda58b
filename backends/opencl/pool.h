/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_OPENCL_POOL_H
#define BACKENDS_OPENCL_POOL_H

/* A pooling on its way through scratch memory. */

#include "backends/opencl/score.h"

/* As in cl/slab.cl. */
enum { QUERIES_ALL, QUERIES_CHOSEN, QUERIES_CHOSEN_OF_ALL };
enum { EVEN_NONE, EVEN_EMPTY_ONLY, EVEN_EMPTY };

struct slab {
    int64_t rows, first, top, count, heads, queries, state_rows, m, key, width;
};

struct pooling {
    struct engine *engine;
    const struct pool_args *args;
    int type;
    bool tiles; /* the device has room for them */
    struct score score;
    enum sum_kind sums;
    bool log_domain, has_factor;  /* has_factor: beside a score in the log domain */
    bool evenly;                  /* this pass is that of the policy mean */
    int64_t first_super, slots;   /* super-blocks of the call */
    int64_t slab_rows, slab_keys; /* at most so many at a time; keys: whole super-blocks */
    cl_mem chosen;                /* pool_args.rows on the device, or NULL */
    cl_mem scores, scales, blocks, nodes, columns, row_max, row_sum, row_info;
};

/* Results of a slab; with args->nodes, its states. */
attpool_status pool_slab(const struct pooling *p, struct slab *s);

/* The policy nearest, for the rows of the slab that are empty. */
attpool_status pool_launch_nearest(const struct pooling *p, const struct slab *s);

/* W of the rows of the slab. */
attpool_status pool_slab_weights(const struct pooling *p, struct slab *s);

#endif

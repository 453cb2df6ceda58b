/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_OPENCL_GRAD_H
#define BACKENDS_OPENCL_GRAD_H

#include "backends/grad_plan.h"
#include "backends/opencl/score.h"

/* Gradients of pooling:
 *
 *     grad_facts      what becomes of each row
 *     grad_sweep      the sums of each query over its keys, of each key over its queries; or
 *     grad_tiles      those of inner products and squared differences, in tiles
 *     grad_pairs      a bias of its own for each pair
 *     grad_rows       sums over the rows of an item
 *     grad_collect    the outputs, each the sum of the items that share it
 *     grad_copy       for the matrices of projections
 */

struct sweep {
    bool column;
    struct gradient how;
    void *acc; /* sums of each point of each item */
};

struct grads {
    struct engine *engine;
    const struct pool_grad_args *a;
    const struct pool_args *p;
    int type;
    struct grad_plan plan;
    struct score score;
    struct sweep rows, columns;
    void *places, *gain, *sum, *kind, *room, *items;
};

/* Turns of a work-item's loops for one partner. */
int64_t ap_grad_turns(const struct grads *g);

attpool_status ap_grad_facts(const struct grads *g);
attpool_status ap_grad_sweep(const struct grads *g, struct sweep *s);

/* The sums that belong to neither queries nor keys, item by item. */
attpool_status ap_grad_rows(const struct grads *g);

/* A bias of its own for each pair. */
attpool_status ap_grad_pairs(const struct grads *g);

/* All outputs, when the sums have been made. */
attpool_status ap_grad_collect(const struct grads *g);

#endif

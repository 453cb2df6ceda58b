/* SPDX-License-Identifier: Apache-2.0 */

/* One sweep where there are fewer items than threads: each thread takes the next block of keys of
 * an item, over all queries. A block's part of the sums of the rows is the thread's own until all
 * have theirs; then parts are added up in the order of the blocks, as in the sweep of one thread.
 */
#ifndef BACKENDS_SIMD_GRAD_ROUNDS_H
#define BACKENDS_SIMD_GRAD_ROUNDS_H

#include "backends/simd/grad/columns.h"

struct grad_round {
    const struct grad_job *job;
    int64_t b, h;          /* the item */
    int64_t first, number; /* its first block of keys, and that of the round */
    int count;             /* of blocks */
    real *totals;          /* sums of the rows */
    int64_t size, part;    /* of all these sums, and what a task adds up */
};

/* Block, and memory, number `index` of the round. */
static void grad_round_block(void *arg, int64_t index, int worker)
{
    const struct grad_round *x = arg;
    struct grad_room r;
    (void)worker;
    grad_room_of(x->job, ap_engine_scratch(x->job->engine, (int)index), &r);
    grad_widths_begin(&r.g);
    pool_fill(r.rows, (size_t)x->size, 0);
    grad_columns_item(x->job, &r, x->b, x->h, x->number + index, 1, x->number == x->first);
}

static void grad_round_add(void *arg, int64_t index, int worker)
{
    const struct grad_round *x = arg;
    const int64_t end = int_min(x->size, (index + 1) * x->part);
    (void)worker;
    for (int k = 0; k < x->count; k++) {
        struct grad_room r;
        grad_room_of(x->job, ap_engine_scratch(x->job->engine, k), &r);
        for (int64_t i = index * x->part; i < end; i += LANES)
            v_storeu(x->totals + i, v_add(v_loadu(x->totals + i), v_loadu(r.rows + i)));
    }
}

/* Sums of the rows of all tiles of an item. */
static int64_t grad_rows_size(const struct grad_job *job, struct grad_room *r)
{
    int64_t lanes = 0;
    for (int64_t i = 0; i < job->plan->a->pool->n; lanes += r->g.t.lanes)
        i += grad_columns_next(job, r, i);
    return lanes * grad_row_size(job->plan);
}

/* An item; `done` and `all` blocks are for its progress. */
static attpool_status grad_rounds_item(struct grad_round *x, struct grad_room *r, double done,
                                       double all)
{
    const struct grad_job *job = x->job;
    const int64_t end = x->first + job->blocks;
    attpool_status st = ATTPOOL_OK;
    pool_fill(x->totals, (size_t)x->size, 0);
    for (x->number = x->first; x->number < end && st == ATTPOOL_OK; x->number += x->count) {
        x->count = (int)int_min(ap_engine_workers(job->engine), end - x->number);
        ap_engine_part(job->engine, done / all, (done + x->count) / all);
        done += x->count;
        st = ap_engine_parallel(job->engine, x->count, grad_round_block, x);
        ap_engine_part(job->engine, done / all, done / all);
        if (st == ATTPOOL_OK)
            st = ap_engine_parallel(job->engine, (x->size + x->part - 1) / x->part, grad_round_add,
                                    x);
    }
    if (st == ATTPOOL_OK)
        grad_both_end(job, r, x->b, x->h);
    return st;
}

/* All items, one after the other. */
static attpool_status grad_rounds(const struct grad_job *job)
{
    const struct pool_args *p = job->plan->a->pool;
    const int64_t items = p->batch * p->heads;
    struct grad_round x = { .job = job, .first = p->key_origin / BLOCK, .totals = job->totals };
    struct grad_room r;
    attpool_status st = ATTPOOL_OK;
    grad_room_of(job, ap_engine_scratch(job->engine, 0), &r);
    grad_widths_begin(&r.g);
    x.size = grad_rows_size(job, &r);
    x.part = (x.size / LANES / ap_engine_workers(job->engine) + 1) * LANES;
    r.rows = job->totals;
    for (int64_t i = 0; i < items && st == ATTPOOL_OK; i++) {
        x.b = i / p->heads;
        x.h = i % p->heads;
        st = grad_rounds_item(&x, &r, (double)(i * job->blocks), (double)(items * job->blocks));
    }
    return st;
}

#endif

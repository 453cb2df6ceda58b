/* SPDX-License-Identifier: Apache-2.0 */

/* Sums of values by squared weights, of rows whose maximum and sum are known. */
#ifndef BACKENDS_SCALAR_POOL_SQUARED_H
#define BACKENDS_SCALAR_POOL_SQUARED_H

#include "backends/scalar/pool.h"

struct squared_job {
    struct pool_job pool;
    struct array tilt;
};

static void squared_row(struct row *row, struct state *state, struct matrix out)
{
    const real sum = row->given->sum;
    row->near = row->cuts_far && row->given->max > REAL(NEAR_LIMIT);
    if (sum != 0)
        row_tree(row, state);
    for (int64_t c = 0; c < row->args->v; c++)
        put(out, row->visible.i, c, sum == 0 ? REAL_NAN : state->acc[c] + 0);
}

static void squared_task(void *arg, int64_t index, int worker)
{
    const struct squared_job *job = arg;
    const struct pool_args *args = job->pool.args;
    struct task task = task_at(index, args->heads, args->n);
    struct matrix max = matrix_of(&args->max, task.b, task.h, sizeof(real));
    struct matrix sum = matrix_of(&args->sum, task.b, task.h, sizeof(real));
    struct matrix out = matrix_of(&args->out, task.b, task.h, sizeof(real));
    struct given given = { .tilt = matrix_of(&job->tilt, task.b, task.h, sizeof(real)) };
    struct state state[TREE_NODES + 1];
    real *q = pool_scratch(&job->pool, worker, state);
    for (int64_t i = task.first; i < task.end; i++) {
        read_query(args, task.b, task.h, i, q);
        struct row row = row_of(args, task.b, task.h, i, q);
        given.max = get(max, i, 0);
        given.sum = get(sum, i, 0);
        row.given = &given;
        row.columns = args->v;
        squared_row(&row, state, out);
    }
}

#define scalar_pool_squared SCALAR(TYPED(pool_squared))
attpool_status scalar_pool_squared(struct engine *engine, const struct pool_squared_args *args)
{
    const struct pool_args *pool = args->pool;
    struct squared_job job = { .pool = { .engine = engine, .args = pool }, .tilt = args->tilt };
    attpool_status status = pool_reserve(&job.pool);
    if (status != ATTPOOL_OK)
        return status;
    return ap_engine_parallel(engine, task_count(pool->batch, pool->heads, pool->n), squared_task,
                              &job);
}

#endif

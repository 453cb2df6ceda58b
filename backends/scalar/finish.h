/* SPDX-License-Identifier: Apache-2.0 */

/* O and L of the root of a state. */
#ifndef BACKENDS_SCALAR_FINISH_H
#define BACKENDS_SCALAR_FINISH_H

#include "backends/scalar/scalar.h"
#include "backends/scalar/state.h"

struct finish_job {
    struct engine *engine;
    const struct finish_args *args;
};

/* What a row takes of the node. */
static const struct node_sums *finish_sums(const struct finish_args *args, int64_t row)
{
    const real *near = args->node.near.max;
    return near != NULL && near[row] > REAL(NEAR_LIMIT) ? &args->node.near : &args->node.all;
}

static void finish_row(const struct finish_job *job, const struct task *task, int64_t i)
{
    const struct finish_args *args = job->args;
    int64_t row = (task->b * args->heads + task->h) * args->n + i;
    struct matrix out = matrix_of(&args->out, task->b, task->h, sizeof(real));
    struct matrix lse = matrix_of(&args->lse, task->b, task->h, sizeof(real));
    const struct node_sums *sums = finish_sums(args, row);
    const real *acc = (const real *)sums->acc + row * args->v;
    real max = ((const real *)sums->max)[row], sum = ((const real *)sums->sum)[row];
    bool empty = sum == 0;
    real missing = args->empty == ATTPOOL_EMPTY_ZERO ? 0 : REAL_NAN;
    if (empty && args->empty == ATTPOOL_EMPTY_ERROR)
        ap_engine_note_empty(job->engine, 1);
    if (lse.at != NULL)
        put(lse, i, 0, empty ? -REAL_INF : log_sum(args->has_max, max, sum));
    if (out.at != NULL)
        for (int64_t c = 0; c < args->v; c++)
            put(out, i, c, empty ? missing : quotient(acc[c], sum) * (real)args->scale);
}

static void finish_task(void *arg, int64_t index, int worker)
{
    const struct finish_job *job = arg;
    struct task task = task_at(index, job->args->heads, job->args->n);
    (void)worker;
    for (int64_t i = task.first; i < task.end; i++)
        finish_row(job, &task, i);
}

#define scalar_finish SCALAR(TYPED(finish))
attpool_status scalar_finish(struct engine *engine, const struct finish_args *args)
{
    struct finish_job job = { engine, args };
    return ap_engine_parallel(engine, task_count(args->batch, args->heads, args->n), finish_task,
                              &job);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* Template: O and L of the root of a state. */
#include "backends/scalar/state.h"

#define FINISH_JOB FN(finish_job)
struct FINISH_JOB {
    struct engine *engine;
    const struct finish_args *args;
};

static void FN(finish_row)(const struct FINISH_JOB *job, const struct tile *tile, int64_t i)
{
    const struct finish_args *args = job->args;
    int64_t row = (tile->b * args->heads + tile->h) * args->n + i;
    struct view out = view_of(&args->out, tile->b, tile->h, sizeof(T));
    struct view lse = view_of(&args->lse, tile->b, tile->h, sizeof(T));
    const T *acc = (const T *)args->node.acc + row * args->v;
    T max = ((const T *)args->node.max)[row], sum = ((const T *)args->node.sum)[row];
    bool empty = sum == 0;
    T missing = args->empty == ATTPOOL_EMPTY_ZERO ? 0 : T_NAN;
    if (empty && args->empty == ATTPOOL_EMPTY_ERROR)
        engine_note_empty(job->engine, 1);
    if (lse.at != NULL)
        FN(put)(lse, i, 0, empty ? -T_INFINITY : FN(log_sum)(args->has_max, max, sum));
    if (out.at != NULL)
        for (int64_t c = 0; c < args->v; c++)
            FN(put)(out, i, c, empty ? missing : FN(quotient)(acc[c], sum));
}

static void FN(finish_task)(void *arg, int64_t index, int worker)
{
    const struct FINISH_JOB *job = arg;
    struct tile tile = tile_at(index, job->args->heads, job->args->n);
    (void)worker;
    for (int64_t i = tile.first; i < tile.end; i++)
        FN(finish_row)(job, &tile, i);
}

attpool_status SCALAR(FN(finish))(struct engine *engine, const struct finish_args *args)
{
    struct FINISH_JOB job = { engine, args };
    return engine_parallel(engine, tile_count(args->batch, args->heads, args->n), FN(finish_task),
                           &job);
}

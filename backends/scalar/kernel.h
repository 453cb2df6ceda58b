/* SPDX-License-Identifier: Apache-2.0 */

/* Template: G_ij = k(u_ij). */
#include "backends/scalar/distance.h"

#define KERNEL_JOB FN(kernel_job)
struct KERNEL_JOB {
    struct engine *engine;
    const struct kernel_args *args;
};

static void FN(kernel_row)(const struct METRIC *metric, int64_t m, struct view g, int64_t i)
{
    bool has_log = kernel_any(metric->kernel, metric->d, kernel_has_log);
    T c = FN(kernel_scale)(metric);
    for (int64_t j = 0; j < m; j++) {
        struct PAIR pair = FN(kernel_pair)(metric, j);
        T value = 0;
        if (pair.inside)
            value = has_log ? FN(exp2_full)(c * pair.x) * pair.factor : pair.factor;
        FN(put)(g, i, j, value);
    }
}

static void FN(kernel_task)(void *arg, int64_t index, int worker)
{
    const struct KERNEL_JOB *job = arg;
    const struct kernel_args *args = job->args;
    struct tile tile = tile_at(index, args->heads, args->n);
    struct view queries = view_of(&args->q, tile.b, tile.h, sizeof(T));
    struct view g = view_of(&args->g, tile.b, tile.h, sizeof(T));
    T *q = engine_scratch(job->engine, worker);
    for (int64_t i = tile.first; i < tile.end; i++) {
        for (int64_t c = 0; c < args->d; c++)
            q[c] = FN(get)(queries, i, c);
        struct METRIC metric =
            FN(metric_of)(&args->kernel, args->d, q, &args->k, tile.b, tile.h, i);
        FN(kernel_row)(&metric, args->m, g, i);
    }
}

attpool_status SCALAR(FN(kernel))(struct engine *engine, const struct kernel_args *args)
{
    struct KERNEL_JOB job = { engine, args };
    if (!engine_reserve(engine, (size_t)args->d * sizeof(T), 0))
        return engine_fail(engine, ATTPOOL_E_MEMORY, "no memory for a query of %lld coordinates",
                           (long long)args->d);
    return engine_parallel(engine, tile_count(args->batch, args->heads, args->n), FN(kernel_task),
                           &job);
}

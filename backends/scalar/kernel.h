/* SPDX-License-Identifier: Apache-2.0 */

/* G_ij = k(u_ij). */
#ifndef BACKENDS_SCALAR_KERNEL_H
#define BACKENDS_SCALAR_KERNEL_H

#include "backends/scalar/distance.h"
#include "backends/scalar/scalar.h"

struct kernel_job {
    struct engine *engine;
    const struct kernel_args *args;
};

static void kernel_row(const struct metric *metric, int64_t m, struct matrix g, int64_t i)
{
    bool has_log = kernel_any(metric->kernel, metric->d, kernel_has_log);
    real c = kernel_scale(metric);
    for (int64_t j = 0; j < m; j++) {
        struct pair pair = kernel_pair(metric, j);
        real value = 0;
        if (pair.inside)
            value = has_log ? r_exp2_full(c * pair.x) * pair.factor : pair.factor;
        put(g, i, j, value);
    }
}

static void kernel_task(void *arg, int64_t index, int worker)
{
    const struct kernel_job *job = arg;
    const struct kernel_args *args = job->args;
    struct task task = task_at(index, args->heads, args->n);
    struct matrix queries = matrix_of(&args->q, task.b, task.h, sizeof(real));
    struct matrix g = matrix_of(&args->g, task.b, task.h, sizeof(real));
    real *q = ap_engine_scratch(job->engine, worker);
    for (int64_t i = task.first; i < task.end; i++) {
        for (int64_t c = 0; c < args->d; c++)
            q[c] = get(queries, i, c);
        struct metric metric = metric_of(&args->kernel, args->d, q, &args->k, task.b, task.h, i);
        kernel_row(&metric, args->m, g, i);
    }
}

#define scalar_kernel SCALAR(TYPED(kernel))
attpool_status scalar_kernel(struct engine *engine, const struct kernel_args *args)
{
    struct kernel_job job = { engine, args };
    if (!ap_engine_reserve(engine, (size_t)args->d * sizeof(real), 0))
        return ap_engine_fail(engine, ATTPOOL_E_MEMORY, "no memory for a query of %lld coordinates",
                              (long long)args->d);
    return ap_engine_parallel(engine, task_count(args->batch, args->heads, args->n), kernel_task,
                              &job);
}

#endif

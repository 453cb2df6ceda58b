/* SPDX-License-Identifier: Apache-2.0 */

/* C = alpha A B + beta C, a row at a time, in strips of columns: a strip's sums take
 * a row of B together, each of them in the order of k. */
#ifndef BACKENDS_SCALAR_BMM_H
#define BACKENDS_SCALAR_BMM_H

#include "backends/scalar/number.h"
#include "backends/scalar/scalar.h"

#define BMM_STRIP 64

static void bmm_strip(const struct bmm_args *args, struct matrix a, struct matrix b,
                      struct matrix c, int64_t i, int64_t first, int64_t end)
{
    real alpha = (real)args->alpha, beta = (real)args->beta;
    real result[BMM_STRIP], sum[BMM_STRIP];
    int64_t width = end - first;
    for (int64_t j = 0; j < width; j++)
        result[j] = beta == 0 ? 0 : beta * get(c, i, first + j);
    for (int64_t chunk = 0; chunk < args->k; chunk += CHUNK) {
        int64_t chunk_end = args->k - chunk < CHUNK ? args->k : chunk + CHUNK;
        for (int64_t j = 0; j < width; j++)
            sum[j] = 0;
        for (int64_t l = chunk; l < chunk_end; l++) {
            real x = get(a, i, l);
            for (int64_t j = 0; j < width; j++)
                sum[j] = r_fma(x, get(b, l, first + j), sum[j]);
        }
        for (int64_t j = 0; j < width; j++)
            result[j] = r_fma(alpha, sum[j], result[j]);
    }
    for (int64_t j = 0; j < width; j++)
        put(c, i, first + j, result[j]);
}

static void bmm_task(void *arg, int64_t index, int worker)
{
    const struct bmm_args *args = arg;
    struct task task = task_at(index, args->heads, args->n);
    struct matrix a = matrix_of(&args->a, task.b, task.h, sizeof(real));
    struct matrix b = matrix_of(&args->b, task.b, task.h, sizeof(real));
    struct matrix c = matrix_of(&args->c, task.b, task.h, sizeof(real));
    (void)worker;
    for (int64_t i = task.first; i < task.end; i++)
        for (int64_t j = 0; j < args->m; j += BMM_STRIP)
            bmm_strip(args, a, b, c, i, j, args->m - j < BMM_STRIP ? args->m : j + BMM_STRIP);
}

#define scalar_bmm SCALAR(TYPED(bmm))
attpool_status scalar_bmm(struct engine *engine, const struct bmm_args *args)
{
    struct bmm_args copy = *args;
    return ap_engine_parallel(engine, task_count(args->batch, args->heads, args->n), bmm_task,
                              &copy);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "backends/opencl/score.h"

#define LAUNCH_TERMS ((int64_t)1 << 30)

attpool_status opencl_evaluate(struct engine *engine, const struct kernel_args *args, int type)
{
    static const size_t wide[2] = { 64, 1 }, tall[2] = { 1, 64 };
    struct score score = {
        .score = POOL_KERNEL, .kernel = &args->kernel, .d = args->d, .q = &args->q, .k = &args->k
    };
    int64_t rows = args->batch * args->heads * args->n;
    int64_t step = max64(64, LAUNCH_TERMS / max64(1, args->m) / max64(1, args->d));
    attpool_status status = ATTPOOL_OK;

    if (!score_open(engine, &score))
        return ATTPOOL_E_MEMORY;
    for (int64_t first = 0; first < rows && status == ATTPOOL_OK; first += step) {
        int64_t end = min64(first + step, rows), items[2] = { args->m, end - first };
        struct launch l;
        if (launch_begin(&l, engine, KERNEL_EVALUATE, type)) {
            put_array(&l, &args->g);
            put_score(&l, &score);
            put_int(&l, score_has_log(&score));
            put_long(&l, first);
            put_long(&l, end);
            put_long(&l, args->heads);
            put_long(&l, args->n);
            put_long(&l, args->m);
            launch_run(&l, 2, items, args->m < 32 ? tall : wide);
        }
        status = launch_end(&l);
    }
    score_close(engine, &score);
    return status;
}

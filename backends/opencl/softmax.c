/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "backends/opencl/opencl.h"

enum { GROUP = 64 };
#define LAUNCH_ENTRIES ((int64_t)1 << 28)

attpool_status opencl_softmax(struct engine *engine, const struct softmax_args *args, int type)
{
    size_t lanes = type == TYPE_F32 ? SOFTMAX_LANES_F32 : SOFTMAX_LANES_F64;
    size_t local[2] = { lanes, GROUP / lanes };
    int64_t rows = args->batch * args->heads * args->n;
    int64_t step = max64(GROUP, LAUNCH_ENTRIES / max64(1, args->m) / GROUP * GROUP);
    attpool_status status =
        opencl_check(engine, &args->masks, NULL, args->batch, args->heads, args->n, args->m, type);

    for (int64_t first = 0; first < rows && status == ATTPOOL_OK; first += step) {
        int64_t end = min64(first + step, rows);
        int64_t items[2] = { (int64_t)lanes, end - first };
        struct launch l;
        if (!launch_begin(&l, engine, KERNEL_SOFTMAX, type))
            return launch_end(&l);
        put_array(&l, &args->s);
        put_array(&l, &args->w);
        put_masks(&l, &args->masks, NULL);
        put_real(&l, args->c);
        put_long(&l, first);
        put_long(&l, end);
        put_long(&l, args->heads);
        put_long(&l, args->n);
        put_long(&l, args->m);
        put_int(&l, (int)args->empty);
        put_flags(&l);
        launch_run(&l, 2, items, local);
        status = launch_end(&l);
    }
    return status;
}

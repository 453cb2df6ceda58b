/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "backends/opencl/opencl.h"

attpool_status opencl_elementwise(struct engine *engine, const struct elementwise_args *args,
                                  int type)
{
    static const size_t local[1] = { GROUP };
    size_t bytes = args->n * type_bytes(type);
    int64_t items[1] = { (int64_t)args->n };
    void *in, *out = NULL;
    struct launch l;
    attpool_status status;

    if (args->n == 0)
        return ATTPOOL_OK;
    status = opencl_memory.alloc(engine, bytes, &in);
    if (status != ATTPOOL_OK)
        return status;
    status = opencl_memory.alloc(engine, bytes, &out);
    if (status == ATTPOOL_OK)
        status = opencl_memory.upload(engine, in, 0, args->x, bytes);
    if (status == ATTPOOL_OK) {
        if (launch_begin(&l, engine, KERNEL_ELEMENTWISE, type)) {
            put_int(&l, args->function);
            put_long(&l, (int64_t)args->n);
            put_buffer(&l, in);
            put_buffer(&l, out);
            launch_run(&l, 1, items, local);
        }
        status = launch_end(&l);
    }
    if (status == ATTPOOL_OK)
        status = opencl_memory.download(engine, out, 0, args->y, bytes);
    opencl_release(engine, out);
    opencl_release(engine, in);
    return status;
}

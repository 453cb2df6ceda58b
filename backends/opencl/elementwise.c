/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/opencl.h"

attpool_status ap_opencl_elementwise(struct engine *engine, const struct elementwise_args *args,
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
    status = ap_opencl_memory.alloc(engine, bytes, &in);
    if (status != ATTPOOL_OK)
        return status;
    status = ap_opencl_memory.alloc(engine, bytes, &out);
    if (status == ATTPOOL_OK)
        status = ap_opencl_memory.upload(engine, in, 0, args->x, bytes);
    if (status == ATTPOOL_OK) {
        if (ap_launch_begin(&l, engine, KERNEL_ELEMENTWISE, type)) {
            ap_put_int(&l, args->function);
            ap_put_long(&l, (int64_t)args->n);
            ap_put_buffer(&l, in);
            ap_put_buffer(&l, out);
            ap_launch_run(&l, 1, items, local);
        }
        status = ap_launch_end(&l);
    }
    if (status == ATTPOOL_OK)
        status = ap_opencl_memory.download(engine, out, 0, args->y, bytes);
    ap_opencl_release(engine, out);
    ap_opencl_release(engine, in);
    return status;
}

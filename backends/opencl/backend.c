/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "backends/opencl/opencl.h"
#include "backends/scalar/scalar.h"

#define SLOTS(operation, args_type)                                                                \
    static attpool_status operation##_f32(struct engine *engine, const struct args_type *args)     \
    {                                                                                              \
        return opencl_##operation(engine, args, TYPE_F32);                                         \
    }                                                                                              \
    static attpool_status operation##_f64(struct engine *engine, const struct args_type *args)     \
    {                                                                                              \
        return opencl_##operation(engine, args, TYPE_F64);                                         \
    }

SLOTS(bmm, bmm_args)
SLOTS(evaluate, kernel_args)
SLOTS(softmax, softmax_args)
SLOTS(pool, pool_args)

static attpool_status elementwise_f32(struct engine *engine, int function, size_t n, const void *x,
                                      void *y)
{
    return opencl_elementwise(engine, function, n, x, y, TYPE_F32);
}

static attpool_status elementwise_f64(struct engine *engine, int function, size_t n, const void *x,
                                      void *y)
{
    return opencl_elementwise(engine, function, n, x, y, TYPE_F64);
}

const struct backend backend_opencl = {
    .name = "opencl",
    .rank = 0,
    .list = opencl_list,
    .open = opencl_open,
    .close = opencl_close,
    .device_name = opencl_device_name,
    .has_type = opencl_has_type,
    .memory = &opencl_memory,
    .bmm = { bmm_f32, bmm_f64 },
    .kernel = { evaluate_f32, evaluate_f64 },
    .softmax = { softmax_f32, softmax_f64 },
    .pool = { pool_f32, pool_f64 },
    .merge = { scalar_merge_f32, scalar_merge_f64 },
    .finish = { scalar_finish_f32, scalar_finish_f64 },
    .elementwise = { elementwise_f32, elementwise_f64 },
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/opencl.h"
#include "backends/scalar/scalar.h"

#define FUNCTIONS(name)                                                                            \
    static attpool_status name##_f32(struct engine *engine, const struct name##_args *args)        \
    {                                                                                              \
        return ap_opencl_##name(engine, args, TYPE_F32);                                           \
    }                                                                                              \
    static attpool_status name##_f64(struct engine *engine, const struct name##_args *args)        \
    {                                                                                              \
        return ap_opencl_##name(engine, args, TYPE_F64);                                           \
    }
OPERATION_TABLE(FUNCTIONS)

#define SLOT(name)       .name = { name##_f32, name##_f64 },
#define STATE_SLOT(name) .name = { ap_scalar_##name##_f32, ap_scalar_##name##_f64 },

/* The rows end in commas of their own. */
/* clang-format off */
const struct backend ap_backend_opencl = {
    .name = "opencl",
    .rank = 0,
    .list = ap_opencl_list,
    .open = ap_opencl_open,
    .close = ap_opencl_close,
    .device_name = ap_opencl_device_name,
    .has_type = ap_opencl_has_type,
    .identify = ap_opencl_identify,
    .memory = &ap_opencl_memory,
    OPERATION_TABLE(SLOT)
    STATE_OPERATION_TABLE(STATE_SLOT)
};
/* clang-format on */

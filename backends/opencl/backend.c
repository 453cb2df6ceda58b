/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "backends/opencl/opencl.h"
#include "backends/scalar/scalar.h"

#define FUNCTIONS(name)                                                                            \
    static attpool_status name##_f32(struct engine *engine, const struct name##_args *args)        \
    {                                                                                              \
        return opencl_##name(engine, args, TYPE_F32);                                              \
    }                                                                                              \
    static attpool_status name##_f64(struct engine *engine, const struct name##_args *args)        \
    {                                                                                              \
        return opencl_##name(engine, args, TYPE_F64);                                              \
    }
OPERATION_TABLE(FUNCTIONS)

#define SLOT(name)       .name = { name##_f32, name##_f64 },
#define STATE_SLOT(name) .name = { scalar_##name##_f32, scalar_##name##_f64 },

/* The rows end in commas of their own. */
/* clang-format off */
const struct backend backend_opencl = {
    .name = "opencl",
    .rank = 0,
    .list = opencl_list,
    .open = opencl_open,
    .close = opencl_close,
    .device_name = opencl_device_name,
    .has_type = opencl_has_type,
    .memory = &opencl_memory,
    OPERATION_TABLE(SLOT)
    STATE_OPERATION_TABLE(STATE_SLOT)
};
/* clang-format on */

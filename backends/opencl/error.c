/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/opencl.h"

#include <stdio.h>

const char *ap_opencl_error_name(cl_int error, char text[32])
{
    static const struct {
        cl_int error;
        const char *name;
    } names[] = {
        { CL_DEVICE_NOT_FOUND, "CL_DEVICE_NOT_FOUND" },
        { CL_DEVICE_NOT_AVAILABLE, "CL_DEVICE_NOT_AVAILABLE" },
        { CL_COMPILER_NOT_AVAILABLE, "CL_COMPILER_NOT_AVAILABLE" },
        { CL_MEM_OBJECT_ALLOCATION_FAILURE, "CL_MEM_OBJECT_ALLOCATION_FAILURE" },
        { CL_OUT_OF_RESOURCES, "CL_OUT_OF_RESOURCES" },
        { CL_OUT_OF_HOST_MEMORY, "CL_OUT_OF_HOST_MEMORY" },
        { CL_BUILD_PROGRAM_FAILURE, "CL_BUILD_PROGRAM_FAILURE" },
        { CL_INVALID_VALUE, "CL_INVALID_VALUE" },
        { CL_INVALID_CONTEXT, "CL_INVALID_CONTEXT" },
        { CL_INVALID_COMMAND_QUEUE, "CL_INVALID_COMMAND_QUEUE" },
        { CL_INVALID_MEM_OBJECT, "CL_INVALID_MEM_OBJECT" },
        { CL_INVALID_KERNEL_ARGS, "CL_INVALID_KERNEL_ARGS" },
        { CL_INVALID_WORK_GROUP_SIZE, "CL_INVALID_WORK_GROUP_SIZE" },
        { CL_INVALID_BUFFER_SIZE, "CL_INVALID_BUFFER_SIZE" },
        { -1001, "CL_PLATFORM_NOT_FOUND_KHR" },
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].error == error)
            return names[i].name;
    snprintf(text, 32, "error %d", (int)error);
    return text;
}

attpool_status ap_opencl_fail(struct engine *engine, cl_int error, const char *what)
{
    const struct opencl *o = ap_engine_state(engine);
    char text[32];
    bool memory = error == CL_MEM_OBJECT_ALLOCATION_FAILURE || error == CL_OUT_OF_HOST_MEMORY ||
                  error == CL_INVALID_BUFFER_SIZE;

    return ap_engine_fail(engine, memory ? ATTPOOL_E_MEMORY : ATTPOOL_E_DEVICE, "%s: %s: %s",
                          o->name, what, ap_opencl_error_name(error, text));
}

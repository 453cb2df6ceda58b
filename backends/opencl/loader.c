/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "backends/opencl/loader.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct cl_api api;
static bool complete;
static char why_not[160];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void)
{
    void *library = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
    void *address;

    if (!library) {
        snprintf(why_not, sizeof why_not, "no OpenCL library: %.120s", dlerror());
        return;
    }
    /* POSIX lets an object pointer from dlsym hold a function; C has no cast for it. */
#define X(function)                                                                                \
    address = dlsym(library, "cl" #function);                                                      \
    if (!address) {                                                                                \
        snprintf(why_not, sizeof why_not, "libOpenCL.so.1 is older than OpenCL 1.2: no cl%s",      \
                 #function);                                                                       \
        return;                                                                                    \
    }                                                                                              \
    memcpy(&api.function, &address, sizeof address);
    CL_FUNCTIONS(X)
#undef X
    complete = true;
}

const struct cl_api *opencl_load(const char **reason)
{
    pthread_once(&once, load);
    *reason = why_not;
    return complete ? &api : NULL;
}

const char *opencl_error_name(cl_int error, char text[32])
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

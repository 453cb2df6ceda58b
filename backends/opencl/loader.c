/* SPDX-License-Identifier: Apache-2.0 */
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

const struct cl_api *ap_opencl_load(const char **reason)
{
    pthread_once(&once, load);
    *reason = why_not;
    return complete ? &api : NULL;
}

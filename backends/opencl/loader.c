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

/* POSIX lets an object pointer from dlsym hold a function; C has no cast for it. */
static bool take_function(void *library, const char *name)
{
    void *address;

#define X(function)                                                                                \
    address = dlsym(library, "cl" #function);                                                      \
    if (!address) {                                                                                \
        snprintf(why_not, sizeof why_not, "%s is older than OpenCL 1.2: no cl%s", name,            \
                 #function);                                                                       \
        return false;                                                                              \
    }                                                                                              \
    memcpy(&api.function, &address, sizeof address);
    CL_FUNCTIONS(X)
#undef X
    return true;
}

/* A tracer or simulator that was loaded before the program stands for the loader; a second loader
 * beside it would give it handles that it does not know. */
static void load_loader(void)
{
    void *library;

    if (dlsym(RTLD_DEFAULT, "clGetPlatformIDs")) {
        complete = take_function(RTLD_DEFAULT, "the OpenCL of this process");
        return;
    }
    library = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library)
        complete = take_function(library, "libOpenCL.so.1");
    else
        snprintf(why_not, sizeof why_not, "no OpenCL library: %.120s", dlerror());
}

const struct cl_api *ap_opencl_load(const char **reason)
{
    pthread_once(&once, load_loader);
    *reason = why_not;
    return complete ? &api : NULL;
}

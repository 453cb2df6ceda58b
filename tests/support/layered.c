/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/opencl_layer.h"

#include "tests/support/opencl_faults.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tests run in the build folder. */
static const char path[] = "tests/.libs/opencl_layer.so";

/* A function that the layer exports; NULL without the layer. */
static void *find(const char *name)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        printf("skipped: no layer for OpenCL: %s\n", dlerror());
        return NULL;
    }
    setenv("OPENCL_LAYERS", path, 1);
    return dlsym(library, name);
}

/* POSIX lets an object pointer from dlsym hold a function; C has no cast for it. */
struct layer_counts *layer_load(void)
{
    void *address = find("opencl_layer_counts");
    struct layer_counts *(*get)(void);
    memcpy(&get, &address, sizeof get);
    return get ? get() : NULL;
}

struct layer_faults *layer_load_faults(void)
{
    void *address = find("opencl_layer_faults");
    struct layer_faults *(*get)(void);
    memcpy(&get, &address, sizeof get);
    return get ? get() : NULL;
}

int layer_works(const struct layer_counts *counts)
{
    /* Opening a context makes buffers. */
    if (counts->buffers > 0)
        return 1;
    printf("skipped: this OpenCL loader knows no layers\n");
    return 0;
}

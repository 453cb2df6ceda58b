/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <stddef.h>

#define NAME         "OpenBLAS"
#define LIBRARY      "libopenblas.so.0"
#define SET_THREADS  "openblas_set_num_threads"
#define THREADS_TYPE int

static const char *version_of(void *library)
{
    const char *(*config)(void);
    *(void **)&config = dlsym(library, "openblas_get_config");
    return config != NULL ? config() : "of an unknown version";
}

#include "tests/bench/peer_blas.h"

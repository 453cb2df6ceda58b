/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <stddef.h>

#define NAME         "BLIS"
#define LIBRARY      "libblis.so.4"
#define SET_THREADS  "bli_thread_set_num_threads"
#define THREADS_TYPE long

static const char *version_of(void *library)
{
    const char *(*version)(void);
    *(void **)&version = dlsym(library, "bli_info_get_version_str");
    return version != NULL ? version() : "of an unknown version";
}

#include "tests/bench/peer_blas.h"

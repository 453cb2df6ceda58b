/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_BENCH_PEER_H
#define TESTS_BENCH_PEER_H

/* Another library, in a shared object of its own, so that one that is not installed is just left
 * out. The object exports a `struct peer peer`. */

#include "tools/bench/bench.h"

#ifdef __cplusplus
#define PEER_EXPORT extern "C" __attribute__((visibility("default")))
#else
#define PEER_EXPORT __attribute__((visibility("default")))
#endif

struct peer {
    const char *name;
    /* Its version; NULL: it is not there. */
    const char *(*version)(void);
    /* False: it has nothing for this case. `data` stays until close. */
    bool (*open)(const struct bench_data *data, int threads);
    /* Writes the output, array[0]. */
    void (*run)(void);
    void (*close)(void);
};

#endif

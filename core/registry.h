/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_REGISTRY_H
#define CORE_REGISTRY_H

/* Which backends this library was built with, and the choice among them. */

#include "backends/backend.h"

/* A table by place, NULL past the last. */
const struct backend *registry_at(int i);

/* What the environment says; strings point into it. */
struct settings {
    const char *backend, *max_isa, *opencl_device;
    int threads; /* 0: not set */
    int verbose;
};

/* Read ATTPOOL_*, but not what `options` settle. false: a value is wrong, and message says which.
 */
bool settings_read(struct settings *settings, const attpool_options *options, char *message,
                   size_t size);

/* The backend of that name, "auto" or NULL for the best of the CPU up to max_isa. *device is what
 * follows "opencl:". NULL: none, and reason says why. */
const struct backend *registry_choose(const char *name, const char *max_isa, const char **device,
                                      char *reason, size_t size);

/* The device's name of a backend of the CPU: the model, "CPU" where the system does not tell it. */
const char *cpu_name(const struct backend *backend);

#endif

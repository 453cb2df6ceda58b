/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_REGISTRY_H
#define CORE_REGISTRY_H

/* Which backends this library was built with, and the choice among them. */

#include "backends/backend.h"

/* A table by place, NULL past the last. */
const struct backend *ap_registry_at(int i);

/* Does a backend of the CPU have this name? */
bool ap_registry_has_isa(const char *name);

/* The backend of that name, "auto" or NULL for the best of the CPU up to max_isa. *device is what
 * follows "opencl:". NULL: none, and reason says why. */
const struct backend *ap_registry_choose(const char *name, const char *max_isa, const char **device,
                                         char *reason, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_STATISTICS_CONSTANT_H
#define CORE_STATISTICS_CONSTANT_H

#include "backends/backend.h"
#include "core/statistics/scaled.h"

/* What makes a kernel of width 1 integrate to 1 over the d >= 1 coordinates, in *c: for the radial
 * form the inverse of k's integral over R^d, for products the product of those for d = 1. false:
 * there is none. */
bool ap_normalising_constant(const struct kernel *kernel, int64_t d, struct scaled *c);

#endif

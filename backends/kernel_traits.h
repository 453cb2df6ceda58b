/* SPDX-License-Identifier: Apache-2.0 */

/* What the 14 kernels are made of: 2^(log part) times a factor, on a support. */
#ifndef ATTPOOL_KERNEL_TRAITS_H
#define ATTPOOL_KERNEL_TRAITS_H

#include "backends/backend.h"

#include <stdbool.h>
#include <stdint.h>

/* All but the constant one. */
#define KERNEL_EVERY_NAME(X)                                                                       \
    X(ATTPOOL_GAUSSIAN)                                                                            \
    X(ATTPOOL_BOXCAR)                                                                              \
    X(ATTPOOL_TRIANGULAR)                                                                          \
    X(ATTPOOL_EPANECHNIKOV)                                                                        \
    X(ATTPOOL_BIWEIGHT)                                                                            \
    X(ATTPOOL_TRIWEIGHT)                                                                           \
    X(ATTPOOL_TRICUBE)                                                                             \
    X(ATTPOOL_COSINE)                                                                              \
    X(ATTPOOL_LAPLACIAN)                                                                           \
    X(ATTPOOL_LOGISTIC)                                                                            \
    X(ATTPOOL_SIGMOID)                                                                             \
    X(ATTPOOL_SILVERMAN)                                                                           \
    X(ATTPOOL_CAUCHY)

static inline bool kernel_has_log(int32_t name)
{
    return name == ATTPOOL_GAUSSIAN || name == ATTPOOL_LAPLACIAN || name == ATTPOOL_LOGISTIC ||
           name == ATTPOOL_SIGMOID;
}

static inline bool kernel_has_factor(int32_t name)
{
    return name != ATTPOOL_GAUSSIAN && name != ATTPOOL_LAPLACIAN;
}

static inline bool kernel_is_compact(int32_t name)
{
    return name == ATTPOOL_BOXCAR || name == ATTPOOL_TRIANGULAR || name == ATTPOOL_EPANECHNIKOV ||
           name == ATTPOOL_BIWEIGHT || name == ATTPOOL_TRIWEIGHT || name == ATTPOOL_TRICUBE ||
           name == ATTPOOL_COSINE;
}

/* Kernels of u^2 alone: no square root for these. */
static inline bool kernel_takes_square(int32_t name)
{
    return name == ATTPOOL_GAUSSIAN || name == ATTPOOL_BOXCAR || name == ATTPOOL_CONSTANT ||
           name == ATTPOOL_EPANECHNIKOV || name == ATTPOOL_BIWEIGHT || name == ATTPOOL_TRIWEIGHT ||
           name == ATTPOOL_CAUCHY;
}

/* The kernel of coordinate c in product form. */
static inline int32_t kernel_name_at(const struct kernel *kernel, int64_t c)
{
    return kernel->names != NULL ? kernel->names[c] : (int32_t)kernel->name;
}

/* Has a kernel that takes part the trait? */
static inline bool kernel_any(const struct kernel *kernel, int64_t d, bool (*trait)(int32_t name))
{
    if (kernel->form == ATTPOOL_RADIAL || kernel->names == NULL || d == 0)
        return trait((int32_t)kernel->name);
    for (int64_t c = 0; c < d; c++)
        if (trait(kernel->names[c]))
            return true;
    return false;
}

static inline bool kernel_by_coordinate(const struct kernel *kernel)
{
    return kernel->per == ATTPOOL_BANDWIDTH_COORDINATE ||
           kernel->per == ATTPOOL_BANDWIDTH_COORDINATE_KEY;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_SCALAR_KERNEL_TRAITS_H
#define BACKENDS_SCALAR_KERNEL_TRAITS_H

/* What the 14 kernels are made of: 2^(log part) times a factor, on a support. */

#include "backends/backend.h"

static inline bool name_has_log(int32_t name)
{
    return name == ATTPOOL_GAUSSIAN || name == ATTPOOL_LAPLACIAN || name == ATTPOOL_LOGISTIC ||
           name == ATTPOOL_SIGMOID;
}

static inline bool name_has_factor(int32_t name)
{
    return name != ATTPOOL_GAUSSIAN && name != ATTPOOL_LAPLACIAN;
}

static inline bool name_is_compact(int32_t name)
{
    return name == ATTPOOL_BOXCAR || name == ATTPOOL_TRIANGULAR || name == ATTPOOL_EPANECHNIKOV ||
           name == ATTPOOL_BIWEIGHT || name == ATTPOOL_TRIWEIGHT || name == ATTPOOL_TRICUBE ||
           name == ATTPOOL_COSINE;
}

/* The kernel of coordinate c in product form. */
static inline int32_t kernel_name_at(const struct kernel *kernel, int64_t c)
{
    return kernel->names != NULL ? kernel->names[c] : (int32_t)kernel->name;
}

/* Does any kernel that takes part have the trait? */
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
    return kernel->per == ATTPOOL_WIDTH_COORDINATE || kernel->per == ATTPOOL_WIDTH_COORDINATE_KEY;
}

#endif

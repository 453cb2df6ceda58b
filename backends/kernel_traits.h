/* SPDX-License-Identifier: Apache-2.0 */

/* The traits of a call's kernels. */
#ifndef BACKENDS_KERNEL_TRAITS_H
#define BACKENDS_KERNEL_TRAITS_H

#include "backends/backend.h"
#include "backends/kernels.h"

#include <stdbool.h>
#include <stdint.h>

/* The kernel of coordinate c in product form. */
static inline int32_t kernel_name_at(const struct kernel *kernel, int64_t c)
{
    return kernel->names != NULL ? kernel->names[c] : (int32_t)kernel->name;
}

/* Has a kernel that takes part the trait? */
static inline bool kernel_any(const struct kernel *kernel, int64_t d, bool (*trait)(int name))
{
    if (kernel->form == ATTPOOL_RADIAL || kernel->names == NULL || d == 0)
        return trait((int)kernel->name);
    for (int64_t c = 0; c < d; c++)
        if (trait(kernel->names[c]))
            return true;
    return false;
}

/* Do far keys take no part in rows that have a near one (NUMERICS.md)? */
static inline bool pool_cuts_far(const struct pool_args *a)
{
    const bool product = a->kernel.form == ATTPOOL_PRODUCT;
    const int64_t factors = product ? a->d : 1;
    int sum = 0;
    if (a->score != POOL_KERNEL || a->masks.bias.data != NULL ||
        !kernel_any(&a->kernel, a->d, kernel_has_log))
        return false;
    for (int64_t c = 0; c < factors && sum <= CUT_BITS; c++) {
        const int bits =
            kernel_factor_bits(product ? kernel_name_at(&a->kernel, c) : (int32_t)a->kernel.name);
        sum = bits < 0 ? CUT_BITS + 1 : sum + bits;
    }
    return sum <= CUT_BITS;
}

static inline bool kernel_by_coordinate(const struct kernel *kernel)
{
    return kernel->per == ATTPOOL_BANDWIDTH_COORDINATE ||
           kernel->per == ATTPOOL_BANDWIDTH_COORDINATE_KEY;
}

#endif

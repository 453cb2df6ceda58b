/* SPDX-License-Identifier: Apache-2.0 */

/* Sizes. */
#ifndef BACKENDS_SIMD_INTEGERS_H
#define BACKENDS_SIMD_INTEGERS_H

#include <stdint.h>

static inline int64_t int_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t int_max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* a / b rounded up. */
static inline int64_t int_ceil(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

#endif

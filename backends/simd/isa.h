/* SPDX-License-Identifier: Apache-2.0 */

/* The operations of the backend that is being built. Each is compiled once for each type and
 * instruction set; -DSIMD_NAME is what the names of the set begin with: avx2_pool_f32 is what
 * the sources call simd_pool. */
#ifndef BACKENDS_SIMD_ISA_H
#define BACKENDS_SIMD_ISA_H

#include "backends/backend.h"

#ifdef ATTPOOL_EMULATED
#define SIMD_JOIN(name, symbol) name##_emulated_##symbol
#else
#define SIMD_JOIN(name, symbol) name##_##symbol
#endif
#define SIMD_EXPAND(name, symbol) SIMD_JOIN(name, symbol)
#define SIMD_SYMBOL(symbol)       SIMD_EXPAND(SIMD_NAME, symbol)

#define simd_bmm         SIMD_SYMBOL(TYPED(bmm))
#define simd_elementwise SIMD_SYMBOL(TYPED(elementwise))
#define simd_kernel      SIMD_SYMBOL(TYPED(kernel))
#define simd_pool        SIMD_SYMBOL(TYPED(pool))
#define simd_softmax     SIMD_SYMBOL(TYPED(softmax))

#define SIMD_DECLARE(type)                                                                         \
    attpool_status SIMD_SYMBOL(bmm_##type)(struct engine *, const struct bmm_args *);              \
    attpool_status SIMD_SYMBOL(kernel_##type)(struct engine *, const struct kernel_args *);        \
    attpool_status SIMD_SYMBOL(softmax_##type)(struct engine *, const struct softmax_args *);      \
    attpool_status SIMD_SYMBOL(pool_##type)(struct engine *, const struct pool_args *);            \
    attpool_status SIMD_SYMBOL(elementwise_##type)(struct engine *, int function, size_t n,        \
                                                   const void *x, void *y);

SIMD_DECLARE(f32)
SIMD_DECLARE(f64)

#endif

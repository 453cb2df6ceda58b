/* SPDX-License-Identifier: Apache-2.0 */

/* The instruction set of this build: -DSIMD_VECTORS names the header of its vectors, -DSIMD_NAME
 * what its symbols begin with. Each operation is a file of its own, compiled for each set. */
#ifndef ATTPOOL_SIMD_ISA_H
#define ATTPOOL_SIMD_ISA_H

#include "backends/backend.h"

#include SIMD_VECTORS

#include "backends/simd/unroll.h"

#ifdef ATTPOOL_EMULATED
#define SIMD_JOIN(name, symbol) name##_emulated_##symbol
#else
#define SIMD_JOIN(name, symbol) name##_##symbol
#endif
#define SIMD_EXPAND(name, symbol) SIMD_JOIN(name, symbol)
#define SIMD_SYMBOL(symbol)       SIMD_EXPAND(SIMD_NAME, symbol)

#define simd_bmm_f32         SIMD_SYMBOL(bmm_f32)
#define simd_bmm_f64         SIMD_SYMBOL(bmm_f64)
#define simd_kernel_f32      SIMD_SYMBOL(kernel_f32)
#define simd_kernel_f64      SIMD_SYMBOL(kernel_f64)
#define simd_softmax_f32     SIMD_SYMBOL(softmax_f32)
#define simd_softmax_f64     SIMD_SYMBOL(softmax_f64)
#define simd_pool_f32        SIMD_SYMBOL(pool_f32)
#define simd_pool_f64        SIMD_SYMBOL(pool_f64)
#define simd_elementwise_f32 SIMD_SYMBOL(elementwise_f32)
#define simd_elementwise_f64 SIMD_SYMBOL(elementwise_f64)

attpool_status simd_bmm_f32(struct engine *engine, const struct bmm_args *args);
attpool_status simd_bmm_f64(struct engine *engine, const struct bmm_args *args);
attpool_status simd_kernel_f32(struct engine *engine, const struct kernel_args *args);
attpool_status simd_kernel_f64(struct engine *engine, const struct kernel_args *args);
attpool_status simd_softmax_f32(struct engine *engine, const struct softmax_args *args);
attpool_status simd_softmax_f64(struct engine *engine, const struct softmax_args *args);
attpool_status simd_pool_f32(struct engine *engine, const struct pool_args *args);
attpool_status simd_pool_f64(struct engine *engine, const struct pool_args *args);
attpool_status simd_elementwise_f32(struct engine *engine, int function, size_t n, const void *x,
                                    void *y);
attpool_status simd_elementwise_f64(struct engine *engine, int function, size_t n, const void *x,
                                    void *y);

#endif

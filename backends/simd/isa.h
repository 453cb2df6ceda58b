/* SPDX-License-Identifier: Apache-2.0 */

/* The operations of the backend that is being built. Each is compiled once for each type and
 * instruction set; -DSIMD_NAME is what the names of the set begin with: ap_avx2_pool_f32 is
 * what the sources call simd_pool. */
#ifndef BACKENDS_SIMD_ISA_H
#define BACKENDS_SIMD_ISA_H

#include "backends/backend.h"

#ifdef ATTPOOL_EMULATED
#define SIMD_JOIN(name, symbol) ap_##name##_emulated_##symbol
#else
#define SIMD_JOIN(name, symbol) ap_##name##_##symbol
#endif
#define SIMD_EXPAND(name, symbol) SIMD_JOIN(name, symbol)
#define SIMD_SYMBOL(symbol)       SIMD_EXPAND(SIMD_NAME, symbol)
#define SIMD_HALF(symbol)         SIMD_EXPAND(VEC_HALF, symbol)

#define SIMD_DECLARE(name)                                                                         \
    OPERATION_FUNCTION(name, SIMD_SYMBOL(name##_f32))                                              \
    OPERATION_FUNCTION(name, SIMD_SYMBOL(name##_f64))
OPERATION_TABLE(SIMD_DECLARE)
OPTIONAL_OPERATION_TABLE(SIMD_DECLARE)
#undef SIMD_DECLARE

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* The table of a SIMD backend. */
#ifndef BACKENDS_SIMD_TABLE_H
#define BACKENDS_SIMD_TABLE_H

#include "backends/scalar/scalar.h"
#include "backends/simd/isa.h"

/* States are merged in plain C, on x86 by the build with a fused multiply-add, which every
 * processor has that runs these vectors. */
#if defined(__x86_64__) || defined(__i386__)
#define SCALAR_TWIN(name) scalar_fma_##name
#else
#define SCALAR_TWIN(name) scalar_##name
#endif

#define SIMD_TABLE(table, set, order, is_emulated)                                                 \
    const struct backend table = {                                                                 \
        .name = set,                                                                               \
        .rank = order,                                                                             \
        .emulated = is_emulated,                                                                   \
        .probe = probe,                                                                            \
        .bmm = { SIMD_SYMBOL(bmm_f32), SIMD_SYMBOL(bmm_f64) },                                     \
        .kernel = { SIMD_SYMBOL(kernel_f32), SIMD_SYMBOL(kernel_f64) },                            \
        .softmax = { SIMD_SYMBOL(softmax_f32), SIMD_SYMBOL(softmax_f64) },                         \
        .pool = { SIMD_SYMBOL(pool_f32), SIMD_SYMBOL(pool_f64) },                                  \
        .merge = { SCALAR_TWIN(merge_f32), SCALAR_TWIN(merge_f64) },                               \
        .finish = { SCALAR_TWIN(finish_f32), SCALAR_TWIN(finish_f64) },                            \
        .elementwise = { SIMD_SYMBOL(elementwise_f32), SIMD_SYMBOL(elementwise_f64) },             \
    }

#endif

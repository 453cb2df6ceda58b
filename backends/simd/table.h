/* SPDX-License-Identifier: Apache-2.0 */

/* The table TABLE of a backend. The file that includes this defines it, NAME, RANK and the
 * function probe. */
#include "backends/scalar/scalar.h"
#include "backends/simd/isa.h"

/* States are merged in plain C, on x86 by the build with a fused multiply-add, which every
 * processor has that runs these vectors. */
#if defined(__x86_64__) || defined(__i386__)
#define SCALAR_TWIN(name) scalar_fma_##name
#else
#define SCALAR_TWIN(name) scalar_##name
#endif

const struct backend TABLE = {
    .name = NAME,
    .rank = RANK,
#ifdef ATTPOOL_EMULATED
    .emulated = true,
#endif
    .probe = probe,
    .bmm = { simd_bmm_f32, simd_bmm_f64 },
    .kernel = { simd_kernel_f32, simd_kernel_f64 },
    .softmax = { simd_softmax_f32, simd_softmax_f64 },
    .pool = { simd_pool_f32, simd_pool_f64 },
    .merge = { SCALAR_TWIN(merge_f32), SCALAR_TWIN(merge_f64) },
    .finish = { SCALAR_TWIN(finish_f32), SCALAR_TWIN(finish_f64) },
    .elementwise = { simd_elementwise_f32, simd_elementwise_f64 },
};

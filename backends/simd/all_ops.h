/* SPDX-License-Identifier: Apache-2.0 */

/* A backend: every operation for the vectors of the header VEC, float and double, and the table
 * TABLE. The stub that includes this defines both, NAME, RANK and the function probe. */
#include "backends/backend.h"
#include "backends/scalar/scalar.h"

#include VEC

#include "backends/simd/unroll.h"

#include "backends/simd/real_f32.h"
#include "backends/simd/ops.h"

#include "backends/simd/real_f64.h"
#include "backends/simd/ops.h"

#include "backends/simd/real_undef.h"

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
    .elementwise = { elementwise_f32, elementwise_f64 },
};

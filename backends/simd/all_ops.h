/* SPDX-License-Identifier: Apache-2.0 */

/* A backend: every operation for the vectors of the header VEC, float and double, and the table
 * TABLE. The stub that includes this defines both, NAME, RANK and the function probe. */
#include "backends/backend.h"

#include VEC

#include "backends/simd/unroll.h"

#include "backends/simd/real_f32.h"
#include "backends/simd/ops.h"

#include "backends/simd/real_f64.h"
#include "backends/simd/ops.h"

#include "backends/simd/real_undef.h"

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
#ifdef HAVE_POOL
    .pool = { pool_f32, pool_f64 },
    .merge = { merge_f32, merge_f64 },
    .finish = { finish_f32, finish_f64 },
#endif
    .elementwise = { elementwise_f32, elementwise_f64 },
};

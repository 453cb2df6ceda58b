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

#define SLOT(name)       .name = { SIMD_SYMBOL(name##_f32), SIMD_SYMBOL(name##_f64) },
#define STATE_SLOT(name) .name = { SCALAR_TWIN(name##_f32), SCALAR_TWIN(name##_f64) },

/* The rows end in commas of their own. */
/* clang-format off */
const struct backend TABLE = {
    .name = NAME,
    .rank = RANK,
#ifdef ATTPOOL_EMULATED
    .emulated = true,
#endif
    .probe = probe,
    OPERATION_TABLE(SLOT)
    STATE_OPERATION_TABLE(STATE_SLOT)
};
/* clang-format on */

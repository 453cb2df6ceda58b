/* SPDX-License-Identifier: Apache-2.0 */

/* The table of a SIMD backend. */
#ifndef BACKENDS_SIMD_TABLE_H
#define BACKENDS_SIMD_TABLE_H

#include "backends/scalar/scalar.h"
#include "backends/simd/isa.h"

/* States are merged in plain C, on x86 by the build with a fused multiply-add, which every
 * processor has that runs these vectors. */
#if defined(__x86_64__) || defined(__i386__)
#define SCALAR_TWIN(name) SCALAR_PASTE(ap_scalar_fma_, name)
#else
#define SCALAR_TWIN(name) SCALAR_PASTE(ap_scalar_, name)
#endif

#define SIMD_SLOT(name)  .name = { SIMD_SYMBOL(name##_f32), SIMD_SYMBOL(name##_f64) },
#define STATE_SLOT(name) .name = { SCALAR_TWIN(name##_f32), SCALAR_TWIN(name##_f64) },

#define SIMD_TABLE(table, set, order, is_emulated)                                                 \
    const struct backend table = { .name = set,                                                    \
                                   .rank = order,                                                  \
                                   .emulated = is_emulated,                                        \
                                   .indexes = true,                                                \
                                   .probe = probe,                                                 \
                                   OPERATION_TABLE(SIMD_SLOT) STATE_OPERATION_TABLE(STATE_SLOT)    \
                                       OPTIONAL_OPERATION_TABLE(SIMD_SLOT) }

#endif

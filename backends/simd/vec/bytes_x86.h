/* SPDX-License-Identifier: Apache-2.0 */

/* vec_byte_bits of x86: 256 bits of integers do for every instruction set. */
#ifndef BACKENDS_SIMD_VEC_BYTES_X86_H
#define BACKENDS_SIMD_VEC_BYTES_X86_H

#include <simde/x86/avx2.h>
#include <stdint.h>

#include "backends/simd/vec/contract.h"

VEC_FN uint32_t vec_byte_bits(const uint8_t *p)
{
    const simde__m256i x = simde_mm256_loadu_si256((const simde__m256i *)(const void *)p);
    return ~(uint32_t)simde_mm256_movemask_epi8(
        simde_mm256_cmpeq_epi8(x, simde_mm256_setzero_si256()));
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* AVX-512 emulated: each vector is two of 256 bits, which the host has or SIMDe splits again.
 * SIMDe's own 512-bit types live in memory: slow to run, and minutes to compile. */
#ifndef BACKENDS_SIMD_VEC_AVX512_EMULATED_H
#define BACKENDS_SIMD_VEC_AVX512_EMULATED_H

#include <math.h>
#include <simde/x86/avx2.h>
#include <simde/x86/fma.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "backends/simd/vec/bytes_x86.h"
#include "backends/simd/vec/contract.h"

enum { VF_LANES = 16, VD_LANES = 8, NREG = 16 };

#define HALVES_T     vf
#define HALVES_REAL  float
#define HALVES_LANES VF_LANES
#define HALVES_INT   int32_t
#define HALVES_SIGN  INT32_MIN
#define HALVES_BITS  32
#define HALVES_FMA   fmaf
#define P(name)      vf_##name
#define HALF         simde__m256
#define OP(name)     simde_mm256_##name##_ps
#define IOP(name)    simde_mm256_##name##_epi32
#define ISET1        simde_mm256_set1_epi32
#define TO_INT       simde_mm256_castps_si256
#define TO_REAL      simde_mm256_castsi256_ps
#include "backends/simd/vec/halves.h"

#define HALVES_T     vd
#define HALVES_REAL  double
#define HALVES_LANES VD_LANES
#define HALVES_INT   int64_t
#define HALVES_SIGN  INT64_MIN
#define HALVES_BITS  64
#define HALVES_FMA   fma
#define P(name)      vd_##name
#define HALF         simde__m256d
#define OP(name)     simde_mm256_##name##_pd
#define IOP(name)    simde_mm256_##name##_epi64
#define ISET1        simde_mm256_set1_epi64x
#define TO_INT       simde_mm256_castpd_si256
#define TO_REAL      simde_mm256_castsi256_pd
#include "backends/simd/vec/halves.h"

#endif

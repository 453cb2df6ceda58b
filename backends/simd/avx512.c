/* SPDX-License-Identifier: Apache-2.0 */

/* The AVX-512 backend: for processors with F, DQ, BW and VL, or emulated by narrower vectors. */
#include "backends/simd/table.h"

#ifdef ATTPOOL_EMULATED
static bool probe(const char **reason)
{
#if defined(__x86_64__) || defined(__i386__)
    const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    *reason = has ? "emulated by AVX2 and FMA" : "the processor lacks AVX2 or FMA to emulate it";
    return has;
#else
    *reason = "emulated";
    return true;
#endif
}

SIMD_TABLE(ap_backend_avx512_emulated, "avx512", 30, true);
#else
static bool probe(const char **reason)
{
    const bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                     __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                     __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    *reason = has ? "the processor has AVX-512 F, DQ, BW and VL"
                  : "the processor lacks AVX-512 F, DQ, BW or VL";
    return has;
}

SIMD_TABLE(ap_backend_avx512, "avx512", 30, false);
#endif

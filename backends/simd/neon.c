/* SPDX-License-Identifier: Apache-2.0 */

/* The NEON backend: for every 64-bit ARM processor, or emulated elsewhere. */
#include "backends/simd/table.h"

#ifdef ATTPOOL_EMULATED
static bool probe(const char **reason)
{
    const bool has = __builtin_cpu_supports("avx") && __builtin_cpu_supports("fma");
    *reason = has ? "emulated by AVX and FMA" : "the processor lacks AVX or FMA to emulate it";
    return has;
}

SIMD_TABLE(ap_backend_neon_emulated, "neon", 10, true);
#else
static bool probe(const char **reason)
{
    *reason = "every 64-bit ARM processor has it";
    return true;
}

SIMD_TABLE(ap_backend_neon, "neon", 10, false);
#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* The AVX2 backend: for processors with AVX2 and FMA, or emulated elsewhere. */
#include "backends/simd/table.h"

#ifdef ATTPOOL_EMULATED
static bool probe(const char **reason)
{
    *reason = "emulated";
    return true;
}

SIMD_TABLE(ap_backend_avx2_emulated, "avx2", 20, true);
#else
static bool probe(const char **reason)
{
    const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    *reason = has ? "the processor has AVX2 and FMA" : "the processor lacks AVX2 or FMA";
    return has;
}

SIMD_TABLE(ap_backend_avx2, "avx2", 20, false);
#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* The NEON backend: for every 64-bit ARM processor, or emulated elsewhere. */
#include <stdbool.h>

#define NAME "neon"
#define RANK 10

#ifdef ATTPOOL_EMULATED
#define TABLE backend_neon_emulated

static bool probe(const char **reason)
{
    const bool has = __builtin_cpu_supports("avx") && __builtin_cpu_supports("fma");
    *reason = has ? "emulated by AVX and FMA" : "the processor lacks AVX or FMA to emulate it";
    return has;
}
#else
#define TABLE backend_neon

static bool probe(const char **reason)
{
    *reason = "every 64-bit ARM processor has it";
    return true;
}
#endif

#include "backends/simd/table.h"

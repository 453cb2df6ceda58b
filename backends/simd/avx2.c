/* SPDX-License-Identifier: Apache-2.0 */

/* The AVX2 backend: for processors with AVX2 and FMA, or emulated elsewhere. */
#include <stdbool.h>

#define NAME "avx2"
#define RANK 20

#ifdef ATTPOOL_EMULATED
#define TABLE backend_avx2_emulated

static bool probe(const char **reason)
{
    *reason = "emulated";
    return true;
}
#else
#define TABLE backend_avx2

static bool probe(const char **reason)
{
    const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    *reason = has ? "the processor has AVX2 and FMA" : "the processor lacks AVX2 or FMA";
    return has;
}
#endif

#include "backends/simd/table.h"

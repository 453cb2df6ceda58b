/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/scalar/scalar.h"

#ifdef ATTPOOL_SCALAR_FMA
static bool probe(const char **reason)
{
    bool has = __builtin_cpu_supports("fma");
    *reason = has ? "the processor has fma" : "the processor has no fma";
    return has;
}
#else
static bool probe(const char **reason)
{
    *reason = "plain C";
    return true;
}
#endif

#define SLOT(name) .name = { SCALAR(name##_f32), SCALAR(name##_f64) },

/* The rows end in commas of their own. */
/* clang-format off */
#ifdef ATTPOOL_SCALAR_FMA
const struct backend ap_backend_scalar_fma = {
#else
const struct backend ap_backend_scalar = {
#endif
    .name = "scalar",
    .rank = 0,
    .probe = probe,
    OPERATION_TABLE(SLOT)
    STATE_OPERATION_TABLE(SLOT)
};
/* clang-format on */

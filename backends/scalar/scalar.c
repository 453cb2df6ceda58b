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

#ifdef ATTPOOL_SCALAR_FMA
const struct backend backend_scalar_fma = {
#else
const struct backend backend_scalar = {
#endif
    .name = "scalar",
    .rank = 0,
    .probe = probe,
    .bmm = { SCALAR(bmm_f32), SCALAR(bmm_f64) },
    .kernel = { SCALAR(kernel_f32), SCALAR(kernel_f64) },
    .softmax = { SCALAR(softmax_f32), SCALAR(softmax_f64) },
    .pool = { SCALAR(pool_f32), SCALAR(pool_f64) },
    .merge = { SCALAR(merge_f32), SCALAR(merge_f64) },
    .finish = { SCALAR(finish_f32), SCALAR(finish_f64) },
    .elementwise = { SCALAR(elementwise_f32), SCALAR(elementwise_f64) },
};

/* SPDX-License-Identifier: Apache-2.0 */
#define REAL_BITS 64
#include "core/statistics/elementary.h"

#include "backends/scalar/elementary.h"

double ap_exp(double x)
{
    return r_exp(x);
}

double ap_exp2(double x)
{
    return r_exp2_full(x);
}

double ap_log(double x)
{
    return r_log(x);
}

/* SPDX-License-Identifier: Apache-2.0 */

typedef struct weighing weighing;

static REAL weight_of(weighing how, REAL c, REAL top, REAL x, REAL factor, REAL a)
{
    REAL p = x;
    if (how.log_domain)
        p = TYPED(weight_exp2)(fabs(top) < BIG ? fma(c, x, -top) : c * x - top);
    if (how.has_factor)
        p *= factor;
    return how.has_key_weights ? p * a : p;
}

/* SPDX-License-Identifier: Apache-2.0 */

/* enum attpool_empty */
enum { EMPTY_NAN = 1, EMPTY_ZERO, EMPTY_MEAN, EMPTY_NEAREST, EMPTY_ERROR };

/* How a weight is made of what the planes hold. */
typedef struct {
    long log_domain, has_factor, has_key_weights;
} weighing;

static REAL weight_of(weighing how, REAL c, REAL top, REAL x, REAL factor, REAL a)
{
    REAL p = x;
    if (how.log_domain)
        p = TYPED(weight_exp2)(fabs(top) < BIG ? fma(c, x, -top) : c * x - top);
    if (how.has_factor)
        p *= factor;
    return how.has_key_weights ? p * a : p;
}

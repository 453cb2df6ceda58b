/* SPDX-License-Identifier: Apache-2.0 */

/* For sums a weight that is nothing beside that of a near key is 0. */
static REAL weight_of(weighing how, bool sums, REAL c, REAL m, REAL x, REAL factor, REAL a)
{
    REAL p = x;
    if (how.log_domain)
        p = relative(c, x, m, how.has_key_weights ? take_exponent(&a) : 0, sums && how.cuts_far);
    if (how.has_factor)
        p *= factor;
    return how.has_key_weights ? p * a : p;
}

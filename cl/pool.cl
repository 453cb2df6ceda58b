/* SPDX-License-Identifier: Apache-2.0 */

/* The scores of a slab. */

/* x, with scale and bias folded in where that is to be done. */
static REAL score_of(const metric *a, const visible_keys *s, REAL x, long j)
{
    if (is_folded(a->scale, s->has_bias))
        x = folded(a->scale, x, s->has_bias, s->has_bias ? s->bias[j * s->bias_col] : (REAL)0);
    return x;
}

static int exponent_of_key(const visible_keys *s, long j)
{
    REAL a = s->has_key_weights ? s->key_weights[j * s->key_weights_col] : (REAL)1;
    return take_exponent(&a);
}

/* Into plane 0 of x the scores or, out of the log domain, the factors; into plane 1 the factors
 * in the log domain; MASKED where a key takes no part. Into c each row's scale. A work-item has
 * keys_each keys of a row. sums_given: plane 0 holds the pairs' sums (sums.cl). */
__kernel void scores(slab s, __global const long *chosen, MASK_PARAMETERS, SCORE_PARAMETERS,
                     int keys_each, int sums_given, int log_domain, int has_factor, int special,
                     __global const REAL *row_sum, __global WORD *x, __global REAL *c)
{
    long from = (long)keys_each * get_global_id(1);
    int r = (int)get_global_id(0);
    if (r >= s.rows || from >= s.width)
        return;
    row_place p;
    visible_keys visible;
    metric a;
    place_of(&p, s, chosen, r);
    if (is_left_alone(special, row_sum, p.state))
        return;
    bool evenly = special == EVEN_OF_EMPTY || special == EVEN_AND_OTHERS;
    if (special == EVEN_AND_OTHERS)
        evenly = row_sum[p.state] == 0;
    VISIBLE_OF(&visible, p.b, p.h, p.i, s.m);
    METRIC_OF(&a, p.b, p.h, p.i);
    REAL c_of_x = is_folded(a.scale, visible.has_bias) ? (REAL)4 : a.scale;
    if (from == 0)
        c[r] = c_of_x;

    long to = min(from + keys_each, s.width);
    for (long n = from; n < to; n++) {
        long j = s.key + n, at = n * s.rows + r;
        WORD word = MASKED;
        if (is_visible(&visible, j)) {
            pair weight = { 0, 1, true };
            REAL sum = 0;
            metric_key(&a, j);
            if (sums_given)
                sum = AS_REAL(x[at]);
            else if (!evenly && (has_sum(&a) || special == NEAREST_OF_EMPTY))
                sum = sum_terms(&a, j);
            if (!evenly)
                pair_of(&weight, &a, j, sum);
            REAL value = log_domain && !evenly ? score_of(&a, &visible, weight.x, j)
                                               : weight.factor;
            if (SCORE == POOL_KERNEL && special == NEAREST_OF_EMPTY)
                value = nearness(&a, j, sum);
            else if (has_factor)
                x[s.width * s.rows + at] = AS_WORD(weight.factor);
            if (weight.inside || special == NEAREST_OF_EMPTY)
                word = AS_WORD(clean(value));
            if (special == NEAR_KEYS && is_far(c_of_x, value, exponent_of_key(&visible, j)))
                word = MASKED;
        }
        x[at] = word;
    }
}

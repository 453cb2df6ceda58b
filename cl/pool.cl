/* SPDX-License-Identifier: Apache-2.0 */

/* The scores of a slab. */

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
    if (from == 0)
        c[r] = scale_of(&a, &visible);

    long to = min(from + keys_each, s.width);
    for (long n = from; n < to; n++) {
        long at = n * s.rows + r;
        REAL factor = 1, sum = sums_given ? AS_REAL(x[at]) : (REAL)0;
        x[at] = score_word(&a, &visible, s.key + n, sums_given ? &sum : 0, evenly, special,
                           log_domain, &factor);
        if (has_factor)
            x[s.width * s.rows + at] = AS_WORD(factor);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */

/* W of the slab's keys, from their scores. */
static REAL empty_weight(int empty, long info, bool masked, REAL share, long j)
{
    REAL nan = AS_REAL((WORD)QUIET_NAN), result = nan;
    if (empty == EMPTY_ZERO)
        result = 0;
    if (empty == EMPTY_MEAN && info != 0)
        result = masked ? (REAL)0 : share;
    if (empty == EMPTY_NEAREST && info >= 0)
        result = info == j ? (REAL)1 : (REAL)0;
    return result;
}

__kernel void out_weights(slab s, __global const long *chosen, weighing how,
                          __global const REAL *key_weights, array key_weights_at, int divide,
                          int empty, __global const WORD *x, __global const REAL *c,
                          __global const REAL *row_max, __global const REAL *row_sum,
                          __global const long *row_info, __global REAL *W, array w_at)
{
    long from = WEIGHTS_EACH * get_global_id(1);
    int r = (int)get_global_id(0);
    if (r >= s.rows || from >= s.width)
        return;
    row_place p;
    place_of(&p, s, chosen, r);
    long to = min(from + WEIGHTS_EACH, s.width), info = row_info[p.state];
    REAL scale = c[r], top = row_max[p.state], l = row_sum[p.state];
    bool is_empty = l == 0;
    key_weights += array_at(key_weights_at, p.b, p.h);
    W += array_at(w_at, p.b, p.h) + p.place * w_at.row;
    if (l == 0 && empty == EMPTY_MEAN)
        l = AS_REAL((WORD)info);
    REAL inverse = TYPED(div_rn)((REAL)1, l);
    for (long n = from; n < to; n++) {
        long j = s.key + n;
        if (j < 0 || j >= s.m)
            continue;
        WORD word = x[n * s.rows + r];
        REAL factor = how.has_factor ? AS_REAL(x[(s.width + n) * s.rows + r]) : (REAL)1;
        REAL a = how.has_key_weights ? key_weights[j * key_weights_at.col] : (REAL)1;
        REAL weight = weight_of(how, false, scale, top, AS_REAL(word), factor, a);
        REAL result = divide ? TYPED(div_rn)(weight, l) : weight * inverse;
        bool far = how.cuts_far && top > CONSTANT(NEAR_LIMIT) &&
                   is_far(scale, AS_REAL(word), how.has_key_weights ? take_exponent(&a) : 0);
        result = word == MASKED || far ? (REAL)0 : result;
        if (is_empty)
            result = empty_weight(empty, info, word == MASKED, inverse, j);
        W[j * w_at.col] = clean(result);
    }
}

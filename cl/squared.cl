/* SPDX-License-Identifier: Apache-2.0 */

/* Sums of values by squared weights, from the scores of a slab to the states of its super-blocks. A
 * block's or a node's state is m, the sum l and the sum of squares sq in three planes [number][row], and
 * acc [number][row][column]. */

/* Scores become squares of the final weights. Blocks and nodes are added up: the factors of their
 * merges are 1, and the sum of a row is 1, or 0 where it is empty. */
__kernel void square(slab s, __global const long *chosen, weighing how,
                     __global const REAL *key_weights, array key_weights_at,
                     __global const REAL *max_of, array max_at, __global const REAL *sum_of,
                     array sum_at, int has_tilt, __global const REAL *tilt, array tilt_at,
                     __global const REAL *q, array q_at, __global const REAL *k, array k_at,
                     __global const REAL *power, long d, __global WORD *x, __global const REAL *c,
                     __global REAL *blocks, __global REAL *nodes, long slot, long slots)
{
    int r = (int)get_global_id(0);
    long block = get_global_id(1), count = s.width / BLOCK, plane = count * s.rows;
    if (r >= s.rows || (block > 0 && block >= count))
        return;
    row_place p;
    place_of(&p, s, chosen, r);
    REAL top = max_of[array_at(max_at, p.b, p.h) + p.i * max_at.row];
    REAL l = sum_of[array_at(sum_at, p.b, p.h) + p.i * sum_at.row];
    REAL inverse = TYPED(div_rn)((REAL)1, l), scale = c[r];
    if (block % SUPER_BLOCK_BLOCKS == 0) {
        nodes += (slot + block / SUPER_BLOCK_BLOCKS) * s.rows + r;
        nodes[0] = 0;
        nodes[slots * s.rows] = l == 0 ? (REAL)0 : (REAL)1;
        nodes[2 * slots * s.rows] = 1;
    }
    if (block >= count)
        return;
    blocks += block * s.rows + r;
    blocks[plane] = blocks[2 * plane] = 1;
    x += block * BLOCK * s.rows + r;
    key_weights += array_at(key_weights_at, p.b, p.h);
    tilt += array_at(tilt_at, p.b, p.h) + p.i * tilt_at.row;
    q += array_at(q_at, p.b, p.h) + p.i * q_at.row;
    k += array_at(k_at, p.b, p.h);
    for (int n = 0; n < BLOCK; n++) {
        WORD word = x[n * s.rows];
        long j = s.key + block * BLOCK + n;
        if (word == MASKED)
            continue;
        REAL factor = how.has_factor ? AS_REAL(x[(s.width + n) * s.rows]) : (REAL)1;
        REAL a = how.has_key_weights ? key_weights[j * key_weights_at.col] : (REAL)1;
        REAL weight = weight_of(how, true, scale, top, AS_REAL(word), factor, a);
        REAL w = fabs(l) >= CONSTANT(SUM_LEAST) ? weight * inverse : TYPED(div_rn)(weight, l);
        bool far = how.cuts_far && top > CONSTANT(NEAR_LIMIT) &&
                   is_far(scale, AS_REAL(word), how.has_key_weights ? take_exponent(&a) : 0);
        if (has_tilt) {
            REAL t = tilt[0];
            for (long e = 0; e < d; e++)
                t = fma(tilt[(1 + e) * tilt_at.col],
                        offset_of(k + j * k_at.row, k_at.col, q, q_at.col, power, e), t);
            w *= t;
        }
        x[n * s.rows] = far ? (WORD)MASKED : AS_WORD(clean(w * w));
    }
}

/* acc of super-blocks, a work-item an element. */
__kernel void gather(slab s, __global const long *chosen, __global const WORD *x,
                          __global const REAL *blocks, __global const REAL *value, array value_at,
                          long v, __global REAL *acc, long slot, int special,
                          __global const REAL *row_sum)
{
    long col = get_global_id(0), super = get_global_id(2), count = s.width / BLOCK;
    int r = (int)get_global_id(1);
    if (col >= v || r >= s.rows)
        return;
    row_place p;
    place_of(&p, s, chosen, r);
    if (is_left_alone(special, row_sum, p.state))
        return;
    REAL total = 0;
    long plane = count * s.rows;
    value += array_at(value_at, p.b, p.h) + col * value_at.col;
    for (long block = super * SUPER_BLOCK_BLOCKS; block < min((super + 1) * SUPER_BLOCK_BLOCKS, count); block++) {
        __global const WORD *weights = x + block * BLOCK * s.rows + r;
        long key = s.key + block * BLOCK;
        REAL sum = 0;
        for (int n = 0; n < BLOCK; n++) {
            WORD word = weights[n * s.rows];
            if (word != MASKED)
                sum = fma(AS_REAL(word), value[(key + n) * value_at.row], sum);
        }
        __global const REAL *b = blocks + block * s.rows + r;
        total = fma(sum, b[2 * plane], total * b[plane]);
    }
    acc[((slot + super) * s.rows + r) * v + col] = total;
}

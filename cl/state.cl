/* SPDX-License-Identifier: Apache-2.0 */

/* From the scores of a slab to the states of its super-blocks. A block's or a node's state is m, the sum
 * l and the sum of squares sq in three planes [number][row], and acc [number][row][column]. Out of
 * the log domain the exponent of sq stands in the place of m. */

/* The scores become weights relative to their block's largest. */
__kernel void weigh(slab s, __global const long *chosen, weighing how,
                    __global const REAL *key_weights, array key_weights_at, int special,
                    __global const REAL *row_sum, __global WORD *x, __global const REAL *c,
                    __global REAL *blocks)
{
    int r = (int)get_global_id(0);
    long block = get_global_id(1), count = s.width / BLOCK;
    if (r >= s.rows || block >= count)
        return;
    row_place p;
    place_of(&p, s, chosen, r);
    if (is_left_alone(special, row_sum, p.state))
        return;
    long key = s.key + block * BLOCK;
    REAL top, l, sq;
    key_weights += array_at(key_weights_at, p.b, p.h);
    weigh_block(s, how, special == EVEN_OF_EMPTY, special, c[r],
                key_weights + key * key_weights_at.col, key_weights_at.col,
                x + block * BLOCK * s.rows + r, &top, &l, &sq);
    blocks += block * s.rows + r;
    blocks[0] = top;
    blocks[count * s.rows] = l;
    blocks[2 * count * s.rows] = sq;
}

/* Blocks into super-blocks, m, l and sq: of blocks, l and sq become the factors of the merge. */
__kernel void fold(slab s, __global const long *chosen, int has_max, int special,
                   __global const REAL *row_sum, __global REAL *blocks, __global REAL *nodes,
                   long slot, long slots)
{
    int r = (int)get_global_id(0);
    long super = get_global_id(1), count = s.width / BLOCK;
    if (r >= s.rows || slot + super >= slots || (super > 0 && super * SUPER_BLOCK_BLOCKS >= count))
        return;
    row_place p;
    place_of(&p, s, chosen, r);
    if (is_left_alone(special, row_sum, p.state))
        return;
    REAL m = has_max ? -GREATEST : (REAL)0, l = 0, sq = 0, u, w;
    long plane = count * s.rows;
    for (long block = super * SUPER_BLOCK_BLOCKS; block < min((super + 1) * SUPER_BLOCK_BLOCKS, count); block++) {
        __global REAL *b = blocks + block * s.rows + r;
        merge_states(has_max, &m, &sq, b[0], b[2 * plane], &u, &w);
        l = fma(b[plane], w, l * u);
        b[plane] = u;
        b[2 * plane] = w;
    }
    nodes += (slot + super) * s.rows + r;
    nodes[0] = m;
    nodes[slots * s.rows] = l;
    nodes[2 * slots * s.rows] = sq;
}

/* acc of super-blocks, a work-item an element. */
__kernel void gather_each(slab s, __global const long *chosen, __global const WORD *x,
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

/* SPDX-License-Identifier: Apache-2.0 */

/* The super-blocks that fused.cl has left, row by row, by the functions of the slabs. */

/* A block's weights, in x, and its state. */
static void block_of_row(REAL *top, REAL *l, REAL *sq, metric *a, const visible_keys *visible,
                         slab alone, weighing weighs, int special, long key, __global WORD *x)
{
    for (int n = 0; n < BLOCK; n++) {
        REAL factor = 1;
        x[n] = score_word(a, visible, key + n, 0, false, special, (int)weighs.log_domain, &factor);
    }
    weigh_block(alone, weighs, false, special, scale_of(a, visible),
                visible->key_weights + key * visible->key_weights_col, visible->key_weights_col, x,
                top, l, sq);
}

/* A work-item takes the rows of every so many super-blocks. x: a block for each of them. Tiles have
 * `height` rows. */
__kernel void fused_rows(slab s, MASK_PARAMETERS, SCORE_PARAMETERS, weighing weighs, int special,
                         __global const REAL *value, array value_at, long v,
                         __global const WORD *left, int height, __global WORD *x,
                         __global REAL *nodes, __global REAL *columns, long slots)
{
    long tiles = (s.count + height - 1) / height, all = tiles * (s.rows / s.count);
    slab alone = s;
    alone.rows = 1;
    alone.width = BLOCK;
    x += BLOCK * get_global_id(0);
    for (long n = get_global_id(0); n < s.rows * slots; n += get_global_size(0)) {
        long slot = n / s.rows, r = n - slot * s.rows, matrix = r / s.count;
        if (!left[slot * all + matrix * tiles + (r - matrix * s.count) / height])
            continue;
        row_place p;
        visible_keys visible;
        metric a;
        place_of(&p, s, 0, (int)r);
        VISIBLE_OF(&visible, p.b, p.h, p.i, s.m);
        METRIC_OF(&a, p.b, p.h, p.i);
        REAL m = weighs.log_domain ? -GREATEST : (REAL)0, l = 0, sq = 0;
        __global REAL *acc = columns + (slot * s.rows + r) * v;
        for (long col = 0; col < v; col++)
            acc[col] = 0;
        for (long key = s.key + slot * SUPER_BLOCK; key < s.key + (slot + 1) * SUPER_BLOCK;
             key += BLOCK) {
            REAL block_m, block_l, block_sq, u, w;
            block_of_row(&block_m, &block_l, &block_sq, &a, &visible, alone, weighs, special, key, x);
            merge_states(weighs.log_domain, &m, &sq, block_m, block_sq, &u, &w);
            l = fma(block_l, w, l * u);
            for (long col = 0; col < v; col++) {
                __global const REAL *y = value + array_at(value_at, p.b, p.h) + col * value_at.col;
                REAL sum = 0;
                for (int j = 0; j < BLOCK; j++)
                    if (x[j] != MASKED)
                        sum = fma(AS_REAL(x[j]), y[(key + j) * value_at.row], sum);
                acc[col] = fma(sum, w, acc[col] * u);
            }
        }
        nodes[slot * s.rows + r] = m;
        nodes[(slots + slot) * s.rows + r] = l;
        nodes[(2 * slots + slot) * s.rows + r] = sq;
    }
}

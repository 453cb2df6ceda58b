/* SPDX-License-Identifier: Apache-2.0 */

/* From the scores of a slab to its states and results. A block's or a node's state is m, the sum
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

/* One level of the tree: nodes that begin at super-blocks right, right + 2 reach, ... merge into
 * their left siblings, which begin reach before or at the first super-block, `first`. */
__kernel void merge(long rows, long first, long right, long reach, long pairs, long slots,
                    int has_max, __global REAL *nodes)
{
    long r = get_global_id(0), number = get_global_id(1);
    if (r >= rows || number >= pairs)
        return;
    long begin = right + 2 * reach * number, plane = slots * rows;
    __global REAL *b = nodes + (begin - first) * rows + r;
    __global REAL *a = nodes + (max(begin - reach, first) - first) * rows + r;
    REAL m = a[0], sq = a[2 * plane], u, w;
    merge_states(has_max, &m, &sq, b[0], b[2 * plane], &u, &w);
    a[0] = m;
    a[2 * plane] = sq;
    a[plane] = fma(b[plane], w, a[plane] * u);
    b[plane] = u;
    b[2 * plane] = w;
}

__kernel void merge_columns(long rows, long first, long right, long reach, long pairs,
                            long slots, __global const REAL *nodes, __global REAL *acc, long v)
{
    long col = get_global_id(0), r = get_global_id(1), number = get_global_id(2);
    if (col >= v || r >= rows)
        return;
    long begin = right + 2 * reach * number, plane = slots * rows;
    __global const REAL *b = nodes + (begin - first) * rows + r;
    __global REAL *left = acc + ((max(begin - reach, first) - first) * rows + r) * v + col;
    *left = fma(acc[((begin - first) * rows + r) * v + col], b[2 * plane], *left * b[plane]);
}

/* L, n_eff, m and l, and what the later steps want to know of a row. */
__kernel void root(slab s, __global const long *chosen, __global const REAL *nodes, long slots,
                   int has_max, int special, int empty, int has_lse, __global REAL *lse,
                   array lse_at, int has_n_eff, __global REAL *n_eff, array n_eff_at, int has_out_max,
                   __global REAL *out_max, array out_max_at, int has_out_sum,
                   __global REAL *out_sum, array out_sum_at,
                   __global REAL *row_max, __global REAL *row_sum, __global long *row_info,
                   __global uint *flags)
{
    int r = (int)get_global_id(0);
    if (r >= s.rows)
        return;
    row_place p;
    place_of(&p, s, chosen, r);
    REAL m = nodes[r], l = nodes[slots * s.rows + r], sq = nodes[2 * slots * s.rows + r];
    REAL scaled = has_max || special == EVEN_OF_EMPTY ? l : l * power_of_two(-(int)m);
    REAL effective = TYPED(div_rn)(scaled, sq) * scaled, nan = AS_REAL((WORD)QUIET_NAN);
    __global REAL *to = n_eff + array_at(n_eff_at, p.b, p.h) + p.i * n_eff_at.row;
    if (is_left_alone(special, row_sum, p.state))
        return;
    if (special == EVEN_OF_EMPTY) {
        if (has_n_eff && l != 0)
            *to = clean(effective);
        row_info[p.state] = (long)AS_WORD(l);
        return;
    }
    if (special == NEAR_KEYS && !(m > CONSTANT(NEAR_LIMIT))) {
        row_sum[p.state] = 0; /* so that all keys are taken */
        return;
    }
    if (l == 0 && empty == EMPTY_ERROR)
        atomic_inc(&flags[FLAG_EMPTY]);
    if (has_n_eff)
        *to = l == 0 ? nan : clean(effective);
    if (has_lse) {
        REAL log_sum = TYPED(log)(l);
        if (has_max)
            log_sum = fma(m, 4 * LN2, log_sum);
        lse[array_at(lse_at, p.b, p.h) + p.i * lse_at.row] =
            l == 0 ? -(REAL)INFINITY : clean(log_sum);
    }
    if (has_out_max)
        out_max[array_at(out_max_at, p.b, p.h) + p.i * out_max_at.row] =
            has_max && l != 0 ? plus_zero(m) : (REAL)0;
    if (has_out_sum)
        out_sum[array_at(out_sum_at, p.b, p.h) + p.i * out_sum_at.row] = clean(plus_zero(l));
    row_max[p.state] = m;
    row_sum[p.state] = l;
    row_info[p.state] = -1;
}

__kernel void finish(slab s, __global const long *chosen, __global const REAL *nodes, long slots,
                     __global const REAL *acc, long v, int special, int empty, REAL scale,
                     __global const REAL *row_sum, __global REAL *out, array out_at)
{
    long col = get_global_id(0);
    int r = (int)get_global_id(1);
    if (col >= v || r >= s.rows)
        return;
    row_place p;
    place_of(&p, s, chosen, r);
    if (is_left_alone(special, row_sum, p.state))
        return;
    REAL l = nodes[slots * s.rows + r];
    REAL result = TYPED(div_rn)(plus_zero(acc[r * v + col]), plus_zero(l)) * scale;
    if (l == 0)
        result = empty == EMPTY_ZERO ? (REAL)0 : AS_REAL((WORD)QUIET_NAN);
    out[array_at(out_at, p.b, p.h) + p.i * out_at.row + col * out_at.col] = clean(result);
}

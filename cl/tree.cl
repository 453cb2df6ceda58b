/* SPDX-License-Identifier: Apache-2.0 */

/* From the states of super-blocks to results: the tree, and the rows. A program of its
 * own, since all pooling takes it and nothing else of the slabs. */

/* A level of the tree: nodes that begin at super-blocks right, right + 2 reach, ... merge into their left
 * siblings, which begin reach before or at the first super-block, `first`. */
typedef struct {
    long first, right, reach, pairs;
} tree_level;

static tree_level level_of(long first, long slots, long reach)
{
    tree_level t = { first, (first / reach / 2 * 2 + 1) * reach, reach, 0 };
    if (t.right <= first)
        t.right += 2 * reach;
    if (t.right < first + slots)
        t.pairs = (first + slots - 1 - t.right) / (2 * reach) + 1;
    return t;
}

static long left_of(const tree_level *t, long begin)
{
    return max(begin - t->reach, t->first) - t->first;
}

/* Levels [from, to), of which each has a barrier. Of a row's pairs a work-item takes those from its
 * last dimension on. */
__kernel void merge(long rows, long first, long slots, int from, int to, int has_max,
                    __global REAL *nodes)
{
    long r = get_global_id(0), plane = slots * rows;
    for (int level = from; level < to; level++) {
        tree_level t = level_of(first, slots, 1L << level);
        for (long n = get_local_id(1); n < t.pairs && r < rows; n += get_local_size(1)) {
            long begin = t.right + 2 * t.reach * n;
            __global REAL *b = nodes + (begin - first) * rows + r;
            __global REAL *a = nodes + left_of(&t, begin) * rows + r;
            REAL m = a[0], sq = a[2 * plane], u, w;
            merge_states(has_max, &m, &sq, b[0], b[2 * plane], &u, &w);
            a[0] = m;
            a[2 * plane] = sq;
            a[plane] = fma(b[plane], w, a[plane] * u);
            b[plane] = u;
            b[2 * plane] = w;
        }
        barrier(CLK_GLOBAL_MEM_FENCE);
    }
}

/* The same of columns, by the factors that are left of the nodes that were merged. */
__kernel void merge_columns(long rows, long first, long slots, int from, int to,
                            __global const REAL *nodes, __global REAL *acc, long v)
{
    long col = get_global_id(0), r = get_global_id(1), plane = slots * rows;
    for (int level = from; level < to; level++) {
        tree_level t = level_of(first, slots, 1L << level);
        for (long n = get_local_id(2); n < t.pairs && r < rows && col < v; n += get_local_size(2)) {
            long begin = t.right + 2 * t.reach * n;
            __global const REAL *b = nodes + (begin - first) * rows + r;
            __global REAL *left = acc + (left_of(&t, begin) * rows + r) * v + col;
            *left = fma(acc[((begin - first) * rows + r) * v + col], b[2 * plane], *left * b[plane]);
        }
        barrier(CLK_GLOBAL_MEM_FENCE);
    }
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

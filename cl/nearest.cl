/* SPDX-License-Identifier: Apache-2.0 */

/* The policy `nearest`: in row_info and least, of each row that is empty, the key of least nearness
 * among the slab's and those before, ties to the lowest; then what the row gets. */

/* Is key j nearer than key best, of nearness least? -1 is no key; NaN is further than all. */
static bool nearer(REAL u2, long j, REAL least, long best)
{
    bool first = u2 < least || (u2 == least && j < best);
    if (u2 != u2 || least != least)
        first = u2 == u2 || (least != least && j < best);
    return j >= 0 && (best < 0 || first);
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
nearest(slab s, __global const long *chosen, __global const WORD *x, __global const REAL *row_sum,
        __global REAL *row_least, __global long *row_info)
{
    __local REAL all_least[GROUP];
    __local long all_best[GROUP];
    int item = (int)get_local_id(0), r = (int)get_group_id(0);
    row_place p;
    place_of(&p, s, chosen, r);
    bool empty = row_sum[p.state] == 0;
    REAL least = 0;
    long best = -1;
    for (long n = empty ? item : s.width; n < s.width; n += GROUP) {
        WORD word = x[n * s.rows + r];
        long j = word == MASKED ? -1 : s.key + n;
        bool take = nearer(AS_REAL(word), j, least, best);
        least = take ? AS_REAL(word) : least;
        best = take ? j : best;
    }
    all_least[item] = least;
    all_best[item] = best;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item > 0 || !empty)
        return;
    least = row_least[p.state];
    best = row_info[p.state];
    for (int n = 0; n < GROUP; n++) {
        bool take = nearer(all_least[n], all_best[n], least, best);
        least = take ? all_least[n] : least;
        best = take ? all_best[n] : best;
    }
    row_least[p.state] = least;
    row_info[p.state] = best;
}

__kernel void take_nearest(slab s, dropping how, REAL scale, __global const REAL *row_sum,
                           __global const long *row_info,
                           __global const REAL *value, array value_at, long v,
                           __global REAL *out, array out_at, int has_n_eff, __global REAL *n_eff,
                           array n_eff_at)
{
    long col = get_global_id(0);
    int r = (int)get_global_id(1);
    if (r >= s.rows)
        return;
    row_place p;
    place_of(&p, s, 0, r);
    long best = row_info[p.state];
    if (row_sum[p.state] != 0 || best < 0)
        return;
    if (has_n_eff && col == 0)
        n_eff[array_at(n_eff_at, p.b, p.h) + p.i * n_eff_at.row] = 1;
    if (col >= v)
        return;
    REAL result = 0;
    if (!is_dropped(how, s.heads, p.b, p.h, p.i, best))
        result = scale * plus_zero(value[array_at(value_at, p.b, p.h) + best * value_at.row +
                                         col * value_at.col]);
    out[array_at(out_at, p.b, p.h) + p.i * out_at.row + col * out_at.col] = clean(result);
}

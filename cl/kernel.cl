/* SPDX-License-Identifier: Apache-2.0 */

/* G_ij = k(u_ij) for the rows [first, rows) of all matrices, counted through. */
__kernel void evaluate(__global REAL *G, array g_at, SCORE_PARAMETERS, int log_domain, long first,
                       long rows, long heads, long n, long m)
{
    long j = get_global_id(0), row = first + get_global_id(1);
    if (j >= m || row >= rows)
        return;
    long i = row % n, h = row / n % heads, b = row / n / heads;
    metric a = METRIC_OF(b, h, i);
    pair p = pair_of(&a, j, pair_sum(&a, j));
    REAL value = 0;
    if (p.inside)
        value = log_domain ? TYPED(exp2_full)(a.scale * p.x) * p.factor : p.factor;
    G[array_at(g_at, b, h) + i * g_at.row + j * g_at.col] = clean(value);
}

/* SPDX-License-Identifier: Apache-2.0 */

/* G of a slab's keys, from their scores: a row's first key has number `key` of m. */
__kernel void evaluate(slab s, __global const WORD *x, __global const REAL *c, int log_domain,
                       int has_factor, __global REAL *G, array g_at)
{
    long n = get_global_id(0), j = s.key + n;
    int r = (int)get_global_id(1);
    if (r >= s.rows || n >= s.width || j < 0 || j >= s.m)
        return;
    row_place p;
    place_of(&p, s, 0, r);
    WORD word = x[n * s.rows + r];
    REAL value = AS_REAL(word);
    if (log_domain)
        value = TYPED(exp2_full)(c[r] * value);
    if (has_factor)
        value *= AS_REAL(x[(s.width + n) * s.rows + r]);
    G[array_at(g_at, p.b, p.h) + p.i * g_at.row + j * g_at.col] =
        word == MASKED ? (REAL)0 : clean(value);
}

/* SPDX-License-Identifier: Apache-2.0 */

/* The sums of many pairs at once: inner products, or squared differences scaled by the power of
 * two of a width that is one, a query's or a key's. For slabs of all queries.
 *
 * A tile has keys down and queries across: these are neighbours in scratch memory. */

enum { SUM_PRODUCTS, SUM_ONE, SUM_KEY, SUM_QUERY };

static REAL power_at(__global const REAL *widths, long at, bool in)
{
    return in ? width_of(widths[at]).power : (REAL)0;
}

__kernel __attribute__((reqd_work_group_size(SIDE, SIDE, 1))) void
sums_tile(slab s, int kind, REAL one, __global const REAL *q, array q_at, __global const REAL *k,
          array k_at, int has_widths, __global const REAL *widths, array widths_at, long d,
          long band_low, long band_high, __global WORD *x)
{
    __local REAL tile_q[DEPTH][TILE + 1], tile_k[DEPTH][TILE + 1];
    long matrix = get_global_id(2), b = (s.first + matrix) / s.heads, h = (s.first + matrix) % s.heads;
    long row = s.top + TILE * get_group_id(0), bottom = s.top + s.count;
    long number = TILE * get_group_id(1), key = s.key + number;
    int ky = (int)get_local_id(1), qx = (int)get_local_id(0);
    REAL sum[MICRO][MICRO], total[MICRO][MICRO], power[MICRO][MICRO];

    /* Where the band hides the whole tile nobody looks at its sums. */
    if (key >= bottom - 1 + band_high || key + TILE <= row + band_low)
        d = 0;
    q += array_at(q_at, b, h);
    k += array_at(k_at, b, h);
    widths += array_at(widths_at, b, h);
    if (has_widths && kind == SUM_ONE)
        one = widths[0];
    one = width_of(one).power;
    EACH_RESULT
    {
        long r = row + qx + j * SIDE, t = key + ky + i * SIDE;
        power[i][j] = one;
        if (kind == SUM_QUERY)
            power[i][j] = power_at(widths, r * widths_at.row, r < bottom);
        if (kind == SUM_KEY)
            power[i][j] = power_at(widths, t * widths_at.col, t >= 0 && t < s.m);
        sum[i][j] = total[i][j] = 0;
    }
    for (long t = 0; t < d; t += DEPTH) {
        /* Past the end a product is -0 and a difference 0, which no sum notices. */
        tile_load(tile_q, q, q_at.row, q_at.col, row, bottom, t, d,
                  kind == SUM_PRODUCTS ? -(REAL)0 : (REAL)0);
        tile_load(tile_k, k, k_at.row, k_at.col, key, s.m, t, d, (REAL)0);
        barrier(CLK_LOCAL_MEM_FENCE);
        if (kind == SUM_PRODUCTS)
            for (int e = 0; e < DEPTH; e++)
                EACH_RESULT sum[i][j] =
                    fma(tile_q[e][qx + j * SIDE], tile_k[e][ky + i * SIDE], sum[i][j]);
        else
            for (int e = 0; e < DEPTH; e++)
                EACH_RESULT
                {
                    REAL z = (tile_q[e][qx + j * SIDE] - tile_k[e][ky + i * SIDE]) * power[i][j];
                    sum[i][j] = fma(z, z, sum[i][j]);
                }
        barrier(CLK_LOCAL_MEM_FENCE);
        if ((t + DEPTH) % CHUNK == 0 || t + DEPTH >= d)
            EACH_RESULT
            {
                total[i][j] += sum[i][j];
                sum[i][j] = 0;
            }
    }
    EACH_RESULT
    {
        long r = row + qx + j * SIDE - s.top, t = number + ky + i * SIDE;
        if (r < s.count && t < s.width)
            x[t * s.rows + matrix * s.count + r] = AS_WORD(total[i][j]);
    }
}

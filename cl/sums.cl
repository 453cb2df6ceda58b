/* SPDX-License-Identifier: Apache-2.0 */

/* The sums of many pairs at once: inner products, or squared differences scaled by the power of
 * two of a width that is one, a query's or a key's. For slabs of all queries.
 *
 * A tile has keys down and queries across: these are neighbours in scratch memory. */

static REAL power_at(__global const REAL *inverse_bandwidths, long at, bool in)
{
    width w;
    if (!in)
        return 0;
    width_of(&w, inverse_bandwidths[at]);
    return w.power;
}

/* What a tile's differences are multiplied by. */
static void tile_powers(REAL4 *power, int kind, REAL one, __global const REAL *inverse_bandwidths,
                        array widths_at, long key, long m, long row, long bottom)
{
    width w;
    width_of(&w, one);
    EACH_ROW power[i] = w.power;
    if (kind == SUM_KEY)
        EACH_ROW power[i] =
            power_at(inverse_bandwidths, (key + i) * widths_at.col, key + i >= 0 && key + i < m);
    if (kind == SUM_QUERY) {
        REAL part[4];
        for (int j = 0; j < 4; j++)
            part[j] = power_at(inverse_bandwidths, (row + j) * widths_at.row, row + j < bottom);
        EACH_ROW power[i] = vload4(0, part);
    }
}

__kernel __attribute__((reqd_work_group_size(TILE_SIDE, TILE_SIDE, 1))) void
sums_tile(slab s, int kind, REAL one, __global const REAL *q, array q_at, __global const REAL *k,
          array k_at, int has_inverse_bandwidths, __global const REAL *inverse_bandwidths, array widths_at, long d,
          long band_low, long band_high, __global WORD *x)
{
    __local REAL tile_q[TILE_DEPTH * TILE_PITCH], tile_k[TILE_DEPTH * TILE_PITCH];
    int ky = TILE_MICRO * (int)get_local_id(1), qx = 4 * (int)get_local_id(0), h;
    long row = s.top + TILE * get_group_id(0), bottom = s.top + s.count;
    long number = TILE * get_group_id(1), key = s.key + number, b;
    int items = TILE_SIDE * TILE_SIDE, item = (int)(get_local_id(1) * TILE_SIDE + get_local_id(0));
    bool products = kind == SUM_PRODUCTS;
    REAL4 sum[TILE_MICRO], total[TILE_MICRO], power[TILE_MICRO];

    /* Where the band hides the whole tile its sums are not used. */
    if (key >= bottom - 1 + band_high || key + TILE <= row + band_low)
        d = 0;
    matrix_of(s, (int)get_global_id(2), &b, &h);
    q += array_at(q_at, b, h);
    k += array_at(k_at, b, h);
    inverse_bandwidths += array_at(widths_at, b, h);
    if (has_inverse_bandwidths && kind == SUM_ONE)
        one = inverse_bandwidths[0];
    tile_powers(power, kind, one, inverse_bandwidths, widths_at, key + ky, s.m, row + qx, bottom);
    EACH_ROW sum[i] = total[i] = 0;
    for (long t = 0; t < d; t += TILE_DEPTH) {
        /* Past the end a product is -0 and a difference 0, which no sum notices. */
        load_slice(tile_q, TILE_PITCH, TILE, TILE_DEPTH, items, item, q, q_at.row, q_at.col, row,
                   bottom, t, d, products ? -(REAL)0 : (REAL)0);
        load_slice(tile_k, TILE_PITCH, TILE, TILE_DEPTH, items, item, k, k_at.row, k_at.col, key,
                   s.m, t, d, (REAL)0);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int e = 0; e < TILE_DEPTH; e++) {
            REAL4 across = *(__local REAL4 *)(tile_q + e * TILE_PITCH + qx);
            EACH_ROW
            {
                REAL4 down = tile_k[e * TILE_PITCH + ky + i];
                REAL4 z = (across - down) * power[i];
                sum[i] = fma(products ? across : z, products ? down : z, sum[i]);
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        if ((t + TILE_DEPTH) % CHUNK == 0 || t + TILE_DEPTH >= d)
            EACH_ROW
            {
                total[i] += sum[i];
                sum[i] = 0;
            }
    }
    __global WORD *to = x + get_global_id(2) * s.count + row - s.top + qx;
    EACH_ROW
    if (number + ky + i < s.width) {
        REAL part[4];
        vstore4(total[i], 0, part);
        for (int j = 0; j < 4; j++)
            if (row + qx + j < bottom)
                to[(number + ky + i) * s.rows + j] = AS_WORD(part[j]);
    }
}

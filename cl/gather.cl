/* SPDX-License-Identifier: Apache-2.0 */

/* acc of super-blocks, a work-group a tile of queries and columns: the weights' part of
 * pooling's matrix product, with the blocks' merges in it. For slabs of all queries. */

static void load_weights(__local WORD *tile, slab s, __global const WORD *x, long row, long key)
{
    int item = (int)(get_local_id(1) * TILE_SIDE + get_local_id(0));
    for (int n = item; n < TILE * TILE_DEPTH; n += TILE_SIDE * TILE_SIDE) {
        long r = row + n % TILE;
        tile[n / TILE * TILE_PITCH + n % TILE] =
            r < s.count ? x[(key + n / TILE) * s.rows + r] : (WORD)MASKED;
    }
}

__kernel __attribute__((reqd_work_group_size(TILE_SIDE, TILE_SIDE, 1))) void
gather_tile(slab s, __global const WORD *x, __global const REAL *blocks,
            __global const REAL *value, array value_at, long v, __global REAL *acc, long slot,
            int supers, long band_low, long band_high)
{
    __local WORD tile_p[TILE_DEPTH * TILE_PITCH];
    __local REAL tile_v[TILE_DEPTH * TILE_PITCH];
    int y = TILE_MICRO * (int)get_local_id(1), z = 4 * (int)get_local_id(0), h;
    int matrix = (int)get_global_id(2) / supers, super = (int)get_global_id(2) % supers;
    long row = TILE * get_group_id(1), col = TILE * get_group_id(0), b;
    long count = s.width / BLOCK, plane = count * s.rows;
    REAL4 total[TILE_MICRO], sum[TILE_MICRO];

    matrix_of(s, matrix, &b, &h);
    value += array_at(value_at, b, h);
    x += matrix * s.count;
    blocks += matrix * s.count;
    EACH_ROW total[i] = 0;
    for (long block = super * SUPER_BLOCK_BLOCKS; block < min((super + 1L) * SUPER_BLOCK_BLOCKS, count); block++) {
        long key = s.key + block * BLOCK;
        /* Does the band hide the block from the whole tile? */
        bool hidden = key >= s.top + min(row + TILE, s.count) - 1 + band_high ||
                      key + BLOCK <= s.top + row + band_low;
        EACH_ROW sum[i] = 0;
        for (int t = hidden ? BLOCK : 0; t < BLOCK; t += TILE_DEPTH) {
            load_weights(tile_p, s, x, row, block * BLOCK + t);
            tile_load(tile_v, value, value_at.col, value_at.row, col, v, key + t, s.m, (REAL)0);
            barrier(CLK_LOCAL_MEM_FENCE);
            for (int e = 0; e < TILE_DEPTH; e++) {
                REAL4 across = *(__local REAL4 *)(tile_v + e * TILE_PITCH + z);
                EACH_ROW
                {
                    WORD word = tile_p[e * TILE_PITCH + y + i];
                    REAL4 after = fma((REAL4)AS_REAL(word), across, sum[i]);
                    sum[i] = word == MASKED ? sum[i] : after;
                }
            }
            barrier(CLK_LOCAL_MEM_FENCE);
        }
        EACH_ROW
        {
            __global const REAL *factors = blocks + block * s.rows + min(row + y + i, s.count - 1);
            total[i] = fma(sum[i], (REAL4)factors[2 * plane], total[i] * factors[plane]);
        }
    }
    acc += ((slot + super) * s.rows + matrix * s.count + row + y) * v + col + z;
    EACH_ROW
    if (row + y + i < s.count) {
        REAL part[4];
        vstore4(total[i], 0, part);
        for (int j = 0; j < 4; j++)
            if (col + z + j < v)
                acc[i * v + j] = part[j];
    }
}

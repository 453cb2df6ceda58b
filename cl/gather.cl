/* SPDX-License-Identifier: Apache-2.0 */

/* acc of super-blocks, a work-group a tile of queries and columns: the weights' part of
 * pooling's matrix product, with the blocks' merges in it. For slabs of all queries. */
__kernel __attribute__((reqd_work_group_size(SIDE, SIDE, 1))) void
gather_tile(slab s, __global const WORD *x, __global const REAL *blocks,
            __global const REAL *value, array value_at, long v, __global REAL *acc, long slot,
            long supers, long band_low, long band_high)
{
    __local WORD tile_p[DEPTH][TILE + 1];
    __local REAL tile_v[DEPTH][TILE + 1];
    long matrix = get_global_id(2) / supers, super = get_global_id(2) % supers;
    long bh = s.first + matrix, row = TILE * get_group_id(1), col = TILE * get_group_id(0);
    long blocks_of = s.width / BLOCK, plane = blocks_of * s.rows;
    int y = (int)get_local_id(1), z = (int)get_local_id(0), item = y * SIDE + z;
    REAL total[MICRO][MICRO], sum[MICRO][MICRO];

    value += array_at(value_at, bh / s.heads, bh % s.heads);
    EACH_RESULT total[i][j] = 0;
    for (long block = super * BLOCKS; block < min((super + 1) * BLOCKS, blocks_of); block++) {
        long key = s.key + block * BLOCK;
        /* Does the band hide the block from the whole tile? */
        bool hidden = key >= s.top + min(row + TILE, s.count) - 1 + band_high ||
                      key + BLOCK <= s.top + row + band_low;
        EACH_RESULT sum[i][j] = 0;
        for (int t = hidden ? BLOCK : 0; t < BLOCK; t += DEPTH) {
            for (int n = item; n < TILE * DEPTH; n += SIDE * SIDE) {
                long q = row + n % TILE, at = block * BLOCK + t + n / TILE;
                tile_p[n / TILE][n % TILE] =
                    q < s.count ? x[at * s.rows + matrix * s.count + q] : (WORD)MASKED;
            }
            tile_load(tile_v, value, value_at.col, value_at.row, col, v, key + t, s.m,
                      (REAL)0);
            barrier(CLK_LOCAL_MEM_FENCE);
            for (int e = 0; e < DEPTH; e++)
                EACH_RESULT
                {
                    WORD word = tile_p[e][y + i * SIDE];
                    REAL after = fma(AS_REAL(word), tile_v[e][z + j * SIDE], sum[i][j]);
                    sum[i][j] = word == MASKED ? sum[i][j] : after;
                }
            barrier(CLK_LOCAL_MEM_FENCE);
        }
        EACH_RESULT
        {
            long q = min(row + y + i * SIDE, s.count - 1);
            __global const REAL *b = blocks + block * s.rows + matrix * s.count + q;
            total[i][j] = fma(sum[i][j], b[2 * plane], total[i][j] * b[plane]);
        }
    }
    EACH_RESULT
    {
        long q = row + y + i * SIDE, c = col + z + j * SIDE;
        if (q < s.count && c < v)
            acc[((slot + super) * s.rows + matrix * s.count + q) * v + c] = total[i][j];
    }
}

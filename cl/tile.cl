/* SPDX-License-Identifier: Apache-2.0 */

/* Register and local-memory tiles of products of two matrices: see TILE in shared.h. */

#define EACH_ROW _Pragma("unroll") for (int i = 0; i < TILE_MICRO; i++)

/* One slice: element (x, t) of the matrix to tile[t - from][x - first], `pad` outside of
 * [first, end) x [from, to) and below 0. Neighbouring work-items take neighbouring elements,
 * whichever way the matrix lies. */
static void tile_load(__local REAL *tile, __global const REAL *at, long x_stride, long t_stride,
                      long first, long end, long from, long to, REAL pad)
{
    int item = (int)(get_local_id(1) * TILE_SIDE + get_local_id(0));
    bool along_t = t_stride == 1;
    for (int n = 0; n < TILE * TILE_DEPTH; n += TILE_SIDE * TILE_SIDE) {
        int t = along_t ? (item + n) % TILE_DEPTH : (item + n) / TILE;
        int x = along_t ? (item + n) / TILE_DEPTH : (item + n) % TILE;
        REAL value = pad;
        if (first + x >= 0 && first + x < end && from + t >= 0 && from + t < to)
            value = at[(first + x) * x_stride + (from + t) * t_stride];
        tile[t * TILE_PITCH + x] = value;
    }
}

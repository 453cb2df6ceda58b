/* SPDX-License-Identifier: Apache-2.0 */

/* Tiles of matrices in local memory. */

#define EACH_ROW _Pragma("unroll") for (int i = 0; i < TILE_MICRO; i++)

/* One slice: element (x, t) of the matrix to slice[t - from][x - first], of `width` by `depth`; `pad`
 * outside of [0, end) x [0, to). Of `items` work-items this is number `item`, and neighbours take
 * neighbouring elements, whichever way the matrix lies. All are powers of two. */
static void load_slice(__local REAL *slice, int pitch, int width, int depth, int items, int item,
                       __global const REAL *matrix, long x_stride, long t_stride, long first,
                       long end, long from, long to, REAL pad)
{
    bool along_t = t_stride == 1;
    int x = along_t ? item / depth : item % width, x_step = along_t ? items / depth : 0;
    int t = along_t ? item % depth : item / width, t_step = along_t ? 0 : items / width;
    bool inside = first >= 0 && first + width <= end && from >= 0 && from + depth <= to;
    __global const REAL *at = matrix + (first + x) * x_stride + (from + t) * t_stride;
    for (; x < width && t < depth; x += x_step, t += t_step) {
        bool in = inside || (first + x >= 0 && first + x < end && from + t >= 0 && from + t < to);
        slice[t * pitch + x] = in ? *at : pad;
        at += x_step * x_stride + t_step * t_stride;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */

/* C = alpha A B + beta C for the rows of a slab. */

/* A work-item an element: for matrices with few rows or columns. */
__kernel void bmm_each(slab s, __global const REAL *A, array a_at, __global const REAL *B,
                       array b_at, __global REAL *C, array c_at, REAL alpha, REAL beta, long k)
{
    long col = get_global_id(0), row = get_global_id(1), b;
    int h;
    if (col >= s.m || row >= s.count)
        return;
    matrix_of(s, (int)get_global_id(2), &b, &h);
    row += s.top;
    A += array_at(a_at, b, h) + row * a_at.row;
    B += array_at(b_at, b, h) + col * b_at.col;
    C += array_at(c_at, b, h) + row * c_at.row + col * c_at.col;
    REAL c = beta == 0 ? (REAL)0 : beta * *C;
    for (long from = 0; from < k; from += CHUNK) {
        long to = min(from + CHUNK, k);
        REAL sum = 0;
        for (long t = from; t < to; t++)
            sum = fma(A[t * a_at.col], B[t * b_at.row], sum);
        c = fma(alpha, sum, c);
    }
    *C = clean(c);
}

/* A work-group has BMM_TILE x BMM_TILE elements, a work-item BMM_PARTS x BMM_PARTS times 4 x 4 of them,
 * TILE apart. */
enum { BMM_TILE = BMM_PARTS * TILE, BMM_PITCH = BMM_TILE + 4, BMM_ROWS = 4 * BMM_PARTS };

#define EACH_BMM_ROW _Pragma("unroll") for (int i = 0; i < BMM_ROWS; i++)
#define EACH_PART    _Pragma("unroll") for (int p = 0; p < BMM_PARTS; p++)

/* The products of a slice. */
static void add_products(REAL4 sum[BMM_ROWS][BMM_PARTS], __local const REAL *a, __local const REAL *b)
{
    for (int t = 0; t < BMM_DEPTH; t++) {
        REAL4 across[BMM_PARTS], down[BMM_PARTS];
        EACH_PART across[p] = *(__local const REAL4 *)(b + t * BMM_PITCH + p * TILE);
        EACH_PART down[p] = *(__local const REAL4 *)(a + t * BMM_PITCH + p * TILE);
        EACH_BMM_ROW
        {
            REAL4 four = down[i / 4];
            REAL x = i % 4 == 0 ? four.x : i % 4 == 1 ? four.y : i % 4 == 2 ? four.z : four.w;
            EACH_PART sum[i][p] = fma((REAL4)x, across[p], sum[i][p]);
        }
    }
}

/* A chain of products to C, of which this work-item's elements begin `row` and `col` before the end.
 * The first finds what C was before the call, the last makes a result of it; any: is there a chain? */
static void put_products(REAL4 sum[BMM_ROWS][BMM_PARTS], __global REAL *C, long c_row, long c_col,
                         long rows, long cols, REAL alpha, REAL beta, bool any, bool first,
                         bool last)
{
    EACH_BMM_ROW
    EACH_PART
    {
        int y = i / 4 * TILE + i % 4;
        REAL part[4];
        vstore4(sum[i][p], 0, part);
        for (int j = 0; j < 4; j++)
            if (y < rows && p * TILE + j < cols) {
                __global REAL *to = C + y * c_row + (p * TILE + j) * c_col;
                REAL c = !first ? *to : beta == 0 ? (REAL)0 : beta * *to;
                c = any ? fma(alpha, part[j], c) : c;
                *to = last ? clean(c) : c;
            }
        sum[i][p] = 0;
    }
}

__kernel __attribute__((reqd_work_group_size(TILE_SIDE, TILE_SIDE, 1))) void
bmm_tile(slab s, __global const REAL *A, array a_at, __global const REAL *B, array b_at,
         __global REAL *C, array c_at, REAL alpha, REAL beta, long k)
{
    __local REAL4 tile_a[BMM_DEPTH * BMM_PITCH / 4], tile_b[BMM_DEPTH * BMM_PITCH / 4];
    __local REAL *slice_a = (__local REAL *)tile_a, *slice_b = (__local REAL *)tile_b;
    int y = 4 * (int)get_local_id(1), x = 4 * (int)get_local_id(0), h;
    int items = TILE_SIDE * TILE_SIDE, item = (int)(get_local_id(1) * TILE_SIDE + get_local_id(0));
    long row = s.top + BMM_TILE * get_group_id(1), bottom = s.top + s.count;
    long col = BMM_TILE * get_group_id(0), b;
    REAL4 sum[BMM_ROWS][BMM_PARTS];

    matrix_of(s, (int)get_global_id(2), &b, &h);
    A += array_at(a_at, b, h);
    B += array_at(b_at, b, h);
    C += array_at(c_at, b, h) + (row + y) * c_at.row + (col + x) * c_at.col;
    EACH_BMM_ROW EACH_PART sum[i][p] = 0;
    for (long t = 0; t < k; t += BMM_DEPTH) {
        /* Past the end of k the products are -0, which no sum notices. */
        load_slice(slice_a, BMM_PITCH, BMM_TILE, BMM_DEPTH, items, item, A, a_at.row, a_at.col, row,
                   bottom, t, k, -(REAL)0);
        load_slice(slice_b, BMM_PITCH, BMM_TILE, BMM_DEPTH, items, item, B, b_at.col, b_at.row, col,
                   s.m, t, k, (REAL)0);
        barrier(CLK_LOCAL_MEM_FENCE);
        add_products(sum, slice_a + y, slice_b + x);
        barrier(CLK_LOCAL_MEM_FENCE);
        bool last = t + BMM_DEPTH >= k;
        if (last || (t + BMM_DEPTH) % CHUNK == 0)
            put_products(sum, C, c_at.row, c_at.col, bottom - row - y, s.m - col - x, alpha, beta, true,
                         t < CHUNK, last);
    }
    if (k == 0)
        put_products(sum, C, c_at.row, c_at.col, bottom - row - y, s.m - col - x, alpha, beta, false,
                     true, true);
}

/* SPDX-License-Identifier: Apache-2.0 */

/* C = alpha A B + beta C for rows [top, bottom) of the matrices from `first` on. */

/* A work-item an element: for matrices with few rows or columns. */
__kernel void bmm_each(__global const REAL *A, array a_at, __global const REAL *B, array b_at,
                       __global REAL *C, array c_at, REAL alpha, REAL beta, long first, long top,
                       long bottom, long heads, long m, long k)
{
    long col = get_global_id(0), row = top + get_global_id(1), bh = first + get_global_id(2);
    if (col >= m || row >= bottom)
        return;
    A += array_at(a_at, bh / heads, bh % heads) + row * a_at.row;
    B += array_at(b_at, bh / heads, bh % heads) + col * b_at.col;
    C += array_at(c_at, bh / heads, bh % heads) + row * c_at.row + col * c_at.col;
    REAL c = beta == 0 ? (REAL)0 : beta * *C;
    for (long from = 0; from < k; from += CHUNK) {
        long to = min(from + CHUNK, k);
        REAL s = 0;
        for (long t = from; t < to; t++)
            s = fma(A[t * a_at.col], B[t * b_at.row], s);
        c = fma(alpha, s, c);
    }
    *C = clean(c);
}

__kernel __attribute__((reqd_work_group_size(SIDE, SIDE, 1))) void
bmm_tile(__global const REAL *A, array a_at, __global const REAL *B, array b_at, __global REAL *C,
         array c_at, REAL alpha, REAL beta, long first, long top, long bottom, long heads, long m,
         long k)
{
    __local REAL tile_a[DEPTH][TILE + 1], tile_b[DEPTH][TILE + 1];
    long bh = first + get_global_id(2);
    long row = top + TILE * get_group_id(1), col = TILE * get_group_id(0);
    int y = (int)get_local_id(1), x = (int)get_local_id(0);
    REAL s[MICRO][MICRO], c[MICRO][MICRO];

    A += array_at(a_at, bh / heads, bh % heads);
    B += array_at(b_at, bh / heads, bh % heads);
    C += array_at(c_at, bh / heads, bh % heads) + (row + y) * c_at.row + (col + x) * c_at.col;
    EACH_RESULT
    {
        bool in = row + y + i * SIDE < bottom && col + x + j * SIDE < m;
        c[i][j] = beta != 0 && in ? beta * C[i * SIDE * c_at.row + j * SIDE * c_at.col] : (REAL)0;
        s[i][j] = 0;
    }
    for (long t = 0; t < k; t += DEPTH) {
        /* Past the end of k the products are -0, which no sum notices. */
        tile_load(tile_a, A, a_at.row, a_at.col, row, bottom, t, k, -(REAL)0);
        tile_load(tile_b, B, b_at.col, b_at.row, col, m, t, k, (REAL)0);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int d = 0; d < DEPTH; d++)
            EACH_RESULT s[i][j] = fma(tile_a[d][y + i * SIDE], tile_b[d][x + j * SIDE], s[i][j]);
        barrier(CLK_LOCAL_MEM_FENCE);
        if ((t + DEPTH) % CHUNK == 0 || t + DEPTH >= k)
            EACH_RESULT
            {
                c[i][j] = fma(alpha, s[i][j], c[i][j]);
                s[i][j] = 0;
            }
    }
    EACH_RESULT
    if (row + y + i * SIDE < bottom && col + x + j * SIDE < m)
        C[i * SIDE * c_at.row + j * SIDE * c_at.col] = clean(c[i][j]);
}

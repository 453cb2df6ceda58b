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

__kernel __attribute__((reqd_work_group_size(TILE_SIDE, TILE_SIDE, 1))) void
bmm_tile(slab s, __global const REAL *A, array a_at, __global const REAL *B, array b_at,
         __global REAL *C, array c_at, REAL alpha, REAL beta, long k)
{
    __local REAL tile_a[TILE_DEPTH * TILE_PITCH], tile_b[TILE_DEPTH * TILE_PITCH];
    int y = (int)get_local_id(1), x = (int)get_local_id(0), h;
    long row = s.top + TILE * get_group_id(1), bottom = s.top + s.count;
    long col = TILE * get_group_id(0), b;
    REAL4 sum[TILE_MICRO], c[TILE_MICRO];

    matrix_of(s, (int)get_global_id(2), &b, &h);
    A += array_at(a_at, b, h);
    B += array_at(b_at, b, h);
    C += array_at(c_at, b, h) + (row + TILE_MICRO * y) * c_at.row + (col + 4 * x) * c_at.col;
    EACH_ROW
    {
        REAL part[4] = { 0, 0, 0, 0 };
        if (beta != 0 && row + TILE_MICRO * y + i < bottom)
            for (int j = 0; j < 4; j++)
                if (col + 4 * x + j < s.m)
                    part[j] = beta * C[i * c_at.row + j * c_at.col];
        c[i] = vload4(0, part);
        sum[i] = 0;
    }
    for (long t = 0; t < k; t += TILE_DEPTH) {
        /* Past the end of k the products are -0, which no sum notices. */
        tile_load(tile_a, A, a_at.row, a_at.col, row, bottom, t, k, -(REAL)0);
        tile_load(tile_b, B, b_at.col, b_at.row, col, s.m, t, k, (REAL)0);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int d = 0; d < TILE_DEPTH; d++) {
            REAL4 down = *(__local REAL4 *)(tile_a + d * TILE_PITCH + TILE_MICRO * y);
            REAL4 across = *(__local REAL4 *)(tile_b + d * TILE_PITCH + 4 * x);
            sum[0] = fma((REAL4)down.x, across, sum[0]);
            sum[1] = fma((REAL4)down.y, across, sum[1]);
            sum[2] = fma((REAL4)down.z, across, sum[2]);
            sum[3] = fma((REAL4)down.w, across, sum[3]);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        if ((t + TILE_DEPTH) % CHUNK == 0 || t + TILE_DEPTH >= k)
            EACH_ROW
            {
                c[i] = fma((REAL4)alpha, sum[i], c[i]);
                sum[i] = 0;
            }
    }
    EACH_ROW
    if (row + TILE_MICRO * y + i < bottom) {
        REAL part[4];
        vstore4(c[i], 0, part);
        for (int j = 0; j < 4; j++)
            if (col + 4 * x + j < s.m)
                C[i * c_at.row + j * c_at.col] = clean(part[j]);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */

/* C = alpha A B + beta C on processors, in vectors of NATIVE columns. A work-item has a block of
 * rows and columns of C. Of each chunk of the inner dimension it keeps, in private memory, its rows
 * of A by PANEL_TILE at a time, transposed, and a panel of B, two vectors wide. Outside of the
 * matrix the last row or column stands for others, whose results are not stored. */

enum { PANEL = 2 * NATIVE };

typedef struct {
    int rows, cols; /* of C that are there */
    int depth;      /* of the chunk */
    bool first, last;
} panel_part;

/* Rows of A: element (r, t) to a[(r / PANEL_TILE * CHUNK + t) * PANEL_TILE + r % PANEL_TILE]. */
static void pack_rows(REAL *a, __global const REAL *A, long a_row, long a_col, int rows, int depth)
{
    for (int top = 0; top < rows; top += PANEL_TILE)
        for (int r = 0; r < PANEL_TILE; r++) {
            __global const REAL *from = A + min(top + r, rows - 1) * a_row;
            REAL *to = a + top * CHUNK + r;
            if (a_col == 1)
                for (int t = 0; t < depth; t++)
                    to[t * PANEL_TILE] = from[t];
            else
                for (int t = 0; t < depth; t++)
                    to[t * PANEL_TILE] = from[t * a_col];
        }
}

/* Columns of B that lie along the inner dimension, four by four. */
static void pack_transposed(REAL *b, __global const REAL *B, long b_col, int depth)
{
    int whole = depth / 4 * 4;
    for (int x = 0; x < PANEL; x += 4) {
        __global const REAL *from = B + x * b_col;
        for (int t = 0; t < whole; t += 4) {
            REAL4 p = vload4(0, from + t), q = vload4(0, from + b_col + t);
            REAL4 r = vload4(0, from + 2 * b_col + t), s = vload4(0, from + 3 * b_col + t);
            REAL *to = b + t * PANEL + x;
            vstore4((REAL4)(p.x, q.x, r.x, s.x), 0, to);
            vstore4((REAL4)(p.y, q.y, r.y, s.y), 0, to + PANEL);
            vstore4((REAL4)(p.z, q.z, r.z, s.z), 0, to + 2 * PANEL);
            vstore4((REAL4)(p.w, q.w, r.w, s.w), 0, to + 3 * PANEL);
        }
        for (int t = whole; t < depth; t++)
            for (int i = 0; i < 4; i++)
                b[t * PANEL + x + i] = from[i * b_col + t];
    }
}

static void pack_panel(VECTOR *b, __global const REAL *B, long b_row, long b_col, int cols, int depth)
{
    REAL *each = (REAL *)b;
    if (cols < PANEL || (b_col != 1 && b_row != 1))
        for (int t = 0; t < depth; t++)
            for (int x = 0; x < PANEL; x++)
                each[t * PANEL + x] = B[t * b_row + min(x, cols - 1) * b_col];
    else if (b_col == 1)
        for (int t = 0; t < depth; t++) {
            b[2 * t] = LOAD_VECTOR(B + t * b_row);
            b[2 * t + 1] = LOAD_VECTOR(B + t * b_row + NATIVE);
        }
    else
        pack_transposed(each, B, b_col, depth);
}

static VECTOR added(VECTOR c, VECTOR sum, REAL alpha, REAL beta, panel_part p)
{
    if (p.first)
        c = beta == 0 ? (VECTOR)0 : beta * c;
    if (p.depth > 0)
        c = fma((VECTOR)alpha, sum, c);
    return p.last ? select(c, (VECTOR)AS_REAL((WORD)QUIET_NAN), isnan(c)) : c;
}

/* A row of the tile, of one vector or two. */
static void put_row(__global REAL *C, long c_col, VECTOR x, VECTOR y, REAL alpha, REAL beta,
                    panel_part p)
{
    bool reads = !p.first || beta != 0;
    if (c_col == 1 && p.cols == PANEL) {
        VECTOR u = 0, v = 0;
        if (reads) {
            u = LOAD_VECTOR(C);
            v = LOAD_VECTOR(C + NATIVE);
        }
        STORE_VECTOR(added(u, x, alpha, beta, p), C);
        STORE_VECTOR(added(v, y, alpha, beta, p), C + NATIVE);
        return;
    }
    REAL c[PANEL];
    for (int i = 0; i < PANEL; i++)
        c[i] = reads && i < p.cols ? C[i * c_col] : (REAL)0;
    STORE_VECTOR(added(LOAD_VECTOR(c), x, alpha, beta, p), c);
    STORE_VECTOR(added(LOAD_VECTOR(c + NATIVE), y, alpha, beta, p), c + NATIVE);
    for (int i = 0; i < p.cols; i++)
        C[i * c_col] = c[i];
}

#if PANEL_TILE == 12
#define EACH_TILE_ROW(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
#else
#define EACH_TILE_ROW(X) X(0) X(1) X(2) X(3) X(4) X(5)
#endif

/* p.rows of C from a tile of A and a panel of B. */
static void put_tile(__global REAL *C, array c_at, const REAL *a, const VECTOR *b, REAL alpha,
                     REAL beta, panel_part p)
{
#define NEW_SUMS(r) VECTOR x##r = 0, y##r = 0;
#define ADD_TERM(r)                                                                                \
    x##r = fma((VECTOR)a[t * PANEL_TILE + r], x, x##r);                                            \
    y##r = fma((VECTOR)a[t * PANEL_TILE + r], y, y##r);
#define PUT_ROW(r)                                                                                 \
    if (r < p.rows)                                                                                \
        put_row(C + r * c_at.row, c_at.col, x##r, y##r, alpha, beta, p);
    EACH_TILE_ROW(NEW_SUMS)
    for (int t = 0; t < p.depth; t++) {
        VECTOR x = b[2 * t], y = b[2 * t + 1];
        EACH_TILE_ROW(ADD_TERM)
    }
    EACH_TILE_ROW(PUT_ROW)
}

/* block_rows is a multiple of PANEL_TILE, at most PANEL_ROWS; block_cols one of PANEL. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
bmm_panel(slab s, __global const REAL *A, array a_at, __global const REAL *B, array b_at,
          __global REAL *C, array c_at, REAL alpha, REAL beta, long k, int block_rows,
          int block_cols)
{
    REAL a[PANEL_ROWS * CHUNK];
    VECTOR b[2 * CHUNK];
    long row = get_global_id(1) * block_rows, col = get_global_id(0) * block_cols, batch;
    int rows = (int)min((long)block_rows, s.count - row), h;
    int cols = (int)min((long)block_cols, s.m - col);

    matrix_of(s, (int)get_global_id(2), &batch, &h);
    row += s.top;
    A += array_at(a_at, batch, h) + row * a_at.row;
    B += array_at(b_at, batch, h) + col * b_at.col;
    C += array_at(c_at, batch, h) + row * c_at.row + col * c_at.col;
    for (long from = 0; from == 0 || from < k; from += CHUNK) {
        panel_part p = { 0, 0, (int)min((long)CHUNK, k - from), from == 0, from + CHUNK >= k };
        pack_rows(a, A + from * a_at.col, a_at.row, a_at.col, rows, p.depth);
        for (int x = 0; x < cols; x += PANEL) {
            p.cols = min(PANEL, cols - x);
            pack_panel(b, B + from * b_at.row + x * b_at.col, b_at.row, b_at.col, p.cols, p.depth);
            for (int y = 0; y < rows; y += PANEL_TILE) {
                p.rows = min((int)PANEL_TILE, rows - y);
                put_tile(C + y * c_at.row + x * c_at.col, c_at, a + y * CHUNK, b, alpha, beta, p);
            }
        }
    }
}

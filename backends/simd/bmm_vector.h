/* SPDX-License-Identifier: Apache-2.0 */

/* The matrix product for few rows of A: B is read once, in the order of memory, and not packed.
 * Template: see real_f32.h. */

/* C of `rows` rows and a block of columns; k is all of it. */
struct FN(bmm_few) {
    const R *a, *b;
    R *c;
    int64_t a_row, a_col, b_row, b_col, c_row;
    int64_t k, cols;
    R alpha, beta;
};

/* C from `cols` sums of one row. */
static void FN(bmm_few_update)(const struct FN(bmm_few) *f, const R *sums, R *c, int64_t cols,
                               bool first, bool last)
{
    const V alpha = v_set1(f->alpha), beta = v_set1(first ? f->beta : 1);
    const bool zero = first && f->beta == 0;
    for (int64_t j = 0; j < cols; j += VN) {
        const size_t n = (size_t)bmm_min(VN, cols - j);
        V old = v_zero();
        if (!zero)
            old = v_mul(beta, n == VN ? v_loadu(c + j) : v_load_n(c + j, n));
        V sum = v_fma(alpha, v_loadu(sums + j), old);
        if (last)
            sum = v_select(v_isnan(sum), v_set1(R_NAN), sum);
        if (n == VN)
            v_storeu(c + j, sum);
        else
            v_store_n(c + j, sum, n);
    }
}

/* `steps` rows of B, from p on, into the sums. */
VEC_FN void FN(bmm_few_steps)(const struct FN(bmm_few) *f, int rows, int steps, int64_t p,
                              bool first, R *sums)
{
    V a[BMM_FEW * 4];
    const R *b = f->b + p * f->b_row;
    UNROLL
    for (int i = 0; i < rows * steps; i++)
        a[i] = v_set1(f->a[i / steps * f->a_row + (p + i % steps) * f->a_col]);
    for (int64_t j = 0; j < f->cols; j += VN) {
        V x[4];
        UNROLL
        for (int q = 0; q < steps; q++)
            x[q] = j + VN <= f->cols ? v_loadu(b + q * f->b_row + j)
                                     : v_load_n(b + q * f->b_row + j, (size_t)(f->cols - j));
        UNROLL
        for (int r = 0; r < rows; r++) {
            R *to = sums + r * BMM_FEW_COLS + j;
            V s = first ? v_zero() : v_loadu(to);
            UNROLL
            for (int q = 0; q < steps; q++)
                s = v_fma(a[r * steps + q], x[q], s);
            v_storeu(to, s);
        }
    }
}

/* Rows of B are contiguous: a few of them at a time are added to sums kept in memory. */
VEC_FN void FN(bmm_few_straight)(const struct FN(bmm_few) *f, int rows)
{
    R sums[BMM_FEW * BMM_FEW_COLS];
    const int steps = rows <= 2 ? 4 : 2;
    for (int64_t chunk = 0; chunk < f->k; chunk += CHUNK) {
        const int64_t end = bmm_min(chunk + CHUNK, f->k);
        int64_t p = chunk;
        for (; p + steps <= end; p += steps)
            FN(bmm_few_steps)(f, rows, steps, p, p == chunk, sums);
        for (; p < end; p++)
            FN(bmm_few_steps)(f, rows, 1, p, p == chunk, sums);
        for (int r = 0; r < rows; r++)
            FN(bmm_few_update)(f, sums + r * BMM_FEW_COLS, f->c + r * f->c_row, f->cols, chunk == 0,
                               end == f->k);
    }
}

/* VN columns from j on of B, VN deep from p on, as rows of vectors. */
VEC_FN void FN(bmm_few_square)(const struct FN(bmm_few) *f, int64_t j, int64_t p, int64_t lines,
                               int64_t deep, V *x)
{
    const R *b = f->b + j * f->b_col + p;
    UNROLL
    for (int q = 0; q < VN; q++)
        x[q] = q >= lines   ? v_zero()
               : deep == VN ? v_loadu(b + q * f->b_col)
                            : v_load_n(b + q * f->b_col, (size_t)deep);
    v_transpose(x);
}

/* Elements p .. p + deep - 1 of VN columns, times those of A, into the sums. */
VEC_FN void FN(bmm_few_columns)(const struct FN(bmm_few) *f, int rows, int64_t j, int64_t p,
                                int64_t lines, int64_t deep, V *s)
{
    V x[VN];
    const R *a = f->a + p * f->a_col;
    FN(bmm_few_square)(f, j, p, lines, deep, x);
    UNROLL
    for (int q = 0; q < VN; q++) {
        if (deep < VN && q >= deep)
            continue;
        UNROLL
        for (int r = 0; r < rows; r++)
            s[r] = v_fma(v_set1(a[r * f->a_row + q * f->a_col]), x[q], s[r]);
    }
}

/* Columns of B are contiguous: squares of it are transposed in registers. */
VEC_FN void FN(bmm_few_transposed)(const struct FN(bmm_few) *f, int rows)
{
    for (int64_t j = 0; j < f->cols; j += 2 * VN)
        for (int64_t chunk = 0; chunk < f->k; chunk += CHUNK) {
            const int64_t end = bmm_min(chunk + CHUNK, f->k), cols = bmm_min(2 * VN, f->cols - j);
            R sums[BMM_FEW * 2 * VN];
            V s[2][BMM_FEW];
            UNROLL
            for (int r = 0; r < 2 * rows; r++)
                s[r / rows][r % rows] = v_zero();
            int64_t p = chunk;
            if (cols == 2 * VN)
                for (; p + VN <= end; p += VN) {
                    FN(bmm_few_columns)(f, rows, j, p, VN, VN, s[0]);
                    FN(bmm_few_columns)(f, rows, j + VN, p, VN, VN, s[1]);
                }
            for (; p < end; p += VN) {
                const int64_t deep = bmm_min(VN, end - p);
                FN(bmm_few_columns)(f, rows, j, p, cols, deep, s[0]);
                if (cols > VN)
                    FN(bmm_few_columns)(f, rows, j + VN, p, cols - VN, deep, s[1]);
            }
            UNROLL
            for (int r = 0; r < 2 * rows; r++)
                v_storeu(sums + r % rows * 2 * VN + r / rows * VN, s[r / rows][r % rows]);
            for (int r = 0; r < rows; r++)
                FN(bmm_few_update)(f, sums + r * 2 * VN, f->c + r * f->c_row + j, cols, chunk == 0,
                                   end == f->k);
        }
}

static void FN(bmm_few)(const struct FN(bmm_few) *f, int64_t rows)
{
    const bool straight = f->b_col == 1;
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        if (straight)                                                                              \
            FN(bmm_few_straight)(f, n);                                                            \
        else                                                                                       \
            FN(bmm_few_transposed)(f, n);                                                          \
        break;
    switch (rows) {
        CASE(1)
        CASE(2)
        CASE(3)
        CASE(4)
    }
#undef CASE
}

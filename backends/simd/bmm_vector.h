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
        const size_t n = (size_t)int_min(VN, cols - j);
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
        const int64_t end = int_min(chunk + CHUNK, f->k);
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

/* VN columns of B, VN deep from b on, times A's elements from a on, into the sums. */
VEC_FN void FN(bmm_few_square)(const R *a, const R *b, int64_t b_col, int rows, V *s)
{
    V x[VN];
    /* The compiler must not see that this is the same in every turn of the caller's loop: it
     * would keep an address for each row, and these on the stack. */
    __asm__("" : "+r"(b_col));
    UNROLL
    for (int q = 0; q < VN; q++)
        x[q] = v_loadu(b + q / 4 * (4 * b_col) + q % 4 * b_col);
    v_transpose(x);
    UNROLL
    for (int q = 0; q < VN; q++) {
        UNROLL
        for (int r = 0; r < rows; r++)
            s[r] = v_fma(v_set1(a[r * CHUNK + q]), x[q], s[r]);
    }
}

/* The same for fewer columns or a lesser depth. */
VEC_FN void FN(bmm_few_edge)(const R *a, const R *b, int64_t b_col, int rows, int64_t cols,
                             int64_t deep, V *s)
{
    R line[VN] = { 0 };
    for (int64_t q = 0; q < deep; q++) {
        for (int64_t i = 0; i < int_min(cols, VN); i++)
            line[i] = b[i * b_col + q];
        UNROLL
        for (int r = 0; r < rows; r++)
            s[r] = v_fma(v_set1(a[r * CHUNK + q]), v_loadu(line), s[r]);
    }
}

/* `cols` columns of a chunk of B, in vectors whose chains of sums overlap. */
VEC_FN void FN(bmm_few_columns)(const R *a, const R *b, int64_t b_col, int rows, int vecs,
                                int64_t cols, int64_t deep, R *sums)
{
    enum { line = 64 / sizeof(R), per = VN * VN / line }; /* lines of memory */
    const R *ahead = b + 2 * vecs * VN * b_col, *end = ahead + deep;
    V s[BMM_FEW * 2];
    int64_t p = 0;
    UNROLL
    for (int i = 0; i < vecs * rows; i++)
        s[i] = v_zero();
    for (; cols == vecs * VN && p + VN <= deep; p += VN) {
        /* The columns after the next ones, in the order of memory: a processor foresees streams,
         * not squares. */
        UNROLL
        for (int q = 0; q < vecs * per; q++) {
            vec_prefetch(ahead);
            ahead += line;
            if (ahead >= end) {
                end += b_col;
                ahead = end - deep;
            }
        }
        UNROLL
        for (int v = 0; v < vecs; v++)
            FN(bmm_few_square)(a + p, b + v * VN * b_col + p, b_col, rows, s + v * rows);
    }
    UNROLL
    for (int v = 0; v < vecs; v++)
        if (v * VN < cols)
            FN(bmm_few_edge)(a + p, b + v * VN * b_col + p, b_col, rows, cols - v * VN, deep - p,
                             s + v * rows);
    UNROLL
    for (int i = 0; i < vecs * rows; i++)
        v_storeu(sums + (i % rows * vecs + i / rows) * VN, s[i]);
}

/* Columns of B are contiguous: squares of it are transposed in registers. */
VEC_FN void FN(bmm_few_transposed)(const struct FN(bmm_few) *f, int rows)
{
    const int vecs = 2;
    R a[BMM_FEW * CHUNK], sums[BMM_FEW * 2 * VN];
    for (int64_t chunk = 0; chunk < f->k; chunk += CHUNK) {
        const int64_t deep = int_min(CHUNK, f->k - chunk);
        for (int r = 0; r < rows; r++)
            for (int64_t p = 0; p < deep; p++)
                a[r * CHUNK + p] = f->a[r * f->a_row + (chunk + p) * f->a_col];
        for (int64_t j = 0; j < f->cols; j += vecs * VN) {
            const int64_t cols = int_min(vecs * VN, f->cols - j);
            FN(bmm_few_columns)(a, f->b + j * f->b_col + chunk, f->b_col, rows, vecs, cols, deep,
                                sums);
            for (int r = 0; r < rows; r++)
                FN(bmm_few_update)(f, sums + r * vecs * VN, f->c + r * f->c_row + j, cols,
                                   chunk == 0, chunk + CHUNK >= f->k);
        }
    }
}

/* Functions of their own, by a table: inlined into one they would run out of registers. */
#define BMM_FEW_ROWS(rows)                                                                         \
    static void FN(bmm_few_straight_##rows)(const struct FN(bmm_few) *f)                           \
    {                                                                                              \
        FN(bmm_few_straight)(f, rows);                                                             \
    }                                                                                              \
    static void FN(bmm_few_transposed_##rows)(const struct FN(bmm_few) *f)                         \
    {                                                                                              \
        FN(bmm_few_transposed)(f, rows);                                                           \
    }
BMM_FEW_ROWS(1)
BMM_FEW_ROWS(2)
BMM_FEW_ROWS(3)
BMM_FEW_ROWS(4)
#undef BMM_FEW_ROWS

static void FN(bmm_few)(const struct FN(bmm_few) *f, int64_t rows)
{
    typedef void function(const struct FN(bmm_few) *);
    static function *const straight[] = { FN(bmm_few_straight_1), FN(bmm_few_straight_2),
                                          FN(bmm_few_straight_3), FN(bmm_few_straight_4) };
    static function *const transposed[] = { FN(bmm_few_transposed_1), FN(bmm_few_transposed_2),
                                            FN(bmm_few_transposed_3), FN(bmm_few_transposed_4) };
    (f->b_col == 1 ? straight : transposed)[rows - 1](f);
}

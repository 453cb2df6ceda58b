/* SPDX-License-Identifier: Apache-2.0 */

/* The matrix product for few rows of A: B is read once, in the order of memory, and not packed. */
#ifndef BACKENDS_SIMD_BMM_SKINNY_H
#define BACKENDS_SIMD_BMM_SKINNY_H

#include "backends/simd/array.h"
#include "backends/simd/bmm/plan.h"

/* C of `rows` rows and a block of columns; k is all of it. */
struct bmm_skinny {
    const element *a, *b;
    element *c;
    int64_t a_row, a_col, b_row, b_col, c_row;
    int64_t k, cols;
    bool large; /* all B of the call is more than the second cache should hold */
    real alpha, beta;
};

/* C from `cols` sums of one row. */
static void bmm_skinny_update(const struct bmm_skinny *f, const real *sums, element *c,
                              int64_t cols, bool first, bool last)
{
    const vec alpha = v_set1(f->alpha), beta = v_set1(first ? f->beta : 1);
    const bool zero = first && f->beta == 0;
    for (int64_t j = 0; j < cols; j += LANES) {
        const int64_t n = int_min(LANES, cols - j);
        vec old = v_zero();
        if (!zero)
            old = v_mul(beta, load(c + j, n));
        vec sum = v_fma(alpha, v_loadu(sums + j), old);
        if (last)
            sum = v_select(v_isnan(sum), v_set1(REAL_NAN), sum);
        store(c + j, sum, n);
    }
}

/* `steps` rows of B, from p on, into the sums. */
VEC_FN void bmm_skinny_steps(const struct bmm_skinny *f, int rows, int steps, int64_t p, bool first,
                             real *sums)
{
    vec a[BMM_SKINNY_ROWS * 4];
    const element *b = f->b + p * f->b_row;
    UNROLL_FOR (int i = 0; i < rows * steps; i++)
        a[i] = v_set1(get(f->a + i / steps * f->a_row + (p + i % steps) * f->a_col));
    for (int64_t j = 0; j < f->cols; j += LANES) {
        vec x[4];
        UNROLL_FOR (int q = 0; q < steps; q++)
            x[q] = load(b + q * f->b_row + j, int_min(LANES, f->cols - j));
        UNROLL_FOR (int r = 0; r < rows; r++) {
            real *to = sums + r * BMM_SKINNY_COLS + j;
            vec s = first ? v_zero() : v_loadu(to);
            UNROLL_FOR (int q = 0; q < steps; q++)
                s = v_fma(a[r * steps + q], x[q], s);
            v_storeu(to, s);
        }
    }
}

/* Rows of B, from p to end, into sums that stay in registers. */
VEC_FN void bmm_skinny_narrow(const struct bmm_skinny *f, int rows, int vecs, int64_t p,
                              int64_t end, real *sums)
{
    vec s[BMM_SKINNY_NARROW];
    const element *a = f->a + p * f->a_col, *b = f->b + p * f->b_row;
    UNROLL_FOR (int i = 0; i < rows * vecs; i++)
        s[i] = v_zero();
    for (; p < end; p++, a += f->a_col, b += f->b_row) {
        vec x[BMM_SKINNY_NARROW];
        UNROLL_FOR (int v = 0; v < vecs; v++)
            x[v] = v_loadu(b + v * LANES);
        UNROLL_FOR (int r = 0; r < rows; r++) {
            const vec y = v_set1(get(a + r * f->a_row));
            UNROLL_FOR (int v = 0; v < vecs; v++)
                s[r * vecs + v] = v_fma(y, x[v], s[r * vecs + v]);
        }
    }
    UNROLL_FOR (int i = 0; i < rows * vecs; i++)
        v_storeu(sums + i / vecs * BMM_SKINNY_COLS + i % vecs * LANES, s[i]);
}

/* The number of vectors of a row of B where its sums stay in registers, else 0. */
static inline int bmm_skinny_vectors(const struct bmm_skinny *f, int rows)
{
    const int64_t vecs = f->cols / LANES;
    const bool narrow = vecs * LANES == f->cols && vecs * rows <= BMM_SKINNY_NARROW;
    return narrow && (vecs == 1 || vecs == 2 || vecs == 4 || vecs == 8) ? (int)vecs : 0;
}

/* A chunk of rows of B into the sums. */
VEC_FN void bmm_skinny_chunk(const struct bmm_skinny *f, int rows, int64_t p, int64_t end,
                             real *sums)
{
    const int steps = rows <= 2 ? 4 : 2;
    const int64_t chunk = p;
    switch (bmm_skinny_vectors(f, rows)) {
    case 1:
        bmm_skinny_narrow(f, rows, 1, p, end, sums);
        return;
    case 2:
        bmm_skinny_narrow(f, rows, 2, p, end, sums);
        return;
    case 4:
        bmm_skinny_narrow(f, rows, rows <= 2 ? 4 : 0, p, end, sums);
        return;
    case 8:
        bmm_skinny_narrow(f, rows, rows == 1 ? 8 : 0, p, end, sums);
        return;
    default:
        break;
    }
    for (; p + steps <= end; p += steps)
        bmm_skinny_steps(f, rows, steps, p, p == chunk, sums);
    for (; p < end; p++)
        bmm_skinny_steps(f, rows, 1, p, p == chunk, sums);
}

/* Rows of B are contiguous: a few of them at a time are added to sums kept in memory. */
VEC_FN void bmm_skinny_contiguous(const struct bmm_skinny *f, int rows)
{
    real sums[BMM_SKINNY_ROWS * BMM_SKINNY_COLS];
    for (int64_t chunk = 0; chunk < f->k; chunk += CHUNK) {
        const int64_t end = int_min(chunk + CHUNK, f->k);
        bmm_skinny_chunk(f, rows, chunk, end, sums);
        for (int r = 0; r < rows; r++)
            bmm_skinny_update(f, sums + r * BMM_SKINNY_COLS, f->c + r * f->c_row, f->cols,
                              chunk == 0, end == f->k);
    }
}

/* LANES columns of B, LANES deep from b on, times A's elements from a on, into the sums. */
VEC_FN void bmm_skinny_square(const real *a, const element *b, int64_t b_col, int rows, vec *s)
{
    vec x[LANES];
    /* The compiler must not know that this is the same in every turn of the caller's loop: it
     * would keep an address for each row, and these on the stack. */
    __asm__("" : "+r"(b_col));
    UNROLL_FOR (int q = 0; q < LANES; q++)
        x[q] = v_loadu(b + q / 4 * (4 * b_col) + q % 4 * b_col);
    v_transpose(x);
    UNROLL_FOR (int q = 0; q < LANES; q++) {
        UNROLL_FOR (int r = 0; r < rows; r++)
            s[r] = v_fma(v_set1(a[r * CHUNK + q]), x[q], s[r]);
    }
}

/* The same for fewer columns or a lesser depth. */
VEC_FN void bmm_skinny_edge(const real *a, const element *b, int64_t b_col, int rows, int64_t cols,
                            int64_t deep, vec *s)
{
    real line[LANES] = { 0 };
    for (int64_t q = 0; q < deep; q++) {
        for (int64_t i = 0; i < int_min(cols, LANES); i++)
            line[i] = get(b + i * b_col + q);
        UNROLL_FOR (int r = 0; r < rows; r++)
            s[r] = v_fma(v_set1(a[r * CHUNK + q]), v_loadu(line), s[r]);
    }
}

/* `cols` columns of a chunk of B, in vectors whose chains of sums overlap. */
VEC_FN void bmm_skinny_columns(const real *a, const element *b, int64_t b_col, int rows, int vecs,
                               int64_t cols, int64_t deep, bool large, real *sums)
{
    enum { line = 64 / sizeof(real), per = LANES * LANES / line }; /* lines of memory */
    const int64_t group = vecs * LANES * b_col, far = large ? 4 * group : 0;
    const bool small = group <= BMM_SOON / (int64_t)sizeof(real);
    const element *ahead = b + (small ? 2 : 1) * group, *end = ahead + deep;
    vec s[BMM_SKINNY_ROWS * 2];
    int64_t p = 0;
    UNROLL_FOR (int i = 0; i < vecs * rows; i++)
        s[i] = v_zero();
    for (; cols == vecs * LANES && p + LANES <= deep; p += LANES) {
        /* The next columns, or those after them if the nearest cache can hold both, in the order of
         * memory: processors prefetch streams by themselves, but not squares. Those `far` beyond go
         * to the second cache. */
        UNROLL_FOR (int q = 0; q < vecs * per; q++) {
            vec_prefetch(ahead);
            vec_prefetch_far(ahead + far);
            ahead += line;
            if (ahead >= end) {
                end += b_col;
                ahead = end - deep;
            }
        }
        UNROLL_FOR (int v = 0; v < vecs; v++)
            bmm_skinny_square(a + p, b + v * LANES * b_col + p, b_col, rows, s + v * rows);
    }
    UNROLL_FOR (int v = 0; v < vecs; v++)
        if (v * LANES < cols)
            bmm_skinny_edge(a + p, b + v * LANES * b_col + p, b_col, rows, cols - v * LANES,
                            deep - p, s + v * rows);
    UNROLL_FOR (int i = 0; i < vecs * rows; i++)
        v_storeu(sums + (i % rows * vecs + i / rows) * LANES, s[i]);
}

/* Columns of B are contiguous: squares of it are transposed in registers. */
VEC_FN void bmm_skinny_transposed(const struct bmm_skinny *f, int rows)
{
    const int vecs = 2;
    real a[BMM_SKINNY_ROWS * CHUNK], sums[BMM_SKINNY_ROWS * 2 * LANES];
    for (int64_t chunk = 0; chunk < f->k; chunk += CHUNK) {
        const int64_t deep = int_min(CHUNK, f->k - chunk);
        for (int r = 0; r < rows; r++)
            for (int64_t p = 0; p < deep; p++)
                a[r * CHUNK + p] = get(f->a + r * f->a_row + (chunk + p) * f->a_col);
        for (int64_t j = 0; j < f->cols; j += vecs * LANES) {
            const int64_t cols = int_min(vecs * LANES, f->cols - j);
            bmm_skinny_columns(a, f->b + j * f->b_col + chunk, f->b_col, rows, vecs, cols, deep,
                               f->large, sums);
            for (int r = 0; r < rows; r++)
                bmm_skinny_update(f, sums + r * vecs * LANES, f->c + r * f->c_row + j, cols,
                                  chunk == 0, chunk + CHUNK >= f->k);
        }
    }
}

/* Functions of their own, by a table: inlined into one they would run out of registers. */
#define SKINNY_OF_ROWS(rows)                                                                       \
    static void bmm_skinny_contiguous_##rows(const struct bmm_skinny *f)                           \
    {                                                                                              \
        bmm_skinny_contiguous(f, rows);                                                            \
    }                                                                                              \
    static void bmm_skinny_transposed_##rows(const struct bmm_skinny *f)                           \
    {                                                                                              \
        bmm_skinny_transposed(f, rows);                                                            \
    }
SKINNY_OF_ROWS(1)
SKINNY_OF_ROWS(2)
SKINNY_OF_ROWS(3)
SKINNY_OF_ROWS(4)
#undef SKINNY_OF_ROWS

static void bmm_skinny(const struct bmm_skinny *f, int64_t rows)
{
    typedef void function(const struct bmm_skinny *);
    static function *const contiguous[] = { bmm_skinny_contiguous_1, bmm_skinny_contiguous_2,
                                            bmm_skinny_contiguous_3, bmm_skinny_contiguous_4 };
    static function *const transposed[] = { bmm_skinny_transposed_1, bmm_skinny_transposed_2,
                                            bmm_skinny_transposed_3, bmm_skinny_transposed_4 };
    if (f->b_col == 1)
        contiguous[rows - 1](f);
    else
        transposed[rows - 1](f);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* The micro-kernel of the matrix product: a tile of C in registers, a chunk of k deep. */
#ifndef BACKENDS_SIMD_BMM_TILE_H
#define BACKENDS_SIMD_BMM_TILE_H

#include "backends/simd/array.h"
#include "backends/simd/bmm/plan.h"

/* A run of tiles: `count` of them `step` elements apart. */
struct bmm_run {
    int64_t count, a_step, b_step, c_step;
};

/* C[i][j] = alpha * sum_p A[i][p] B[p][j] + (zero ? +0 : beta * C[i][j]), in the order of p, for
 * runs of tiles: of rows, of columns or of matrices. */
struct bmm_tile {
    int64_t k;
    const element *a; /* element (i, p) at i * a_row + p * a_col */
    int64_t a_row, a_col;
    const element *b; /* element (p, j) at p * b_row + j */
    int64_t b_row;
    element *c;
    int64_t c_row;
    struct bmm_run inner, outer;
    real alpha, beta;
    bool zero, last;
    bool written; /* zero, last, and alpha is finite and not 0 */
    bool plain;   /* written, and no vector of a padded B is cut */
    size_t tail;  /* columns in the last vector, 1 .. LANES */
    bool spill; /* what is stored beyond them is the beginning of the next row of C, stored later */
};

typedef void bmm_tile_function(const struct bmm_tile *);

/* Vector v of a row of B. */
VEC_FN vec bmm_load_b(const element *b, int v, int vecs, enum bmm_kind kind, size_t tail)
{
    b += v * LANES;
    if (kind == BMM_MASKED && v == vecs - 1)
        return v_load_n(b, tail);
    return v_loadu(kind == BMM_WRITE && v == vecs - 1 ? b + tail - LANES : b);
}

/* A step of k; moves on in A. Row r of A is base[r / 3] + r % 3 * a_row, which x86 can address with
 * few registers. Of A's rows and B's vectors the fewer stay in registers. */
VEC_FN void bmm_step(const element **base, int64_t a_row, int64_t a_col, const element *b,
                     enum bmm_kind kind, size_t tail, int rows, int vecs, vec *s)
{
    const bool few_rows = rows < vecs;
    vec x[BMM_MAX_VECS];
    UNROLL_FOR (int r = 0; few_rows && r < rows; r++)
        x[r] = v_set1(get(base[r / 3] + r % 3 * a_row));
    UNROLL_FOR (int v = 0; v < vecs; v++) {
        const vec y = bmm_load_b(b, v, vecs, kind, tail);
        /* Or the compiler, short of registers, would load it again for each row. */
        __asm__ volatile("" ::: "memory");
        UNROLL_FOR (int r = 0; few_rows && r < rows; r++)
            s[r * vecs + v] = v_fma(x[r], y, s[r * vecs + v]);
        if (!few_rows)
            x[v] = y;
    }
    UNROLL_FOR (int r = 0; !few_rows && r < rows; r++) {
        const vec y = v_set1(get(base[r / 3] + r % 3 * a_row));
        UNROLL_FOR (int v = 0; v < vecs; v++)
            s[r * vecs + v] = v_fma(y, x[v], s[r * vecs + v]);
    }
    UNROLL_FOR (int r = 0; r < rows; r += 3)
        base[r / 3] += a_col;
}

/* Sums of a tile of rows x vecs vectors. In a packed A and B all offsets are constants. */
VEC_FN void bmm_sums(const struct bmm_tile *t, const element *a, const element *b, int rows,
                     int vecs, enum bmm_kind kind, vec *restrict s)
{
    const element *base[(BMM_MAX_ROWS + 2) / 3];
    const int64_t a_row = kind == BMM_PACKED ? 1 : t->a_row;
    const int64_t a_col = kind == BMM_PACKED ? rows : t->a_col;
    const int64_t b_row = kind == BMM_PACKED ? BMM_VECS * LANES : t->b_row;
    UNROLL_FOR (int r = 0; r < rows; r += 3)
        base[r / 3] = a + r * a_row;
    UNROLL_FOR (int r = 0; r < rows * vecs; r++)
        s[r] = v_zero();
    /* Tiles that are only written are those of small matrices, where a processor that has seen few
     * loops of this length guesses their ends wrong: fewer turns are fewer guesses. */
    if (rows * vecs * 3 >= (kind == BMM_WRITE ? BMM_ACC : BMM_ACC * 2)) {
        UNROLL_4_FOR (int64_t p = 0; p < t->k; p++, b += b_row)
            bmm_step(base, a_row, a_col, b, kind, t->tail, rows, vecs, s);
    } else {
        for (int64_t p = 0; p < t->k; p++, b += b_row)
            bmm_step(base, a_row, a_col, b, kind, t->tail, rows, vecs, s);
    }
}

/* C, of the last `cut` rows only `tail` columns of the last vector. */
VEC_FN void bmm_store(const struct bmm_tile *t, element *c, int rows, int vecs, int cut,
                      enum bmm_kind kind, const vec *s)
{
    UNROLL_FOR (int r = 0; r < rows; r++, c += t->c_row) {
        UNROLL_FOR (int v = 0; v < vecs; v++)
            if (kind == BMM_WRITE && v == vecs - 1)
                v_storeu(c + v * LANES + t->tail - LANES, s[r * vecs + v]);
            else if (v == vecs - 1 && r >= rows - cut)
                v_store_n(c + v * LANES, s[r * vecs + v], t->tail);
            else
                v_storeu(c + v * LANES, s[r * vecs + v]);
    }
}

/* The first and only chunk of a C that is only written. Returns a sum of the tile's first row and
 * its first vectors, which is finite only where no NaN is in the tile: with a finite alpha that is
 * not 0 a NaN comes from an element of A or B that is not finite, and so is then a whole row or
 * column of C. */
VEC_FN vec bmm_write(const struct bmm_tile *t, element *c, int rows, int vecs, enum bmm_kind kind,
                     vec *s)
{
    const vec alpha = v_set1(t->alpha);
    vec all[2] = { v_zero(), v_zero() };
    int n = 0;
    UNROLL_FOR (int i = 0; i < rows * vecs; i++) {
        s[i] = v_fma(alpha, s[i], v_zero());
        if (i < vecs || i % vecs == 0) {
            all[n % 2] = n < 2 ? s[i] : v_add(all[n % 2], s[i]);
            n++;
        }
    }
    bmm_store(t, c, rows, vecs, kind != BMM_MASKED ? 0 : t->spill ? 1 : rows, kind, s);
    return v_add(all[0], all[1]);
}

/* Each NaN becomes the one NaN. */
static void bmm_one_nan(const struct bmm_tile *t, int rows, int vecs)
{
    for (int64_t i = 0; i < t->outer.count * t->inner.count; i++) {
        element *c =
            t->c + i / t->inner.count * t->outer.c_step + i % t->inner.count * t->inner.c_step;
        for (int r = 0; r < rows; r++, c += t->c_row)
            for (int v = 0; v < vecs; v++) {
                const size_t n = v == vecs - 1 ? t->tail : LANES;
                const vec x = v_load_n(c + v * LANES, n);
                v_store_n(c + v * LANES, v_select(v_isnan(x), v_set1(REAL_NAN), x), n);
            }
    }
}

/* C from the sums. */
VEC_FN void bmm_update(const struct bmm_tile *t, element *c, int rows, int vecs, const vec *s)
{
    const vec alpha = v_set1(t->alpha), beta = v_set1(t->beta);
    UNROLL_FOR (int r = 0; r < rows; r++, c += t->c_row) {
        UNROLL_FOR (int v = 0; v < vecs; v++) {
            const vec old = t->zero ? v_zero() : v_mul(beta, v_loadu(c + v * LANES));
            vec sum = v_fma(alpha, s[r * vecs + v], old);
            if (t->last)
                sum = v_select(v_isnan(sum), v_set1(REAL_NAN), sum);
            v_storeu(c + v * LANES, sum);
        }
    }
}

/* The same where only `tail` columns of the last vector exist: seldom, so not inlined. */
static void bmm_update_cut(const struct bmm_tile *t, element *c, int rows, int vecs,
                           const real *sums)
{
    element last[LANES];
    for (int r = 0; r < rows; r++, c += t->c_row)
        for (int v = 0; v < vecs; v++) {
            const size_t n = v == vecs - 1 ? t->tail : LANES;
            const vec s = v_loadu(sums + (r * vecs + v) * LANES);
            v_storeu(last, v_load_n(c + v * LANES, t->zero ? 0 : n));
            bmm_update(t, last, 1, 1, &s);
            v_store_n(c + v * LANES, v_loadu(last), n);
        }
}

/* Returns what is not finite where NaNs may have been written. */
VEC_FN vec bmm_tile_one(const struct bmm_tile *t, const struct bmm_tile *given, const element *a,
                        const element *b, element *c, int rows, int vecs, enum bmm_kind kind)
{
    vec s[BMM_ACC];
    if (t->k >= 32) {
        UNROLL_FOR (int r = 0; r < rows; r++)
            vec_prefetch(c + r * t->c_row);
    }
    bmm_sums(t, a, b, rows, vecs, kind, s);
    if (kind == BMM_WRITE || (kind != BMM_DIRECT && t->plain))
        return bmm_write(t, c, rows, vecs, kind, s);
    if (kind != BMM_MASKED && t->tail == LANES) {
        bmm_update(t, c, rows, vecs, s);
    } else {
        real sums[BMM_ACC * LANES];
        UNROLL_FOR (int v = 0; v < rows * vecs; v++)
            v_storeu(sums + v * LANES, s[v]);
        bmm_update_cut(given, c, rows, vecs, sums);
    }
    return v_zero();
}

VEC_FN void bmm_tile_any(const struct bmm_tile *given, int rows, int vecs, enum bmm_kind kind)
{
    const struct bmm_tile t = *given; /* which no C can alias */
    if (rows * vecs > BMM_ACC || (kind == BMM_PACKED && (vecs > BMM_VECS || rows > BMM_ROWS)))
        return;
    vec all = v_zero();
    for (int64_t i = 0; i < t.outer.count; i++) {
        const element *a = t.a + i * t.outer.a_step, *b = t.b + i * t.outer.b_step;
        element *c = t.c + i * t.outer.c_step;
        for (int64_t j = 0; j < t.inner.count; j++) {
            all = v_add(all, bmm_tile_one(&t, given, a, b, c, rows, vecs, kind));
            a += t.inner.a_step;
            b += t.inner.b_step;
            c += t.inner.c_step;
        }
    }
    if (m_any(v_isnan(v_sub(all, all))))
        bmm_one_nan(given, rows, vecs);
}

/* Rows of C, one after the other, with B's strip of `deep` rows in registers. */
VEC_FN void bmm_hold_any(const struct bmm_tile *given, int deep, int vecs)
{
    const struct bmm_tile t = *given;
    vec x[BMM_HELD], s[BMM_MAX_VECS], all = v_zero();
    if (deep * vecs > BMM_HELD)
        return;
    UNROLL_FOR (int v = 0; v < vecs; v++)
        s[v] = v_zero();
    for (int64_t i = 0; i < t.outer.count; i++) {
        const element *a = t.a + i * t.outer.a_step, *b = t.b + i * t.outer.b_step;
        element *c = t.c + i * t.outer.c_step;
        vec sum = v_zero();
        UNROLL_FOR (int q = 0; q < deep * vecs; q++)
            x[q] = bmm_load_b(b + q / vecs * t.b_row, q % vecs, vecs, BMM_WRITE, t.tail);
        UNROLL_TWICE_FOR (int64_t r = 0; r < t.inner.count; r++, a += t.a_row, c += t.c_row) {
            UNROLL_FOR (int q = 0; q < deep * vecs; q++) {
                const vec y = v_set1(get(a + q / vecs));
                /* What is added to +0 in the end may begin with -0. */
                s[q % vecs] = q < vecs ? v_mul(y, x[q]) : v_fma(y, x[q], s[q % vecs]);
            }
            bmm_write(&t, c, 1, vecs, BMM_WRITE, s);
            sum = v_add(sum, s[0]);
        }
        UNROLL_FOR (int v = 1; v < vecs; v++)
            sum = v_add(sum, s[v]);
        all = v_add(all, sum);
    }
    if (m_any(v_isnan(v_sub(all, all))))
        bmm_one_nan(given, 1, vecs);
}

#define BMM_TILE(kind, rows, vecs)                                                                 \
    static void bmm_tile_##kind##_##rows##x##vecs(const struct bmm_tile *t)                        \
    {                                                                                              \
        bmm_tile_any(t, rows, vecs, BMM_##kind);                                                   \
    }
BMM_EVERY_TILE(BMM_TILE, PACKED)
BMM_EVERY_TILE(BMM_TILE, DIRECT)
BMM_EVERY_TILE(BMM_TILE, MASKED)
BMM_EVERY_TILE(BMM_TILE, WRITE)
#undef BMM_TILE
#define BMM_TILE(deep, vecs)                                                                       \
    static void bmm_hold_##deep##x##vecs(const struct bmm_tile *t)                                 \
    {                                                                                              \
        bmm_hold_any(t, deep, vecs);                                                               \
    }
BMM_EVERY_HOLD(BMM_TILE)
#undef BMM_TILE

/* Indexed by kind, rows and vectors; those that are too large are empty and not called. */
#define BMM_TILE(kind, rows, vecs) [rows][vecs] = bmm_tile_##kind##_##rows##x##vecs,
static bmm_tile_function *const bmm_tiles[BMM_KINDS][BMM_MAX_ROWS + 1][BMM_MAX_VECS + 1] = {
    [BMM_PACKED] = { BMM_EVERY_TILE(BMM_TILE, PACKED) },
    [BMM_DIRECT] = { BMM_EVERY_TILE(BMM_TILE, DIRECT) },
    [BMM_MASKED] = { BMM_EVERY_TILE(BMM_TILE, MASKED) },
    [BMM_WRITE] = { BMM_EVERY_TILE(BMM_TILE, WRITE) },
#undef BMM_TILE
#define BMM_TILE(deep, vecs) [deep][vecs] = bmm_hold_##deep##x##vecs,
    [BMM_HOLD] = { BMM_EVERY_HOLD(BMM_TILE) },
};
#undef BMM_TILE

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* The micro-kernel of the matrix product: a tile of C in registers, a chunk of k deep.
 * Template: see real_f32.h. */

/* C[i][j] = alpha * sum_p A[i][p] B[p][j] + (zero ? +0 : beta * C[i][j]), in the order of p. */
struct FN(bmm_tile) {
    int64_t k;
    const R *a; /* element (i, p) at i * a_row + p * a_col */
    int64_t a_row, a_col;
    const R *b; /* element (p, j) at p * b_row + j */
    int64_t b_row;
    R *c;
    int64_t c_row;
    R alpha, beta;
    bool zero, last;
    size_t tail; /* columns in the last vector, 1 .. VN */
};

typedef void FN(bmm_tile_function)(const struct FN(bmm_tile) *);

/* Sums of a tile of rows x vecs vectors; row r of A is base[r / 3] + r % 3 * a_row, which x86
 * can address with few registers. A packed A has fixed offsets. */
VEC_FN void FN(bmm_sums)(const struct FN(bmm_tile) *t, int rows, int vecs, enum bmm_kind kind,
                         V *restrict s)
{
    const R *base[(BMM_MAX_ROWS + 2) / 3];
    const R *b = t->b;
    const int64_t a_row = kind == BMM_PACKED ? 1 : t->a_row;
    const int64_t a_col = kind == BMM_PACKED ? rows : t->a_col;
    UNROLL
    for (int r = 0; r < rows; r += 3)
        base[r / 3] = t->a + r * a_row;
    UNROLL
    for (int r = 0; r < rows * vecs; r++)
        s[r] = v_zero();
    for (int64_t p = 0; p < t->k; p++) {
        V x[BMM_MAX_VECS];
        UNROLL
        for (int v = 0; v < vecs; v++)
            x[v] = kind == BMM_MASKED && v == vecs - 1 ? v_load_n(b + v * VN, t->tail)
                                                       : v_loadu(b + v * VN);
        UNROLL
        for (int r = 0; r < rows; r++) {
            V a = v_set1(base[r / 3][r % 3 * a_row]);
            UNROLL
            for (int v = 0; v < vecs; v++)
                s[r * vecs + v] = v_fma(a, x[v], s[r * vecs + v]);
        }
        UNROLL
        for (int r = 0; r < rows; r += 3)
            base[r / 3] += a_col;
        b += t->b_row;
    }
}

/* C from the sums. `partial`: only `tail` columns of the last vector exist. */
VEC_FN void FN(bmm_update)(const struct FN(bmm_tile) *t, int rows, int vecs, bool partial, V *s)
{
    const V alpha = v_set1(t->alpha), beta = v_set1(t->beta);
    R *c = t->c;
    UNROLL
    for (int r = 0; r < rows; r++, c += t->c_row) {
        UNROLL
        for (int v = 0; v < vecs; v++) {
            const bool cut = partial && v == vecs - 1;
            V old = v_zero();
            if (!t->zero)
                old = v_mul(beta, cut ? v_load_n(c + v * VN, t->tail) : v_loadu(c + v * VN));
            V sum = v_fma(alpha, s[r * vecs + v], old);
            if (t->last)
                sum = v_select(v_isnan(sum), v_set1(R_NAN), sum);
            if (cut)
                v_store_n(c + v * VN, sum, t->tail);
            else
                v_storeu(c + v * VN, sum);
        }
    }
}

/* The same for a cut last vector of a tile whose B is padded: seldom, so not inlined. */
static void FN(bmm_update_cut)(const struct FN(bmm_tile) *t, int rows, int vecs, const R *sums)
{
    for (int r = 0; r < rows; r++) {
        struct FN(bmm_tile) u = *t;
        u.c += r * t->c_row;
        for (int v = 0; v < vecs; v++, u.c += VN) {
            V s = v_loadu(sums + (r * vecs + v) * VN);
            FN(bmm_update)(&u, 1, 1, v == vecs - 1, &s);
        }
    }
}

VEC_FN void FN(bmm_tile_any)(const struct FN(bmm_tile) *t, int rows, int vecs, enum bmm_kind kind)
{
    V s[BMM_ACC];
    if (rows * vecs > BMM_ACC || vecs > BMM_VECS || (kind == BMM_PACKED && rows > BMM_ROWS))
        return;
    UNROLL
    for (int r = 0; r < rows; r++)
        vec_prefetch(t->c + r * t->c_row);
    FN(bmm_sums)(t, rows, vecs, kind, s);
    if (kind == BMM_MASKED) {
        FN(bmm_update)(t, rows, vecs, true, s);
    } else if (t->tail == VN) {
        FN(bmm_update)(t, rows, vecs, false, s);
    } else {
        R sums[BMM_ACC * VN];
        UNROLL
        for (int i = 0; i < rows * vecs; i++)
            v_storeu(sums + i * VN, s[i]);
        FN(bmm_update_cut)(t, rows, vecs, sums);
    }
}

#define BMM_TILE(kind, rows, vecs)                                                                 \
    static void FN(bmm_tile_##kind##_##rows##x##vecs)(const struct FN(bmm_tile) *t)                \
    {                                                                                              \
        FN(bmm_tile_any)(t, rows, vecs, BMM_##kind);                                               \
    }
BMM_EVERY_TILE(BMM_TILE, PACKED)
BMM_EVERY_TILE(BMM_TILE, DIRECT)
BMM_EVERY_TILE(BMM_TILE, MASKED)
#undef BMM_TILE

/* Indexed by kind, rows and vectors; those that are too large are empty and not called. */
#define BMM_TILE(kind, rows, vecs) [rows][vecs] = FN(bmm_tile_##kind##_##rows##x##vecs),
static FN(bmm_tile_function) *const FN(bmm_tiles)[3][BMM_MAX_ROWS + 1][BMM_MAX_VECS + 1] = {
    [BMM_PACKED] = { BMM_EVERY_TILE(BMM_TILE, PACKED) },
    [BMM_DIRECT] = { BMM_EVERY_TILE(BMM_TILE, DIRECT) },
    [BMM_MASKED] = { BMM_EVERY_TILE(BMM_TILE, MASKED) },
};
#undef BMM_TILE

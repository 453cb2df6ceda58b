/* SPDX-License-Identifier: Apache-2.0 */

/* What is measured of pairs: sums of squares and u, rows of queries by keys. Template: see
 * real_f32.h. */

/* Some coordinates of a tile of queries and of a block of keys. */
struct FN(measure) {
    int64_t keys, depth;
    const R *q;     /* row r, coordinate c at r * depth + c */
    const R *k;     /* panels of as many keys as a tile has: see FN(in_panels) */
    const R *scale; /* of each row, key or coordinate; or laid out as k */
    R *plane;       /* row r, key j at r * keys + j */
    bool first;     /* otherwise the sums are added to the plane's */
};

/* Where coordinate c of key j lies. */
static inline int64_t FN(in_panels)(int64_t depth, int64_t c, int64_t j)
{
    const int64_t tile = KERNEL_TILE_VECS * VN;
    return (j - j % tile) * depth + c * tile + j % tile;
}

/* Differences of row r, scaled, of a vector of keys from j on. */
VEC_FN V FN(scaled)(V diff, const struct FN(measure) *f, enum kernel_scaling scaling, int64_t r,
                    int64_t c, int64_t j)
{
    switch (scaling) {
    case SCALE_ROW:
        return v_mul(diff, v_set1(f->scale[r]));
    case SCALE_KEY:
        return v_mul(diff, v_loadu(f->scale + j));
    case SCALE_COORDINATE:
        return v_mul(diff, v_set1(f->scale[c]));
    case SCALE_COORDINATE_KEY:
        return v_mul(diff, v_loadu(f->scale + FN(in_panels)(f->depth, c, j)));
    default:
        return diff;
    }
}

VEC_FN void FN(squares_of)(const struct FN(measure) *f, int rows, enum kernel_scaling scaling)
{
    for (int64_t j = 0; j < f->keys; j += KERNEL_TILE_VECS * VN) {
        V s[KERNEL_TILE_ROWS * KERNEL_TILE_VECS];
        const R *k = f->k + j * f->depth, *q[KERNEL_TILE_ROWS];
        UNROLL
        for (int r = 0; r < rows; r++)
            q[r] = f->q + r * f->depth;
        UNROLL
        for (int i = 0; i < rows * KERNEL_TILE_VECS; i++)
            s[i] = v_zero();
        for (int64_t c = 0; c < f->depth; c++, k += KERNEL_TILE_VECS * VN) {
            UNROLL
            for (int r = 0; r < rows; r++) {
                const V x = v_set1(q[r][c]);
                UNROLL
                for (int v = 0; v < KERNEL_TILE_VECS; v++) {
                    const V diff = v_sub(x, v_loadu(k + v * VN));
                    const V z = FN(scaled)(diff, f, scaling, r, c, j + v * VN);
                    s[r * KERNEL_TILE_VECS + v] = v_fma(z, z, s[r * KERNEL_TILE_VECS + v]);
                }
            }
        }
        UNROLL
        for (int i = 0; i < rows * KERNEL_TILE_VECS; i++) {
            R *to = f->plane + i / KERNEL_TILE_VECS * f->keys + j + i % KERNEL_TILE_VECS * VN;
            v_storeu(to, f->first ? s[i] : v_add(v_loadu(to), s[i]));
        }
    }
}

static void FN(squares)(const struct FN(measure) *f, int64_t rows, enum kernel_scaling scaling)
{
    const bool tile = rows == KERNEL_TILE_ROWS;
#define CASE(scaling)                                                                              \
    case scaling:                                                                                  \
        if (tile)                                                                                  \
            FN(squares_of)(f, KERNEL_TILE_ROWS, scaling);                                          \
        else                                                                                       \
            FN(squares_of)(f, 1, scaling);                                                         \
        break;
    switch (scaling) {
        CASE(SCALE_NONE)
        CASE(SCALE_ROW)
        CASE(SCALE_KEY)
        CASE(SCALE_COORDINATE)
        CASE(SCALE_COORDINATE_KEY)
    }
#undef CASE
}

/* |w (q - k)| of coordinate c of one row. */
VEC_FN V FN(linear_u)(const struct FN(measure) *f, enum kernel_scaling scaling, int64_t c,
                      int64_t j)
{
    const V diff = v_sub(v_set1(f->q[c]), v_loadu(f->k + FN(in_panels)(f->depth, c, j)));
    return v_abs(FN(scaled)(diff, f, scaling, 0, c, j));
}

static void FN(linear)(const struct FN(measure) *f, enum kernel_scaling scaling)
{
    for (int64_t j = 0; j < f->keys; j += VN)
        v_storeu(f->plane + j, FN(linear_u)(f, scaling, 0, j));
}

/* Product form: one coordinate of one row into the planes of the log part, the factor and the
 * support, which are 0, 1 (outside), or NaN where some u is. */
VEC_FN void FN(product_step)(const struct FN(measure) *f, enum kernel_scaling scaling, int64_t c,
                             int64_t plane, attpool_kernel_name name)
{
    R *log = f->plane, *factor = log + plane, *support = factor + plane;
    const V one = v_set1(1);
    for (int64_t j = 0; j < f->keys; j += VN) {
        const V u = FN(linear_u)(f, scaling, c, j), u2 = v_mul(u, u);
        V out = v_loadu(support + j);
        if (kernel_is_compact((int32_t)name))
            out = v_select(m_andnot(v_ge(u, one), v_isnan(out)), one, out);
        v_storeu(support + j, v_select(v_isnan(u), u, out));
        if (name == ATTPOOL_GAUSSIAN)
            v_storeu(log + j, v_fma(v_set1(-RC(LOG2_E) / 2), u2, v_loadu(log + j)));
        else if (kernel_has_log((int32_t)name))
            v_storeu(log + j, v_fma(v_set1(-RC(LOG2_E)), u, v_loadu(log + j)));
        if (kernel_has_factor((int32_t)name))
            v_storeu(factor + j, v_mul(v_loadu(factor + j), FN(kernel_factor)(name, u, u2)));
    }
}

static void FN(product)(const struct FN(measure) *f, enum kernel_scaling scaling, int64_t c,
                        int64_t plane, int32_t name)
{
    switch ((attpool_kernel_name)name) {
#define X(name)                                                                                    \
    case name:                                                                                     \
        FN(product_step)(f, scaling, c, plane, name);                                              \
        break;
        KERNEL_EVERY_NAME(X)
#undef X
    case ATTPOOL_CONSTANT:
        break;
    }
}

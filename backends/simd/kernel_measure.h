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

/* Adds coordinate c of a tile's rows and of the keys from j on, which lie at k. */
VEC_FN void FN(squares_step)(const struct FN(measure) *f, const int rows,
                             const enum kernel_scaling scaling, int64_t c, int64_t j, const R *k,
                             V *s)
{
    UNROLL
    for (int r = 0; r < rows; r++) {
        const V x = v_set1(f->q[r * f->depth + c]);
        UNROLL
        for (int v = 0; v < KERNEL_TILE_VECS; v++) {
            const V diff = v_sub(x, v_loadu(k + v * VN));
            const V z = FN(scaled)(diff, f, scaling, r, c, j + v * VN);
            s[r * KERNEL_TILE_VECS + v] = v_fma(z, z, s[r * KERNEL_TILE_VECS + v]);
        }
    }
}

VEC_FN void FN(squares_of)(const struct FN(measure) *f, const int rows,
                           const enum kernel_scaling scaling)
{
    const int64_t tile = KERNEL_TILE_VECS * VN;
    for (int64_t j = 0; j < f->keys; j += tile) {
        V s[KERNEL_TILE_ROWS * KERNEL_TILE_VECS];
        const R *k = f->k + j * f->depth;
        UNROLL
        for (int i = 0; i < rows * KERNEL_TILE_VECS; i++)
            s[i] = v_zero();
        UNROLL_TWICE
        for (int64_t c = 0; c < f->depth; c++)
            FN(squares_step)(f, rows, scaling, c, j, k + c * tile, s);
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

/* --- the product form: planes of the log part, of the factor, and of 1 for a pair outside -------
 * Outside, u counts as 0: so the log part or the factor is NaN only where some u is. */

struct FN(product) {
    V log, factor, outside;
};

VEC_FN void FN(product_step)(struct FN(product) *p, attpool_kernel_name name, V u)
{
    if (kernel_is_compact((int32_t)name)) {
        const M out = v_ge(u, v_set1(1));
        p->outside = v_select(out, v_set1(1), p->outside);
        u = v_select(out, v_zero(), u);
    }
    const V u2 = v_mul(u, u);
    if (name == ATTPOOL_GAUSSIAN)
        p->log = v_fma(v_set1(-RC(LOG2_E) / 2), u2, p->log);
    else if (kernel_has_log((int32_t)name))
        p->log = v_fma(v_set1(-RC(LOG2_E)), u, p->log);
    if (kernel_has_factor((int32_t)name))
        p->factor = v_mul(p->factor, FN(kernel_factor)(name, u, u2));
}

VEC_FN struct FN(product) FN(product_load)(attpool_kernel_name name, const R *x, int64_t plane)
{
    struct FN(product) p = { .log = v_zero(), .factor = v_zero(), .outside = v_zero() };
    if (kernel_has_log((int32_t)name))
        p.log = v_loadu(x);
    if (kernel_has_factor((int32_t)name))
        p.factor = v_loadu(x + plane);
    if (kernel_is_compact((int32_t)name))
        p.outside = v_loadu(x + 2 * plane);
    return p;
}

VEC_FN void FN(product_store)(struct FN(product) p, attpool_kernel_name name, R *x, int64_t plane)
{
    if (kernel_has_log((int32_t)name))
        v_storeu(x, p.log);
    if (kernel_has_factor((int32_t)name))
        v_storeu(x + plane, p.factor);
    if (kernel_is_compact((int32_t)name))
        v_storeu(x + 2 * plane, p.outside);
}

/* Coordinates [c, end) of one row, which have one kernel. */
struct FN(run) {
    int64_t c, end, plane;
    int64_t scale_c, scale_j; /* from a coordinate's scale to the next one's, a key's likewise */
};

VEC_FN void FN(product_of)(const struct FN(measure) *f, const struct FN(run) *run,
                           attpool_kernel_name name, bool scale_is_vector)
{
    const int64_t tile = KERNEL_TILE_VECS * VN;
    for (int64_t j = 0; j < f->keys; j += tile) {
        struct FN(product) p[KERNEL_TILE_VECS];
        const R *k = f->k + j * f->depth + run->c * tile;
        const R *scale = f->scale + j * run->scale_j + run->c * run->scale_c;
        UNROLL
        for (int i = 0; i < KERNEL_TILE_VECS; i++)
            p[i] = FN(product_load)(name, f->plane + j + i * VN, run->plane);
        for (int64_t c = run->c; c < run->end; c++, k += tile, scale += run->scale_c) {
            const V q = v_set1(f->q[c]);
            UNROLL
            for (int i = 0; i < KERNEL_TILE_VECS; i++) {
                const V w = scale_is_vector ? v_loadu(scale + i * VN) : v_set1(*scale);
                const V u = v_mul(v_sub(q, v_loadu(k + i * VN)), w);
                FN(product_step)(&p[i], name, name == ATTPOOL_GAUSSIAN ? u : v_abs(u));
            }
        }
        UNROLL
        for (int i = 0; i < KERNEL_TILE_VECS; i++)
            FN(product_store)(p[i], name, f->plane + j + i * VN, run->plane);
    }
}

/* Coordinates [c, end) of one row, which have one kernel. */
static void FN(product)(const struct FN(measure) *f, enum kernel_scaling scaling, int64_t c,
                        int64_t end, int64_t plane, int32_t name)
{
    const bool both = scaling == SCALE_COORDINATE_KEY, vector = both || scaling == SCALE_KEY;
    const struct FN(run) run = { .c = c,
                                 .end = end,
                                 .plane = plane,
                                 .scale_c =
                                     both ? KERNEL_TILE_VECS * VN : scaling == SCALE_COORDINATE,
                                 .scale_j = both ? f->depth : vector };
    switch ((attpool_kernel_name)name) {
#define X(name)                                                                                    \
    case name:                                                                                     \
        if (vector)                                                                                \
            FN(product_of)(f, &run, name, true);                                                   \
        else                                                                                       \
            FN(product_of)(f, &run, name, false);                                                  \
        break;
        KERNEL_EVERY_NAME(X)
#undef X
    case ATTPOOL_CONSTANT:
        break;
    }
}

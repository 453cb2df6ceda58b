/* SPDX-License-Identifier: Apache-2.0 */

/* Kernel evaluation. Template: see real_f32.h. A task is a block of rows and one of keys. The
 * keys become a structure of arrays; what is measured of pairs goes to planes of numbers, and
 * these, one loop a kernel, to G. */
#include "backends/simd/bmm_pack.h"
#include "backends/simd/kernel_plan.h"
#include "backends/simd/elementary.h"
#include "backends/simd/pair.h"
#include "backends/simd/powers.h"
#include "backends/simd/sight.h"
#include "backends/simd/kernel_measure.h"

struct FN(kernel) {
    struct engine *engine;
    const struct kernel_args *args;
    struct kernel_plan plan;
    R power, square, size; /* of ONE: P, W2, |w| */
};

/* The scratch of a worker. */
struct FN(kernel_room) {
    R *k, *q, *scale, *square, *planes;
};

/* A task at work. */
struct FN(kernel_block) {
    const struct FN(kernel) *job;
    struct FN(kernel_room) room;
    const R *q, *k;            /* element 0 of the block */
    const R *widths, *factors; /* of this (b, h) */
    R *g;
    int64_t row, rows, key, keys;
    enum kernel_scaling scaling; /* NONE where it was done beforehand */
};

/* Power-of-two scaling of `count` numbers, if it is exact and nothing can overflow in a
 * difference, before or after: then it commutes with rounding. NaN and Inf stay what they are. */
static bool FN(prescaled)(R *x, int64_t count, R power)
{
    const R back = 1 / power;
    const V times = v_set1(power), divide = v_set1(back), most = v_set1(R_MAX / 4);
    M bad = m_first(0);
    if (!(power >= R_MIN && back >= R_MIN))
        return false;
    for (int64_t i = 0; i < count; i += VN) {
        const V a = FN(load_strided)(x, 1, i, FN(lanes_from)(i, count)), y = v_mul(a, times);
        const M large = m_or(v_gt(v_abs(a), most), v_gt(v_abs(y), most));
        const M finite = v_eq(v_sub(a, a), v_zero());
        bad = m_or(bad, m_and(finite, m_or(large, v_ne(v_mul(y, divide), a))));
    }
    if (m_any(bad))
        return false;
    for (int64_t i = 0; i < count; i += VN) {
        const int64_t n = FN(lanes_from)(i, count);
        const V y = v_mul(FN(load_strided)(x, 1, i, n), times);
        if (n == VN)
            v_storeu(x + i, y);
        else
            v_store_n(x + i, y, (size_t)n);
    }
    return true;
}

/* Coordinates [first, first + depth) of queries and keys. */
static void FN(kernel_load)(const struct FN(kernel_block) *f, int64_t first, int64_t depth)
{
    const struct kernel_args *a = f->job->args;
    const int64_t tile = KERNEL_TILE_VECS * VN;
    for (int64_t j = 0; j < f->job->plan.keys; j += tile) {
        const struct FN(bmm_panel) panel = { .src = f->k + j * a->k.row + first * a->k.col,
                                             .line = a->k.row,
                                             .depth = a->k.col,
                                             .width = int_min(tile, f->keys - j),
                                             .lanes = tile,
                                             .k = depth,
                                             .dst = f->room.k + j * depth };
        FN(bmm_pack)(&panel);
    }
    for (int64_t r = 0; r < f->rows; r++)
        for (int64_t c = 0; c < depth; c++)
            f->room.q[r * depth + c] = f->q[r * a->q.row + (first + c) * a->q.col];
}

/* The numbers that multiply differences: powers of two for the radial form of one width a pair,
 * else the widths. */
static void FN(kernel_scales)(const struct FN(kernel_block) *f, int64_t first, int64_t depth)
{
    const struct kernel *kernel = &f->job->args->kernel;
    const bool squared = f->job->plan.squared;
    const int64_t all = f->job->plan.keys, col = kernel->widths.col;
    R *scale = f->room.scale, *square = f->room.square, power;
    switch (f->job->plan.scaling) {
    case SCALE_COORDINATE:
        for (int64_t c = 0; c < depth; c++)
            scale[c] = r_abs(f->widths[(first + c) * col]);
        return;
    case SCALE_COORDINATE_KEY:
        for (int64_t c = 0; c < depth; c++) {
            const V w = v_set1(r_abs(f->widths[(first + c) * col]));
            for (int64_t j = 0; j < all; j += VN) {
                const V v = FN(load_strided)(f->factors, kernel->factors.col, f->key + j,
                                             FN(lanes_from)(j, f->keys));
                v_storeu(scale + FN(in_panels)(depth, c, j), FN(products_up)(w, v_abs(v)));
            }
        }
        return;
    case SCALE_KEY:
        for (int64_t j = 0; j < all; j++) {
            const R w = j < f->keys ? f->widths[(f->key + j) * col] : 0;
            FN(width_of)(w, &power, &square[j]);
            scale[j] = squared ? power : r_abs(w);
        }
        return;
    default:
        for (int64_t r = 0; r < f->rows; r++) {
            square[r] = f->job->square;
            scale[r] = squared ? f->job->power : f->job->size;
            if (kernel->per != ATTPOOL_WIDTH_QUERY)
                continue;
            const R w = f->widths[(f->row + r) * kernel->widths.row];
            FN(width_of)(w, &power, &square[r]);
            scale[r] = squared ? power : r_abs(w);
        }
    }
}

/* Vectors of G from what was measured: S, or u where linear. */
VEC_FN void FN(kernel_values)(attpool_kernel_name name, bool linear, V *x, const V *square, V c,
                              const int n)
{
    V e[KERNEL_VALUES];
    UNROLL
    for (int i = 0; i < n; i++) {
        const V u2 = linear ? v_mul(x[i], x[i]) : v_mul(x[i], square[i]);
        const V u = linear ? x[i] : kernel_takes_square((int32_t)name) ? u2 : v_sqrt(u2);
        e[i] = v_mul(c, name == ATTPOOL_GAUSSIAN ? u2 : u);
        x[i] = FN(kernel_factor)(name, u, u2);
        if (kernel_is_compact((int32_t)name))
            x[i] = v_select(FN(kernel_inside)(linear ? u : u2), x[i], v_zero());
    }
    if (kernel_has_log((int32_t)name)) {
        FN(full_powers)(e, n);
        UNROLL
        for (int i = 0; i < n; i++)
            x[i] = kernel_has_factor((int32_t)name) ? v_mul(e[i], x[i]) : e[i];
    }
    UNROLL
    for (int i = 0; i < n; i++)
        x[i] = FN(canonical_nan)(x[i]);
}

/* Vectors from j on of a row of the radial form; `cut`: all but the first keys are absent. */
VEC_FN void FN(kernel_piece)(attpool_kernel_name name, bool linear, const R *x, const R *square,
                             bool by_key, V c, R *g, int64_t j, const int n, size_t cut)
{
    V y[KERNEL_VALUES], s[KERNEL_VALUES];
    UNROLL
    for (int i = 0; i < n; i++) {
        y[i] = v_loadu(x + j + i * VN);
        s[i] = by_key ? v_loadu(square + j + i * VN) : v_set1(*square);
    }
    FN(kernel_values)(name, linear, y, s, c, n);
    UNROLL
    for (int i = 0; i < n; i++) {
        if (cut != 0)
            v_store_n(g + j + i * VN, y[i], cut);
        else
            v_storeu(g + j + i * VN, y[i]);
    }
}

/* A row of the radial form: `square` is W2 of the row or of each key. */
VEC_FN void FN(kernel_row_of)(attpool_kernel_name name, bool linear, const R *x, int64_t keys,
                              const R *square, bool by_key, R factor, R *g)
{
    const int n = kernel_has_log((int32_t)name) ? KERNEL_VALUES : 1;
    const V c = v_set1(factor);
    int64_t j = 0;
    for (; j + n * VN <= keys; j += n * VN)
        FN(kernel_piece)(name, linear, x, square, by_key, c, g, j, n, 0);
    for (; j < keys; j += VN)
        FN(kernel_piece)(name, linear, x, square, by_key, c, g, j, 1,
                         (size_t)int_min(VN, keys - j));
}

static void FN(kernel_radial)(const struct FN(kernel_block) *f, int64_t r, const R *x, R *g)
{
    const struct FN(kernel) *w = f->job;
    const struct kernel *kernel = &w->args->kernel;
    const bool linear = w->plan.linear, by_key = w->plan.scaling == SCALE_KEY;
    const R one = 1, *square = !w->plan.squared ? &one
                               : by_key         ? f->room.square
                                                : f->room.square + r;
    const bool vector = w->plan.squared && by_key;
    R c = -RC(LOG2_E);
    if (kernel->name == ATTPOOL_GAUSSIAN) {
        c = -RC(LOG2_E) / 2;
        if (kernel->per == ATTPOOL_WIDTH_ONE) { /* W2 goes into c */
            c = -(RC(LOG2_E) / 2 * w->square);
            square = &one;
        }
    }
    switch (kernel->name) {
#define X(name)                                                                                    \
    case name:                                                                                     \
        if (linear)                                                                                \
            FN(kernel_row_of)(name, true, x, f->keys, square, false, c, g);                        \
        else                                                                                       \
            FN(kernel_row_of)(name, false, x, f->keys, square, vector, c, g);                      \
        break;
        KERNEL_EVERY_NAME(X)
#undef X
    case ATTPOOL_CONSTANT:
        for (int64_t j = 0; j < f->keys; j++)
            g[j] = 1;
        break;
    }
}

/* Gaussians of one width and few coordinates, without a plane between: vectors from j on. */
VEC_FN void FN(kernel_direct_piece)(const struct FN(measure) *m, bool scaled, V c, R *g, int64_t j,
                                    const int n, size_t cut)
{
    V s[KERNEL_VALUES];
    UNROLL
    for (int i = 0; i < n; i++)
        s[i] = v_zero();
    for (int64_t k = 0; k < m->depth; k++) {
        const V q = v_set1(m->q[k]), scale = v_set1(*m->scale);
        UNROLL
        for (int i = 0; i < n; i++) {
            V z = v_sub(q, v_loadu(m->k + FN(in_panels)(m->depth, k, j + i * VN)));
            if (scaled)
                z = v_mul(z, scale);
            s[i] = v_fma(z, z, s[i]);
        }
    }
    UNROLL
    for (int i = 0; i < n; i++)
        s[i] = v_mul(c, s[i]);
    FN(full_powers)(s, n);
    UNROLL
    for (int i = 0; i < n; i++) {
        s[i] = FN(canonical_nan)(s[i]);
        if (cut != 0)
            v_store_n(g + j + i * VN, s[i], cut);
        else
            v_storeu(g + j + i * VN, s[i]);
    }
}

VEC_FN void FN(kernel_direct_row)(const struct FN(measure) *m, bool scaled, R factor, R *g)
{
    const int n = KERNEL_VALUES;
    const V c = v_set1(factor);
    int64_t j = 0;
    for (; j + n * VN <= m->keys; j += n * VN)
        FN(kernel_direct_piece)(m, scaled, c, g, j, n, 0);
    for (; j < m->keys; j += VN)
        FN(kernel_direct_piece)(m, scaled, c, g, j, 1, (size_t)int_min(VN, m->keys - j));
}

static void FN(kernel_direct)(const struct FN(kernel_block) *f, R c)
{
    const int64_t d = f->job->args->d;
    struct FN(measure) m = {
        .keys = f->keys, .depth = d, .q = f->room.q, .k = f->room.k, .scale = f->room.scale
    };
    for (int64_t r = 0; r < f->rows; r++, m.q += d) {
        R *g = f->g + r * f->job->args->g.row;
        if (f->scaling == SCALE_NONE)
            FN(kernel_direct_row)(&m, false, c, g);
        else
            FN(kernel_direct_row)(&m, true, c, g);
    }
}

static void FN(kernel_product)(const struct FN(kernel_block) *f, const R *x, int64_t plane, R *g)
{
    const bool has_log = f->job->plan.has_log;
    for (int64_t j = 0; j < f->keys; j += VN) {
        V y = v_loadu(x + plane + j);
        if (has_log)
            y = v_mul(FN(exp2_full)(v_loadu(x + j)), y);
        y = v_select(v_eq(v_loadu(x + 2 * plane + j), v_set1(1)), v_zero(), y);
        v_store_n(g + j, FN(canonical_nan)(y), (size_t)FN(lanes_from)(j, f->keys));
    }
}

/* Rows [r, r + count) of the block: coordinates [first, first + depth) into the planes. */
static void FN(kernel_measure)(const struct FN(kernel_block) *f, int64_t r, int64_t count, R *x,
                               int64_t first, int64_t depth)
{
    const struct kernel_plan *p = &f->job->plan;
    const int64_t plane = p->kept * p->keys;
    const bool by_row = f->scaling == SCALE_ROW;
    struct FN(measure) m = { .keys = p->keys,
                             .depth = depth,
                             .q = f->room.q + r * depth,
                             .k = f->room.k,
                             .scale = f->room.scale + (by_row ? r : 0),
                             .plane = x,
                             .first = first == 0 };
    if (!p->linear && count == KERNEL_TILE_ROWS) {
        FN(squares)(&m, count, f->scaling);
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        if (p->product)
            for (int64_t c = 0; c < depth; c++)
                FN(product)(&m, f->scaling, c, plane,
                            kernel_name_at(&f->job->args->kernel, first + c));
        else if (p->linear)
            FN(linear)(&m, f->scaling);
        else
            FN(squares)(&m, 1, f->scaling);
        m.q += depth;
        m.scale += by_row;
        m.plane += p->keys;
    }
}

static void FN(kernel_put)(const struct FN(kernel_block) *f, int64_t r, int64_t count, R *x)
{
    const struct kernel_plan *p = &f->job->plan;
    const struct kernel_args *a = f->job->args;
    const int64_t plane = p->kept * p->keys;
    for (int64_t i = 0; i < count; i++, x += p->keys) {
        R *g = f->g + (r + i) * a->g.row, *to = a->g.col == 1 ? g : x;
        if (p->product)
            FN(kernel_product)(f, x, plane, to);
        else
            FN(kernel_radial)(f, r + i, x, to);
        if (to != g)
            for (int64_t j = 0; j < f->keys; j++)
                g[j * a->g.col] = to[j];
    }
}

static void FN(kernel_clear)(const struct kernel_plan *p, R *x, int64_t rows)
{
    const int64_t plane = p->kept * p->keys;
    for (int64_t j = 0; j < rows * p->keys; j++) {
        x[j] = 0;
        if (p->product) {
            x[j + plane] = 1;
            x[j + 2 * plane] = 0;
        }
    }
}

static void FN(kernel_run)(struct FN(kernel_block) *f)
{
    const struct kernel_plan *p = &f->job->plan;
    const int64_t d = f->job->args->d;
    int64_t first = 0;
    if (!p->product && f->job->args->kernel.name == ATTPOOL_CONSTANT) {
        for (int64_t r = 0; r < f->rows; r++)
            FN(kernel_put)(f, r, 1, f->room.planes);
        return;
    }
    do {
        const int64_t depth = int_min(CHUNK, d - first);
        FN(kernel_load)(f, first, depth);
        if (first == 0 || !p->squared)
            FN(kernel_scales)(f, first, depth);
        f->scaling = p->scaling;
        if (p->squared && p->scaling == SCALE_ROW &&
            f->job->args->kernel.per == ATTPOOL_WIDTH_ONE) {
            const R power = f->job->power;
            if (power == 1 || (FN(prescaled)(f->room.q, f->rows * depth, power) &&
                               FN(prescaled)(f->room.k, p->keys * depth, power)))
                f->scaling = SCALE_NONE;
            else
                FN(kernel_load)(f, first, depth);
        }
        if (p->direct) {
            FN(kernel_direct)(f, -(RC(LOG2_E) / 2 * f->job->square));
            return;
        }
        for (int64_t r = 0; r < f->rows; r += KERNEL_TILE_ROWS) {
            const int64_t count = int_min(KERNEL_TILE_ROWS, f->rows - r);
            R *x = f->room.planes + (p->kept == KERNEL_ROWS ? r * p->keys : 0);
            if (first == 0 && (p->product || d == 0))
                FN(kernel_clear)(p, x, count);
            if (d > 0)
                FN(kernel_measure)(f, r, count, x, first, depth);
            if (first + depth >= d)
                FN(kernel_put)(f, r, count, x);
        }
        first += CHUNK;
    } while (first < d);
}

static void FN(kernel_task)(void *arg, int64_t index, int worker)
{
    const struct FN(kernel) *w = arg;
    const struct kernel_args *a = w->args;
    const struct kernel_plan *p = &w->plan;
    const int64_t j = index % p->key_blocks * p->keys;
    const int64_t i = index / p->key_blocks % p->row_blocks * KERNEL_ROWS;
    const int64_t matrix = index / p->key_blocks / p->row_blocks;
    const int64_t b = matrix / a->heads, h = matrix % a->heads;
    struct FN(kernel_block) f = { .job = w, .row = i, .key = j };
    R *room = engine_scratch(w->engine, worker);
    f.room = (struct FN(kernel_room)){ .k = room + p->k_at,
                                       .q = room + p->q_at,
                                       .scale = room + p->scale_at,
                                       .square = room + p->square_at,
                                       .planes = room + p->planes_at };
    f.rows = int_min(KERNEL_ROWS, a->n - i);
    f.keys = int_min(p->keys, a->m - j);
    f.q = (const R *)a->q.data + sight_offset(&a->q, b, h, i);
    f.k = (const R *)a->k.data + sight_offset(&a->k, b, h, j);
    f.g = (R *)a->g.data + sight_offset(&a->g, b, h, i) + j * a->g.col;
    if (a->kernel.widths.data != NULL)
        f.widths = (const R *)a->kernel.widths.data + sight_offset(&a->kernel.widths, b, h, 0);
    if (a->kernel.factors.data != NULL)
        f.factors = (const R *)a->kernel.factors.data + sight_offset(&a->kernel.factors, b, h, 0);
    FN(kernel_run)(&f);
}

attpool_status FN(simd_kernel)(struct engine *engine, const struct kernel_args *args)
{
    struct FN(kernel) w = { .engine = engine, .args = args };
    const struct kernel *kernel = &args->kernel;
    if (args->batch * args->heads == 0 || args->n == 0 || args->m == 0)
        return ATTPOOL_OK;
    w.plan = kernel_plan_of(args, VN, sizeof(R));
    if (kernel->per == ATTPOOL_WIDTH_ONE) {
        const R width =
            kernel->widths.data != NULL ? *(const R *)kernel->widths.data : (R)kernel->one;
        w.size = r_abs(width);
        FN(width_of)(width, &w.power, &w.square);
    }
    const size_t bytes = (size_t)w.plan.room * sizeof(R);
    if (!engine_reserve(engine, bytes, 0))
        return engine_fail(engine, ATTPOOL_E_MEMORY, "kernel evaluation needs %zu bytes a thread",
                           bytes);
    const int64_t tasks = args->batch * args->heads * w.plan.row_blocks * w.plan.key_blocks;
    return engine_parallel(engine, tasks, FN(kernel_task), &w);
}

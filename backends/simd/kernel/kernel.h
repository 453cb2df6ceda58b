/* SPDX-License-Identifier: Apache-2.0 */

/* Kernel evaluation. A task is a block of rows and one of keys. The keys become a structure of
 * arrays; what is measured of pairs goes to planes of numbers, and these, one loop a kernel, to G.
 */
#ifndef BACKENDS_SIMD_KERNEL_KERNEL_H
#define BACKENDS_SIMD_KERNEL_KERNEL_H

#include "backends/simd/bmm/pack.h"
#include "backends/simd/kernel/measure.h"
#include "backends/simd/kernel/plan.h"
#include "backends/simd/kernel/values.h"
#include "backends/simd/masks.h"
#include "backends/simd/math/kernels.h"

struct kernel_job {
    struct engine *engine;
    const struct kernel_args *args;
    struct kernel_plan plan;
    real power, square, size; /* of ONE: P, W2, |w| */
};

/* The scratch of a worker. */
struct kernel_room {
    real *k, *q, *scale, *square, *planes;
};

/* A task. */
struct kernel_block {
    const struct kernel_job *job;
    struct kernel_room room;
    const element *q, *k;                        /* element 0 of the block */
    const element *inverse_bandwidths, *factors; /* of this (b, h) */
    element *g;
    int64_t row, rows, key, keys;
    enum kernel_scaling scaling; /* NONE where it was done beforehand */
};

/* Scales by a power of two. If that is exact and no difference can overflow, before or after, it
 * commutes with rounding; otherwise returns false, and x is spoilt. */
static bool prescaled(real *x, int64_t count, real power)
{
    const real back = 1 / power;
    const vec times = v_set1(power), divide = v_set1(back), most = v_set1(REAL_MAX / 4);
    vec_mask good = m_not(m_first(0));
    if (!(power >= REAL_MIN && back >= REAL_MIN))
        return false;
    for (int64_t i = 0; i < count; i += LANES) {
        const vec a = load(elements(x + i), lanes_from(i, count)), y = v_mul(a, times);
        const vec_mask small = v_le(v_abs(power > 1 ? y : a), most);
        good = m_and(good, m_and(small, v_eq(v_mul(y, divide), a)));
        v_storeu(x + i, y); /* there is room for a vector */
    }
    return m_all(good);
}

/* Coordinates [first, first + depth) of queries and keys. */
static void kernel_load(const struct kernel_block *f, int64_t first, int64_t depth)
{
    const struct kernel_args *a = f->job->args;
    const int64_t tile = KERNEL_TILE_VECS * LANES;
    for (int64_t j = 0; j < f->job->plan.keys; j += tile) {
        const struct bmm_panel panel = { .src = f->k + j * a->k.row + first * a->k.col,
                                         .line = a->k.row,
                                         .depth = a->k.col,
                                         .width = int_min(tile, f->keys - j),
                                         .lanes = tile,
                                         .k = depth,
                                         .dst = f->room.k + j * depth };
        bmm_pack(&panel);
    }
    for (int64_t r = 0; r < f->rows; r++) {
        const element *q = f->q + r * a->q.row + first * a->q.col;
        if (a->q.col == 1 && depth >= LANES)
            memcpy(f->room.q + r * depth, q, (size_t)depth * sizeof *q);
        else
            for (int64_t c = 0; c < depth; c++)
                f->room.q[r * depth + c] = get(q + c * a->q.col);
    }
}

/* The numbers that multiply differences: powers of two for the radial form with one bandwidth a
 * pair, else the inverse bandwidths. */
static void kernel_scales(const struct kernel_block *f, int64_t first, int64_t depth)
{
    const struct kernel *kernel = &f->job->args->kernel;
    const bool squared = f->job->plan.squared;
    const int64_t all = f->job->plan.keys, col = kernel->inverse_bandwidths.col;
    real *scale = f->room.scale, *square = f->room.square, power;
    switch (f->job->plan.scaling) {
    case SCALE_COORDINATE:
        for (int64_t c = 0; c < depth; c++)
            scale[c] = r_abs(get(f->inverse_bandwidths + (first + c) * col));
        return;
    case SCALE_COORDINATE_KEY:
        for (int64_t c = 0; c < depth; c++) {
            const vec w = v_set1(r_abs(get(f->inverse_bandwidths + (first + c) * col)));
            for (int64_t j = 0; j < all; j += LANES) {
                const vec v = load_strided(f->factors + (f->key + j) * kernel->factors.col,
                                           kernel->factors.col, lanes_from(j, f->keys));
                v_storeu(scale + in_panels(depth, c, j), products_up(w, v_abs(v)));
            }
        }
        return;
    case SCALE_KEY:
        for (int64_t j = 0; j < all; j++) {
            const real w = j < f->keys ? get(f->inverse_bandwidths + (f->key + j) * col) : 0;
            split_w(w, &power, &square[j]);
            scale[j] = squared ? power : r_abs(w);
        }
        return;
    default:
        for (int64_t r = 0; r < f->rows; r++) {
            square[r] = f->job->square;
            scale[r] = squared ? f->job->power : f->job->size;
            if (kernel->per != ATTPOOL_BANDWIDTH_QUERY)
                continue;
            const real w =
                get(f->inverse_bandwidths + (f->row + r) * kernel->inverse_bandwidths.row);
            split_w(w, &power, &square[r]);
            scale[r] = squared ? power : r_abs(w);
        }
    }
}

static void kernel_radial(const struct kernel_block *f, int64_t r, const real *x, element *g)
{
    const struct kernel_job *w = f->job;
    const struct kernel *kernel = &w->args->kernel;
    const bool linear = w->plan.linear, by_key = w->plan.scaling == SCALE_KEY;
    const real one = 1, *square = !w->plan.squared ? &one
                                  : by_key         ? f->room.square
                                                   : f->room.square + r;
    const bool vector = w->plan.squared && by_key;
    real c = -REAL(LOG2_E);
    if (kernel->name == ATTPOOL_GAUSSIAN) {
        c = -REAL(LOG2_E) / 2;
        if (kernel->per == ATTPOOL_BANDWIDTH_ONE) { /* W2 goes into c */
            c = -(REAL(LOG2_E) / 2 * w->square);
            square = &one;
        }
    }
    switch (kernel->name) {
#define KERNEL_ROW(NAME, ...)                                                                      \
    case ATTPOOL_##NAME:                                                                           \
        if (linear)                                                                                \
            kernel_row_of(ATTPOOL_##NAME, true, x, f->keys, square, false, c, g);                  \
        else                                                                                       \
            kernel_row_of(ATTPOOL_##NAME, false, x, f->keys, square, vector, c, g);                \
        break;
        KERNEL_TABLE(KERNEL_ROW)
#undef KERNEL_ROW
    }
}

static void kernel_fused(const struct kernel_block *f, real c)
{
    const int64_t d = f->job->args->d;
    struct measure m = {
        .keys = f->keys, .depth = d, .q = f->room.q, .k = f->room.k, .scale = f->room.scale
    };
    for (int64_t r = 0; r < f->rows; r++, m.q += d) {
        element *g = f->g + r * f->job->args->g.row;
        if (f->scaling == SCALE_NONE)
            kernel_fused_row(&m, false, c, g);
        else
            kernel_fused_row(&m, true, c, g);
    }
}

static void kernel_product(const struct kernel_block *f, const real *x, int64_t plane, element *g)
{
    if (f->job->plan.has_log)
        kernel_product_row(true, x, plane, f->keys, g);
    else
        kernel_product_row(false, x, plane, f->keys, g);
}

/* Runs of coordinates with one kernel. */
static void kernel_products(const struct kernel_block *f, const struct measure *m, int64_t first,
                            int64_t plane)
{
    const struct kernel *kernel = &f->job->args->kernel;
    for (int64_t c = 0, end; c < m->depth; c = end) {
        const int32_t name = kernel_name_at(kernel, first + c);
        for (end = c + 1; end < m->depth && kernel_name_at(kernel, first + end) == name; end++)
            continue;
        measure_product(m, f->scaling, c, end, plane, name);
    }
}

/* Rows [r, r + count) of the block: coordinates [first, first + depth) into the planes. */
static void kernel_measure(const struct kernel_block *f, int64_t r, int64_t count, real *x,
                           int64_t first, int64_t depth)
{
    const struct kernel_plan *p = &f->job->plan;
    const int64_t plane = p->kept * p->keys;
    const bool by_row = f->scaling == SCALE_ROW;
    struct measure m = { .keys = p->keys,
                         .depth = depth,
                         .q = f->room.q + r * depth,
                         .k = f->room.k,
                         .scale = f->room.scale + (by_row ? r : 0),
                         .plane = x,
                         .first = first == 0 };
    if (!p->linear && count == KERNEL_TILE_ROWS) {
        measure_squares(&m, count, f->scaling);
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        if (p->product)
            kernel_products(f, &m, first, plane);
        else if (p->linear)
            measure_linear(&m, f->scaling);
        else
            measure_squares(&m, 1, f->scaling);
        m.q += depth;
        m.scale += by_row;
        m.plane += p->keys;
    }
}

static void kernel_put(const struct kernel_block *f, int64_t r, int64_t count, real *x)
{
    const struct kernel_plan *p = &f->job->plan;
    const struct kernel_args *a = f->job->args;
    const int64_t plane = p->kept * p->keys;
    for (int64_t i = 0; i < count; i++, x += p->keys) {
        element *g = f->g + (r + i) * a->g.row, *to = a->g.col == 1 ? g : elements(x);
        if (p->product)
            kernel_product(f, x, plane, to);
        else
            kernel_radial(f, r + i, x, to);
        if (to != g)
            for (int64_t j = 0; j < f->keys; j++)
                g[j * a->g.col] = to[j];
    }
}

/* Planes before the first coordinate; they are whole vectors. */
static void kernel_clear(const struct kernel_plan *p, real *x, int64_t rows)
{
    const int64_t plane = p->kept * p->keys;
    for (int64_t j = 0; j < rows * p->keys; j += LANES) {
        v_storeu(x + j, v_zero());
        if (p->product) {
            v_storeu(x + plane + j, v_set1(1));
            v_storeu(x + 2 * plane + j, v_zero());
        }
    }
}

static void kernel_run(struct kernel_block *f)
{
    const struct kernel_plan *p = &f->job->plan;
    const int64_t d = f->job->args->d;
    int64_t first = 0;
    if (!p->product && f->job->args->kernel.name == ATTPOOL_CONSTANT) {
        for (int64_t r = 0; r < f->rows; r++)
            kernel_put(f, r, 1, f->room.planes);
        return;
    }
    do {
        const int64_t depth = int_min(CHUNK, d - first);
        kernel_load(f, first, depth);
        if (first == 0 || !p->squared)
            kernel_scales(f, first, depth);
        f->scaling = p->scaling;
        if (p->squared && p->scaling == SCALE_ROW &&
            f->job->args->kernel.per == ATTPOOL_BANDWIDTH_ONE) {
            const real power = f->job->power;
            if (power == 1 || (prescaled(f->room.q, f->rows * depth, power) &&
                               prescaled(f->room.k, p->keys * depth, power)))
                f->scaling = SCALE_NONE;
            else
                kernel_load(f, first, depth);
        }
        if (p->fused) {
            kernel_fused(f, -(REAL(LOG2_E) / 2 * f->job->square));
            return;
        }
        for (int64_t r = 0; r < f->rows; r += KERNEL_TILE_ROWS) {
            const int64_t count = int_min(KERNEL_TILE_ROWS, f->rows - r);
            real *x = f->room.planes + (p->kept == KERNEL_ROWS ? r * p->keys : 0);
            if (first == 0 && (p->product || d == 0))
                kernel_clear(p, x, count);
            if (d > 0)
                kernel_measure(f, r, count, x, first, depth);
            if (first + depth >= d)
                kernel_put(f, r, count, x);
        }
        first += CHUNK;
    } while (first < d);
}

static void kernel_task(void *arg, int64_t index, int worker)
{
    const struct kernel_job *w = arg;
    const struct kernel_args *a = w->args;
    const struct kernel_plan *p = &w->plan;
    const int64_t j = index % p->key_blocks * p->keys;
    const int64_t i = index / p->key_blocks % p->row_blocks * KERNEL_ROWS;
    const int64_t matrix = index / p->key_blocks / p->row_blocks;
    const int64_t b = matrix / a->heads, h = matrix % a->heads;
    struct kernel_block f = { .job = w, .row = i, .key = j };
    real *room = ap_engine_scratch(w->engine, worker);
    f.room = (struct kernel_room){ .k = room + p->k_at,
                                   .q = room + p->q_at,
                                   .scale = room + p->scale_at,
                                   .square = room + p->square_at,
                                   .planes = room + p->planes_at };
    f.rows = int_min(KERNEL_ROWS, a->n - i);
    f.keys = int_min(p->keys, a->m - j);
    f.q = row_at(&a->q, b, h, i);
    f.k = row_at(&a->k, b, h, j);
    f.g = row_at(&a->g, b, h, i) + j * a->g.col;
    f.inverse_bandwidths = row_at(&a->kernel.inverse_bandwidths, b, h, 0);
    f.factors = row_at(&a->kernel.factors, b, h, 0);
    kernel_run(&f);
}

#define simd_kernel SIMD_SYMBOL(TYPED(kernel))
attpool_status simd_kernel(struct engine *engine, const struct kernel_args *args)
{
    struct kernel_job w = { .engine = engine, .args = args };
    const struct kernel *kernel = &args->kernel;
    if (args->batch * args->heads == 0 || args->n == 0 || args->m == 0)
        return ATTPOOL_OK;
    w.plan = kernel_plan_of(args, LANES, sizeof(real));
    if (kernel->per == ATTPOOL_BANDWIDTH_ONE) {
        const real one = kernel->inverse_bandwidths.data != NULL
                             ? get(row_at(&kernel->inverse_bandwidths, 0, 0, 0))
                             : (real)kernel->one;
        w.size = r_abs(one);
        split_w(one, &w.power, &w.square);
    }
    const size_t bytes = (size_t)w.plan.room * sizeof(real);
    if (!ap_engine_reserve(engine, bytes, 0))
        return ap_engine_fail(engine, ATTPOOL_E_MEMORY,
                              "kernel evaluation needs %zu bytes a thread", bytes);
    const int64_t tasks = args->batch * args->heads * w.plan.row_blocks * w.plan.key_blocks;
    return ap_engine_parallel(engine, tasks, kernel_task, &w);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* Batched matrix product. Template: see real_f32.h. NUMERICS.md has the order: chunks of CHUNK
 * along k, one fma chain in a chunk, C updated once a chunk. So a chunk is the depth of a packed
 * panel, C itself carries the sums between chunks, and every way to cut gives the same bits. */
#include "backends/simd/bmm_plan.h"
#include "backends/simd/bmm_tile.h"
#include "backends/simd/bmm_pack.h"
#include "backends/simd/bmm_vector.h"

/* A number of rows cut into tiles as even as can be. */
struct FN(bmm_split) {
    int64_t tiles, least, larger; /* the first `larger` tiles have least + 1 rows */
};

struct FN(bmm) {
    struct bmm_plan plan;
    struct FN(bmm_split) splits[BMM_MAX_VECS + 1]; /* of a block of rows, by vectors of a tile */
    R alpha, beta;
    struct engine *engine;
    R *shared;                   /* packed B of a wave */
    int64_t unit, col, chunk;    /* where the wave begins */
    int64_t units, cols, chunks; /* and what it holds */
};

/* One matrix, or its part: element (0, 0) of each operand. */
struct FN(bmm_part) {
    const R *a, *b;
    R *c;
    int64_t rows, cols, k; /* k: all of it, or one chunk where B is packed */
    bool first, last;      /* chunks of C */
    const R *packed_a;     /* panels of BMM_ROWS rows or fewer: see bmm_split; NULL: in place */
    const R *packed_b;     /* panels of BMM_VECS vectors */
};

/* Matrices in their order: batches, in each the heads. */
struct FN(bmm_cursor) {
    int64_t b, h;
};

static struct FN(bmm_cursor) FN(bmm_seek)(const struct bmm_args *g, int64_t matrix)
{
    return (struct FN(bmm_cursor)){ .b = matrix / g->heads, .h = matrix % g->heads };
}

static void FN(bmm_next)(const struct bmm_args *g, struct FN(bmm_cursor) *at)
{
    if (++at->h == g->heads) {
        at->h = 0;
        at->b++;
    }
}

static R *FN(bmm_at)(const struct array *x, struct FN(bmm_cursor) at)
{
    const int64_t head = x->group == 1 ? at.h : at.h / x->group;
    return (R *)x->data + at.b * x->batch + head * x->head;
}

static struct FN(bmm_split) FN(bmm_split)(int64_t rows, int64_t most)
{
    struct FN(bmm_split) s = { .tiles = (rows + most - 1) / most };
    s.least = rows / s.tiles;
    s.larger = rows % s.tiles;
    return s;
}

/* A tile of a C whose columns are not contiguous: through a copy. */
static void FN(bmm_scattered)(const struct FN(bmm_tile) *t, FN(bmm_tile_function) *tile,
                              int64_t rows, int64_t cols, int64_t col)
{
    R copy[BMM_ACC * VN];
    struct FN(bmm_tile) u = *t;
    u.c = copy;
    u.c_row = cols;
    if (!t->zero)
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < cols; j++)
                copy[i * cols + j] = t->c[i * t->c_row + j * col];
    tile(&u);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++)
            t->c[i * t->c_row + j * col] = copy[i * cols + j];
}

/* A strip of at most BMM_VECS vectors of columns from j on, one chunk deep. */
static void FN(bmm_strip)(const struct FN(bmm) *w, const struct FN(bmm_part) *f, int64_t j,
                          struct FN(bmm_tile) *t)
{
    const struct bmm_args *g = &w->plan.g;
    const int64_t cols = int_min(BMM_VECS * VN, f->cols - j), vecs = int_ceil(cols, VN);
    const int64_t of = f->packed_a ? BMM_VECS : vecs;
    const struct FN(bmm_split) s =
        f->rows == w->plan.row_block ? w->splits[of] : FN(bmm_split)(f->rows, bmm_most_rows(of));
    t->tail = (size_t)(cols - (vecs - 1) * VN);
    const enum bmm_kind kind = f->packed_a ? BMM_PACKED : t->tail == VN ? BMM_DIRECT : BMM_MASKED;
    const R *a = t->a;
    t->c = f->c + j * g->c.col;
    for (int64_t i = 0; i < s.tiles; i++) {
        const int64_t rows = s.least + (i < s.larger);
        FN(bmm_tile_function) *tile = FN(bmm_tiles)[kind][rows][vecs];
        if (g->c.col == 1 || cols == 1)
            tile(t);
        else
            FN(bmm_scattered)(t, tile, rows, cols, g->c.col);
        t->a += f->packed_a ? rows * t->k : rows * t->a_row;
        t->c += rows * t->c_row;
    }
    t->a = a;
}

/* C of a part. */
static void FN(bmm_part)(const struct FN(bmm) *w, const struct FN(bmm_part) *f)
{
    const struct bmm_args *g = &w->plan.g;
    for (int64_t p = 0; p < f->k; p += CHUNK) {
        const bool first = f->first && p == 0;
        struct FN(bmm_tile) t = {
            .k = int_min(CHUNK, f->k - p),
            .a = f->packed_a ? f->packed_a : f->a + p * g->a.col,
            .a_row = g->a.row,
            .a_col = g->a.col,
            .b_row = f->packed_b ? BMM_VECS * VN : g->b.row,
            .c_row = g->c.row,
            .alpha = w->alpha,
            .beta = first ? w->beta : 1,
            .zero = first && w->beta == 0,
            .last = f->last && p + CHUNK >= f->k,
        };
        for (int64_t j = 0; j < f->cols; j += BMM_VECS * VN) {
            t.b = f->packed_b ? f->packed_b + j * t.k : f->b + p * g->b.row + j;
            FN(bmm_strip)(w, f, j, &t);
        }
    }
}

/* Panels of `cols` columns of B, k deep. Several at a time where its rows are contiguous, so
 * that whole lines are read. */
static void FN(bmm_pack_b)(const struct bmm_args *g, const R *b, int64_t k, int64_t cols, R *dst)
{
    const int64_t step = g->b.col == 1 ? 16 : k, lanes = BMM_VECS * VN;
    for (int64_t p = 0; p < k; p += step)
        for (int64_t j = 0; j < cols; j += lanes) {
            const struct FN(bmm_panel) f = { .src = b + p * g->b.row + j * g->b.col,
                                             .line = g->b.col,
                                             .depth = g->b.row,
                                             .width = int_min(lanes, cols - j),
                                             .lanes = lanes,
                                             .k = int_min(step, k - p),
                                             .dst = dst + j * k + p * lanes };
            FN(bmm_pack)(&f);
        }
}

/* Panels of the tiles of `rows` rows of A, k deep. */
static void FN(bmm_pack_a)(const struct bmm_args *g, const R *a, int64_t k, int64_t rows, R *dst)
{
    const struct FN(bmm_split) s = FN(bmm_split)(rows, bmm_most_rows(BMM_VECS));
    for (int64_t i = 0, r = 0; i < s.tiles; i++) {
        const int64_t lanes = s.least + (i < s.larger);
        const struct FN(bmm_panel) f = { .src = a + r * g->a.row,
                                         .line = g->a.row,
                                         .depth = g->a.col,
                                         .width = lanes,
                                         .lanes = lanes,
                                         .k = k,
                                         .dst = dst + r * k };
        FN(bmm_pack)(&f);
        r += lanes;
    }
}

/* Scratch of a worker: a packed block of A, then a group of panels of B. */
static int64_t FN(bmm_room_a)(const struct bmm_plan *p)
{
    return p->pack_a ? p->row_block * CHUNK + VN : 0;
}

static int64_t FN(bmm_room_b)(const struct bmm_plan *p)
{
    return p->way == BMM_OWN ? BMM_GROUP * BMM_VECS * VN * CHUNK + VN : 0;
}

/* Block (i, j) of a matrix. */
static struct FN(bmm_part)
    FN(bmm_part_of)(const struct FN(bmm) *w, struct FN(bmm_cursor) at, int64_t i, int64_t j)
{
    const struct bmm_plan *p = &w->plan;
    const struct bmm_args *g = &p->g;
    i *= p->row_block;
    j *= p->col_block;
    return (struct FN(bmm_part)){ .a = FN(bmm_at)(&g->a, at) + i * g->a.row,
                                  .b = FN(bmm_at)(&g->b, at) + j * g->b.col,
                                  .c = FN(bmm_at)(&g->c, at) + i * g->c.row + j * g->c.col,
                                  .rows = int_min(p->row_block, g->n - i),
                                  .cols = int_min(p->col_block, g->m - j),
                                  .k = g->k,
                                  .first = true,
                                  .last = true };
}

/* Matrices of one strip and one chunk each. */
static void FN(bmm_tiny)(const struct FN(bmm) *w, struct FN(bmm_cursor) at, int64_t count,
                         R *packed_b)
{
    const struct bmm_args *g = &w->plan.g;
    const int64_t vecs = int_ceil(g->m, VN);
    const struct FN(bmm_split) s = w->splits[vecs];
    const bool own = w->plan.way == BMM_OWN;
    struct FN(bmm_tile) t = { .k = g->k,
                              .a_row = g->a.row,
                              .a_col = g->a.col,
                              .b = packed_b,
                              .b_row = own ? vecs * VN : g->b.row,
                              .c_row = g->c.row,
                              .alpha = w->alpha,
                              .beta = w->beta,
                              .zero = w->beta == 0,
                              .last = true,
                              .tail = (size_t)(g->m - (vecs - 1) * VN) };
    FN(bmm_tile_function) *const(*tiles)[BMM_MAX_VECS + 1] =
        FN(bmm_tiles)[t.tail == VN ? BMM_DIRECT : BMM_MASKED];
    struct FN(bmm_panel) panel = { .line = g->b.col,
                                   .depth = g->b.row,
                                   .width = g->m,
                                   .lanes = vecs * VN,
                                   .k = g->k,
                                   .dst = packed_b };
    for (int64_t i = 0; i < count; i++, FN(bmm_next)(g, &at)) {
        t.a = FN(bmm_at)(&g->a, at);
        t.c = FN(bmm_at)(&g->c, at);
        panel.src = FN(bmm_at)(&g->b, at);
        if (own)
            FN(bmm_pack)(&panel);
        else
            t.b = panel.src;
        for (int64_t r = 0; r < s.tiles; r++) {
            const int64_t rows = s.least + (r < s.larger);
            tiles[rows][vecs](&t);
            t.a += rows * t.a_row;
            t.c += rows * t.c_row;
        }
    }
}

static void FN(bmm_vector)(const struct FN(bmm) *w, const struct FN(bmm_part) *part)
{
    const struct bmm_args *g = &w->plan.g;
    const struct FN(bmm_few) f = { .a = part->a,
                                   .b = part->b,
                                   .c = part->c,
                                   .a_row = g->a.row,
                                   .a_col = g->a.col,
                                   .b_row = g->b.row,
                                   .b_col = g->b.col,
                                   .c_row = g->c.row,
                                   .k = g->k,
                                   .cols = part->cols,
                                   .alpha = w->alpha,
                                   .beta = w->beta };
    FN(bmm_few)(&f, part->rows);
}

/* B in place. */
static void FN(bmm_in_place)(void *arg, int64_t index, int worker)
{
    const struct FN(bmm) *w = arg;
    const struct bmm_plan *p = &w->plan;
    const struct bmm_args *g = &p->g;
    const int64_t blocks = p->row_blocks * p->col_blocks;
    const int64_t count = int_min(p->per_task, g->batch * g->heads - index / blocks * p->per_task);
    struct FN(bmm_cursor) at = FN(bmm_seek)(g, index / blocks * p->per_task);
    (void)worker;
    if (p->tiny) {
        FN(bmm_tiny)(w, at, count, NULL);
        return;
    }
    const int64_t block = index % blocks, i = block / p->col_blocks, j = block % p->col_blocks;
    for (int64_t q = 0; q < count; q++, FN(bmm_next)(g, &at)) {
        const struct FN(bmm_part) f = FN(bmm_part_of)(w, at, i, j);
        if (p->way == BMM_VECTOR)
            FN(bmm_vector)(w, &f);
        else
            FN(bmm_part)(w, &f);
    }
}

/* Column block j of a unit: a group of B's panels is packed and meets all rows. */
static void FN(bmm_own_block)(const struct FN(bmm) *w, struct FN(bmm_cursor) first, int64_t block,
                              R *scratch)
{
    const struct bmm_plan *p = &w->plan;
    const struct bmm_args *g = &p->g;
    const int64_t group = BMM_GROUP * BMM_VECS * VN;
    R *packed_a = scratch, *packed_b = scratch + FN(bmm_room_a)(p);
    const struct FN(bmm_part) whole = FN(bmm_part_of)(w, first, 0, block);
    for (int64_t k = 0; k < g->k; k += CHUNK)
        for (int64_t j = 0; j < whole.cols; j += group) {
            const int64_t deep = int_min(CHUNK, g->k - k), cols = int_min(group, whole.cols - j);
            struct FN(bmm_cursor) at = first;
            FN(bmm_pack_b)(g, whole.b + k * g->b.row + j * g->b.col, deep, cols, packed_b);
            for (int64_t r = 0; r < p->repeat; r++, FN(bmm_next)(g, &at)) {
                struct FN(bmm_part) f = FN(bmm_part_of)(w, at, 0, block);
                f.a += k * g->a.col;
                f.c += j * g->c.col;
                f.cols = cols;
                f.k = deep;
                f.first = k == 0;
                f.last = k + CHUNK >= g->k;
                f.packed_b = packed_b;
                if (p->pack_a) {
                    if (p->repeat > 1 || j == 0)
                        FN(bmm_pack_a)(g, f.a, deep, f.rows, packed_a);
                    f.packed_a = packed_a;
                }
                FN(bmm_part)(w, &f);
            }
        }
}

static void FN(bmm_own)(void *arg, int64_t index, int worker)
{
    const struct FN(bmm) *w = arg;
    const struct bmm_plan *p = &w->plan;
    const int64_t first = index / p->col_blocks * p->per_task;
    struct FN(bmm_cursor) at = FN(bmm_seek)(&p->g, first * p->repeat);
    R *scratch = engine_scratch(w->engine, worker);
    if (p->tiny) {
        FN(bmm_tiny)(w, at, int_min(p->per_task, p->units - first), scratch);
        return;
    }
    for (int64_t i = first; i < int_min(first + p->per_task, p->units); i++) {
        FN(bmm_own_block)(w, at, index % p->col_blocks, scratch);
        for (int64_t r = 0; r < p->repeat; r++)
            FN(bmm_next)(&p->g, &at);
    }
}

/* Where the panels of a chunk of a unit of the wave lie. */
static R *FN(bmm_wave_at)(const struct FN(bmm) *w, int64_t unit, int64_t chunk)
{
    return w->shared + (unit * w->plan.wave_chunks + chunk) * w->plan.wave_cols * CHUNK;
}

static void FN(bmm_wave_pack)(void *arg, int64_t index, int worker)
{
    const struct FN(bmm) *w = arg;
    const struct bmm_plan *p = &w->plan;
    const struct bmm_args *g = &p->g;
    const int64_t group = BMM_GROUP * BMM_VECS * VN, groups = int_ceil(w->cols, group);
    const int64_t j = index % groups * group, chunk = index / groups % w->chunks;
    const int64_t unit = index / groups / w->chunks, k = (w->chunk + chunk) * CHUNK;
    const int64_t deep = int_min(CHUNK, g->k - k);
    const R *b = FN(bmm_at)(&g->b, FN(bmm_seek)(g, (w->unit + unit) * p->repeat));
    (void)worker;
    FN(bmm_pack_b)(g, b + k * g->b.row + (w->col + j) * g->b.col, deep, int_min(group, w->cols - j),
                   FN(bmm_wave_at)(w, unit, chunk) + j * deep);
}

static void FN(bmm_wave_multiply)(void *arg, int64_t index, int worker)
{
    const struct FN(bmm) *w = arg;
    const struct bmm_plan *p = &w->plan;
    const struct bmm_args *g = &p->g;
    const int64_t col_blocks = int_ceil(w->cols, p->col_block), blocks = p->row_blocks * col_blocks;
    const int64_t unit = index / blocks / p->repeat;
    const int64_t i = index % blocks / col_blocks * p->row_block;
    const int64_t j = index % col_blocks * p->col_block;
    const struct FN(bmm_cursor) at = FN(bmm_seek)(g, w->unit * p->repeat + index / blocks);
    const R *a = FN(bmm_at)(&g->a, at) + i * g->a.row;
    R *c = FN(bmm_at)(&g->c, at) + i * g->c.row + (w->col + j) * g->c.col;
    R *packed_a = engine_scratch(w->engine, worker);
    for (int64_t chunk = 0; chunk < w->chunks; chunk++) {
        const int64_t k = (w->chunk + chunk) * CHUNK, deep = int_min(CHUNK, g->k - k);
        struct FN(bmm_part) f = { .a = a + k * g->a.col,
                                  .c = c,
                                  .rows = int_min(p->row_block, g->n - i),
                                  .cols = int_min(p->col_block, w->cols - j),
                                  .k = deep,
                                  .first = k == 0,
                                  .last = k + CHUNK >= g->k };
        f.packed_b = FN(bmm_wave_at)(w, unit, chunk) + j * deep;
        if (p->pack_a) {
            FN(bmm_pack_a)(g, f.a, deep, f.rows, packed_a);
            f.packed_a = packed_a;
        }
        FN(bmm_part)(w, &f);
    }
}

/* Waves: pack what the budget holds of B, multiply, go on. */
static attpool_status FN(bmm_waves)(struct FN(bmm) *w)
{
    const struct bmm_plan *p = &w->plan;
    const int64_t chunks = int_ceil(p->g.k, CHUNK), group = BMM_GROUP * BMM_VECS * VN;
    attpool_status status = ATTPOOL_OK;
    for (w->unit = 0; w->unit < p->units; w->unit += p->wave_units)
        for (w->col = 0; w->col < p->g.m; w->col += p->wave_cols)
            for (w->chunk = 0; w->chunk < chunks; w->chunk += p->wave_chunks) {
                w->units = int_min(p->wave_units, p->units - w->unit);
                w->cols = int_min(p->wave_cols, p->g.m - w->col);
                w->chunks = int_min(p->wave_chunks, chunks - w->chunk);
                const int64_t packs = w->units * w->chunks * int_ceil(w->cols, group);
                const int64_t blocks = p->row_blocks * int_ceil(w->cols, p->col_block);
                status = engine_parallel(w->engine, packs, FN(bmm_wave_pack), w);
                if (status == ATTPOOL_OK)
                    status = engine_parallel(w->engine, w->units * p->repeat * blocks,
                                             FN(bmm_wave_multiply), w);
                if (status != ATTPOOL_OK)
                    return status;
            }
    return status;
}

/* k = 0: C = beta C. */
static void FN(bmm_scale)(void *arg, int64_t index, int worker)
{
    const struct FN(bmm) *w = arg;
    const struct bmm_args *g = &w->plan.g;
    R *c = FN(bmm_at)(&g->c, FN(bmm_seek)(g, index / g->n)) + index % g->n * g->c.row;
    (void)worker;
    for (int64_t j = 0; j < g->m; j++) {
        const R x = w->beta == 0 ? (R)0 : w->beta * c[j * g->c.col];
        c[j * g->c.col] = x == x ? x : R_NAN;
    }
}

attpool_status FN(simd_bmm)(struct engine *engine, const struct bmm_args *args)
{
    if (args->batch * args->heads == 0 || args->n == 0 || args->m == 0)
        return ATTPOOL_OK;
    struct FN(bmm) w = { .plan = bmm_plan_of(args, VN, sizeof(R)),
                         .alpha = (R)args->alpha,
                         .beta = (R)args->beta,
                         .engine = engine };
    const struct bmm_plan *p = &w.plan;
    if (args->k == 0)
        return engine_parallel(engine, p->g.batch * p->g.heads * p->g.n, FN(bmm_scale), &w);
    const int64_t each = FN(bmm_room_a)(p) + FN(bmm_room_b)(p);
    const int64_t shared =
        p->way == BMM_SHARED ? p->wave_units * p->wave_chunks * p->wave_cols * CHUNK + VN : 0;
    if (!engine_reserve(engine, (size_t)each * sizeof(R), (size_t)shared * sizeof(R)))
        return engine_fail(engine, ATTPOOL_E_MEMORY, "bmm needs %zu bytes",
                           (size_t)(each * engine_workers(engine) + shared) * sizeof(R));
    w.shared = engine_shared(engine);
    for (int64_t v = 1; v <= BMM_VECS; v++)
        w.splits[v] = FN(bmm_split)(p->row_block, bmm_most_rows(v));
    if (p->way == BMM_SHARED)
        return FN(bmm_waves)(&w);
    const int64_t blocks = p->row_blocks * p->col_blocks;
    if (p->way == BMM_OWN)
        return engine_parallel(engine, int_ceil(p->units, p->per_task) * p->col_blocks, FN(bmm_own),
                               &w);
    return engine_parallel(engine, int_ceil(p->g.batch * p->g.heads, p->per_task) * blocks,
                           FN(bmm_in_place), &w);
}

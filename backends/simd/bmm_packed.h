/* SPDX-License-Identifier: Apache-2.0 */

/* The matrix product with B copied or packed first: by the task that needs it, or for all.
 * Template: see real_f32.h; after bmm_part.h and bmm_pack.h. */

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
    struct FN(bmm_classes) tiles;
    FN(bmm_even)(rows, bmm_most_rows(BMM_VECS), &tiles);
    for (int s = 0; s < tiles.count; s++)
        for (int64_t i = 0; i < tiles.of[s].count; i++) {
            const int64_t lanes = tiles.of[s].size;
            const struct FN(bmm_panel) f = { .src = a,
                                             .line = g->a.row,
                                             .depth = g->a.col,
                                             .width = lanes,
                                             .lanes = lanes,
                                             .k = k,
                                             .dst = dst };
            FN(bmm_pack)(&f);
            a += lanes * g->a.row;
            dst += lanes * k;
        }
}

/* Scratch of a worker: a packed block of A, then B: copies, or a group of panels. */
static int64_t FN(bmm_room_a)(const struct bmm_plan *p)
{
    return p->pack_a ? p->row_block * CHUNK + VN : 0;
}

static int64_t FN(bmm_room_b)(const struct bmm_plan *p)
{
    return p->way == BMM_COPY  ? p->run * p->g.k * p->col_block + VN
           : p->way == BMM_OWN ? BMM_GROUP * BMM_VECS * VN * CHUNK + VN
                               : 0;
}

/* Small matrices whose B has no contiguous rows: it is copied so that it has. */
static void FN(bmm_copy)(void *arg, int64_t index, int worker)
{
    const struct FN(bmm) *w = arg;
    const struct bmm_plan *p = &w->plan;
    const struct bmm_args *g = &p->g;
    const int64_t blocks = p->row_blocks * p->col_blocks, first = index / blocks * p->per_task;
    const int64_t i = index % blocks / p->col_blocks, j = index % p->col_blocks;
    const int64_t last = int_min(first + p->per_task, p->units);
    R *scratch = engine_scratch(w->engine, worker);
    struct FN(bmm_cursor) at = FN(bmm_seek)(g, first * p->repeat);
    for (int64_t unit = first, run; unit < last; unit += run) {
        run = FN(bmm_run_from)(p, at, last - unit);
        struct FN(bmm_part) f = FN(bmm_part_of)(w, at, i, j, run);
        const int64_t lanes = int_ceil(f.cols, VN) * VN;
        for (int64_t r = 0; r < run; r++) {
            const struct FN(bmm_panel) panel = { .src = f.b + r * f.b_step,
                                                 .line = g->b.col,
                                                 .depth = g->b.row,
                                                 .width = f.cols,
                                                 .lanes = lanes,
                                                 .k = g->k,
                                                 .dst = scratch + r * g->k * lanes };
            FN(bmm_pack)(&panel);
        }
        for (int64_t r = 0; r < p->repeat; r++) {
            f = FN(bmm_part_of)(w, at, i, j, run);
            f.b = scratch;
            f.b_row = lanes;
            f.b_step = g->k * lanes;
            FN(bmm_part)(g, &f);
            FN(bmm_next)(g, &at, run);
        }
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
    const struct FN(bmm_part) whole = FN(bmm_part_of)(w, first, 0, block, 1);
    for (int64_t k = 0; k < g->k; k += CHUNK)
        for (int64_t j = 0; j < whole.cols; j += group) {
            const int64_t deep = int_min(CHUNK, g->k - k), cols = int_min(group, whole.cols - j);
            struct FN(bmm_cursor) at = first;
            FN(bmm_pack_b)(g, whole.b + k * g->b.row + j * g->b.col, deep, cols, packed_b);
            for (int64_t r = 0; r < p->repeat; r++, FN(bmm_next)(g, &at, 1)) {
                struct FN(bmm_part) f = FN(bmm_part_of)(w, at, 0, block, 1);
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
                FN(bmm_part)(g, &f);
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
    for (int64_t i = first; i < int_min(first + p->per_task, p->units); i++) {
        FN(bmm_own_block)(w, at, index % p->col_blocks, scratch);
        for (int64_t r = 0; r < p->repeat; r++)
            FN(bmm_next)(&p->g, &at, 1);
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
                                  .last = k + CHUNK >= g->k,
                                  .packed_b = FN(bmm_wave_at)(w, unit, chunk) + j * deep,
                                  .count = 1 };
        if (p->pack_a) {
            FN(bmm_pack_a)(g, f.a, deep, f.rows, packed_a);
            f.packed_a = packed_a;
        }
        FN(bmm_part)(g, &f);
    }
}

/* Waves: pack what the budget holds of B, multiply, go on. */
static attpool_status FN(bmm_waves)(struct FN(bmm) *w)
{
    const struct bmm_plan *p = &w->plan;
    const int64_t chunks = int_ceil(p->g.k, CHUNK), group = BMM_GROUP * BMM_VECS * VN;
    const double waves = (double)int_ceil(p->units, p->wave_units) *
                         (double)int_ceil(p->g.m, p->wave_cols) *
                         (double)int_ceil(chunks, p->wave_chunks);
    attpool_status status = ATTPOOL_OK;
    double done = 0;
    for (w->unit = 0; w->unit < p->units; w->unit += p->wave_units)
        for (w->col = 0; w->col < p->g.m; w->col += p->wave_cols)
            for (w->chunk = 0; w->chunk < chunks; w->chunk += p->wave_chunks, done++) {
                w->units = int_min(p->wave_units, p->units - w->unit);
                w->cols = int_min(p->wave_cols, p->g.m - w->col);
                w->chunks = int_min(p->wave_chunks, chunks - w->chunk);
                const int64_t packs = w->units * w->chunks * int_ceil(w->cols, group);
                const int64_t blocks = p->row_blocks * int_ceil(w->cols, p->col_block);
                engine_part(w->engine, done / waves, done / waves);
                status = engine_parallel(w->engine, packs, FN(bmm_wave_pack), w);
                engine_part(w->engine, done / waves, (done + 1) / waves);
                if (status == ATTPOOL_OK)
                    status = engine_parallel(w->engine, w->units * p->repeat * blocks,
                                             FN(bmm_wave_multiply), w);
                if (status != ATTPOOL_OK)
                    return status;
            }
    return status;
}

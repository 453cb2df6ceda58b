/* SPDX-License-Identifier: Apache-2.0 */

/* The matrix product with B copied or packed first: by the task that needs it, or for all. */
#ifndef BACKENDS_SIMD_BMM_PACKED_H
#define BACKENDS_SIMD_BMM_PACKED_H

#include "backends/simd/bmm/pack.h"
#include "backends/simd/bmm/block.h"
#include "backends/simd/bmm/plan.h"

/* Panels of `cols` columns of B, k deep. Several at a time where its rows are contiguous, so
 * that whole lines are read. */
static void bmm_pack_b(const struct bmm_args *g, const element *b, int64_t k, int64_t cols,
                       real *dst)
{
    const int64_t step = g->b.col == 1 ? 16 : k, lanes = BMM_VECS * LANES;
    for (int64_t p = 0; p < k; p += step)
        for (int64_t j = 0; j < cols; j += lanes) {
            const struct bmm_panel f = { .src = b + p * g->b.row + j * g->b.col,
                                         .line = g->b.col,
                                         .depth = g->b.row,
                                         .width = int_min(lanes, cols - j),
                                         .lanes = lanes,
                                         .k = int_min(step, k - p),
                                         .dst = dst + j * k + p * lanes };
            bmm_pack(&f);
        }
}

/* Panels of the tiles of `rows` rows of A, k deep. */
static void bmm_pack_a(const struct bmm_args *g, const element *a, int64_t k, int64_t rows,
                       real *dst)
{
    struct bmm_classes tiles;
    bmm_even(rows, bmm_most_rows(BMM_VECS), &tiles);
    for (int s = 0; s < tiles.count; s++)
        for (int64_t i = 0; i < tiles.of[s].count; i++) {
            const int64_t lanes = tiles.of[s].size;
            const struct bmm_panel f = { .src = a,
                                         .line = g->a.row,
                                         .depth = g->a.col,
                                         .width = lanes,
                                         .lanes = lanes,
                                         .k = k,
                                         .dst = dst };
            bmm_pack(&f);
            a += lanes * g->a.row;
            dst += lanes * k;
        }
}

/* Scratch of a worker: a packed block of A, then B: copies, or a group of panels. */
static int64_t bmm_room_a(const struct bmm_plan *p)
{
    return p->pack_a ? p->row_block * CHUNK + LANES : 0;
}

static int64_t bmm_room_b(const struct bmm_plan *p)
{
    return p->way == BMM_COPY  ? p->run * p->g.k * p->col_block + LANES
           : p->way == BMM_OWN ? BMM_GROUP * BMM_VECS * LANES * CHUNK + LANES
                               : 0;
}

/* Small matrices whose B has no contiguous rows: a copy has them. */
static void bmm_copy(void *arg, int64_t index, int worker)
{
    const struct bmm_job *w = arg;
    const struct bmm_plan *p = &w->plan;
    const struct bmm_args *g = &p->g;
    const int64_t blocks = p->row_blocks * p->col_blocks, first = index / blocks * p->per_task;
    const int64_t i = index % blocks / p->col_blocks, j = index % p->col_blocks;
    const int64_t last = int_min(first + p->per_task, p->units);
    real *scratch = ap_engine_scratch(w->engine, worker);
    struct bmm_cursor at = bmm_seek(g, first * p->repeat);
    for (int64_t unit = first, run; unit < last; unit += run) {
        run = bmm_run_from(p, at, last - unit);
        struct bmm_block f = bmm_block_of(w, at, i, j, run);
        const int64_t lanes = int_ceil(f.cols, LANES) * LANES;
        for (int64_t r = 0; r < run; r++) {
            const struct bmm_panel panel = { .src = f.b + r * f.b_step,
                                             .line = g->b.col,
                                             .depth = g->b.row,
                                             .width = f.cols,
                                             .lanes = lanes,
                                             .k = g->k,
                                             .dst = scratch + r * g->k * lanes };
            bmm_pack(&panel);
        }
        for (int64_t r = 0; r < p->repeat; r++) {
            f = bmm_block_of(w, at, i, j, run);
            f.b = elements(scratch);
            f.b_row = lanes;
            f.b_step = g->k * lanes;
            bmm_block(g, &f);
            bmm_next(g, &at, run);
        }
    }
}

/* Column block j of a unit: group by group B's panels are packed and multiplied with all rows. */
static void bmm_own_block(const struct bmm_job *w, struct bmm_cursor first, int64_t block,
                          real *scratch)
{
    const struct bmm_plan *p = &w->plan;
    const struct bmm_args *g = &p->g;
    const int64_t group = BMM_GROUP * BMM_VECS * LANES;
    real *packed_a = scratch, *packed_b = scratch + bmm_room_a(p);
    const struct bmm_block whole = bmm_block_of(w, first, 0, block, 1);
    for (int64_t k = 0; k < g->k; k += CHUNK)
        for (int64_t j = 0; j < whole.cols; j += group) {
            const int64_t deep = int_min(CHUNK, g->k - k), cols = int_min(group, whole.cols - j);
            struct bmm_cursor at = first;
            bmm_pack_b(g, whole.b + k * g->b.row + j * g->b.col, deep, cols, packed_b);
            for (int64_t r = 0; r < p->repeat; r++, bmm_next(g, &at, 1)) {
                struct bmm_block f = bmm_block_of(w, at, 0, block, 1);
                f.a += k * g->a.col;
                f.c += j * g->c.col;
                f.cols = cols;
                f.k = deep;
                f.first = k == 0;
                f.last = k + CHUNK >= g->k;
                f.packed_b = elements(packed_b);
                if (p->pack_a) {
                    if (p->repeat > 1 || j == 0)
                        bmm_pack_a(g, f.a, deep, f.rows, packed_a);
                    f.packed_a = elements(packed_a);
                }
                bmm_block(g, &f);
            }
        }
}

static void bmm_own(void *arg, int64_t index, int worker)
{
    const struct bmm_job *w = arg;
    const struct bmm_plan *p = &w->plan;
    const int64_t first = index / p->col_blocks * p->per_task;
    struct bmm_cursor at = bmm_seek(&p->g, first * p->repeat);
    real *scratch = ap_engine_scratch(w->engine, worker);
    for (int64_t i = first; i < int_min(first + p->per_task, p->units); i++) {
        bmm_own_block(w, at, index % p->col_blocks, scratch);
        for (int64_t r = 0; r < p->repeat; r++)
            bmm_next(&p->g, &at, 1);
    }
}

/* Where the panels of a chunk of a unit of the wave lie. */
static real *bmm_wave_at(const struct bmm_job *w, int64_t unit, int64_t chunk)
{
    return w->shared + (unit * w->plan.wave_chunks + chunk) * w->plan.wave_cols * CHUNK;
}

static void bmm_wave_pack(void *arg, int64_t index, int worker)
{
    const struct bmm_job *w = arg;
    const struct bmm_plan *p = &w->plan;
    const struct bmm_args *g = &p->g;
    const int64_t group = BMM_GROUP * BMM_VECS * LANES, groups = int_ceil(w->cols, group);
    const int64_t j = index % groups * group, chunk = index / groups % w->chunks;
    const int64_t unit = index / groups / w->chunks, k = (w->chunk + chunk) * CHUNK;
    const int64_t deep = int_min(CHUNK, g->k - k);
    const element *b = bmm_at(&g->b, bmm_seek(g, (w->unit + unit) * p->repeat));
    (void)worker;
    bmm_pack_b(g, b + k * g->b.row + (w->col + j) * g->b.col, deep, int_min(group, w->cols - j),
               bmm_wave_at(w, unit, chunk) + j * deep);
}

static void bmm_wave_multiply(void *arg, int64_t index, int worker)
{
    const struct bmm_job *w = arg;
    const struct bmm_plan *p = &w->plan;
    const struct bmm_args *g = &p->g;
    const int64_t col_blocks = int_ceil(w->cols, p->col_block), blocks = p->row_blocks * col_blocks;
    const int64_t unit = index / blocks / p->repeat;
    const int64_t i = index % blocks / col_blocks * p->row_block;
    const int64_t j = index % col_blocks * p->col_block;
    const struct bmm_cursor at = bmm_seek(g, w->unit * p->repeat + index / blocks);
    const element *a = bmm_at(&g->a, at) + i * g->a.row;
    element *c = bmm_at(&g->c, at) + i * g->c.row + (w->col + j) * g->c.col;
    real *packed_a = ap_engine_scratch(w->engine, worker);
    for (int64_t chunk = 0; chunk < w->chunks; chunk++) {
        const int64_t k = (w->chunk + chunk) * CHUNK, deep = int_min(CHUNK, g->k - k);
        struct bmm_block f = { .a = a + k * g->a.col,
                               .c = c,
                               .rows = int_min(p->row_block, g->n - i),
                               .cols = int_min(p->col_block, w->cols - j),
                               .k = deep,
                               .first = k == 0,
                               .last = k + CHUNK >= g->k,
                               .packed_b = elements(bmm_wave_at(w, unit, chunk) + j * deep),
                               .count = 1 };
        if (p->pack_a) {
            bmm_pack_a(g, f.a, deep, f.rows, packed_a);
            f.packed_a = elements(packed_a);
        }
        bmm_block(g, &f);
    }
}

/* Waves: pack as much of B as the budget holds, multiply, go on. */
static attpool_status bmm_waves(struct bmm_job *w)
{
    const struct bmm_plan *p = &w->plan;
    const int64_t chunks = int_ceil(p->g.k, CHUNK), group = BMM_GROUP * BMM_VECS * LANES;
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
                ap_engine_part(w->engine, done / waves, done / waves);
                status = ap_engine_parallel(w->engine, packs, bmm_wave_pack, w);
                ap_engine_part(w->engine, done / waves, (done + 1) / waves);
                if (status == ATTPOOL_OK)
                    status = ap_engine_parallel(w->engine, w->units * p->repeat * blocks,
                                                bmm_wave_multiply, w);
                if (status != ATTPOOL_OK)
                    return status;
            }
    return status;
}

#endif

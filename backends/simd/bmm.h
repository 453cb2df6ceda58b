/* SPDX-License-Identifier: Apache-2.0 */

/* Batched matrix product. Template: see real_f32.h. NUMERICS.md has the order: chunks of CHUNK
 * along k, one fma chain in a chunk, C updated once a chunk. So a chunk is the depth of a packed
 * panel, C itself carries the sums between chunks, and every way to cut gives the same bits. */
#include "backends/simd/bmm_plan.h"
#include "backends/simd/bmm_tile.h"
#include "backends/simd/bmm_part.h"
#include "backends/simd/bmm_pack.h"
#include "backends/simd/bmm_packed.h"
#include "backends/simd/bmm_vector.h"

static void FN(bmm_vector)(const struct bmm_args *g, const struct FN(bmm_part) *part)
{
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
                                   .alpha = (R)g->alpha,
                                   .beta = (R)g->beta };
    FN(bmm_few)(&f, part->rows);
}

/* B in place. */
static void FN(bmm_in_place)(void *arg, int64_t index, int worker)
{
    const struct FN(bmm) *w = arg;
    const struct bmm_plan *p = &w->plan;
    const struct bmm_args *g = &p->g;
    const int64_t blocks = p->row_blocks * p->col_blocks, first = index / blocks * p->per_task;
    const int64_t block = index % blocks, i = block / p->col_blocks, j = block % p->col_blocks;
    const int64_t last = int_min(first + p->per_task, g->batch * g->heads);
    struct FN(bmm_cursor) at = FN(bmm_seek)(g, first);
    (void)worker;
    for (int64_t q = first, run; q < last; q += run, FN(bmm_next)(g, &at, run)) {
        run = FN(bmm_run_from)(p, at, last - q);
        const struct FN(bmm_part) f = FN(bmm_part_of)(w, at, i, j, run);
        if (p->way == BMM_VECTOR)
            FN(bmm_vector)(g, &f);
        else
            FN(bmm_part)(g, &f);
    }
}

/* k = 0: C = beta C. */
static void FN(bmm_scale)(void *arg, int64_t index, int worker)
{
    const struct FN(bmm) *w = arg;
    const struct bmm_args *g = &w->plan.g;
    R *c = FN(bmm_at)(&g->c, FN(bmm_seek)(g, index / g->n)) + index % g->n * g->c.row;
    (void)worker;
    for (int64_t j = 0; j < g->m; j++) {
        const R x = g->beta == 0 ? (R)0 : (R)g->beta * c[j * g->c.col];
        c[j * g->c.col] = x == x ? x : R_NAN;
    }
}

attpool_status FN(simd_bmm)(struct engine *engine, const struct bmm_args *args)
{
    if (args->batch * args->heads == 0 || args->n == 0 || args->m == 0)
        return ATTPOOL_OK;
    struct FN(bmm) w;
    const struct bmm_plan *p = &w.plan;
    w.engine = engine;
    bmm_plan_of(args, VN, sizeof(R), engine_workers(engine), &w.plan);
    const int64_t matrices = p->g.batch * p->g.heads, blocks = p->row_blocks * p->col_blocks;
    if (args->k == 0)
        return engine_parallel(engine, matrices * p->g.n, FN(bmm_scale), &w);
    const int64_t each = FN(bmm_room_a)(p) + FN(bmm_room_b)(p);
    const int64_t shared =
        p->way == BMM_SHARED ? p->wave_units * p->wave_chunks * p->wave_cols * CHUNK + VN : 0;
    if (!engine_reserve(engine, (size_t)each * sizeof(R), (size_t)shared * sizeof(R)))
        return engine_fail(engine, ATTPOOL_E_MEMORY, "bmm needs %zu bytes",
                           (size_t)(each * engine_workers(engine) + shared) * sizeof(R));
    w.shared = engine_shared(engine);
    switch (p->way) {
    case BMM_SHARED:
        return FN(bmm_waves)(&w);
    case BMM_OWN:
        return engine_parallel(engine, int_ceil(p->units, p->per_task) * p->col_blocks, FN(bmm_own),
                               &w);
    case BMM_COPY:
        return engine_parallel(engine, int_ceil(p->units, p->per_task) * blocks, FN(bmm_copy), &w);
    default:
        return engine_parallel(engine, int_ceil(matrices, p->per_task) * blocks, FN(bmm_in_place),
                               &w);
    }
}

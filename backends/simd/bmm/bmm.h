/* SPDX-License-Identifier: Apache-2.0 */

/* Batched matrix product.  NUMERICS.md has the order: chunks of CHUNK
 * along k, one fma chain in a chunk, C updated once a chunk. So a chunk is the depth of a packed
 * panel, C itself carries the sums between chunks, and every way to cut gives the same bits. */
#ifndef BACKENDS_SIMD_BMM_BMM_H
#define BACKENDS_SIMD_BMM_BMM_H

#include "backends/simd/bmm/packed.h"
#include "backends/simd/bmm/block.h"
#include "backends/simd/bmm/plan.h"
#include "backends/simd/bmm/skinny.h"

static void bmm_skinny_block(const struct bmm_args *g, const struct bmm_block *block)
{
    const struct bmm_skinny f = { .a = block->a,
                                  .b = block->b,
                                  .c = block->c,
                                  .a_row = g->a.row,
                                  .a_col = g->a.col,
                                  .b_row = g->b.row,
                                  .b_col = g->b.col,
                                  .c_row = g->c.row,
                                  .k = g->k,
                                  .cols = block->cols,
                                  .large = g->batch * g->heads * g->k * g->m >
                                           BMM_FAR / (int64_t)sizeof(real),
                                  .alpha = (real)g->alpha,
                                  .beta = (real)g->beta };
    bmm_skinny(&f, block->rows);
}

/* B in place. */
static void bmm_in_place(void *arg, int64_t index, int worker)
{
    const struct bmm_job *w = arg;
    const struct bmm_plan *p = &w->plan;
    const struct bmm_args *g = &p->g;
    const int64_t blocks = p->row_blocks * p->col_blocks, first = index / blocks * p->per_task;
    const int64_t block = index % blocks, i = block / p->col_blocks, j = block % p->col_blocks;
    const int64_t last = int_min(first + p->per_task, g->batch * g->heads);
    struct bmm_cursor at = bmm_seek(g, first);
    (void)worker;
    for (int64_t q = first, run; q < last; q += run, bmm_next(g, &at, run)) {
        run = bmm_run_from(p, at, last - q);
        const struct bmm_block f = bmm_block_of(w, at, i, j, run);
        if (p->way == BMM_SKINNY)
            bmm_skinny_block(g, &f);
        else
            bmm_block(g, &f);
    }
}

/* k = 0: C = beta C. */
static void bmm_scale(void *arg, int64_t index, int worker)
{
    const struct bmm_job *w = arg;
    const struct bmm_args *g = &w->plan.g;
    element *c = bmm_at(&g->c, bmm_seek(g, index / g->n)) + index % g->n * g->c.row;
    (void)worker;
    for (int64_t j = 0; j < g->m; j++) {
        const real x = g->beta == 0 ? 0 : (real)g->beta * get(c + j * g->c.col);
        put(c + j * g->c.col, x == x ? x : REAL_NAN);
    }
}

#define simd_bmm SIMD_SYMBOL(TYPED(bmm))
#ifdef VEC_HALF
#define half_bmm SIMD_HALF(TYPED(bmm))
OPERATION_FUNCTION(bmm, half_bmm)

/* Are vectors of half the width faster? A row of few columns leaves the upper half of a vector
 * empty, and is masked where it could be two vectors that overlap, which counts where there is
 * little to do for it; columns that are transposed on their way lie in half as many places at a
 * time, which the nearest cache can hold. */
static bool bmm_is_half(const struct bmm_plan *p)
{
    enum { SHALLOW = 4 };
    return p->g.m <= LANES / 2 || (p->g.m < LANES && p->g.k <= SHALLOW) ||
           (p->way == BMM_SKINNY && p->g.b.col != 1);
}
#endif

attpool_status simd_bmm(struct engine *engine, const struct bmm_args *args)
{
    if (args->batch * args->heads == 0 || args->n == 0 || args->m == 0)
        return ATTPOOL_OK;
    struct bmm_job w;
    const struct bmm_plan *p = &w.plan;
    w.engine = engine;
    bmm_plan_of(args, LANES, sizeof(real), ap_engine_workers(engine), &w.plan);
#ifdef VEC_HALF
    if (bmm_is_half(p))
        return half_bmm(engine, args);
#endif
    const int64_t matrices = p->g.batch * p->g.heads, blocks = p->row_blocks * p->col_blocks;
    if (args->k == 0)
        return ap_engine_parallel(engine, matrices * p->g.n, bmm_scale, &w);
    const int64_t each = bmm_room_a(p) + bmm_room_b(p);
    const int64_t shared =
        p->way == BMM_SHARED ? p->wave_units * p->wave_chunks * p->wave_cols * CHUNK + LANES : 0;
    if (!ap_engine_reserve(engine, (size_t)each * sizeof(real), (size_t)shared * sizeof(real)))
        return ap_engine_fail(engine, ATTPOOL_E_MEMORY, "bmm needs %zu bytes",
                              (size_t)(each * ap_engine_workers(engine) + shared) * sizeof(real));
    w.shared = ap_engine_shared(engine);
    switch (p->way) {
    case BMM_SHARED:
        return bmm_waves(&w);
    case BMM_OWN:
        return ap_engine_parallel(engine, int_ceil(p->units, p->per_task) * p->col_blocks, bmm_own,
                                  &w);
    case BMM_COPY:
        return ap_engine_parallel(engine, int_ceil(p->units, p->per_task) * blocks, bmm_copy, &w);
    default:
        return ap_engine_parallel(engine, int_ceil(matrices, p->per_task) * blocks, bmm_in_place,
                                  &w);
    }
}

#endif

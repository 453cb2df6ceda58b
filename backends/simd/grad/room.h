/* SPDX-License-Identifier: Apache-2.0 */

/* The call for gradients, and a worker's memory. */
#ifndef BACKENDS_SIMD_GRAD_ROOM_H
#define BACKENDS_SIMD_GRAD_ROOM_H

#include "backends/grad_real.h"
#include "backends/simd/grad/additive.h"
#include "backends/simd/grad/weights.h"
#include "backends/simd/grad/wide.h"
#include "backends/simd/grad/widths.h"

enum { GRAD_SHARE = 8 };

struct grad_job {
    struct engine *engine;
    const struct grad_plan *plan;
    const struct grad_facts *facts;
    const struct pool_plan *pool;
    struct pool_prune prune;
    int vectors;           /* most of a tile */
    int64_t tiles, blocks; /* of the queries, of the keys */
    struct grad_classes of_both;
    bool both;    /* one sweep for queries and keys: */
    real *totals; /* its sums of the rows, where it goes by rounds, or NULL */
    bool fused;   /* blocks go by fused.h where they can */
    int share; /* blocks of keys that a task has, up to GRAD_SHARE: tiles are made once for all */
    bool wide_keys, wide_values;
};

/* Memory of a worker. */
struct grad_room {
    struct grad_tile g;
    real *rows;                               /* sums of the rows of a tile, or of all: */
    real *points, *each, *gradients, *widths; /* d, d, 1 and 1 */
    struct grad_tile *tiles;                  /* of an item, of one sweep, */
    real *queries;                            /* and what they have of their own */
    real *weight, *gradient, *included;       /* of the columns: turned blocks, */
    real *blocks;                             /* and what each block of the task has: */
    real *keys, *scaled, *values;             /* d, d (times P) and 1 rows of BLOCK numbers, */
    real *total, *block;                      /* d, v, 1 and 1 sums of BLOCK keys */
    bool finite;                              /* its keys are */
    bool exact[GRAD_SHARE], *keys_scaled;     /* of each, and of this one: `scaled` are exact */
};

/* Sums of a row. */
static int64_t grad_row_size(const struct grad_plan *plan)
{
    return grad_sum_count(plan, GRAD_SUM_POINT, false) +
           grad_sum_count(plan, GRAD_SUM_EACH, false) + 2;
}

/* What a query has of its own in a tile: its coordinates, these times P, inverse bandwidths, dO. */
static int64_t grad_query_size(const struct grad_plan *plan)
{
    return 2 * plan->a->pool->d + 2 + plan->a->pool->v;
}

/* Where the sums of d, and of d + v, columns end. */
static size_t grad_values_at(const struct grad_job *job)
{
    const int64_t d = job->plan->a->pool->d;
    return (size_t)(job->wide_keys ? grad_wide_room(d) : d) * BLOCK;
}

static size_t grad_singles_at(const struct grad_job *job)
{
    const int64_t v = job->plan->a->pool->v;
    return grad_values_at(job) + (size_t)(job->wide_values ? grad_wide_room(v) : v) * BLOCK;
}

/* Sums of the keys of a block. */
static size_t grad_sums_size(const struct grad_job *job)
{
    return grad_singles_at(job) + 2 * BLOCK;
}

/* What a block of keys has. */
static size_t grad_block_size(const struct grad_job *job)
{
    const size_t d = (size_t)job->plan->a->pool->d;
    return (job->fused ? 2 * d + 1 : d) * BLOCK + 2 * grad_sums_size(job);
}

/* Tasks of an item's keys. */
static int64_t grad_columns_tasks(const struct grad_job *job)
{
    return (job->blocks + job->share - 1) / job->share;
}

/* Block number `k` of the task. */
static void grad_columns_at(const struct grad_job *job, struct grad_room *r, int k)
{
    const size_t d = (size_t)job->plan->a->pool->d, sums = grad_sums_size(job);
    r->total = r->blocks + (size_t)k * grad_block_size(job);
    r->block = r->total + sums;
    r->keys = r->block + sums;
    r->scaled = job->fused ? r->keys + d * BLOCK : NULL;
    r->values = job->fused ? r->scaled + d * BLOCK : NULL;
    r->keys_scaled = &r->exact[k];
}

/* Most lanes of all tiles of an item. */
static size_t grad_lanes(const struct grad_job *job)
{
    const int64_t n = job->plan->a->pool->n;
    return (size_t)(n + (n / BLOCK + 2) * LANES);
}

/* And most tiles: see grad_columns_next. */
static size_t grad_tiles(const struct grad_job *job)
{
    return (size_t)((job->plan->a->pool->n / BLOCK + 2) * (BLOCK / LANES / job->vectors + 2));
}

/* Sums of the rows of an item. */
static size_t grad_rows_bytes(const struct grad_job *job)
{
    return (size_t)grad_row_size(job->plan) * grad_lanes(job) * sizeof(real);
}

static size_t grad_room_of(const struct grad_job *job, void *memory, struct grad_room *r)
{
    struct pool_arena c = { .at = memory };
    const size_t lanes = (size_t)(job->vectors * LANES), all = grad_lanes(job);
    r->g.plan = job->plan;
    r->g.facts = job->facts;
    r->g.t.plan = job->pool;
    r->g.t.prune = job->prune.w > 0 ? &job->prune : NULL;
    r->g.t.vectors = job->vectors;
    r->g.t.lanes = (int)lanes;
    grad_tile_allocate(&r->g, &c);
    r->rows = pool_arena_take(&c, (size_t)grad_row_size(job->plan) * (job->both ? all : lanes));
    r->queries = pool_arena_take(&c, job->both ? (size_t)grad_query_size(job->plan) * all : 0);
    r->tiles = (void *)pool_arena_take(
        &c, job->both ? grad_tiles(job) * (sizeof *r->tiles / sizeof(real) + 1) : 0);
    r->weight = pool_arena_take(&c, BLOCK * lanes);
    r->gradient =
        pool_arena_take(&c, (size_t)int_max(1, grad_slopes_count(job->plan)) * BLOCK * lanes);
    r->included = pool_arena_take(&c, BLOCK * lanes);
    r->blocks = pool_arena_take(&c, (size_t)job->share * grad_block_size(job));
    return c.used;
}

/* `count` numbers of the keys of a block, and zeros. */
static void grad_block_row(real *to, const element *from, int64_t step, int count)
{
    pool_fill(to, BLOCK, 0);
    if (step == 1)
        memcpy(to, from, (size_t)count * sizeof(real));
    for (int j = 0; j < count && step != 1; j++)
        to[j] = get(from + j * step);
}

/* The keys of a block, and their inverse bandwidths, in lanes. */
static void grad_block_keys(const struct grad_job *job, struct grad_room *r, int64_t b, int64_t h,
                            int64_t first, int count)
{
    struct grad_tile *g = &r->g;
    const struct pool_args *p = g->plan->a->pool;
    for (int64_t c = 0; c < p->d; c++)
        grad_block_row(r->keys + c * BLOCK, row_at(&p->k, b, h, first) + c * p->k.col, p->k.row,
                       count);
    if (grad_has_key_widths(g->plan))
        grad_widths_keys(g, b, h, first, count);
    if (!job->fused)
        return;
    *r->keys_scaled = pool_scales(r->keys, (size_t)(p->d * BLOCK), g->t.plan->power);
    for (int64_t i = 0; i < p->d * BLOCK && *r->keys_scaled; i += LANES)
        v_storeu(r->scaled + i, v_mul(v_loadu(r->keys + i), v_set1(g->t.plan->power)));
    grad_block_row(r->values, row_at(&p->value, b, h, first), p->value.row, count);
}

/* Adds x to an element of a gradient. */
static void grad_put(element *to, real x)
{
    x += get(to);
    put(to, x == x ? x : REAL_NAN);
}

/* Adds n sums times `scale` to the elements of a gradient, `col` apart. */
static void grad_put_row(element *to, int64_t col, const real *sums, real scale, int64_t n)
{
    int64_t i = 0;
    for (; i < n && col == 1; i += LANES) {
        const int64_t some = int_min(LANES, n - i);
        const vec x = v_mul(v_set1(scale), v_load_n(sums + i, (size_t)some));
        store(to + i, v_canonical_nan(v_add(x, load(to + i, some))), some);
    }
    for (; i < n; i++)
        grad_put(to + i * col, scale * sums[i]);
}

#endif

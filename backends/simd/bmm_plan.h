/* SPDX-License-Identifier: Apache-2.0 */

/* How a batched matrix product is cut into tasks. The bits do not depend on it. */
#ifndef ATTPOOL_SIMD_BMM_PLAN_H
#define ATTPOOL_SIMD_BMM_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/backend.h"
#include "backends/simd/integers.h"

/* Accumulators of a tile, its most vectors (3 where vectors are narrow and many), and its rows
 * at that width. */
enum {
    BMM_ACC = NREG >= 32 ? 24 : 12,
    BMM_VECS = NREG >= 32 && VF_LANES < 16 ? 3 : 2,
    BMM_ROWS = BMM_ACC / BMM_VECS,
    BMM_MAX_ROWS = 12,
    BMM_MAX_VECS = 3,
    BMM_GROUP = 4, /* panels of B packed at a time */
    BMM_FEW = 4,   /* rows that bmm_vector.h takes, and its columns at a time */
    BMM_FEW_COLS = 1024
};

/* A and B both packed; A in place and whole vectors of B; A in place and B's last vector cut. */
enum bmm_kind { BMM_PACKED, BMM_DIRECT, BMM_MASKED, BMM_KINDS };

/* clang-format off */
#define BMM_EVERY_TILE(X, kind)                                                                    \
    X(kind, 1, 1) X(kind, 2, 1) X(kind, 3, 1) X(kind, 4, 1) X(kind, 5, 1) X(kind, 6, 1)            \
    X(kind, 7, 1) X(kind, 8, 1) X(kind, 9, 1) X(kind, 10, 1) X(kind, 11, 1) X(kind, 12, 1)         \
    X(kind, 1, 2) X(kind, 2, 2) X(kind, 3, 2) X(kind, 4, 2) X(kind, 5, 2) X(kind, 6, 2)            \
    X(kind, 7, 2) X(kind, 8, 2) X(kind, 9, 2) X(kind, 10, 2) X(kind, 11, 2) X(kind, 12, 2)         \
    X(kind, 1, 3) X(kind, 2, 3) X(kind, 3, 3) X(kind, 4, 3) X(kind, 5, 3) X(kind, 6, 3)            \
    X(kind, 7, 3) X(kind, 8, 3)
/* clang-format on */

enum bmm_way {
    BMM_VECTOR,   /* few rows: bmm_vector.h */
    BMM_IN_PLACE, /* B is read where it lies */
    BMM_OWN,      /* each task packs the B that it needs */
    BMM_SHARED    /* B is packed by tasks of its own, then read by all */
};

struct bmm_plan {
    struct bmm_args g; /* perhaps transposed, perhaps with heads folded into rows */
    int64_t lanes, size;
    enum bmm_way way;
    bool pack_a;
    int64_t repeat; /* matrices in a row that have the same B */
    int64_t units;  /* groups of such matrices */
    int64_t row_block, row_blocks, col_block, col_blocks;
    int64_t per_task;                           /* IN_PLACE: matrices of a task, OWN: units */
    bool tiny;                                  /* a matrix is a strip of tiles */
    int64_t wave_units, wave_cols, wave_chunks; /* SHARED: what is packed at a time */
};

/* Rows of a tile of `vecs` vectors. */
static inline int64_t bmm_most_rows(int64_t vecs)
{
    return int_min(BMM_ACC / vecs, BMM_MAX_ROWS);
}

static struct array bmm_swapped(struct array x)
{
    const int64_t row = x.row;
    x.row = x.col;
    x.col = row;
    return x;
}

/* C^T = B^T A^T has the same bits: the order of k is the same. Take it when C's rows are the
 * contiguous dimension, or when C is so narrow that most lanes would idle. */
static void bmm_transpose(struct bmm_plan *p)
{
    struct bmm_args *g = &p->g;
    const bool rowwise = g->c.col == 1 || g->m == 1, colwise = g->c.row == 1 || g->n == 1;
    const int64_t here = g->n * int_ceil(g->m, p->lanes);
    const int64_t there = g->m * int_ceil(g->n, p->lanes) + (g->a.row == 1 ? 0 : g->n / 2);
    const bool narrow = here > 2 * there || (g->m == 1 && g->a.col == 1);
    if (!(colwise && !rowwise) && !(narrow && g->n >= 2 * p->lanes && g->k >= 4))
        return;
    const struct array a = bmm_swapped(g->b), b = bmm_swapped(g->a);
    const int64_t n = g->m;
    g->a = a;
    g->b = b;
    g->c = bmm_swapped(g->c);
    g->m = g->n;
    g->n = n;
}

/* Whether rows of matrices `step` apart go on as the rows of one matrix. */
static bool bmm_goes_on(int64_t n, int64_t row, int64_t step)
{
    return n == 1 || step == n * row;
}

/* Heads, then batches, that have the same B become rows of one matrix where strides allow. */
static void bmm_fold(struct bmm_plan *p)
{
    struct bmm_args *g = &p->g;
    const int64_t same = g->b.head == 0 || g->b.group >= g->heads ? g->heads : g->b.group;
    if (same > 1 && g->a.group == 1 && g->c.group == 1 && g->heads % same == 0 &&
        bmm_goes_on(g->n, g->a.row, g->a.head) && bmm_goes_on(g->n, g->c.row, g->c.head)) {
        if (g->n == 1) {
            g->a.row = g->a.head;
            g->c.row = g->c.head;
        }
        g->n *= same;
        g->heads /= same;
        g->a.head *= same;
        g->c.head *= same;
        g->b.group = 1;
    }
    if (g->heads == 1 && g->batch > 1 && g->b.batch == 0 &&
        bmm_goes_on(g->n, g->a.row, g->a.batch) && bmm_goes_on(g->n, g->c.row, g->c.batch)) {
        if (g->n == 1) {
            g->a.row = g->a.batch;
            g->c.row = g->c.batch;
        }
        g->n *= g->batch;
        g->batch = 1;
    }
    p->repeat = g->b.head == 0 || g->b.group >= g->heads ? g->heads : g->b.group;
    if (g->heads % p->repeat != 0)
        p->repeat = 1;
    if (p->repeat == g->heads && g->b.batch == 0)
        p->repeat *= g->batch;
    p->units = g->batch * g->heads / p->repeat;
}

/* Tiles large enough to pay for packing A, and small enough for several threads. */
static void bmm_blocks(struct bmm_plan *p)
{
    struct bmm_args *g = &p->g;
    const int64_t panel = BMM_VECS * p->lanes, wide = 384 / p->size, most = 4096;
    p->row_block = p->way == BMM_OWN ? g->n : int_min(g->n, wide);
    p->col_block =
        int_min(int_ceil(g->m, panel) * panel, p->way == BMM_VECTOR ? BMM_FEW_COLS : most);
    for (;;) {
        p->row_blocks = int_ceil(g->n, p->row_block);
        p->col_blocks = int_ceil(g->m, p->col_block);
        const int64_t tasks = p->units * p->row_blocks * p->col_blocks;
        const double work = (double)p->row_block * (double)p->col_block * (double)g->k;
        if (tasks >= 8 || work <= 1 << 20)
            break;
        if (p->way != BMM_OWN && p->row_block > wide / 2)
            p->row_block = wide / 2;
        else if (p->col_block > 16 * panel)
            p->col_block = int_ceil(p->col_block / 2, panel * BMM_GROUP) * panel * BMM_GROUP;
        else
            break;
    }
    if (p->row_blocks > 1) { /* even blocks, whole tiles */
        p->row_block = int_ceil(int_ceil(g->n, p->row_blocks), BMM_ROWS) * BMM_ROWS;
        p->row_blocks = int_ceil(g->n, p->row_block);
    }
}

static inline struct bmm_plan bmm_plan_of(const struct bmm_args *args, int64_t lanes, int64_t size)
{
    struct bmm_plan p = { .g = *args, .lanes = lanes, .size = size };
    struct bmm_args *g = &p.g;
    bmm_transpose(&p);
    bmm_fold(&p);
    const int64_t b_bytes = g->k * g->m * size, rows = g->n * p.repeat;
    const bool in_place = g->b.col == 1 || g->m == 1, few = g->n <= (b_bytes > 256 << 10 ? 4 : 2);
    if (few && g->m >= 2 * lanes && (g->b.col == 1 || g->b.row == 1) && g->c.col == 1)
        p.way = BMM_VECTOR;
    else if (in_place && (b_bytes <= 192 << 10 || rows <= 2))
        p.way = BMM_IN_PLACE;
    else
        p.way = rows <= 768 / size ? BMM_OWN : BMM_SHARED;
    bmm_blocks(&p);
    /* A in place is as fast while its rows are contiguous, near each other, or seldom read. */
    const int64_t depth = int_min(g->k, CHUNK);
    p.pack_a = p.way > BMM_IN_PLACE && g->m > 4 * BMM_VECS * lanes &&
               (g->a.col != 1 || (g->a.row * size > 2048 && depth > 64));
    const double work = (double)(p.way == BMM_OWN ? rows : g->n) * (double)g->k * (double)g->m;
    p.per_task = work >= 1 << 19 ? 1 : 1 + (int64_t)((1 << 19) / (work + 64));
    const int64_t vecs = int_ceil(g->m, lanes), panel = BMM_VECS * lanes, budget = 4 << 20;
    p.tiny = (p.way == BMM_IN_PLACE || (p.way == BMM_OWN && p.repeat == 1 && !p.pack_a)) &&
             vecs <= BMM_VECS && p.row_blocks == 1 && g->k <= CHUNK && (g->c.col == 1 || g->m == 1);
    p.wave_cols = int_min(int_ceil(g->m, panel) * panel, 4096);
    const int64_t chunk_bytes = p.wave_cols * CHUNK * size, chunks = int_ceil(g->k, CHUNK);
    p.wave_chunks = int_min(budget / chunk_bytes, chunks);
    p.wave_chunks = p.wave_chunks < 1 ? 1 : p.wave_chunks;
    p.wave_units = budget / (p.wave_chunks * chunk_bytes);
    p.wave_units = p.wave_units < 1 ? 1 : int_min(p.wave_units, p.units);
    return p;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* How a batched matrix product is cut into tasks. The bits do not depend on it. */
#ifndef BACKENDS_SIMD_BMM_PLAN_H
#define BACKENDS_SIMD_BMM_PLAN_H

#include "backends/simd/integers.h"
#include "backends/simd/real.h"

/* Accumulators of a tile; the vectors of a packed panel of B (3 where vectors are narrow and many)
 * and the rows of its tiles; the most rows and vectors of any tile. */
enum {
    BMM_ACC = NREG >= 32 ? 24 : 12,
    BMM_VECS = NREG >= 32 && LANES * REAL_BITS < 512 ? 3 : 2,
    BMM_ROWS = BMM_ACC / BMM_VECS,
    BMM_MAX_ROWS = 12,
    BMM_MAX_VECS = 4,
    BMM_DEEP = 4, /* rows of a B that may stay in registers, and how many of these it may take */
    BMM_HELD = NREG / 2,
    BMM_GROUP = 4,       /* panels of B packed at a time */
    BMM_SKINNY_ROWS = 4, /* rows that skinny.h takes, and its columns at a time */
    BMM_SKINNY_COLS = 1024,
    BMM_SKINNY_NARROW = 8, /* vectors of sums that it keeps in registers */
    BMM_THROUGH = 24,      /* rows of A in place that go through all chunks before the next */
    /* Bytes: */
    BMM_TALL = 256 << 10, /* of a block of A, so that it stays in the second cache */
    BMM_NEAR = 48 << 10,  /* of a B that is not worth packing */
    BMM_SOON = 8 << 10,   /* of a group of columns that is fetched while another is used */
    BMM_FAR = 1 << 20,    /* of all B, beyond which it is fetched from afar */
    BMM_TINY = 16 << 10,  /* of a matrix that is computed together with others, */
    BMM_RUN = 256 << 10   /* and of all these */
};

enum bmm_kind {
    BMM_PACKED, /* A and B are packed */
    BMM_DIRECT, /* A in place, whole vectors of B */
    BMM_MASKED, /* A in place, the last vector of B is cut */
    BMM_WRITE,  /* A in place, C is only written: so the last vector may begin early enough to be
                 * whole, and write some columns twice */
    BMM_HOLD,   /* as BMM_WRITE, row by row, with all of B's strip in registers */
    BMM_KINDS
};

/* clang-format off */
#define BMM_EVERY_TILE(X, kind)                                                                    \
    X(kind, 1, 1) X(kind, 2, 1) X(kind, 3, 1) X(kind, 4, 1) X(kind, 5, 1) X(kind, 6, 1)            \
    X(kind, 7, 1) X(kind, 8, 1) X(kind, 9, 1) X(kind, 10, 1) X(kind, 11, 1) X(kind, 12, 1)         \
    X(kind, 1, 2) X(kind, 2, 2) X(kind, 3, 2) X(kind, 4, 2) X(kind, 5, 2) X(kind, 6, 2)            \
    X(kind, 7, 2) X(kind, 8, 2) X(kind, 9, 2) X(kind, 10, 2) X(kind, 11, 2) X(kind, 12, 2)         \
    X(kind, 1, 3) X(kind, 2, 3) X(kind, 3, 3) X(kind, 4, 3) X(kind, 5, 3) X(kind, 6, 3)            \
    X(kind, 7, 3) X(kind, 8, 3)                                                                    \
    X(kind, 1, 4) X(kind, 2, 4) X(kind, 3, 4) X(kind, 4, 4) X(kind, 5, 4) X(kind, 6, 4)
#define BMM_EVERY_HOLD(X)                                                                          \
    X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(1, 2) X(2, 2) X(3, 2) X(4, 2)                                \
    X(1, 3) X(2, 3) X(3, 3) X(4, 3) X(1, 4) X(2, 4) X(3, 4) X(4, 4)
/* clang-format on */

enum bmm_way {
    BMM_SKINNY,   /* few rows: skinny.h */
    BMM_IN_PLACE, /* B is read where it lies */
    BMM_COPY,     /* each task copies the B that it needs, row by row */
    BMM_OWN,      /* each task packs the B that it needs */
    BMM_SHARED    /* B is packed by tasks of its own, then read by all */
};

struct bmm_plan {
    struct bmm_args g; /* perhaps transposed, perhaps with heads merged into rows */
    int64_t lanes, size, workers;
    enum bmm_way way;
    bool pack_a;
    int64_t repeat; /* matrices in a row that have the same B */
    int64_t units;  /* groups of such matrices */
    int64_t row_block, row_blocks, col_block, col_blocks;
    int64_t per_task;                           /* IN_PLACE: matrices of a task, else units */
    int64_t run;                                /* matrices taken together, tile by tile */
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
static void bmm_merge_heads(struct bmm_plan *p)
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

/* Batches become heads where strides allow: matrices all the same distance apart. */
static void bmm_flatten(struct bmm_args *g)
{
    struct array *x[] = { &g->a, &g->b, &g->c };
    for (int i = 0; i < 3; i++)
        if (g->heads > 1 && (x[i]->group != 1 || x[i]->batch != g->heads * x[i]->head))
            return;
    for (int i = 0; i < 3; i++) {
        if (g->heads == 1)
            x[i]->head = x[i]->batch;
        x[i]->group = 1;
    }
    g->heads *= g->batch;
    g->batch = 1;
}

/* Blocks of A that stay in the second cache, even blocks of whole tiles; with several threads
 * enough of them. */
static void bmm_blocks(struct bmm_plan *p)
{
    struct bmm_args *g = &p->g;
    const int64_t panel = BMM_VECS * p->lanes, least = 384 / p->size;
    const int64_t tall = BMM_TALL / (CHUNK * p->size);
    const int64_t wanted = p->workers > 1 ? 4 * p->workers : 1;
    const bool through = p->way == BMM_IN_PLACE && g->k > CHUNK;
    p->row_block = p->way == BMM_OWN ? g->n : int_min(g->n, through ? BMM_THROUGH : tall);
    p->col_block =
        int_min(int_ceil(g->m, panel) * panel, p->way == BMM_SKINNY ? BMM_SKINNY_COLS : 4096);
    for (;;) {
        p->row_blocks = int_ceil(g->n, p->row_block);
        p->col_blocks = int_ceil(g->m, p->col_block);
        const int64_t tasks = p->units * p->row_blocks * p->col_blocks;
        const double work = (double)p->row_block * (double)p->col_block * (double)g->k;
        if (tasks >= wanted || work <= 1 << 20)
            break;
        if (p->way != BMM_OWN && p->row_block >= 2 * least)
            p->row_block /= 2;
        else if (p->col_block > (p->way == BMM_OWN ? BMM_GROUP : 16) * panel)
            p->col_block = int_ceil(p->col_block / 2, panel * BMM_GROUP) * panel * BMM_GROUP;
        else
            break;
    }
    if (p->row_blocks > 1) {
        p->row_block = int_ceil(int_ceil(g->n, p->row_blocks), BMM_ROWS) * BMM_ROWS;
        p->row_blocks = int_ceil(g->n, p->row_block);
    }
}

/* What the packed B of SHARED may take. */
static void bmm_plan_waves(struct bmm_plan *p)
{
    const int64_t panel = BMM_VECS * p->lanes, budget = 4 << 20;
    p->wave_cols = int_min(int_ceil(p->g.m, panel) * panel, 4096);
    const int64_t chunk_bytes = p->wave_cols * CHUNK * p->size;
    p->wave_chunks = int_min(budget / chunk_bytes, int_ceil(p->g.k, CHUNK));
    p->wave_chunks = p->wave_chunks < 1 ? 1 : p->wave_chunks;
    p->wave_units = budget / (p->wave_chunks * chunk_bytes);
    p->wave_units = p->wave_units < 1 ? 1 : int_min(p->wave_units, p->units);
}

/* Whether all columns of B are one strip, whose rows follow each other: it stays in the second
 * cache as it lies, and each row of A is read once. */
static bool bmm_is_strip(const struct bmm_plan *p)
{
    const struct bmm_args *g = &p->g;
    return NREG >= 32 && g->b.col == 1 && g->m <= BMM_MAX_VECS * p->lanes && g->b.row <= 2 * g->m &&
           g->k * g->b.row * p->size <= BMM_TALL;
}

static enum bmm_way bmm_way_of(const struct bmm_plan *p)
{
    const struct bmm_args *g = &p->g;
    const int64_t b_bytes = g->k * g->m * p->size, rows = g->n * p->repeat;
    const bool few = g->n <= (b_bytes > 256 << 10 ? 4 : 2);
    if (few && g->m >= 2 * p->lanes && (g->b.col == 1 || g->b.row == 1) && g->c.col == 1)
        return BMM_SKINNY;
    if ((g->b.col == 1 || g->m == 1) && (b_bytes <= BMM_NEAR || rows <= BMM_ROWS))
        return BMM_IN_PLACE;
    if (bmm_is_strip(p))
        return BMM_IN_PLACE;
    if (b_bytes <= BMM_NEAR)
        return BMM_COPY;
    if (rows <= 768 / p->size || (p->units >= 4 * p->workers && g->n <= 1024))
        return BMM_OWN;
    return BMM_SHARED;
}

/* How many small matrices can be taken together, tile by tile. */
static int64_t bmm_run_of(const struct bmm_plan *p)
{
    const struct bmm_args *g = &p->g;
    const int64_t bytes = (g->n * g->k + g->k * g->m + g->n * g->m) * p->size;
    const bool alike = p->repeat == 1 && g->a.group == 1 && g->b.group == 1 && g->c.group == 1;
    if (!alike || bytes > BMM_TINY || g->k > CHUNK || p->row_blocks * p->col_blocks > 1 ||
        (p->way != BMM_IN_PLACE && p->way != BMM_COPY))
        return 1;
    return BMM_RUN / bytes;
}

/* Every field is set one by one: to clear and copy the whole takes as long as a small product. */
static inline void bmm_plan_of(const struct bmm_args *args, int64_t lanes, int64_t size,
                               int64_t workers, struct bmm_plan *p)
{
    struct bmm_args *g = &p->g;
    *g = *args;
    p->lanes = lanes;
    p->size = size;
    p->workers = workers;
    bmm_transpose(p);
    bmm_merge_heads(p);
    p->way = bmm_way_of(p);
    if (p->repeat == 1)
        bmm_flatten(g);
    bmm_blocks(p);
    /* A in place is as fast while its rows are contiguous, near each other, or seldom read. */
    p->pack_a = p->way >= BMM_OWN && g->m > BMM_GROUP * BMM_VECS * lanes &&
                (g->a.col != 1 || (g->a.row * size > 2048 && int_min(g->k, CHUNK) > 64));
    const int64_t rows = p->way <= BMM_IN_PLACE ? g->n : g->n * p->repeat;
    const double work = (double)rows * (double)g->k * (double)g->m;
    p->per_task = work >= 1 << 19 ? 1 : 1 + (int64_t)((1 << 19) / (work + 64));
    if (p->workers > 1)
        p->per_task = int_min(p->per_task, int_ceil(g->batch * g->heads, 4 * p->workers));
    p->run = bmm_run_of(p);
    if (p->way == BMM_SHARED)
        bmm_plan_waves(p);
}

#endif

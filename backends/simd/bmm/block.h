/* SPDX-License-Identifier: Apache-2.0 */

/* A part of the matrix product as runs of tiles. */
#ifndef BACKENDS_SIMD_BMM_BLOCK_H
#define BACKENDS_SIMD_BMM_BLOCK_H

#include "backends/simd/bmm/plan.h"
#include "backends/simd/bmm/tile.h"

/* A matrix, a part of it, or several matrices in a row of one chunk each: where they begin. */
struct bmm_block {
    const element *a, *b;
    element *c;
    int64_t b_row;
    int64_t rows, cols, k;   /* k: all of it, or one chunk where B is packed */
    bool first, last;        /* chunks of C */
    const element *packed_a; /* panels of the rows of each tile; NULL: in place */
    const element *packed_b; /* panels of BMM_VECS vectors; NULL: in place */
    int64_t count;           /* matrices */
    int64_t a_step, b_step, c_step;
};

struct bmm_job {
    struct bmm_plan plan;
    struct engine *engine;
    real *shared;                /* packed B of a wave */
    int64_t unit, col, chunk;    /* where the wave begins */
    int64_t units, cols, chunks; /* and what it holds */
};

/* Matrices in their order: batches, in each the heads. */
struct bmm_cursor {
    int64_t b, h;
};

static struct bmm_cursor bmm_seek(const struct bmm_args *g, int64_t matrix)
{
    return (struct bmm_cursor){ .b = matrix / g->heads, .h = matrix % g->heads };
}

/* `count` matrices on, at most to the end of the heads. */
static void bmm_next(const struct bmm_args *g, struct bmm_cursor *at, int64_t count)
{
    at->h += count;
    if (at->h == g->heads) {
        at->h = 0;
        at->b++;
    }
}

/* How many of `most` matrices one part can be. */
static int64_t bmm_run_from(const struct bmm_plan *p, struct bmm_cursor at, int64_t most)
{
    return int_min(int_min(p->run, most), p->g.heads - at.h);
}

static element *bmm_at(const struct array *x, struct bmm_cursor at)
{
    return row_at(x, at.b, at.h, 0);
}

/* Block (i, j) of `count` matrices. */
static struct bmm_block bmm_block_of(const struct bmm_job *w, struct bmm_cursor at, int64_t i,
                                     int64_t j, int64_t count)
{
    const struct bmm_plan *p = &w->plan;
    const struct bmm_args *g = &p->g;
    i *= p->row_block;
    j *= p->col_block;
    return (struct bmm_block){ .a = bmm_at(&g->a, at) + i * g->a.row,
                               .b = bmm_at(&g->b, at) + j * g->b.col,
                               .c = bmm_at(&g->c, at) + i * g->c.row + j * g->c.col,
                               .b_row = g->b.row,
                               .rows = int_min(p->row_block, g->n - i),
                               .cols = int_min(p->col_block, g->m - j),
                               .k = g->k,
                               .first = true,
                               .last = true,
                               .count = count,
                               .a_step = g->a.head,
                               .b_step = g->b.head,
                               .c_step = g->c.head };
}

/* Tiles that are alike: rows or vectors of one, and how many. */
struct bmm_class {
    int64_t size, count;
    size_t tail; /* columns in the last vector */
    enum bmm_kind kind;
};

struct bmm_classes {
    struct bmm_class of[3];
    int count;
};

static void bmm_add_class(struct bmm_classes *to, int64_t size, int64_t count, size_t tail,
                          enum bmm_kind kind)
{
    if (count > 0)
        to->of[to->count++] = (struct bmm_class){ size, count, tail, kind };
}

/* n cut into pieces of at most `most`, as few and as even as possible. Such structures are filled
 * in place: to clear or copy one takes as long as a small product. */
static void bmm_even(int64_t n, int64_t most, struct bmm_classes *to)
{
    const int64_t pieces = int_ceil(n, most), least = n / pieces, larger = n % pieces;
    to->count = 0;
    bmm_add_class(to, least + 1, larger, LANES, BMM_DIRECT);
    bmm_add_class(to, least, pieces - larger, LANES, BMM_DIRECT);
}

/* Strips of columns. The last vector of a packed B is padded, else it may be cut. `written`: as in
 * struct bmm_tile. */
static void bmm_strips(const struct bmm_args *g, const struct bmm_block *f, bool written,
                       struct bmm_classes *to)
{
    const int64_t vecs = int_ceil(f->cols, LANES), whole = f->cols / (BMM_VECS * LANES);
    const size_t tail = (size_t)(f->cols - (vecs - 1) * LANES);
    if (f->packed_b) {
        to->count = 0;
        bmm_add_class(to, BMM_VECS, whole, LANES, BMM_DIRECT);
        bmm_add_class(to, vecs - whole * BMM_VECS, vecs > whole * BMM_VECS, tail, BMM_DIRECT);
    } else {
        bmm_even(vecs, BMM_MAX_VECS, to);
        if (tail != LANES) {
            struct bmm_class *final = &to->of[to->count - 1];
            const int64_t size = final->size;
            if (--final->count == 0)
                to->count--;
            bmm_add_class(to, size, 1, tail, BMM_MASKED);
        }
    }
    for (int s = 0; s < to->count; s++) {
        struct bmm_class *strip = &to->of[s];
        const bool there = strip->kind == BMM_MASKED && f->cols >= LANES && g->c.col == 1;
        if (f->packed_a)
            strip->kind = BMM_PACKED;
        else if (written && (strip->tail == LANES || there))
            strip->kind = BMM_WRITE;
    }
}

/* Runs of tiles of a C whose columns are not contiguous: through a copy. */
static void bmm_scattered(const struct bmm_tile *t, bmm_tile_function *tile, int64_t rows,
                          int64_t cols, int64_t col)
{
    const struct bmm_run one = { .count = 1 };
    element copy[BMM_ACC * LANES];
    struct bmm_tile u = *t;
    u.c = copy;
    u.c_row = cols;
    u.inner = u.outer = one;
    for (int64_t n = 0; n < t->outer.count * t->inner.count; n++) {
        const int64_t x = n / t->inner.count, y = n % t->inner.count;
        element *c = t->c + x * t->outer.c_step + y * t->inner.c_step;
        u.a = t->a + x * t->outer.a_step + y * t->inner.a_step;
        u.b = t->b + x * t->outer.b_step + y * t->inner.b_step;
        if (!t->zero)
            for (int64_t i = 0; i < rows; i++)
                for (int64_t j = 0; j < cols; j++)
                    copy[i * cols + j] = c[i * t->c_row + j * col];
        tile(&u);
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < cols; j++)
                c[i * t->c_row + j * col] = copy[i * cols + j];
    }
}

static void bmm_tiles_of(const struct bmm_args *g, const struct bmm_tile *t, int64_t rows,
                         const struct bmm_class *s)
{
    const bool hold = s->kind == BMM_HOLD;
    bmm_tile_function *tile = bmm_tiles[s->kind][hold ? t->k : rows][s->size];
    const int64_t cols = (s->size - 1) * LANES + (int64_t)s->tail;
    struct bmm_tile u = *t;
    u.tail = s->tail;
    u.spill = t->c_row == cols && LANES - (int64_t)s->tail <= cols;
    u.plain = t->written && (s->tail == LANES || s->kind == BMM_MASKED);
    if (t->inner.count == 1 && !hold) { /* one long loop is faster than many short ones */
        u.inner = t->outer;
        u.outer = t->inner;
    }
    if (g->c.col == 1 || cols == 1)
        tile(&u);
    else
        bmm_scattered(&u, tile, rows, cols, g->c.col);
}

/* The tiles of a class below each other, and beside each other. */
static struct bmm_run bmm_down(const struct bmm_block *f, const struct bmm_tile *t,
                               const struct bmm_class *rows)
{
    return (struct bmm_run){ .count = rows->count,
                             .a_step = rows->size * (f->packed_a ? t->k : t->a_row),
                             .c_step = rows->size * t->c_row };
}

static struct bmm_run bmm_across(const struct bmm_args *g, const struct bmm_block *f,
                                 const struct bmm_tile *t, const struct bmm_class *strips)
{
    return (struct bmm_run){ .count = strips->count,
                             .b_step = strips->size * LANES * (f->packed_b ? t->k : 1),
                             .c_step = strips->size * LANES * g->c.col };
}

/* Rows of the tiles of a strip: for many small matrices all the same where the registers still
 * fill. */
static void bmm_rows(const struct bmm_block *f, const struct bmm_class *strip,
                     struct bmm_classes *to)
{
    const int64_t vecs = f->packed_a ? BMM_VECS : strip->size;
    int64_t most = strip->kind == BMM_HOLD ? 1 : bmm_most_rows(vecs);
    if (f->count > 1)
        for (int64_t size = int_min(most, f->rows); size * vecs * 3 >= BMM_ACC * 2; size--)
            if (f->rows % size == 0) {
                most = size;
                break;
            }
    bmm_even(f->rows, most, to);
}

/* Strip after strip, in each all rows: for a strip that stays in the nearest memory. Of several
 * matrices each has its strip before the next strip. */
static void bmm_by_strips(const struct bmm_args *g, const struct bmm_block *f,
                          const struct bmm_tile *given, const struct bmm_classes *strips)
{
    struct bmm_tile t = *given;
    struct bmm_classes rows;
    const struct bmm_run matrices = { f->count, f->a_step, f->b_step, f->c_step };
    const element *a = t.a;
    for (int s = 0; s < strips->count; s++) {
        const struct bmm_run across = bmm_across(g, f, &t, &strips->of[s]);
        bmm_rows(f, &strips->of[s], &rows);
        const bool whole = rows.count == 1 && f->count == 1;
        for (int64_t j = 0; j < (whole ? 1 : across.count); j++) {
            element *c = t.c;
            t.a = a;
            t.outer = whole ? across : matrices;
            for (int r = 0; r < rows.count; r++) {
                t.inner = bmm_down(f, &t, &rows.of[r]);
                bmm_tiles_of(g, &t, rows.of[r].size, &strips->of[s]);
                t.a += t.inner.count * t.inner.a_step;
                t.c += t.inner.count * t.inner.c_step;
            }
            t.b += across.b_step;
            t.c = c + across.c_step;
        }
        t.b += whole ? (across.count - 1) * across.b_step : 0;
        t.c += whole ? (across.count - 1) * across.c_step : 0;
    }
}

/* Rows of tiles one after the other, in each all strips: C is written in the order of memory. */
static void bmm_by_rows(const struct bmm_args *g, const struct bmm_block *f,
                        const struct bmm_tile *given, const struct bmm_classes *strips)
{
    struct bmm_tile t = *given;
    struct bmm_classes rows;
    const struct bmm_run one = { .count = 1 };
    const bool whole = strips->count == 1;
    const element *b = t.b;
    bmm_rows(f, &strips->of[0], &rows);
    for (int r = 0; r < rows.count; r++) {
        const struct bmm_run down = bmm_down(f, &t, &rows.of[r]);
        for (int64_t i = 0; i < (whole ? 1 : down.count); i++) {
            element *c = t.c;
            t.b = b;
            t.outer = whole ? down : one;
            for (int s = 0; s < strips->count; s++) {
                t.inner = bmm_across(g, f, &t, &strips->of[s]);
                bmm_tiles_of(g, &t, rows.of[r].size, &strips->of[s]);
                t.b += t.inner.count * t.inner.b_step;
                t.c += t.inner.count * t.inner.c_step;
            }
            t.a += down.a_step;
            t.c = c + down.c_step;
        }
        t.a += whole ? (down.count - 1) * down.a_step : 0;
        t.c += whole ? (down.count - 1) * down.c_step : 0;
    }
}

/* Strips that are only written, with a B so shallow that it stays in registers, go row by row. */
static void bmm_hold(const struct bmm_args *g, const struct bmm_block *f,
                     struct bmm_classes *strips)
{
    for (int s = 0; s < strips->count; s++) {
        struct bmm_class *strip = &strips->of[s];
        if (strip->kind == BMM_WRITE && f->k <= BMM_DEEP && f->k * strip->size <= BMM_HELD &&
            g->a.col == 1)
            strip->kind = BMM_HOLD;
    }
}

/* C of a part. */
static void bmm_block(const struct bmm_args *g, const struct bmm_block *f)
{
    const bool written =
        f->first && f->last && f->k <= CHUNK && g->beta == 0 && g->alpha != 0 && isfinite(g->alpha);
    struct bmm_classes strips;
    bmm_strips(g, f, written, &strips);
    /* By rows only where that is one long run of tiles, or B is a group of panels. */
    const bool alike = strips.count == 1 && strips.of[0].count > 1 && f->count == 1;
    const bool by_strips = f->packed_b ? f->cols > BMM_GROUP * BMM_VECS * LANES : !alike;
    if (by_strips)
        bmm_hold(g, f, &strips);
    struct bmm_tile t;
    t.a_row = g->a.row;
    t.a_col = g->a.col;
    t.b_row = f->packed_b ? BMM_VECS * LANES : f->b_row;
    t.c = f->c;
    t.c_row = g->c.row;
    t.alpha = (real)g->alpha;
    t.written = written;
    for (int64_t p = 0; p < f->k; p += CHUNK) {
        const bool first = f->first && p == 0;
        t.k = int_min(CHUNK, f->k - p);
        t.a = f->packed_a ? f->packed_a : f->a + p * g->a.col;
        t.b = f->packed_b ? f->packed_b : f->b + p * f->b_row;
        t.beta = first ? (real)g->beta : 1;
        t.zero = first && g->beta == 0;
        t.last = f->last && p + CHUNK >= f->k;
        if (by_strips)
            bmm_by_strips(g, f, &t, &strips);
        else
            bmm_by_rows(g, f, &t, &strips);
    }
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* A tile of rows, a lane each, and the block of keys that it looks at. */
#ifndef BACKENDS_SIMD_POOL_TILE_H
#define BACKENDS_SIMD_POOL_TILE_H

#include "backends/simd/masks.h"
#include "backends/simd/math/kernels.h"
#include "backends/simd/math/relative.h"
#include "backends/simd/pool/plan.h"

enum { PRUNE_COORDINATES = 4 };

/* Where keys lie: see prune.h. */
struct pool_prune {
    const struct pool_plan *plan;
    real w;               /* |w|, or 0: nothing is pruned */
    real limit;           /* the u^2 from which on a box is pruned, however it was rounded */
    real *blocks, *large; /* boxes of the blocks and of the super-blocks */
};

struct pool_tile {
    const struct pool_plan *plan;
    const struct pool_prune *prune;  /* or NULL */
    real box[2 * PRUNE_COORDINATES]; /* of the rows */
    int64_t b, head0;                /* batch, first head of the set */
    int vectors, lanes, count;
    int64_t head[POOL_LANES(LANES)], query[POOL_LANES(LANES)];
    struct pool_span span[POOL_LANES(LANES)];
    int64_t out[POOL_LANES(LANES)];  /* keys that are left out, with leave-one-out */
    int64_t low, high;               /* keys that some row may see */
    int64_t all_low, all_high;       /* keys that all rows may see */
    bool near;                       /* the rows are taken to have a near key */
    bool ahead;                      /* s and extremes are those of the next block */
    bool spent;                      /* s has been overwritten: scores have to be made again */
    bool scaled;                     /* qs holds the queries times P */
    real *q, *qs, *q_scale, *q_post; /* d rows of lanes; inverse bandwidths */
    real *k, *k_scale, *k_post;      /* of the block */
    real *coordinate;                /* |w_c| */
    real *s, *factor, *included;     /* a row of lanes for each key of the block */
    real *bias;                      /* likewise */
    real *kept;                      /* likewise, 1 or 0: what dropout leaves in O */
    real *mask;                      /* a row of lanes of REAL_BITS keys each, the first in bit 0 */
    real *weights, *exponents;       /* key weights of the block, their powers of two apart */
    real *extremes, *visible, *m, *l, *sq, *u, *w, *acc, *minus; /* a number for each lane */
    bool offsets_scale;            /* q_offset has the queries times the powers of moments */
    real *q_offset, *k_offset;     /* of moments: d rows of lanes; keys, and these times powers */
    real *squared;                 /* sums of the block by squared weights */
    real *powers, *moments, *tilt; /* BLOCK of each; sums of the block; 1 + d rows of lanes */
    real *gathered;                /* keys that lie apart and what belongs to them */
    struct index_list list;        /* of keys that may matter, */
    bool listed;                   /* once it has been made */
    real *states;                  /* of the tree */
    real *other; /* a state: the root of the rows' keys without, or with, their far ones */
};

/* Takes pieces of scratch memory; with at NULL it only measures. */
struct pool_arena {
    char *at;
    size_t used;
};

static real *pool_arena_take(struct pool_arena *c, size_t numbers)
{
    size_t bytes = (numbers * sizeof(real) + 63) & ~(size_t)63;
    real *piece = c->at != NULL ? (real *)(void *)(c->at + c->used) : NULL;
    c->used += bytes;
    return piece;
}

/* n is rounded up to whole vectors, for which there has to be room. */
static void pool_fill(real *to, size_t n, real value)
{
    for (size_t i = 0; i < n; i += LANES)
        v_storeu(to + i, v_set1(value));
}

static inline size_t pool_tile_state(const struct pool_plan *p, int vectors)
{
    return p->state * (size_t)vectors * LANES;
}

/* The memory of a tile, without the states. */
static void pool_tile_allocate(struct pool_tile *t, struct pool_arena *c)
{
    const struct pool_plan *p = t->plan;
    const struct pool_args *a = p->a;
    const size_t lanes = (size_t)t->vectors * LANES, d = (size_t)a->d, block = BLOCK * lanes;
    const bool keys = a->score == POOL_KERNEL;
    const bool matrix = keys && a->kernel.per == ATTPOOL_BANDWIDTH_COORDINATE_KEY;
    t->q = pool_arena_take(c, d * lanes);
    t->qs = pool_arena_take(c, p->power_matters ? d * lanes : 0);
    t->q_scale = pool_arena_take(c, lanes);
    t->q_post = pool_arena_take(c, lanes);
    t->k = pool_arena_take(c, p->power_matters ? BLOCK * d : 0);
    t->k_scale = pool_arena_take(c, matrix ? BLOCK * d : BLOCK);
    t->k_post = pool_arena_take(c, BLOCK);
    t->coordinate = pool_arena_take(c, keys ? d : 0);
    t->s = pool_arena_take(c, block);
    t->factor = pool_arena_take(c, block);
    t->included = pool_arena_take(c, block);
    t->bias = pool_arena_take(c, a->masks.bias.data != NULL ? block : 0);
    t->kept = pool_arena_take(c, p->drops ? block : 0);
    t->mask = pool_arena_take(c, a->masks.mask.data != NULL ? block / REAL_BITS : 0);
    t->weights = pool_arena_take(c, BLOCK);
    t->exponents = pool_arena_take(c, BLOCK);
    const size_t offsets = a->moments.power != NULL ? d : 0;
    t->q_offset = pool_arena_take(c, offsets * lanes);
    t->k_offset = pool_arena_take(c, 2 * BLOCK * offsets);
    t->powers = pool_arena_take(c, BLOCK * offsets);
    t->moments = pool_arena_take(c, (size_t)(pool_columns(a) - a->v) * lanes);
    t->tilt = pool_arena_take(c, a->moments.power != NULL ? (1 + d) * lanes : 0);
    t->squared = pool_arena_take(c, p->final ? (size_t)a->v * lanes : 0);
    real *small = pool_arena_take(c, 9 * lanes);
    real **one[] = { &t->extremes, &t->visible, &t->m,   &t->l,    &t->sq,
                     &t->u,        &t->w,       &t->acc, &t->minus };
    for (size_t i = 0; i < 9 && small != NULL; i++)
        *one[i] = small + i * lanes;
}

/* LANES rows of n <= LANES contiguous numbers, transposed; to + i * step gets column i. */
VEC_FN void pool_transpose_square(const element *const *from, int64_t c, int n, real *to,
                                  int64_t step)
{
    vec r[LANES];
    UNROLL_FOR (int k = 0; k < LANES; k++)
        r[k] = load(from[k] + c, n);
    v_transpose(r);
    UNROLL_FOR (int i = 0; i < LANES; i++)
        if (i < n)
            v_storeu(to + i * step, r[i]);
}

/* Row `lane` of the numbers at to[c * lanes + lane] is from[lane][c * col]. */
static void pool_transpose(const element *const *from, int64_t col, int64_t d, int lanes, real *to)
{
    for (int lane = 0; lane < lanes; lane += LANES) {
        int64_t c = 0;
        for (; c + LANES <= d && col == 1; c += LANES)
            pool_transpose_square(from + lane, c, LANES, to + c * lanes + lane, lanes);
        if (d - c > 1 && d - c < LANES && col == 1)
            pool_transpose_square(from + lane, c, (int)(d - c), to + c * lanes + lane, lanes);
        else
            for (int k = 0; k < LANES; k++)
                for (int64_t i = c; i < d; i++)
                    to[i * lanes + lane + k] = get(from[lane + k] + i * col);
    }
}

/* Whether scaling by P is exact for all of them and keeps far from overflow. */
static bool pool_scales(const real *x, size_t n, real power)
{
    const real far = (real)(REAL_BITS == 32 ? 0x1p100 : 0x1p900), near = 1 / far;
    const real wide = (real)(REAL_BITS == 32 ? 0x1p20 : 0x1p100);
    if (!(power <= wide && power >= 1 / wide))
        return false;
    vec_mask bad = m_first(0);
    for (size_t i = 0; i < n; i += LANES) {
        vec v = n - i < LANES ? v_load_n(x + i, n - i) : v_loadu(x + i);
        vec size = v_abs(v);
        vec_mask tiny = m_and(v_lt(size, v_set1(near)), v_ne(size, v_zero()));
        bad = m_or(bad, m_or(tiny, m_not(v_le(size, v_set1(far)))));
    }
    return !m_any(bad);
}

static void pool_tile_queries(struct pool_tile *t)
{
    const struct pool_plan *p = t->plan;
    const struct pool_args *a = p->a;
    const element *from[POOL_LANES(LANES)];
    t->scaled = t->ahead = false;
    if (p->measure == MEASURE_NONE && a->moments.power == NULL)
        return;
    for (int lane = 0; lane < t->lanes; lane++)
        from[lane] = row_at(&a->q, t->b, t->head[lane], t->query[lane]);
    pool_transpose(from, a->q.col, a->d, t->lanes, t->q);
    if (!p->power_matters || a->kernel.per != ATTPOOL_BANDWIDTH_ONE)
        return;
    const size_t n = (size_t)a->d * (size_t)t->lanes;
    t->scaled = pool_scales(t->q, n, p->power);
    for (size_t i = 0; i < n && t->scaled; i += LANES)
        v_storeu(t->qs + i, v_mul(v_loadu(t->q + i), v_set1(p->power)));
}

static void pool_tile_inverse_bandwidths(struct pool_tile *t)
{
    const struct pool_plan *p = t->plan;
    const struct pool_args *a = p->a;
    const struct array *w = &a->kernel.inverse_bandwidths;
    if (a->score != POOL_KERNEL || w->data == NULL)
        return;
    if (a->kernel.per == ATTPOOL_BANDWIDTH_QUERY)
        for (int lane = 0; lane < t->lanes; lane++) {
            const real size = get(row_at(w, t->b, t->head[lane], t->query[lane]));
            t->q_scale[lane] = r_abs(size);
            if (p->has_w2)
                split_w(size, &t->q_scale[lane], &t->q_post[lane]);
        }
    if (kernel_by_coordinate(&a->kernel))
        for (int64_t c = 0; c < a->d; c++)
            t->coordinate[c] = r_abs(get(row_at(w, t->b, t->head0, 0) + c * w->col));
}

/* What all rows see, and some. */
static void pool_tile_bounds(struct pool_tile *t)
{
    t->low = t->all_high = INT64_MAX;
    t->high = t->all_low = 0;
    for (int lane = 0; lane < t->lanes; lane++) {
        const struct pool_span s = t->span[lane];
        t->low = s.low < s.high ? int_min(t->low, s.low) : t->low;
        t->high = int_max(t->high, s.high);
        t->all_low = int_max(t->all_low, s.low);
        t->all_high = int_min(t->all_high, s.high);
    }
    t->low = int_min(t->low, t->high);
}

/* Do neither lengths nor causal nor a window hide a key from any query? */
static bool pool_spans_are_all(const struct pool_args *a)
{
    return a->masks.lengths.data == NULL && a->n + a->masks.band_low <= 1 &&
           a->masks.band_high >= a->m;
}

/* What the rows see, from lengths, causal, window and leave-one-out. */
static void pool_tile_spans(struct pool_tile *t)
{
    const struct pool_args *a = t->plan->a;
    const bool all = pool_spans_are_all(a);
    for (int lane = 0; lane < t->lanes; lane++) {
        t->span[lane] = all ? (struct pool_span){ 0, a->m }
                            : pool_span_of(a, t->b, t->head[lane], t->query[lane]);
        t->out[lane] = t->query[lane] + a->masks.excluded;
    }
    if (!all) {
        pool_tile_bounds(t);
        return;
    }
    t->low = t->all_low = 0;
    t->high = t->all_high = a->m;
}

static const uint8_t *pool_mask_row(const struct pool_args *a, int64_t b, int64_t h, int64_t i,
                                    int64_t j)
{
    const struct array *x = &a->masks.mask;
    return (const uint8_t *)x->data + row_offset(x, b, h, i) + j * x->col;
}

/* The rows of the mask from key j on. */
static void pool_mask_rows(const struct pool_tile *t, int64_t j,
                           const uint8_t *row[POOL_LANES(LANES)])
{
    const struct pool_args *a = t->plan->a;
    const uint8_t *from = NULL;
    for (int lane = 0; lane < t->lanes; lane++) {
        if (lane == 0 || t->head[lane] != t->head[lane - 1])
            from = pool_mask_row(a, t->b, t->head[lane], 0, j);
        row[lane] = from + t->query[lane] * a->masks.mask.row;
    }
}

/* Asks for the mask of the block from key j on, before it is wanted. Inlined, since gcc drops
 * calls of functions that do nothing but prefetch. */
VEC_FN void pool_mask_ahead(const struct pool_tile *t, int64_t j)
{
    const struct pool_args *a = t->plan->a;
    const uint8_t *row[POOL_LANES(LANES)];
    const int64_t n = int_min(BLOCK, t->high - j);
    if (a->masks.mask.data == NULL || a->masks.mask.col != 1 || n <= 0)
        return;
    pool_mask_rows(t, j, row);
    for (int lane = 0; lane < t->lanes; lane++) {
        for (int64_t k = 0; k < n; k += 64)
            vec_prefetch(row[lane] + k);
        vec_prefetch(row[lane] + n - 1);
    }
}

/* head[] and query[] of the first `count` lanes are given. */
static void pool_tile_begin(struct pool_tile *t, int count)
{
    t->count = count;
    for (int lane = count; lane < t->lanes; lane++) {
        t->head[lane] = t->head[count - 1];
        t->query[lane] = t->query[count - 1];
    }
    t->head0 = t->head[0];
    pool_tile_spans(t);
    pool_mask_ahead(t, t->low);
    pool_tile_queries(t);
    pool_tile_inverse_bandwidths(t);
}

/* --- keys --------------------------------------------------------------------------------- */

/* Values, where there are none. */
static real pool_nothing[1];

/* The block of keys that the tile looks at. */
struct pool_block {
    int64_t first; /* local number of the first key */
    int count;
    bool partial; /* some key is hidden from some row, by lengths, causal, window, leave-one-out */
    bool scaled;  /* some key weight has an exponent */
    bool zeros;   /* some key has the weight 0 */
    bool masked;  /* some key is hidden from some row, by the mask */
    const element *v;
};

/* REAL_BITS bytes, or the first n, as bits. */
static real_uint pool_mask_word(const uint8_t *from, int64_t col, int n)
{
    uint8_t bytes[REAL_BITS] = { 0 };
    if (col != 1 || n < REAL_BITS) {
        for (int k = 0; k < n; k++)
            bytes[k] = from[k * col];
        from = bytes;
    }
#if REAL_BITS == 32
    return vec_byte_bits(from);
#else
    return vec_byte_bits(from) | (real_uint)vec_byte_bits(from + 32) << 32;
#endif
}

/* The mask of the block. False where it hides all keys from all rows. */
static bool pool_block_mask(const struct pool_tile *t, struct pool_block *x)
{
    const int64_t col = t->plan->a->masks.mask.col;
    const uint8_t *row[POOL_LANES(LANES)];
    real_uint some = 0, every = ~(real_uint)0;
    pool_mask_rows(t, x->first, row);
    for (int j = 0; j < x->count; j += REAL_BITS) {
        const int n = (int)int_min(REAL_BITS, x->count - j);
        const real_uint past = n < REAL_BITS ? ~(real_uint)0 << n : 0;
        real *to = t->mask + j / REAL_BITS * t->lanes;
        for (int lane = 0; lane < t->lanes; lane++) {
            const real_uint see = pool_mask_word(row[lane] + j * col, col, n);
            memcpy(to + lane, &see, sizeof see);
            some |= see;
            every &= see | past;
        }
    }
    pool_mask_ahead(t, x->first + x->count);
    x->masked = every != ~(real_uint)0;
    return some != 0;
}

/* Key weights of the block. */
static void pool_block_weights(const struct pool_tile *t, struct pool_block *block)
{
    const struct array *x = &t->plan->a->key_weights;
    const int count = block->count;
    const element *from = row_at(x, t->b, t->head0, 0) + block->first * x->col;
    if (x->col == 1)
        memcpy(t->weights, from, (size_t)count * sizeof(real));
    for (int j = 0; j < count && x->col != 1; j++)
        t->weights[j] = get(from + j * x->col);
    for (int j = count; j % LANES != 0; j++)
        t->weights[j] = 1;
    if (weights_are_common(t->weights, count))
        return;
    block->zeros = weights_have_zeros(t->weights, count);
    if (t->plan->weighted && t->plan->has_max)
        block->scaled = weights_take_exponents(t->weights, t->exponents, count);
}

/* Keys [first, end) of a block, by whole vectors, from the first to the last that some row may see.
 * False where there are none, or the mask hides all. */
static bool pool_block_of(const struct pool_tile *t, int64_t first, int64_t end,
                          struct pool_block *x)
{
    const struct pool_args *a = t->plan->a;
    if (first >= end || first >= t->high || end <= t->low)
        return false;
    first += int_max(0, t->low - first) / LANES * LANES;
    end = int_min(end, first + (t->high - first + LANES - 1) / LANES * LANES);
    x->first = first;
    x->count = (int)(end - first);
    x->partial = first < t->all_low || end > t->all_high;
    for (int lane = 0; lane < t->count && a->masks.leave_one_out && !x->partial; lane++) {
        x->partial = t->out[lane] >= first && t->out[lane] < end;
    }
    x->zeros = x->scaled = x->masked = false;
    if (a->key_weights.data != NULL)
        pool_block_weights(t, x);
    x->v = a->v > 0 ? row_at(&a->value, t->b, t->head0, first) : elements(pool_nothing);
    return a->masks.mask.data == NULL || pool_block_mask(t, x);
}

/* The keys of absolute block `number`. */
static bool pool_block_at(const struct pool_tile *t, int64_t number, struct pool_block *x)
{
    const struct pool_args *a = t->plan->a;
    const int64_t first = int_max(0, number * BLOCK - a->key_origin);
    const int64_t end = int_min(a->m, (number + 1) * BLOCK - a->key_origin);
    return pool_block_of(t, first, end, x);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */

/* Few rows and many keys, a group of super-blocks at a time: one or, where a vector has more lanes
 * than a super-block has blocks, as many as fill it. A lane has the keys of one block or, in a
 * group of fewer super-blocks, of a piece of one: number x of a row of scores or weights belongs to
 * key by_key_key(w, x), so that sums, which go along a block, are vertical. The states are those of
 * pool/state.h. */
#ifndef BACKENDS_SIMD_POOL_BY_KEY_BY_KEY_H
#define BACKENDS_SIMD_POOL_BY_KEY_BY_KEY_H

#include "backends/simd/pool/measure.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/tile.h"

enum {
    BY_KEY_GROUP = LANES > (int)POOL_BLOCKS ? LANES / (int)POOL_BLOCKS : 1, /* super-blocks */
    BY_KEY_WIDE = BY_KEY_GROUP * (int)POOL_BLOCKS,                          /* their blocks */
    BY_KEY_KEYS = BY_KEY_WIDE * (int)BLOCK                                  /* and keys */
};

/* Numbers of keys; x is that of key 0. */
struct by_key_source {
    const element *x;
    int64_t row, col;
};

struct by_key {
    struct pool_tile *t;
    struct by_key_source from_k, from_v, from_weights, from_inverse_bandwidths;
    int64_t base;       /* local number of the key at offset 0 */
    int first, end;     /* offsets of the keys that some row may see */
    int held;           /* super-blocks of the group: one, or BY_KEY_GROUP */
    bool complete;      /* all keys of these are there */
    bool zeros;         /* a key weight is 0 */
    bool panel;         /* keys are transposed in memory */
    bool contiguous;    /* or on their way: one row, one coordinate */
    bool reused;        /* and s is used by one row after the other */
    bool careful;       /* far keys are left out whatever their values */
    real *k, *v;        /* transposed: d numbers for each key, a value for each */
    real *copy;         /* a group's numbers, as they lie */
    real *keys;         /* of a tile, transposed */
    real *scale, *post; /* inverse_bandwidths of the keys of a tile or the panel */
    real *s, *factor,
        *included; /* BY_KEY_KEYS numbers for each row, or of all rows one after the other */
    real *weights, *mask, *bias; /* transposed */
    real *exponents;             /* of key weights, transposed */
    bool scaled;                 /* some are not 0 */
    real *extremes;              /* extremes of a row's scores: 4 vectors */
    int slots, waiting;      /* super-blocks whose blocks are merged together, and those so far */
    int lanes;               /* of them, whole vectors: row r of slot k is lane k * rows + r */
    real *m, *l, *sq, *sum;  /* of the blocks, a row of lanes for each */
    real *u, *y;             /* how they merge, likewise */
    real *acc;               /* of the blocks, for each row and each column */
    struct pool_pairs pairs; /* of all super-blocks */
};

/* Keys of a group; a constant where a group never has more than one super-block. */
static inline int by_key_keys(const struct by_key *w)
{
    return BY_KEY_GROUP > 1 ? w->held * (int)SUPER_BLOCK : BY_KEY_KEYS;
}

/* Keys of a lane, likewise. */
static inline int by_key_lane(const struct by_key *w)
{
    return by_key_keys(w) / BY_KEY_WIDE;
}

/* Blocks of a group, likewise. They are the first lanes; the others have their later pieces. */
static inline int by_key_blocks(const struct by_key *w)
{
    return by_key_keys(w) / (int)BLOCK;
}

/* The first key of a lane, as an offset from the first position of a group of `keys`. */
static inline int by_key_start(int keys, int lane)
{
    const int blocks = keys / (int)BLOCK;
    return lane % blocks * (int)BLOCK + lane / blocks * (keys / BY_KEY_WIDE);
}

/* Key of number x. */
static inline int by_key_key(const struct by_key *w, int x)
{
    return by_key_start(by_key_keys(w), x % BY_KEY_WIDE) + x / BY_KEY_WIDE;
}

/* Where row r begins in s, factor and included. */
static inline size_t by_key_row_at(const struct by_key *w, int r)
{
    return w->reused ? 0 : (size_t)r * BY_KEY_KEYS;
}

/* Where block b of the group, for row r, lies in m and what is like it. */
static inline int by_key_slot(const struct by_key *w, int b, int r)
{
    const int slot = w->waiting + b / (int)POOL_BLOCKS;
    return b % (int)POOL_BLOCKS * w->lanes + slot * w->t->count + r;
}

/* Numbers of a row of acc for a block. */
static inline int64_t by_key_room(const struct by_key *w)
{
    return w->t->plan->a->v + LANES;
}

static void by_key_allocate(struct by_key *w, struct pool_arena *c)
{
    const struct pool_args *a = w->t->plan->a;
    const size_t d = (size_t)a->d, v = (size_t)a->v;
    const size_t rows = (size_t)w->t->plan->shape.rows;
    const bool matrix = a->kernel.per == ATTPOOL_BANDWIDTH_COORDINATE_KEY;
    w->panel = by_key_has_panel(w->t->plan);
    w->reused = w->panel && v <= 1;
    w->contiguous = w->reused && d == 1 && rows == 1 && a->kernel.per != ATTPOOL_BANDWIDTH_KEY &&
                    !matrix && w->t->plan->measure != MEASURE_PRODUCT;
    const size_t all = ((w->reused ? 0 : rows) + 1) * BY_KEY_KEYS; /* room behind the last row */
    const size_t keys = w->panel ? BY_KEY_KEYS : POOL_VECTORS * LANES;
    w->k = pool_arena_take(c, w->panel ? d * BY_KEY_KEYS : 0);
    w->v = pool_arena_take(c, v == 1 ? BY_KEY_KEYS + LANES : 0);
    w->copy = pool_arena_take(c, w->panel ? d * BY_KEY_KEYS + LANES : all);
    w->keys = pool_arena_take(c, w->panel ? 0 : d * keys);
    w->scale = pool_arena_take(c, matrix ? d * keys : keys);
    w->post = pool_arena_take(c, keys);
    w->s = pool_arena_take(c, all + LANES);
    w->factor = pool_arena_take(c, all);
    w->included = pool_arena_take(c, all + LANES);
    w->weights = pool_arena_take(c, BY_KEY_KEYS);
    w->exponents = pool_arena_take(c, BY_KEY_KEYS);
    w->mask = pool_arena_take(c, a->masks.mask.data != NULL ? BY_KEY_KEYS : 0);
    w->bias = pool_arena_take(c, a->masks.bias.data != NULL ? BY_KEY_KEYS : 0);
    w->extremes = pool_arena_take(c, 4 * LANES);
    w->slots = v <= 1 ? LANES : BY_KEY_GROUP;
    w->lanes = (w->slots * (int)rows + LANES - 1) / LANES * LANES;
    real **blocks[] = { &w->m, &w->l, &w->sq, &w->sum, &w->u, &w->y };
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        *blocks[i] = pool_arena_take(c, (size_t)(POOL_BLOCKS * w->lanes));
    w->acc = pool_arena_take(c, (rows * BY_KEY_WIDE + 1) * (v + LANES));
}

#endif

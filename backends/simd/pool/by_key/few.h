/* SPDX-License-Identifier: Apache-2.0 */

/* Few rows and many keys, a super-block at a time. Lanes are pieces of blocks: number x
 * of a row of scores or weights belongs to key few_key(x), so that sums, which go along a
 * block, are vertical. The states are those of pool/run.h. */
#ifndef BACKENDS_SIMD_POOL_BY_KEY_FEW_H
#define BACKENDS_SIMD_POOL_BY_KEY_FEW_H

#include "backends/simd/pool/measure.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/tile.h"

enum {
    FEW_WIDE = LANES > (int)POOL_BLOCKS ? LANES : (int)POOL_BLOCKS, /* pieces of a super-block */
    FEW_RUN = SUPER_BLOCK / FEW_WIDE                                /* keys of a piece */
};

/* Numbers of keys; x is that of key 0. */
struct few_source {
    const pool_any *x;
    int64_t row, col;
};

struct pool_few {
    struct pool_tile *t;
    struct few_source from_k, from_v, from_weights, from_inverse_bandwidths;
    int64_t base;            /* local number of the key at offset 0 */
    int first, end;          /* offsets of keys that there are and that some row sees */
    bool complete;           /* all of the super-block */
    bool zeros;              /* a key weight is 0 */
    bool panel;              /* keys are turned into memory */
    bool straight;           /* or on their way: there are a row and a coordinate */
    bool in_turn;            /* and s is used by one row after the other */
    real *k, *v;             /* turned: d numbers for each key, a value for each */
    real *copy;              /* a super-block's numbers, as they lie */
    real *keys;              /* of a tile, turned */
    real *scale, *post;      /* inverse_bandwidths of the keys of a tile or the panel */
    real *s, *factor, *part; /* few_row numbers for each row, or of all rows one after the other */
    real *weights, *mask, *bias; /* turned */
    real *ends;                  /* extremes of a row's scores: 4 vectors */
    int slots, waiting;      /* super-blocks whose blocks are merged together, and those so far */
    int lanes;               /* of them, whole vectors: row r of slot k is lane k * rows + r */
    real *m, *l, *sq, *sum;  /* of the blocks, a row of lanes for each */
    real *u, *y;             /* how they merge, likewise */
    real *acc;               /* of the blocks, for each row and each column */
    struct pool_pairs pairs; /* of all super-blocks */
};

/* Key of number x, as an offset from the super-block's first position. */
static inline int few_key(int x)
{
    const int lane = x % FEW_WIDE;
    return lane % POOL_BLOCKS * BLOCK + lane / POOL_BLOCKS * FEW_RUN + x / FEW_WIDE;
}

/* Row r of s, factor and part. */
static inline size_t few_row(const struct pool_few *w, int r)
{
    return w->in_turn ? 0 : (size_t)r * SUPER_BLOCK;
}

/* Numbers of a row of acc for a block. */
static inline int64_t few_room(const struct pool_few *w)
{
    return w->t->plan->a->v + LANES;
}

static void few_carve(struct pool_few *w, struct pool_carver *c)
{
    const struct pool_args *a = w->t->plan->a;
    const size_t d = (size_t)a->d, v = (size_t)a->v;
    const size_t rows = (size_t)w->t->plan->shape.rows;
    const bool matrix = a->kernel.per == ATTPOOL_BANDWIDTH_COORDINATE_KEY;
    w->panel = few_has_panel(w->t->plan);
    w->in_turn = w->panel && v <= 1;
    w->straight = w->in_turn && d == 1 && rows == 1 && a->kernel.per != ATTPOOL_BANDWIDTH_KEY &&
                  !matrix && w->t->plan->measure != MEASURE_PRODUCT;
    const size_t all = ((w->in_turn ? 0 : rows) + 1) * SUPER_BLOCK; /* room behind the last row */
    const size_t keys = w->panel ? SUPER_BLOCK : POOL_VECTORS * LANES;
    w->k = pool_carve(c, w->panel ? d * SUPER_BLOCK : 0);
    w->v = pool_carve(c, v == 1 ? SUPER_BLOCK + LANES : 0);
    w->copy = pool_carve(c, w->panel ? d * SUPER_BLOCK + LANES : all);
    w->keys = pool_carve(c, w->panel ? 0 : d * keys);
    w->scale = pool_carve(c, matrix ? d * keys : keys);
    w->post = pool_carve(c, keys);
    w->s = pool_carve(c, all + LANES);
    w->factor = pool_carve(c, all);
    w->part = pool_carve(c, all + LANES);
    w->weights = pool_carve(c, SUPER_BLOCK);
    w->mask = pool_carve(c, a->masks.mask.data != NULL ? SUPER_BLOCK : 0);
    w->bias = pool_carve(c, a->masks.bias.data != NULL ? SUPER_BLOCK : 0);
    w->ends = pool_carve(c, 4 * LANES);
    w->slots = v <= 1 ? LANES : 1;
    w->lanes = (w->slots * (int)rows + LANES - 1) / LANES * LANES;
    real **blocks[] = { &w->m, &w->l, &w->sq, &w->sum, &w->u, &w->y };
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        *blocks[i] = pool_carve(c, (size_t)(POOL_BLOCKS * w->lanes));
    w->acc = pool_carve(c, (rows * POOL_BLOCKS + 1) * (v + LANES));
}

#endif

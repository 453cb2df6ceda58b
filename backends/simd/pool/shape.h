/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_SIMD_POOL_SHAPE_H
#define BACKENDS_SIMD_POOL_SHAPE_H

#include "backends/simd/integers.h"
#include "backends/simd/masks.h"
#include "backends/tree.h"

/* The integers of a pooling: how rows and keys are cut into tasks. Bits do not depend on it. */

enum {
    POOL_VECTORS = 4,    /* most vectors of rows in a tile */
    POOL_PIECES = 64,    /* with fewer tasks than this the keys are split too, */
    POOL_WORK = 1 << 18, /* but into pieces of at least so many steps */
    POOL_BLOCKS = SUPER_BLOCK / BLOCK,
    POOL_PANEL = 16, /* by key: coordinates up to which keys are transposed in memory */
    POOL_DEEP = NREG >= 32   ? 8
                : NREG >= 16 ? 4
                             : 2 /* points of a tile of up to 3 vectors */
};

#define POOL_LANES(lanes) (POOL_VECTORS * (lanes))

struct pool_span {
    int64_t low, high; /* keys [low, high) */
};

/* Heads that share keys and values make a set; its rows are their queries, head by head. */
struct pool_shape {
    int64_t group, sets, rows;
    int64_t vectors;             /* of rows, in a set */
    int64_t tiles, tile_vectors; /* of a set; the first tile_extra have one vector more */
    int64_t tile_extra;
    int64_t first, end; /* super-blocks of the keys */
    bool by_key;        /* lanes are keys, and a task has all rows of a set */
    bool split;         /* a task has a piece of the keys */
    int level;          /* of the largest pieces */
    int64_t pieces;
};

static inline bool pool_shares(const struct array *x, int64_t group)
{
    return x->data == NULL || x->head == 0 || x->group == group;
}

/* Heads that may be pooled together. */
static int64_t pool_group(const struct pool_args *a)
{
    const struct array *all[] = { &a->k, &a->value, &a->key_weights, &a->kernel.inverse_bandwidths,
                                  &a->kernel.factors };
    int64_t group = a->heads;
    size_t count = sizeof all / sizeof all[0];
    bool per_query = a->kernel.per == ATTPOOL_BANDWIDTH_QUERY;
    for (size_t i = 0; i < count; i++)
        if (all[i]->data != NULL && all[i]->head != 0 && !(i == 3 && per_query))
            group = int_min(group, all[i]->group);
    for (size_t i = 0; i < count; i++)
        if (!pool_shares(all[i], group) && !(i == 3 && per_query))
            return 1;
    return a->heads % group == 0 ? group : 1;
}

/* Cuts the keys into nodes of at most shape->level, into `nodes` unless that is NULL. */
static int64_t pool_cut(const struct pool_shape *s, struct tree_node *nodes)
{
    int64_t count = 0;
    for (int64_t first = s->first; first < s->end; count++) {
        struct tree_node node = tree_largest(first, s->end, s->level);
        first = tree_end(node);
        if (nodes != NULL)
            nodes[count] = node;
    }
    return count;
}

/* `lanes` of a vector, the most vectors of a tile, the most rows that go one at a time. */
static struct pool_shape pool_shape_of(const struct pool_args *a, int64_t lanes, int64_t most,
                                       int64_t by_key)
{
    struct pool_shape s = { .group = 1 };
    if (a->n < 2 * lanes)
        s.group = pool_group(a);
    s.sets = a->batch * a->heads / s.group;
    s.rows = s.group * a->n;
    s.by_key = s.rows <= by_key && a->m > BLOCK;
    s.vectors = (s.rows + lanes - 1) / lanes;
    s.tiles = s.by_key ? 1 : (s.vectors + most - 1) / most;
    s.tile_vectors = s.vectors / s.tiles;
    s.tile_extra = s.vectors % s.tiles;
    s.first = a->key_origin / SUPER_BLOCK;
    s.end = (a->key_origin + a->m + SUPER_BLOCK - 1) / SUPER_BLOCK;
    if (a->m == 0)
        s.end = s.first;
    s.pieces = 1;
    int64_t tasks = s.sets * s.tiles;
    if (tasks >= POOL_PIECES || s.end - s.first < 2)
        return s;
    s.split = true;
    /* Pieces of some work, and no more of them than are of use. */
    const int64_t work = s.rows * SUPER_BLOCK * (16 + a->d + a->v);
    while ((s.end - s.first) >> s.level > 2 * POOL_PIECES / tasks || work << s.level < POOL_WORK)
        s.level++;
    s.pieces = pool_cut(&s, NULL);
    return s;
}

static inline int64_t pool_tile_first(const struct pool_shape *s, int64_t tile)
{
    return tile * s->tile_vectors + int_min(tile, s->tile_extra);
}

static inline int64_t pool_tile_vectors(const struct pool_shape *s, int64_t tile)
{
    return s->tile_vectors + (tile < s->tile_extra);
}

/* What lengths, causal and window leave of the keys. */
static struct pool_span pool_span_of(const struct pool_args *a, int64_t b, int64_t h, int64_t i)
{
    const struct visible all = visible_of(&a->masks, b, h, i, a->m);
    return (struct pool_span){ all.first, all.end };
}

#endif

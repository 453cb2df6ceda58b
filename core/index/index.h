/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_INDEX_INDEX_H
#define CORE_INDEX_INDEX_H

/* Which keys can matter to a query: a tree of boxes over the keys, how far their weights reach, and
 * lists of the keys in reach of a box of queries.
 *
 * Keys stand in the tree in the order of a k-d tree, a leaf of INDEX_LEAF after the other, and a
 * list has them in the order of their numbers again, in which they are summed. A list may have more
 * keys than those that matter: it never has fewer. */

#include "core/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    INDEX_COORDINATES = 4, /* most coordinates */
    INDEX_LEAF = 16        /* points that go together */
};

/* Points in the order of a k-d tree. Those with a coordinate that is not finite come last. */
struct point_order {
    int64_t d, count, finite;
    uint32_t *number; /* of each place */
    double *point;    /* d coordinates of each place that is finite */
};

/* Node 1 is the root, 2 k and 2 k + 1 are the children of node k. */
struct key_index {
    struct point_order keys;
    double *box; /* of each node d least coordinates, then d largest ones */
    size_t nodes;
};

/* A pair matters only where, g_c being the distance of its points along coordinate c times
 * inverse[c], every g_c, and with `ball` the sum of their squares, is at most s (s^2), the
 * bandwidth of the key times that of the query. */
struct reach {
    double inverse[INDEX_COORDINATES];
    bool ball;
    const double *node_bandwidth; /* the largest bandwidth of a node's keys; NULL: 1 */
};

/* What a backend gets: pool_args.index. */
struct pool_index {
    const struct key_index *keys;
    struct reach reach;
    const uint32_t *rows; /* the numbers of all queries, such that those close by are neighbours */
    bool row_bandwidths;  /* queries have bandwidths of their own */
    int64_t most;         /* a list of more keys is of no use */
};

/* The box of some queries, and the largest bandwidth of them. */
struct index_box {
    double low[INDEX_COORDINATES], high[INDEX_COORDINATES], bandwidth;
};

/* A list of keys, ascending, and the bits that it is made from. */
struct index_list {
    uint32_t *key;
    int64_t count;
    uint64_t *keys, *words, *flags;
};

/* Bytes of memory that a list needs. */
size_t ap_index_list_bytes(const struct key_index *index);

/* The parts of a list in such memory. */
void ap_index_list_place(const struct key_index *index, void *memory, struct index_list *list);

/* Makes the bits 0, as each search finds and leaves them. */
void ap_index_list_clear(const struct key_index *index, const struct index_list *list);

/* The keys in reach of the box. */
void ap_index_find(const struct pool_index *index, const struct index_box *box,
                   struct index_list *list);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_OPENCL_SHARED_H
#define BACKENDS_OPENCL_SHARED_H

/* What the host and its programs in cl/ pass to each other, read by C and by OpenCL C. */

#ifndef __OPENCL_VERSION__
#include <stdint.h>
#define DEVICE_LONG int64_t
#else
#define DEVICE_LONG long
#endif

/* Words of the flags buffer: how often a kernel found this. */
enum { FLAG_LENGTHS, FLAG_KEY_WEIGHTS, FLAG_EMPTY, FLAGS };

/* Tiles of products of two matrices (tile.cl): TILE_SIDE x TILE_SIDE work-items make TILE x TILE
 * results, each TILE_MICRO rows of four, from slices of TILE_DEPTH terms, whose rows in local
 * memory are TILE_PITCH numbers long so that banks do not clash. */
enum {
    TILE_SIDE = 16,
    TILE_MICRO = 4,
    TILE = TILE_SIDE * TILE_MICRO,
    TILE_DEPTH = 16,
    TILE_PITCH = TILE + 4
};

/* The most coordinates and values of cl/fused.cl. */
enum { FUSED_COORDINATES = 256, FUSED_VALUES = 256 };

enum { GROUP = 64 };        /* work-items of the groups of all other kernels */
enum { WEIGHTS_EACH = 16 }; /* weights of a work-item of weights.cl */

/* How the sums of many pairs are made (sums.cl): inner products, or squared differences scaled by
 * the power of two of an inverse bandwidth that is one, a query's or a key's. */
enum { SUM_PRODUCTS, SUM_ONE, SUM_KEY, SUM_QUERY, SUM_NONE };

/* How the queries of a slab are numbered: all of them; else by a list of chosen ones, with states
 * kept by place in the list or, the last, by query. */
enum { QUERIES_ALL, QUERIES_CHOSEN, QUERIES_CHOSEN_OF_ALL };

/* What a pass is for. Where far keys are cut, one leaves them out and one takes all keys of the
 * rows that turned out to have no near key. The policies `mean`, every key that is visible weighs
 * 1, and `nearest` concern rows that are empty; _OF_EMPTY leaves the others alone. */
enum { USUAL, NEAR_KEYS, ALL_OF_LONELY, EVEN_OF_EMPTY, EVEN_AND_OTHERS, NEAREST_OF_EMPTY };

/* The queries, and of a pooling the keys, of one launch or a few: `rows` queries, `count` of each
 * matrix from number `top` on, the first matrix that of (batch, head); and the keys of whole
 * blocks, `width` of them, of which number 0 is key `key` (below 0 or past m - 1 there is none).
 * by_heads and by_count are for divide() of array.cl. */
struct slab {
    DEVICE_LONG rows, batch, head, heads, by_heads, top, count, by_count, queries, state_rows, m,
        key, width;
};

/* Where an array lies in its buffer: struct array of backend.h, the offset in elements, the group
 * for divide(). */
struct array_place {
    DEVICE_LONG offset, batch, head, row, col, group;
};

/* The keys visible to a query: struct masks of backend.h without its arrays. */
struct masking {
    DEVICE_LONG length_bytes; /* 0: no lengths */
    DEVICE_LONG band_low, band_high;
    DEVICE_LONG leave_one_out, excluded;
    DEVICE_LONG has_mask, has_bias, has_key_weights;
};

/* What a score says of a pair: struct kernel of backend.h without its arrays. */
struct measure {
    DEVICE_LONG name, product, per;
    DEVICE_LONG has_names, has_inverse_bandwidths;
    DEVICE_LONG d;
};

/* What dropout leaves out of O: struct dropout of backend.h and where the keys begin. */
struct dropping {
    DEVICE_LONG threshold, seed, query_origin, key_origin, batch_origin;
};

/* A sweep of a call for gradients over its rows (points are queries, partners keys) or its columns
 * (the other way round). Sums of a point in the order of their numbers at_*, -1: not wanted. */
struct gradient {
    DEVICE_LONG batch, heads, n, m, v;
    DEVICE_LONG key_origin, query_origin;
    DEVICE_LONG column;
    DEVICE_LONG first, end, last; /* partners of this launch; is it the last one? */
    DEVICE_LONG path, has_max, divides, has_d_out, cuts_far;
    DEVICE_LONG count;                                              /* of the sums; */
    DEVICE_LONG at_point, at_each, at_value, at_gradient, at_width; /* made of pairs, */
    DEVICE_LONG at_scale, at_weight;                                /* and of these at the end */
    DEVICE_LONG width_of_point, width_row;                          /* w stands at the point */
};

/* Places of its arrays. */
enum { AT_VALUE, AT_OUT, AT_D_OUT, AT_D_LSE, AT_MAX, AT_SUM, AT_COUNT };

/* An output that adds up items: of its own sizes, from the sums of each point of an item. */
struct collected {
    DEVICE_LONG batch, heads, rows, cols; /* the output's, */
    DEVICE_LONG items_batch, items_heads; /* the call's, */
    DEVICE_LONG group;                    /* and heads that share one of the output's */
    DEVICE_LONG points, slot;             /* slot -1: nothing but 0 */
    DEVICE_LONG by_col;                   /* points are columns */
};

/* How a weight is computed from the planes of scratch memory. */
struct weighing {
    DEVICE_LONG log_domain, has_factor, has_key_weights, has_squares, cuts_far;
};

#endif

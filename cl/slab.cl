/* SPDX-License-Identifier: Apache-2.0 */

/* The part of a pooling that is in scratch memory at a time: `rows` queries, those of the
 * matrices from `first` on, `count` of each from number `top` on; and the keys of whole blocks,
 * `width` of them, of which number 0 is key `key` (below 0 or past m - 1 there is none).
 *
 * Scratch memory has a row's number as its last index, so that neighbouring work-items, which
 * take neighbouring rows, touch neighbouring words. */

enum { BLOCK = 128, BLOCKS = 8 /* of a super-block */ };

/* How the queries of a slab are numbered: 0 all of them; else by a list of chosen ones, with
 * 1: states kept by place in the list, 2: by query. */
enum { QUERIES_ALL, QUERIES_CHOSEN, QUERIES_CHOSEN_OF_ALL };

/* The policy `mean`: in rows that are empty every key that is seen weighs 1. With _ONLY no other
 * row is touched. */
enum { EVEN_NONE, EVEN_EMPTY_ONLY, EVEN_EMPTY };

typedef struct {
    long rows, first, top, count, heads, queries, state_rows, m, key, width;
} slab;

typedef struct {
    long b, h, i; /* i: the query */
    long place;   /* its number in the slab's counting: the row of W */
    long state;   /* where what outlives the slab is kept of it */
} row_place;

static row_place place_of(slab s, __global const long *chosen, long r)
{
    row_place p;
    long bh = s.first + r / s.count;
    p.b = bh / s.heads;
    p.h = bh % s.heads;
    p.place = s.top + r % s.count;
    p.i = s.queries == QUERIES_ALL ? p.place : chosen[p.place];
    p.state = bh * s.state_rows + (s.queries == QUERIES_CHOSEN_OF_ALL ? p.i : p.place);
    return p;
}

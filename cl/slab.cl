/* SPDX-License-Identifier: Apache-2.0 */

/* The queries, and of a pooling the keys, of one launch or a few: `rows` queries, `count` of each
 * matrix from number `top` on, the first matrix that of (batch, head); and the keys of whole
 * blocks, `width` of them, of which number 0 is key `key` (below 0 or past m - 1 there is none).
 * by_heads and by_count are for divide().
 *
 * Scratch memory has a row's number as its last index, so that neighbouring work-items, which
 * take neighbouring rows, touch neighbouring words. */

enum { BLOCK = 128, BLOCKS = 8 /* of a super-block */ };

/* How the queries of a slab are numbered: 0 all of them; else by a list of chosen ones, with
 * 1: states kept by place in the list, 2: by query. */
enum { QUERIES_ALL, QUERIES_CHOSEN, QUERIES_CHOSEN_OF_ALL };

/* The policies `mean`, every key that is seen weighs 1, and `nearest` concern rows that are empty;
 * _OF_EMPTY leaves the others alone. */
enum { USUAL, EVEN_OF_EMPTY, EVEN_AND_OTHERS, NEAREST_OF_EMPTY };

static bool is_left_alone(int special, __global const REAL *row_sum, long state)
{
    bool others_only = special == EVEN_OF_EMPTY || special == NEAREST_OF_EMPTY;
    return others_only && row_sum[state] != 0;
}

typedef struct {
    long rows, batch, head, heads, by_heads, top, count, by_count, queries, state_rows, m, key,
        width;
} slab;

typedef struct {
    long b, i; /* i: the query */
    int h;
    long place; /* its number in the slab's counting: the row of W */
    long state; /* where what outlives the slab is kept of it */
} row_place;

/* The matrix of a slab with this number. */
static void matrix_of(slab s, int number, long *b, int *h)
{
    int head = (int)s.head + number;
    int carry = divide(head, s.by_heads);
    *b = s.batch + carry;
    *h = head - carry * (int)s.heads;
}

static void place_of(row_place *p, slab s, __global const long *chosen, int r)
{
    int matrix = divide(r, s.by_count);
    matrix_of(s, matrix, &p->b, &p->h);
    p->place = s.top + (r - matrix * (int)s.count);
    p->i = s.queries == QUERIES_ALL ? p->place : chosen[p->place];
    p->state = (p->b * s.heads + p->h) * s.state_rows +
               (s.queries == QUERIES_CHOSEN_OF_ALL ? p->i : p->place);
}

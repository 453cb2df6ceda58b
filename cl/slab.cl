/* SPDX-License-Identifier: Apache-2.0 */

/* Scratch memory has a row's number as its last index, so that neighbouring work-items, which
 * take neighbouring rows, touch neighbouring words. */

typedef struct slab slab;
typedef struct weighing weighing;

static bool is_left_alone(int special, __global const REAL *row_sum, long state)
{
    bool others_only = special == ALL_OF_LONELY || special == EVEN_OF_EMPTY ||
                       special == NEAREST_OF_EMPTY;
    return others_only && row_sum[state] != 0;
}

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

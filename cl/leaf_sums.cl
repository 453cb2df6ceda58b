/* SPDX-License-Identifier: Apache-2.0 */

/* A work-item's place in a tile of leaves.cl, and the sums of the pairs of a tile's block. */

typedef struct {
    int row, rows;         /* of the tile: the first one's number in the slab */
    int item, room;        /* room: `rows`, up to a power of two */
    int r, part, parts;    /* the work-item's row, and which of its keys or columns: part, part + parts, .. */
    long low, high;        /* no row sees a key outside; */
    long inner_low, inner_high, out_low, out_high; /* see leaf_reach */
} leaf_place;

/* Of a row. */
typedef struct {
    long first, end, excluded;
} leaf_range;

#ifdef LEAF_SUMS
/* Those of the block that begins at `key`. a: of the work-item's own row; q_row and width_row: how far
 * those of its tile are apart. */
static void sum_leaf(__local WORD *x, __local REAL4 *slices, int kind, const metric *a,
                     const leaf_place *t, long q_row, long width_row, long key, long m)
{
    int own = min(t->r, t->rows - 1);
    pair_side rows = { a->q - own * q_row, 0, q_row, a->q_col, width_row, 0, t->rows };
    pair_side keys = { a->k, 0, a->k_row, a->k_col, a->widths_col, key, m };
    if (kind == SUM_QUERY)
        rows.widths = a->inverse_bandwidths + a->width_at - own * width_row;
    if (kind == SUM_KEY)
        keys.widths = a->inverse_bandwidths;
    sum_tile(x, slices, t->item, SCORE == POOL_DOT, a->one.power, rows, keys, a->how.d);
    barrier(CLK_LOCAL_MEM_FENCE);
}
#endif

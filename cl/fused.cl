/* SPDX-License-Identifier: Apache-2.0 */

/* Pooling from queries, keys and values to the states of super-blocks, without memory for pairs. A
 * work-item has a tile of rows and some super-blocks; scores, weights and sums of a block are in
 * private memory. A super-block that the vectors cannot do, as of values that are not numbers where a
 * row does not see them, is left to leaves.cl. */

typedef struct {
    VECTOR q[FUSED_COORDINATES * ROW_VECTORS];
    VECTOR s[(BLOCK + KEY_TILE) * ROW_VECTORS];
#ifdef ONE_COLUMN
    VECTOR sum[ROW_VECTORS], acc[ROW_VECTORS];
#else
    VECTOR sum[FUSED_VALUES * ROW_VECTORS], acc[FUSED_VALUES * ROW_VECTORS];
#endif
    REAL by[FUSED_COORDINATES];
} fused_memory;

#define EACH_COLUMN _Pragma("unroll") for (int i = 0; i < COLUMN_TILE; i++)

/* Of the rows of a tile. */
typedef struct {
    long b, state;
    int h, row, rows; /* row: the first one's number in the slab */
    long first[ROWS], end[ROWS], excluded[ROWS];
    long low, high;             /* no row sees a key outside, */
    long inner_low, inner_high; /* and every row sees all keys in there */
} fused_tile;

/* Those of work-item 0's first dimension. */
static void tile_of(fused_tile *t, slab s, int number)
{
    int tiles = ((int)s.count + ROWS - 1) / ROWS;
    int matrix = number / tiles, top = (number - matrix * tiles) * ROWS;
    row_place p;
    t->row = matrix * (int)s.count + top;
    t->rows = min((int)ROWS, (int)s.count - top);
    place_of(&p, s, 0, t->row);
    t->b = p.b;
    t->h = p.h;
    t->state = p.state;
}

/* As far as lengths and bands go. */
static void see(fused_tile *t, slab s, MASK_PARAMETERS, long i)
{
    visible_keys visible;
    t->low = t->inner_high = s.m;
    t->high = t->inner_low = 0;
    for (int r = 0; r < ROWS; r++) {
        VISIBLE_OF(&visible, t->b, t->h, i + min(r, t->rows - 1), s.m);
        t->first[r] = visible.first;
        t->end[r] = visible.end;
        t->excluded[r] = visible.excluded;
        t->inner_low = max(t->inner_low, visible.first);
        t->inner_high = min(t->inner_high, visible.end);
        if (visible.first < visible.end) {
            t->low = min(t->low, visible.first);
            t->high = max(t->high, visible.end);
        }
    }
}

/* The block of keys from `key` on. */
static void view_of(fused_view *view, const fused_tile *t, long key)
{
    bool excludes = t->excluded[0] < key + BLOCK && t->excluded[t->rows - 1] >= max(key, 0L);
    view->from = (int)(max(t->low, key) - key);
    view->to = (int)(min(t->high, key + BLOCK) - key);
    view->whole = t->inner_low <= key + view->from && t->inner_high >= key + view->to && !excludes;
    for (int r = 0; r < ROWS && !view->whole; r++) {
        view->first[r] = (SIGNED)clamp(t->first[r] - key, 0L, (long)BLOCK);
        view->end[r] = (SIGNED)clamp(t->end[r] - key, 0L, (long)BLOCK);
        view->excluded[r] = (SIGNED)clamp(t->excluded[r] - key, -1L, (long)BLOCK);
    }
}

#ifdef WITH_MASKS
static void masks_of(fused_view *view, const fused_tile *t, MASK_PARAMETERS, long i, long key)
{
    view->rows = t->rows;
    view->has_mask = mask_how.has_mask;
    view->mask = mask + array_at(mask_at, t->b, t->h) + i * mask_at.row + key * mask_at.col;
    view->mask_row = mask_at.row;
    view->mask_col = mask_at.col;
    view->has_bias = mask_how.has_bias;
    view->bias = bias + array_at(bias_at, t->b, t->h) + i * bias_at.row + key * bias_at.col;
    view->bias_row = bias_at.row;
    view->bias_col = bias_at.col;
    view->has_key_weights = mask_how.has_key_weights;
    view->key_weights = key_weights + array_at(key_weights_at, t->b, t->h) + key * key_weights_at.col;
    view->key_weights_col = key_weights_at.col;
    bool hides = view->has_mask || view->has_bias;
    for (int n = view->from; n < view->to; n++)
        hides = hides || is_weightless(view, n);
    if (hides && view->whole)
        for (int r = 0; r < ROWS; r++) {
            view->first[r] = 0;
            view->end[r] = BLOCK;
            view->excluded[r] = -1;
        }
    view->whole = view->whole && !hides;
}
#endif

#ifndef ONE_COLUMN
/* Sums of values, COLUMN_TILE columns at a time. */
static void sum_columns(VECTOR *sums, const VECTOR *s, const fused_view *view,
                        __global const REAL *value, long v_row, long v_col, int v)
{
    for (int col = 0; col < v; col += COLUMN_TILE) {
        VECTOR sum[COLUMN_TILE][ROW_VECTORS];
        __global const REAL *from[COLUMN_TILE];
        EACH_COLUMN from[i] = value + min(col + i, v - 1) * v_col;
        EACH_COLUMN EACH_VECTOR sum[i][x] = 0;
        for (int n = view->from; n < view->to; n++)
            EACH_COLUMN
            {
                VECTOR y = from[i][n * v_row];
                EACH_VECTOR sum[i][x] = fma(s[n * ROW_VECTORS + x], y, sum[i][x]);
            }
        EACH_COLUMN
        if (col + i < v)
            EACH_VECTOR sums[(col + i) * ROW_VECTORS + x] = sum[i][x];
    }
}
#endif

static bool has_nan(const VECTOR *sums, int v)
{
    VECTOR_TEST found = 0;
    for (int n = 0; n < v * ROW_VECTORS; n++)
        found |= sums[n] != sums[n];
    return ANY(found);
}

/* The super-block's state a, merged with that of its next block. */
static void merge_block(fused_state *a, VECTOR *acc, const fused_state *b, const VECTOR *sums, int v)
{
    VECTOR u[ROW_VECTORS], w[ROW_VECTORS];
#ifdef FUSED_FACTOR
    EACH_VECTOR
    {
        u[x] = w[x] = 1;
        a->l[x] += b->l[x];
        a->sq[x] += b->sq[x];
    }
#else
    VECTOR e[ROW_VECTORS];
    EACH_VECTOR e[x] = -4 * fabs(a->top[x] - b->top[x]);
    row_exp2(e);
    EACH_VECTOR
    {
        VECTOR_TEST right = b->top[x] > a->top[x];
        u[x] = CHOOSE((VECTOR)1, e[x], right);
        w[x] = CHOOSE(e[x], (VECTOR)1, right);
        a->top[x] = CHOOSE(a->top[x], b->top[x], right);
        a->l[x] = fma(b->l[x], w[x], a->l[x] * u[x]);
        a->sq[x] = fma(b->sq[x], w[x] * w[x], a->sq[x] * (u[x] * u[x]));
    }
#endif
    for (int col = 0; col < v; col++)
        EACH_VECTOR
        {
            VECTOR *to = acc + col * ROW_VECTORS + x;
            *to = fma(sums[col * ROW_VECTORS + x], w[x], *to * u[x]);
        }
}

static void put_rows(__global REAL *to, const VECTOR *from, int rows)
{
    if (rows == ROWS)
        EACH_VECTOR STORE_VECTOR(from[x], to + x * NATIVE);
    else
        for (int r = 0; r < rows; r++)
            to[r] = ((const REAL *)from)[r];
}

/* To the super-block's place among the leaves of the tree. */
static void put_state(const fused_state *a, const VECTOR *acc, const fused_tile *t, slab s,
                      __global REAL *nodes, __global REAL *columns, long slot, long slots, int v)
{
    nodes += slot * s.rows + t->row;
    columns += (slot * s.rows + t->row) * v;
    put_rows(nodes, a->top, t->rows);
    put_rows(nodes + slots * s.rows, a->l, t->rows);
    put_rows(nodes + 2 * slots * s.rows, a->sq, t->rows);
    if (v == 1)
        put_rows(columns, acc, t->rows);
    else
        for (int r = 0; r < t->rows; r++)
            for (int col = 0; col < v; col++)
                columns[r * v + col] = ((const REAL *)acc)[col * ROWS + r];
}

/* Those of work-item 0's super-blocks begin where s.key says: slots [each * (second index), ...) of
 * the tree's leaves. Into left[slot][tile] whether the tile's super-block is left to others. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
fused(slab s, MASK_PARAMETERS, SCORE_PARAMETERS, weighing weighs, int special,
      __global const REAL *row_sum, __global const REAL *value, array value_at, long columns_wanted,
      __global WORD *left, __global REAL *nodes, __global REAL *columns, long slots, int each)
{
    int tile = (int)get_global_id(0), v = (int)columns_wanted;
    int tiles = ((int)s.count + ROWS - 1) / ROWS * ((int)s.rows / (int)s.count);
    long slot = get_global_id(1) * (long)each, last = min(slot + each, slots);
    if (tile >= tiles)
        return;
    fused_tile t;
    tile_of(&t, s, tile);
    bool alone = true;
    for (int r = 0; r < t.rows; r++)
        alone = alone && is_left_alone(special, row_sum, t.state + r);
    for (long n = slot; n < last; n++)
        left[n * tiles + tile] = 0;
    if (alone)
        return;

    fused_memory p;
    fused_measure f;
    metric a;
    long i = s.top + (t.row - t.row / (int)s.count * (int)s.count);
    see(&t, s, MASK_ARGUMENTS, i);
    METRIC_OF(&a, t.b, t.h, i);
    measure_of(&f, p.by, &a);
    pack_queries(p.q, a.q, q_at.row, q_at.col, t.rows, f.d, SCORE == POOL_DOT && a.scale < 0);
    value += array_at(value_at, t.b, t.h);
    for (; slot < last; slot++) {
        long begin = s.key + slot * SUPER_BLOCK, end = begin + SUPER_BLOCK;
        bool done = true;
        fused_state of_all;
        EACH_VECTOR
        {
            of_all.top[x] = weighs.log_domain ? -GREATEST : (REAL)0;
            of_all.l[x] = of_all.sq[x] = 0;
        }
        for (int n = 0; n < v * ROW_VECTORS; n++)
            p.acc[n] = 0;
        for (long key = begin; key < end && done; key += BLOCK) {
            if (max(t.low, key) >= min(t.high, key + BLOCK))
                continue;
            fused_state of_block;
            fused_view view;
            view_of(&view, &t, key);
#ifdef WITH_MASKS
            masks_of(&view, &t, MASK_ARGUMENTS, i, key);
#endif
            __global const REAL *values = value + key * value_at.row;
            score_block(p.s, p.q, p.by, &f, a.k + key * k_at.row, k_at.row, k_at.col, view.from,
                        view.to);
            done = weigh_keys(&of_block, p.s, p.sum, &view, &f, special, weighs.cuts_far,
                              weighs.has_squares, values, value_at.row);
#ifndef ONE_COLUMN
            sum_columns(p.sum, p.s, &view, values, value_at.row, value_at.col, v);
#endif
            /* what a row does not see may be no number */
            bool pads = (view.to - view.from) % WEIGHED != 0;
            bool hides = SCORE == POOL_KERNEL || !view.whole || pads;
            done = done && f.fast && !(hides && has_nan(p.sum, v));
            merge_block(&of_all, p.acc, &of_block, p.sum, v);
        }
        if (done)
            put_state(&of_all, p.acc, &t, s, nodes, columns, slot, slots, v);
        else
            left[slot * tiles + tile] = 1;
    }
}

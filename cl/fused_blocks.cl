/* SPDX-License-Identifier: Apache-2.0 */

/* As fused.cl, for few queries: a work-item has one row and some super-blocks, and the lanes of its
 * vectors are blocks of keys, whose states then merge in their order. */

#define EACH_LANE _Pragma("unroll") for (int r = 0; r < NATIVE; r++)

enum { LANE_SUPERS = ROWS / SUPER_BLOCK_BLOCKS }; /* super-blocks side by side */

typedef struct {
    VECTOR q[FUSED_COORDINATES * ROW_VECTORS];
    VECTOR s[BLOCK * ROW_VECTORS], sum[ROW_VECTORS];
    VECTOR numbers[BLOCK * ROW_VECTORS]; /* of keys or values, where they have one column */
    REAL by[FUSED_COORDINATES], acc[FUSED_VALUES], total[FUSED_VALUES];
    __global const REAL *key[ROWS], *value[ROWS]; /* where a lane's numbers begin */
} fused_memory;

typedef struct {
    REAL top, l, sq;
} row_state;

/* What the lanes see, from key `key` on. One that would pass an end of the keys begins so that it does
 * not. */
static void lanes_of(fused_view *view, fused_memory *p, const visible_keys *visible, long m, long key,
                     __global const REAL *k, long k_row, __global const REAL *value, long v_row)
{
    view->from = 0;
    view->to = BLOCK;
    view->whole = true;
    for (int r = 0; r < ROWS; r++) {
        long block = key + r * BLOCK, begin = clamp(block, 0L, m - BLOCK);
        long first = max(visible->first, block), end = min(visible->end, block + BLOCK);
        p->key[r] = k + begin * k_row;
        p->value[r] = value + begin * v_row;
        view->first[r] = (SIGNED)clamp(first - begin, 0L, (long)BLOCK);
        view->end[r] = (SIGNED)clamp(end - begin, 0L, (long)BLOCK);
        view->excluded[r] = (SIGNED)clamp(visible->excluded - begin, -1L, (long)BLOCK);
        view->whole = view->whole && view->first[r] == 0 && view->end[r] == BLOCK &&
                      (view->excluded[r] == -1 || view->excluded[r] == BLOCK);
    }
}

/* Row r of a square becomes its column r. */
static void transpose(VECTOR to[NATIVE])
{
    VECTOR a[NATIVE];
    _Pragma("unroll") for (int step = 1; step < NATIVE; step *= 2)
    {
        EACH_LANE a[r] = to[r];
        _Pragma("unroll") for (int r = 0; r < NATIVE / 2; r++)
        {
            to[2 * r] = ZIP_LOW(a[r], a[r + NATIVE / 2]);
            to[2 * r + 1] = ZIP_HIGH(a[r], a[r + NATIVE / 2]);
        }
    }
}

static VECTOR load_each(__global const REAL *const *lane, long offset, int x)
{
    REAL part[NATIVE];
    EACH_LANE part[r] = lane[x * NATIVE + r][offset];
    return LOAD_VECTOR(part);
}

/* An array's numbers of all blocks, `stride` apart. */
static void load_line(VECTOR *numbers, __global const REAL *const *lane, long stride)
{
    if (stride == 1)
        for (int n = 0; n < BLOCK; n += NATIVE)
            EACH_VECTOR
            {
                VECTOR part[NATIVE];
                EACH_LANE part[r] = LOAD_VECTOR(lane[x * NATIVE + r] + n);
                transpose(part);
                EACH_LANE numbers[(n + r) * ROW_VECTORS + x] = part[r];
            }
    else
        for (int n = 0; n < BLOCK; n++)
            EACH_VECTOR numbers[n * ROW_VECTORS + x] = load_each(lane, n * stride, x);
}

/* As score_keys of fused_score.cl. */
static void score_lanes(VECTOR *s, const VECTOR *q, const REAL *by, const fused_measure *f,
                        __global const REAL *const *lane, long k_row, long k_col)
{
    for (int n = 0; n < BLOCK; n++)
        EACH_VECTOR
        {
            VECTOR sum = 0;
            int t = 0;
            for (; k_col == 1 && t + NATIVE <= f->d; t += NATIVE) {
                VECTOR y[NATIVE];
                EACH_LANE y[r] = LOAD_VECTOR(lane[x * NATIVE + r] + n * k_row + t);
                transpose(y);
                EACH_LANE sum = add_terms(q[(t + r) * ROW_VECTORS + x], y[r], by[t + r], sum);
            }
            for (; t < f->d; t++)
                sum = add_terms(q[t * ROW_VECTORS + x], load_each(lane, n * k_row + t * k_col, x),
                                by[t], sum);
            s[n * ROW_VECTORS + x] = sum;
        }
}

#ifndef ONE_COLUMN
/* Sums of a block's values into total[column]. */
static void sum_columns(REAL *total, const REAL *s, int first, int end, __global const REAL *value,
                        long v_row, long v_col, int v)
{
    int col = 0;
    for (; v_col == 1 && col + NATIVE <= v; col += NATIVE) {
        VECTOR sum = 0;
        for (int n = first; n < end; n++)
            sum = fma((VECTOR)s[n * ROWS], LOAD_VECTOR(value + n * v_row + col), sum);
        STORE_VECTOR(sum, total + col);
    }
    for (; col < v; col++) {
        REAL sum = 0;
        for (int n = first; n < end; n++)
            sum = fma(s[n * ROWS], value[n * v_row + col * v_col], sum);
        total[col] = sum;
    }
}
#endif

static void score_blocks(fused_memory *p, const fused_measure *f, long k_row, long k_col)
{
#ifndef FUSED_DOT
    if (f->d == 1) {
        load_line(p->numbers, p->key, k_row);
        score_line(p->s, p->q, p->by[0], f->line, p->numbers, 0, 0, BLOCK);
        return;
    }
#endif
    score_lanes(p->s, p->q, p->by, f, p->key, k_row, k_col);
}

/* The super-block's state a, merged with that of its next block. */
static void merge_next(row_state *a, REAL *acc, REAL top, REAL l, REAL sq, const REAL *sums, int v)
{
    REAL u = 1, w = 1;
#ifdef FUSED_FACTOR
    a->l += l;
    a->sq += sq;
#else
    REAL e = TYPED(weight_exp2)(-4 * fabs(a->top - top));
    u = top > a->top ? e : (REAL)1;
    w = top > a->top ? (REAL)1 : e;
    a->top = top > a->top ? top : a->top;
    a->l = fma(l, w, a->l * u);
    a->sq = fma(sq, w * w, a->sq * (u * u));
#endif
    for (int col = 0; col < v; col++)
        acc[col] = fma(sums[col], w, acc[col] * u);
}

/* The state of the super-block whose first lane is `lane`. false: it has to be made key by key. */
static bool merge_lanes(row_state *a, fused_memory *p, const fused_state *of, const fused_view *view,
                        int lane, bool log_domain, long v_row, long v_col, int v)
{
    const REAL *tops = (const REAL *)of->top, *ls = (const REAL *)of->l;
    const REAL *squares = (const REAL *)of->sq;
    bool done = true;
    a->top = log_domain ? -GREATEST : (REAL)0;
    a->l = a->sq = 0;
    for (int col = 0; col < v; col++)
        p->acc[col] = 0;
    for (int r = lane; r < lane + SUPER_BLOCK_BLOCKS; r++) {
        if (view->first[r] >= view->end[r])
            continue;
#ifdef ONE_COLUMN
        p->total[0] = ((const REAL *)p->sum)[r];
#else
        sum_columns(p->total, (const REAL *)p->s + r, (int)view->first[r], (int)view->end[r],
                    p->value[r], v_row, v_col, v);
#endif
        /* what the row does not see may be no number */
        for (int col = 0; col < v; col++)
            done = done && p->total[col] == p->total[col];
        merge_next(a, p->acc, tops[r], ls[r], squares[r], p->total, v);
    }
    return done;
}

/* Those of work-item 0's super-blocks begin where s.key says: slots [each * (second index), ...) of
 * the tree's leaves, `each` a multiple of LANE_SUPERS. Into left[slot][row] whether the row's
 * super-block is left to others. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
fused(slab s, MASK_PARAMETERS, SCORE_PARAMETERS, weighing weighs, int special,
      __global const REAL *row_sum, __global const REAL *value, array value_at, long columns_wanted,
      __global WORD *left, __global REAL *nodes, __global REAL *columns, long slots, int each)
{
    int row = (int)get_global_id(0), v = (int)columns_wanted;
    long slot = get_global_id(1) * (long)each, last = min(slot + each, slots), plane = slots * s.rows;
    row_place place;
    visible_keys visible;
    fused_memory p;
    fused_measure f;
    metric a;
    if (row >= s.rows)
        return;
    place_of(&place, s, 0, row);
    bool alone = is_left_alone(special, row_sum, place.state);
    for (long n = slot; n < last; n++)
        left[n * s.rows + row] = 0;
    if (alone)
        return;
    VISIBLE_OF(&visible, place.b, place.h, place.i, s.m);
    METRIC_OF(&a, place.b, place.h, place.i);
    measure_of(&f, p.by, &a);
    pack_queries(p.q, a.q, q_at.row, q_at.col, 1, f.d, SCORE == POOL_DOT && a.scale < 0);
    value += array_at(value_at, place.b, place.h);
    for (; slot < last; slot += LANE_SUPERS) {
        fused_view view;
        fused_state of_blocks;
        lanes_of(&view, &p, &visible, s.m, s.key + slot * SUPER_BLOCK, a.k, k_at.row, value,
                 value_at.row);
        score_blocks(&p, &f, k_at.row, k_at.col);
#ifdef ONE_COLUMN
        load_line(p.numbers, p.value, value_at.row);
#endif
        bool ordinary = weigh_keys(&of_blocks, p.s, p.sum, &view, &f, special, weighs.cuts_far,
                                   weighs.has_squares, p.numbers, 0);
        for (int n = 0; n < LANE_SUPERS && slot + n < last; n++) {
            row_state of_all;
            bool done = merge_lanes(&of_all, &p, &of_blocks, &view, n * SUPER_BLOCK_BLOCKS,
                                    weighs.log_domain, value_at.row, value_at.col, v);
            long to = (slot + n) * s.rows + row;
            left[to] = !(ordinary && f.fast && done);
            nodes[to] = of_all.top;
            nodes[plane + to] = of_all.l;
            nodes[2 * plane + to] = of_all.sq;
            for (int col = 0; col < v; col++)
                columns[to * v + col] = p.acc[col];
        }
    }
}

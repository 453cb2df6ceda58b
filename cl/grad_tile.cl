/* SPDX-License-Identifier: Apache-2.0 */

/* The sweeps of grad.cl for inner products and for squared differences by one inverse bandwidth a pair: a
 * work-group has a tile of PAIR_ROWS points of an item and goes through their partners, PAIR_BLOCK at a
 * time, of which each query has its work-items. The steps, each for all pairs of the tile:
 *
 *     sums        of q and k, and dO . v, in tiles of registers (pair_tile.cl)
 *     pairs       planes of words from them: g or h', MASKED where the pair takes no part; W, MASKED
 *                 where it is dropped, too; of kernels u2 and g
 *     columns     products of these and the partners' rows, in tiles of registers
 *     numbers     sums of g, and of h u2: one work-item a point
 *
 * The sums so far of a point stand in acc as in grad.cl. */

enum {
    PLANE = PAIR_BLOCK * PAIR_PITCH,
    GRAD_PLANES = SCORE == POOL_KERNEL ? 4 : 2,
    GRAD_COLUMNS = 8 * PAIR_ACROSS /* of a pass */
};

/* Both sides of a tile, points and partners: Q and K, and dO and V. */
typedef struct {
    pair_side point, partner, point_out, partner_out;
    long step; /* of acc, from number to number */
    int points, item;
} grad_tile;

static void end_blocks(const gradient *g, __global REAL *total, __global REAL *block, const grad_tile *t)
{
    for (long k = t->item; k < g->count * PAIR_ROWS; k += PAIR_ITEMS) {
        long at = k / PAIR_ROWS * t->step + k % PAIR_ROWS;
        if (k % PAIR_ROWS >= t->points)
            continue;
        total[at] += block[at];
        block[at] = 0;
    }
}

/* What pair (x, j) says in the planes of its word. */
static void put_pair(duo *x, long j, bool there, __local WORD *word)
{
    bool radial = SCORE == POOL_KERNEL, in = false;
    if (there) {
        metric_key(&x->a, j);
        in = duo_of(x, j, true, AS_REAL(word[0]), AS_REAL(word[PLANE]));
    }
    if (in && x->kind == GRAD_WEIGHTED && radial) {
        word[0] = AS_WORD(clean(scaled_by(x->coefficient, before_sums(x, j))));
        word[2 * PLANE] = AS_WORD(x->u2);
        word[3 * PLANE] = AS_WORD(x->gradient);
    } else {
        word[0] = in && x->kind == GRAD_WEIGHTED ? AS_WORD(clean(x->gradient)) : (WORD)MASKED;
    }
    word[PLANE] = in && !x->dropped ? AS_WORD(clean(x->weight)) : (WORD)MASKED;
}

static REAL4 read_four(__global const REAL *from, long step, long count)
{
    REAL part[4];
    for (int j = 0; j < 4; j++)
        part[j] = j < count ? from[j * step] : (REAL)0;
    return vload4(0, part);
}

static void write_four(REAL4 x, __global REAL *to, long step, long count)
{
    REAL part[4];
    vstore4(x, 0, part);
    for (int j = 0; j < 4 && j < count; j++)
        to[j * step] = part[j];
}

#define EACH_SIDE for (int side = 0; side < 2; side++)

/* What the partner's row y says of the tile's points; of differences z from them, scaled by a power of
 * two of the point or the partner. */
static REAL4 add_row(REAL4 sum, REAL weight, REAL4 y, bool differences, REAL4 own, REAL power, bool column)
{
    if (differences) {
        y = (column ? y - own : own - y) * power;
        y = weight == 0 ? (REAL4)0 : y;
    }
    return fma((REAL4)weight, y, sum);
}

/* Each `columns` sums of the block of a point, from the words x and the partners' rows. */
static void add_columns(__local const WORD *x, __local REAL4 *slices, const grad_tile *t, bool column,
                        bool differences, REAL one, __local const REAL *powers, pair_side point,
                        pair_side partner, long columns, __global REAL *block)
{
    __local REAL *slice = (__local REAL *)slices;
    int y = t->item % 8 * PAIR_MICRO, z = t->item / 8 * 4;
    REAL of_point[PAIR_MICRO];
    EACH_MICRO of_point[i] = point.widths ? power_of(point, y + i) : one;
    for (long first = 0; first < columns; first += GRAD_COLUMNS) {
        REAL4 sum[PAIR_MICRO][2], own[PAIR_MICRO][2];
        EACH_MICRO
        EACH_SIDE
        {
            long c = first + z + side * GRAD_COLUMNS / 2, count = y + i < t->points ? columns - c : 0;
            sum[i][side] = read_four(block + c * t->step + y + i, t->step, count);
            own[i][side] = read_four(point.matrix + (point.first + y + i) * point.row + c * point.col,
                                     point.col, differences ? count : 0);
        }
        for (int from = 0; from < PAIR_BLOCK; from += PAIR_DEPTH) {
            barrier(CLK_LOCAL_MEM_FENCE);
            load_slice(slice, PAIR_B_PITCH, GRAD_COLUMNS, PAIR_DEPTH, PAIR_ITEMS, t->item,
                       partner.matrix, partner.col, partner.row, first, columns,
                       partner.first + from, partner.end, (REAL)0);
            barrier(CLK_LOCAL_MEM_FENCE);
            for (int e = 0; e < PAIR_DEPTH && first + z < columns; e++) {
                __local const REAL *across = slice + e * PAIR_B_PITCH + z;
                REAL4 y0 = *(__local const REAL4 *)across;
                REAL4 y1 = *(__local const REAL4 *)(across + GRAD_COLUMNS / 2);
                EACH_MICRO
                {
                    WORD word = x[(from + e) * PAIR_PITCH + y + i];
                    REAL w = AS_REAL(word), power = partner.widths ? powers[from + e] : of_point[i];
                    REAL4 s0 = add_row(sum[i][0], w, y0, differences, own[i][0], power, column);
                    REAL4 s1 = add_row(sum[i][1], w, y1, differences, own[i][1], power, column);
                    sum[i][0] = word == MASKED ? sum[i][0] : s0;
                    sum[i][1] = word == MASKED ? sum[i][1] : s1;
                }
            }
        }
        EACH_MICRO
        EACH_SIDE
        {
            long c = first + z + side * GRAD_COLUMNS / 2, count = y + i < t->points ? columns - c : 0;
            write_four(sum[i][side], block + c * t->step + y + i, t->step, count);
        }
    }
}

/* The sums of a point that are of one number. */
static void add_numbers(const gradient *g, __local const WORD *x, __global REAL *block, long step)
{
    REAL sum = 0, width = 0;
    if (g->at_gradient >= 0)
        sum = block[g->at_gradient * step];
    if (g->at_width >= 0)
        width = block[g->at_width * step];
    IN_ORDER
    for (int n = 0; n < PAIR_BLOCK; n++) {
        __local const WORD *word = x + n * PAIR_PITCH;
        REAL h = AS_REAL(word[0]); /* of kernels with a sum by w h' is h */
        if (word[0] == MASKED)
            continue;
        if (SCORE == POOL_KERNEL)
            width = fma(h, h == 0 ? (REAL)0 : AS_REAL(word[2 * PLANE]), width);
        sum += SCORE == POOL_KERNEL ? AS_REAL(word[3 * PLANE]) : h;
    }
    if (g->at_gradient >= 0)
        block[g->at_gradient * step] = sum;
    if (g->at_width >= 0)
        block[g->at_width * step] = width;
}

/* From the item's matrices; queries and keys change places. */
static void tile_of(grad_tile *t, const duo *x, long q_row, long width_row, long out_row, long top)
{
    const gradient *g = &x->g;
    pair_side queries = { x->a.q, 0, q_row, x->a.q_col, width_row, 0, g->n };
    pair_side keys = { x->a.k, 0, x->a.k_row, x->a.k_col, x->a.widths_col, 0, g->m };
    pair_side outs = { x->d_out, 0, out_row, x->d_out_col, 0, 0, g->n };
    pair_side values = { x->value, 0, x->value_row, x->value_col, 0, 0, g->m };
    if (SCORE == POOL_KERNEL && x->a.how.per == BANDWIDTH_QUERY)
        queries.widths = x->a.inverse_bandwidths;
    if (SCORE == POOL_KERNEL && x->a.how.per == BANDWIDTH_KEY)
        keys.widths = x->a.inverse_bandwidths;
    t->point = g->column ? keys : queries;
    t->partner = g->column ? queries : keys;
    t->point_out = g->column ? values : outs;
    t->partner_out = g->column ? outs : values;
    t->point.first = t->point_out.first = top;
    t->points = (int)min((long)PAIR_ROWS, t->point.end - top);
}

/* Partners [g.first, g.end); g.first is a multiple of PAIR_BLOCK in absolute positions, so it may lie before
 * the first one. `slices` is an argument, for PoCL 3.1 may take such an array for a variable of all threads. */
__kernel __attribute__((reqd_work_group_size(PAIR_ITEMS, 1, 1))) void
grad_tiles(gradient g, MASK_PARAMETERS, SCORE_PARAMETERS, FACT_PARAMETERS, REAL s, __global REAL *acc,
           long first_tile, __local REAL4 *slices)
{
    __local WORD words[GRAD_PLANES * PLANE];
    __local REAL powers[PAIR_BLOCK];
    __local int any[2];
    long points = g.column ? g.m : g.n, origin = g.column ? g.query_origin : g.key_origin;
    long tiles = (points + PAIR_ROWS - 1) / PAIR_ROWS;
    long tile = first_tile + (long)get_group_id(0);
    long number = tile / tiles, begin = tile % tiles * PAIR_ROWS;
    grad_tile t = { .item = (int)get_local_id(0), .step = g.batch * g.heads * points };
    duo x;

    BEGIN_ITEM(x, number);
    BEGIN_ROW(x, 0);
    tile_of(&t, &x, q_at.row, widths_at.row, at[AT_D_OUT].row, begin);
    acc += number * points + begin;
    __global REAL *block = acc + g.count * t.step;
    for (long k = t.item; k < 2 * g.count * PAIR_ROWS && g.first <= 0; k += PAIR_ITEMS)
        if (k % PAIR_ROWS < t.points)
            acc[k / PAIR_ROWS * t.step + k % PAIR_ROWS] = 0;
    if (t.item < 2)
        any[t.item] = 0;
    barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);

    /* This work-item's query, and which of its keys: every so many. */
    int queries = g.column ? PAIR_BLOCK : PAIR_ROWS;
    int own = t.item % queries, part = t.item / queries, parts = PAIR_ITEMS / queries;
    bool there = begin + own < g.n && !g.column;
    if (there)
        BEGIN_ROW(x, begin + own);
    for (long from = g.first; from < g.end; from += PAIR_BLOCK) {
        int turn = (int)(((origin + from) / PAIR_BLOCK) & 1);
        long key = g.column ? begin : from, keys = g.column ? PAIR_ROWS : PAIR_BLOCK;
        t.partner.first = t.partner_out.first = from;
        if (g.column) {
            there = from + own >= 0 && from + own < g.n;
            if (there)
                BEGIN_ROW(x, from + own);
        }
        if (there && x.kind != GRAD_BLANK && x.visible.first < key + keys && x.visible.end > key)
            any[turn] = 1;
        if (t.partner.widths)
            powers[t.item] = power_of(t.partner, t.item);
        if ((origin + from) % BLOCK == 0)
            end_blocks(&g, acc, block, &t);
        barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
        bool some = any[turn];
        for (int out = 0; out < 2; out++) {
            bool wanted = some && (!out || g.has_d_out);
            sum_tile(words + out * PLANE, slices, t.item, SCORE == POOL_DOT || out, x.a.one.power,
                     out ? t.point_out : t.point, out ? t.partner_out : t.partner,
                     !wanted ? 0 : out ? g.v : x.a.how.d);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int n = part; n < keys && some; n += parts) {
            long j = key + n;
            int place = g.column ? own * PAIR_PITCH + n : n * PAIR_PITCH + own;
            put_pair(&x, j, there && j >= 0 && j < g.m, words + place);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        any[turn] = 0;
        for (int out = 0; out < 2; out++) {
            long number = out ? g.at_value : g.at_point;
            add_columns(words + out * PLANE, slices, &t, g.column, SCORE == POOL_KERNEL && !out,
                        x.a.one.power, powers, out ? t.point_out : t.point,
                        out ? t.partner_out : t.partner,
                        !some || number < 0 ? 0 : out ? g.v : x.a.how.d, block + number * t.step);
        }
        if (some && t.item < t.points && (g.at_gradient >= 0 || g.at_width >= 0))
            add_numbers(&g, words + t.item, block + t.item, t.step);
        barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
    }
    if (g.last)
        end_blocks(&g, acc, block, &t);
    barrier(CLK_GLOBAL_MEM_FENCE);
    if (!g.last || t.item >= t.points)
        return;
    if (g.column)
        BEGIN_ROW(x, g.n - 1);
    if (g.column)
        metric_key(&x.a, begin + t.item);
    end_point(&x, begin + t.item, s, acc + t.item, t.step);
}

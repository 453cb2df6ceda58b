/* SPDX-License-Identifier: Apache-2.0 */

/* Pooling from queries, keys and values to the states of super-blocks, without memory for pairs: a
 * work-group has a tile of rows and some super-blocks, of which the words of a block are in local
 * memory. The steps of a block, each for all rows and keys of the tile:
 *
 *     sums        inner products or squared distances, in tiles of registers (leaf_sums.cl)
 *     scores      words as in slabs (pair.cl): scores or factors, MASKED where a key takes no part
 *     weights     relative to the block's largest (block.cl)
 *     state       the sums of a row, in the order of its keys, and its merge with the super-block's
 *     values      what the row's weights say of each column (leaf_values.cl)
 *
 * A row belongs to as many work-items as there are for it. */

typedef struct {
    __local WORD *x;
    __local REAL *tops; /* of work-items */
    __local REAL *u, *w; /* of rows: factors of the super-block and of the block */
    __local REAL4 *slices;
} leaf_memory;

typedef struct {
    leaf_place at;
    leaf_memory in;
    leaf_values y;
    slab s;
    weighing how;
    dropping drop;
    int special;
    bool evenly;
    int kind;              /* SUM_* of LEAF_SUMS; */
    long q_row, width_row; /* how far those of the tile's rows are apart */
    REAL scale;
    metric a;
    row_place place;
    visible_keys visible;
    REAL m, l, sq; /* of the super-block; of the first of a row's work-items */
} leaf_row;

/* A tile of `height` rows, and this work-item's place in it. */
static void leaf_place_of(leaf_place *t, slab s, int tile, int height)
{
    int tiles = ((int)s.count + height - 1) / height;
    int matrix = tile / tiles, top = (tile - matrix * tiles) * height;
    t->row = matrix * (int)s.count + top;
    t->rows = min(height, (int)s.count - top);
    int room = PAIR_ROWS;
#ifndef PAIR_TILES
    while (room / 2 >= t->rows)
        room /= 2;
#endif
    t->item = (int)get_local_id(0);
    t->room = room;
    t->r = t->item & (room - 1);
    t->part = t->item / room;
    t->parts = PAIR_ITEMS / room;
}

/* Keys that some row of the tile sees are in [low, high); those that every row sees, but for the ones in
 * [out_low, out_high), in [inner_low, inner_high). */
static void leaf_reach(leaf_row *row, __local leaf_range *ranges, long m)
{
    leaf_place *t = &row->at;
    if (t->part == 0)
        ranges[t->r] = (leaf_range){ row->visible.first, row->visible.end, row->visible.excluded };
    barrier(CLK_LOCAL_MEM_FENCE);
    t->low = t->inner_high = t->out_low = m;
    t->high = t->inner_low = t->out_high = 0;
    for (int r = 0; r < t->rows; r++) {
        leaf_range of = ranges[r];
        t->inner_low = max(t->inner_low, of.first);
        t->inner_high = min(t->inner_high, of.end);
        if (of.first >= of.end)
            continue;
        t->low = min(t->low, of.first);
        t->high = max(t->high, of.end);
        t->out_low = min(t->out_low, of.excluded);
        t->out_high = max(t->out_high, of.excluded + 1);
    }
}

/* Is the score of a key that is seen its sum, and no more? */
static bool is_plain(const metric *a, const visible_keys *visible, int special)
{
    bool radial = a->how.name == GAUSSIAN && !a->how.product && a->how.per != BANDWIDTH_KEY;
    bool sum = SCORE == POOL_KERNEL ? radial : SCORE == POOL_DOT;
    return sum && (special == USUAL || special == NEAR_KEYS) && !visible->has_mask &&
           !visible->has_bias && !visible->has_key_weights && !is_folded(a->scale, false);
}

/* The words of a block that all rows see. */
static void score_plain(const leaf_row *row, long key)
{
    const leaf_place *t = &row->at;
    for (int n = t->part; n < BLOCK; n += t->parts) {
        __local WORD *word = row->in.x + n * PAIR_ROWS + t->r;
#ifdef LEAF_SUMS
        REAL sum = AS_REAL(*word);
#else
        REAL sum = sum_terms(&row->a, key + n);
#endif
        if (SCORE == POOL_KERNEL)
            sum = radial_u2(&row->a, sum);
        bool far = row->special == NEAR_KEYS && is_far(row->scale, sum, 0);
        *word = far ? (WORD)MASKED : AS_WORD(sum);
    }
}

static void score_leaf(leaf_row *row, long key)
{
    const leaf_place *t = &row->at;
    __local WORD *x = row->in.x;
    for (int n = t->part; n < BLOCK; n += t->parts) {
        __local WORD *word = x + n * PAIR_ROWS + t->r;
        REAL factor = 1;
#ifdef LEAF_SUMS
        REAL sum = AS_REAL(*word), *given = &sum;
#else
        REAL *given = 0;
#endif
        *word = score_word(&row->a, &row->visible, key + n, given, row->evenly, row->special,
                           (int)row->how.log_domain, &factor);
        if (row->how.has_factor)
            x[(BLOCK + n) * PAIR_ROWS + t->r] = AS_WORD(factor);
    }
}

/* Scores become weights; the row's state merges with the super-block's. */
static void weigh_leaf(leaf_row *row, long key)
{
    const leaf_place *t = &row->at;
    const visible_keys *visible = &row->visible;
    __local REAL *tops = row->in.tops;
    block_words words = { row->in.x + t->r, PAIR_ROWS, t->part, t->parts };
    __global const REAL *key_weights = visible->key_weights + key * visible->key_weights_col;
    REAL l, sq;
    tops[t->item] = top_of(row->how, row->evenly, row->special, row->scale, key_weights,
                           visible->key_weights_col, words);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int side = t->parts / 2; side > 0; side /= 2) {
        if (t->part < side)
            tops[t->item] = max(tops[t->item], tops[t->item + side * t->room]);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    REAL top = tops[t->r];
    weigh_words(row->how, row->evenly, row->scale, top, key_weights, visible->key_weights_col, words,
                words.x + BLOCK * PAIR_ROWS);
    barrier(CLK_LOCAL_MEM_FENCE);
    if (t->part == 0) {
        REAL of_row, of_block;
        sum_weights(row->how, row->evenly, words, &top, &l, &sq);
        merge_states(row->how.log_domain && !row->evenly, &row->m, &row->sq, top, sq, &of_row,
                     &of_block);
        row->l = fma(l, of_block, row->l * of_row);
        row->in.u[t->r] = of_row;
        row->in.w[t->r] = of_block;
    }
}

/* Weights that dropout leaves out of the values, once the sums are made. */
static void drop_leaf(const leaf_row *row, long key)
{
    const leaf_place *t = &row->at;
    const row_place *p = &row->place;
    dropping how = row->drop;
    ulong quad = (ulong)(how.key_origin + key) >> 2, query = (ulong)(how.query_origin + p->i);
    ulong item = (ulong)(how.batch_origin + p->b * row->s.heads + p->h);
    for (int n = t->part; n < BLOCK / 4; n += t->parts) {
        struct philox words = philox_pairs((ulong)how.seed, quad + (ulong)n, query, item);
        for (int i = 0; i < 4; i++)
            if (words.word[i] < (ulong)how.threshold)
                row->in.x[(4 * n + i) * PAIR_ROWS + t->r] = MASKED;
    }
}

/* Does every row of the tile see all keys of the block? */
static bool all_see(const leaf_place *t, long key)
{
    return t->inner_low <= key && t->inner_high >= key + BLOCK &&
           (t->out_low >= key + BLOCK || t->out_high <= key);
}

/* A block, of which `key` is the first key. */
static void do_block(leaf_row *row, bool plain, long key, __global REAL *acc)
{
#ifdef LEAF_SUMS
    sum_leaf(row->in.x, row->in.slices, row->kind, &row->a, &row->at, row->q_row, row->width_row, key,
             row->s.m);
#endif
    if (plain && all_see(&row->at, key))
        score_plain(row, key);
    else
        score_leaf(row, key);
    barrier(CLK_LOCAL_MEM_FENCE);
    weigh_leaf(row, key);
    barrier(CLK_LOCAL_MEM_FENCE);
    if (row->drop.threshold)
        drop_leaf(row, key);
    barrier(CLK_LOCAL_MEM_FENCE);
#if defined LEAF_VALUES
    sum_values(row->in.x, row->in.slices, row->in.u, row->in.w, &row->at, row->y, key, acc);
#elif defined LEAF_MOMENTS
    sum_each_moment(row->in.x, row->in.u, row->in.w, &row->at, &row->a, row->y, key, acc);
#else
    sum_each_value(row->in.x, row->in.u, row->in.w, &row->at, row->y, key, acc);
#endif
    barrier(CLK_LOCAL_MEM_FENCE);
}

/* The state of the super-block so far; before its first block, the empty one. */
static void begin_super_block(leaf_row *row, __global const REAL *nodes, __global REAL *acc, long plane,
                              bool fresh)
{
    const leaf_place *t = &row->at;
    row->m = row->how.log_domain && !row->evenly ? -GREATEST : (REAL)0;
    row->l = row->sq = 0;
    if (!fresh && t->r < t->rows) {
        row->m = nodes[0];
        row->l = nodes[plane];
        row->sq = nodes[2 * plane];
    }
    for (long n = t->item; fresh && n < t->rows * row->y.columns; n += PAIR_ITEMS)
        acc[n] = 0;
}

/* Blocks [from, to) of a super-block, of which `begin` is the first key, to the row's node and sums. */
static void do_super_block(leaf_row *row, bool plain, long begin, int from, int to, __global REAL *nodes,
                           long plane, __global REAL *acc)
{
    const leaf_place *t = &row->at;
    /* Blocks that no row sees say nothing. */
    int block = max(from, (int)(clamp(t->low - begin, 0L, (long)SUPER_BLOCK) / BLOCK));
    int stop = (int)((clamp(t->high - begin, 0L, (long)SUPER_BLOCK) + BLOCK - 1) / BLOCK);
    begin_super_block(row, nodes, acc, plane, from == 0);
    barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
    for (; block < min(stop, to); block++)
        do_block(row, plain, begin + block * BLOCK, acc);
    if (t->part == 0 && t->r < t->rows) {
        nodes[0] = row->m;
        nodes[plane] = row->l;
        nodes[2 * plane] = row->sq;
    }
}

/* The first unit of work that is to be done, of this one and those that follow it for this group. */
static void next_unit(__local long *next, long unit, long units, __global const WORD *left)
{
    if (get_local_id(0) == 0) {
        while (left && unit < units && !left[unit])
            unit += get_num_groups(0);
        *next = unit;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
}

/* Blocks [from, to) of super-blocks [first_slot, end_slot) of the tree's leaves, of which s.key is the first
 * key. A work-group takes its share of the pairs of a tile of `height` rows and `each` super-blocks;
 * with has_left those that fused.cl has marked in left[super-block][tile]. */
__kernel __attribute__((reqd_work_group_size(PAIR_ITEMS, 1, 1))) void
leaves(slab s, __global const long *chosen, MASK_PARAMETERS, SCORE_PARAMETERS, weighing weighs,
       int special, __global const REAL *row_sum, int kind, __global const REAL *value,
       array value_at, long v, long columns_wanted, __global const REAL *power, dropping drop,
       int has_left, __global const WORD *left, int height, __global REAL *nodes,
       __global REAL *columns, long slots, int first_slot, int end_slot, int each, int from, int to)
{
    __local WORD x[LEAF_PLANES * BLOCK * PAIR_ROWS];
    __local REAL tops[PAIR_ITEMS], u[PAIR_ROWS], w[PAIR_ROWS];
    __local leaf_range ranges[PAIR_ROWS];
    __local long next;
#ifdef PAIR_TILES
    __local REAL4 slices[PAIR_SLICES];
#else
    __local REAL4 *slices = 0;
#endif
    long tiles = ((s.count + height - 1) / height) * (s.rows / s.count);
    long units = tiles * ((end_slot - first_slot + each - 1) / each), plane = slots * s.rows;
    left = has_left ? left : 0;
    next_unit(&next, get_group_id(0), units, left);
    for (long unit = next; unit < units; unit = next) {
        leaf_row row = { .s = s, .how = weighs, .special = special, .drop = drop, .kind = kind };
        long slot = first_slot + unit / tiles * each, last = min(slot + each, (long)end_slot);
        leaf_place_of(&row.at, s, (int)(unit % tiles), height);
        const leaf_place *t = &row.at;
        const row_place *p = &row.place;
        place_of(&row.place, s, chosen, t->row + min(t->r, t->rows - 1));
        VISIBLE_OF(&row.visible, p->b, p->h, p->i, s.m);
        METRIC_OF(&row.a, p->b, p->h, p->i);
        row.in = (leaf_memory){ x, tops, u, w, slices };
        row.y = (leaf_values){ value + array_at(value_at, p->b, p->h), value_at.row, value_at.col, v,
                               columns_wanted, power };
        row.q_row = q_at.row;
        row.width_row = widths_at.row;
        row.scale = scale_of(&row.a, &row.visible);
        row.evenly = special == EVEN_OF_EMPTY;
        if (t->r >= t->rows || is_left_alone(special, row_sum, p->state))
            row.visible.end = 0;
        leaf_reach(&row, ranges, s.m);
        bool plain = t->rows == t->room && is_plain(&row.a, &row.visible, special);
        for (; slot < last; slot++) {
            long place = slot * s.rows + t->row;
            do_super_block(&row, plain, s.key + slot * SUPER_BLOCK, from, to, nodes + place + t->r,
                           plane, columns + place * columns_wanted);
        }
        next_unit(&next, unit + get_num_groups(0), units, left);
    }
}

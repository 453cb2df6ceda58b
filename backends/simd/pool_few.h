/* SPDX-License-Identifier: Apache-2.0 */

/* Template: few rows and many keys, a super-block at a time. Lanes are pieces of blocks: number x
 * of a row of scores or weights belongs to key FN(few_key)(x), so that sums, which go along a
 * block, are vertical. The states are those of pool_run.h. */

enum {
    FN(FEW_WIDE) = VN > (int)POOL_BLOCKS ? VN : (int)POOL_BLOCKS, /* pieces of a super-block */
    FN(FEW_RUN) = SUPER_BLOCK / FN(FEW_WIDE)                      /* keys of a piece */
};

/* Numbers of keys; x is that of key 0. */
struct FN(few_source) {
    const FN(pool_any) *x;
    int64_t row, col;
};

struct FN(pool_few) {
    struct FN(pool_tile) *t;
    struct FN(few_source) from_k, from_v, from_weights, from_inverse_bandwidths;
    int64_t base;             /* local number of the key at offset 0 */
    int first, end;           /* offsets of keys that there are and that some row sees */
    bool complete;            /* all of the super-block */
    bool zeros;               /* a key weight is 0 */
    bool panel;               /* keys are turned into memory */
    bool straight;            /* or on their way: there are a row and a coordinate */
    bool in_turn;             /* and s is used by one row after the other */
    R *k, *v;                 /* turned: d numbers for each key, a value for each */
    R *copy;                  /* a super-block's numbers, as they lie */
    R *keys;                  /* of a tile, turned */
    R *scale, *post;          /* inverse_bandwidths of the keys of a tile or the panel */
    R *s, *factor, *part;     /* few_row numbers for each row, or of all rows one after the other */
    R *weights, *mask, *bias; /* turned */
    R *ends;                  /* extremes of a row's scores: 4 vectors */
    int slots, waiting;       /* super-blocks whose blocks are merged together, and those so far */
    int lanes;                /* of them, whole vectors: row r of slot k is lane k * rows + r */
    R *m, *l, *sq, *sum;      /* of the blocks, a row of lanes for each */
    R *u, *y;                 /* how they merge, likewise */
    R *acc;                   /* of the blocks, for each row and each column */
    struct FN(pool_pairs) pairs; /* of all super-blocks */
};

/* Key of number x, as an offset from the super-block's first position. */
static inline int FN(few_key)(int x)
{
    const int lane = x % FN(FEW_WIDE);
    return lane % POOL_BLOCKS * BLOCK + lane / POOL_BLOCKS * FN(FEW_RUN) + x / FN(FEW_WIDE);
}

/* Row r of s, factor and part. */
static inline size_t FN(few_row)(const struct FN(pool_few) *w, int r)
{
    return w->in_turn ? 0 : (size_t)r * SUPER_BLOCK;
}

/* Numbers of a row of acc for a block. */
static inline int64_t FN(few_room)(const struct FN(pool_few) *w)
{
    return w->t->plan->a->v + VN;
}

static void FN(few_carve)(struct FN(pool_few) *w, struct FN(pool_carver) *c)
{
    const struct pool_args *a = w->t->plan->a;
    const size_t d = (size_t)a->d, v = (size_t)a->v;
    const size_t rows = (size_t)w->t->plan->shape.rows;
    const bool matrix = a->kernel.per == ATTPOOL_BANDWIDTH_COORDINATE_KEY;
    w->panel = FN(few_has_panel)(w->t->plan);
    w->in_turn = w->panel && v <= 1;
    w->straight = w->in_turn && d == 1 && rows == 1 && a->kernel.per != ATTPOOL_BANDWIDTH_KEY &&
                  !matrix && w->t->plan->measure != MEASURE_PRODUCT;
    const size_t all = ((w->in_turn ? 0 : rows) + 1) * SUPER_BLOCK; /* room behind the last row */
    const size_t keys = w->panel ? SUPER_BLOCK : POOL_VECTORS * VN;
    w->k = FN(pool_carve)(c, w->panel ? d * SUPER_BLOCK : 0);
    w->v = FN(pool_carve)(c, v == 1 ? SUPER_BLOCK + VN : 0);
    w->copy = FN(pool_carve)(c, w->panel ? d * SUPER_BLOCK + VN : all);
    w->keys = FN(pool_carve)(c, w->panel ? 0 : d * keys);
    w->scale = FN(pool_carve)(c, matrix ? d * keys : keys);
    w->post = FN(pool_carve)(c, keys);
    w->s = FN(pool_carve)(c, all + VN);
    w->factor = FN(pool_carve)(c, all);
    w->part = FN(pool_carve)(c, all + VN);
    w->weights = FN(pool_carve)(c, SUPER_BLOCK);
    w->mask = FN(pool_carve)(c, a->masks.mask.data != NULL ? SUPER_BLOCK : 0);
    w->bias = FN(pool_carve)(c, a->masks.bias.data != NULL ? SUPER_BLOCK : 0);
    w->ends = FN(pool_carve)(c, 4 * VN);
    w->slots = v <= 1 ? VN : 1;
    w->lanes = (w->slots * (int)rows + VN - 1) / VN * VN;
    R **blocks[] = { &w->m, &w->l, &w->sq, &w->sum, &w->u, &w->y };
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        *blocks[i] = FN(pool_carve)(c, (size_t)(POOL_BLOCKS * w->lanes));
    w->acc = FN(pool_carve)(c, (rows * POOL_BLOCKS + 1) * (v + VN));
}

/* SPDX-License-Identifier: Apache-2.0 */

/* Template: few rows and many keys. Lanes are the keys of a super-block for scores and weights,
 * its blocks for sums, columns for values. The states are those of pool_run.h, a vector of rows
 * wide. Numbers of a key lie at its offset from the super-block's first position. */

struct FN(pool_few) {
    struct FN(pool_tile) *t;
    int64_t base;         /* local number of the key at offset 0 */
    int first, end;       /* offsets of keys that there are and that some row sees */
    bool complete;        /* all of the super-block */
    bool zeros;           /* a key weight is 0 */
    R *keys;              /* of a tile, turned */
    R *scale, *post;      /* widths of its keys */
    R *s, *factor, *part; /* SUPER_BLOCK numbers for each row */
    R *weights;
    R *m, *l, *sq;               /* of the blocks of a row */
    R *acc;                      /* of a block and of the super-block: v numbers each */
    struct FN(pool_pairs) pairs; /* of all super-blocks */
};

static void FN(few_carve)(struct FN(pool_few) *w, struct FN(pool_carver) *c)
{
    const struct pool_args *a = w->t->plan->a;
    const size_t tile = POOL_VECTORS * VN, d = (size_t)a->d, v = (size_t)a->v;
    const size_t rows = (size_t)w->t->plan->shape.rows;
    const size_t all = (rows + 1) * SUPER_BLOCK; /* rows go by twos */
    const bool matrix = a->kernel.per == ATTPOOL_WIDTH_COORDINATE_KEY;
    w->keys = FN(pool_carve)(c, d * tile);
    w->scale = FN(pool_carve)(c, matrix ? d * tile : tile);
    w->post = FN(pool_carve)(c, tile);
    w->s = FN(pool_carve)(c, all);
    w->factor = FN(pool_carve)(c, all);
    w->part = FN(pool_carve)(c, all);
    w->weights = FN(pool_carve)(c, SUPER_BLOCK);
    w->m = FN(pool_carve)(c, 2 * VN > POOL_BLOCKS ? 2 * VN : POOL_BLOCKS);
    w->l = FN(pool_carve)(c, 2 * VN > POOL_BLOCKS ? 2 * VN : POOL_BLOCKS);
    w->sq = FN(pool_carve)(c, 2 * VN > POOL_BLOCKS ? 2 * VN : POOL_BLOCKS);
    w->acc = FN(pool_carve)(c, (POOL_BLOCKS + 1) * (v + VN));
}

/* --- scores -------------------------------------------------------------------------------- */

/* The keys at offsets from .. from + lanes - 1, turned; those that are not there are others. */
static void FN(few_turn)(const struct FN(pool_few) *w, int from, int lanes)
{
    const struct pool_args *a = w->t->plan->a;
    const FN(pool_any) *k = FN(pool_at)(&a->k, w->t->b, w->t->head0) + w->base * a->k.row;
    const FN(pool_any) *rows[POOL_LANES(VN)];
    for (int lane = 0; lane < lanes; lane++) {
        const int64_t o = int_max(w->first, int_min(from + lane, w->end - 1));
        rows[lane] = k + o * a->k.row;
    }
    FN(pool_turn)(rows, a->k.col, a->d, lanes, w->keys);
}

/* Widths of the tile's keys, a row of lanes. */
static void FN(few_widths)(const struct FN(pool_few) *w, int from, int lanes)
{
    const struct FN(pool_plan) *p = w->t->plan;
    const struct kernel *kernel = &p->a->kernel;
    const bool key = kernel->per == ATTPOOL_WIDTH_KEY;
    const struct array *x = key ? &kernel->widths : &kernel->factors;
    if (!key && kernel->per != ATTPOOL_WIDTH_COORDINATE_KEY)
        return;
    for (int lane = 0; lane < lanes; lane++) {
        const int64_t o = int_max(w->first, int_min(from + lane, w->end - 1));
        R size = FN(pool_at)(x, w->t->b, w->t->head0)[(w->base + o) * x->col];
        w->scale[lane] = r_abs(size);
        if (key && p->squared_width)
            FN(width_of)(size, &w->scale[lane], &w->post[lane]);
        for (int64_t c = 0; c < p->a->d && !key; c++)
            w->scale[c * lanes + lane] = FN(product_up)(w->t->coordinate[c], r_abs(size));
    }
}

/* How the differences of lanes that are keys are scaled. */
static void FN(few_scaled)(const struct FN(pool_few) *w, struct FN(pool_pairs) *x)
{
    const struct FN(pool_plan) *p = w->t->plan;
    const bool power = p->measure == MEASURE_SQUARES && !p->by_coordinate;
    const bool post = p->squared_width;
    switch (p->a->kernel.per) {
    case ATTPOOL_WIDTH_ONE:
        x->cast_scale = power ? &p->power : &p->width;
        if (*x->cast_scale == 1)
            x->cast_scale = NULL;
        x->cast_post = post ? &p->width : NULL;
        break;
    case ATTPOOL_WIDTH_COORDINATE:
        x->cast_scale = w->t->coordinate;
        x->scale_col = 1;
        break;
    case ATTPOOL_WIDTH_KEY:
    case ATTPOOL_WIDTH_COORDINATE_KEY:
        x->lane_scale = w->scale;
        x->lane_post = post ? w->post : NULL;
        break;
    case ATTPOOL_WIDTH_QUERY:
        x->cast_scale = w->t->q_scale;
        x->scale_row = 1;
        x->cast_post = post ? w->t->q_post : NULL;
        x->post_row = 1;
    }
}

/* Whether keys can be read as they lie: one coordinate, one after the other. */
static bool FN(few_flat)(const struct FN(pool_plan) *p)
{
    const struct pool_args *a = p->a;
    const bool line = p->measure == MEASURE_LINEAR || p->measure == MEASURE_SQUARES;
    const bool aligned = (uintptr_t)a->k.data % _Alignof(R) == 0;
    return line && a->d == 1 && a->k.row == 1 && aligned && a->score == POOL_KERNEL &&
           a->kernel.per != ATTPOOL_WIDTH_KEY && a->kernel.per != ATTPOOL_WIDTH_COORDINATE_KEY;
}

/* One coordinate: all the vectors of keys that are there in full. */
VEC_FN void FN(few_line_of)(const struct FN(pool_pairs) *x, int j, const bool linear,
                            const bool scaled)
{
    const V q = v_set1(x->cast[j * x->row]);
    const V scale = v_set1(scaled ? x->cast_scale[j * x->scale_row] : 1);
    R *to = x->out + j * x->step;
    for (int i = 0; i < x->vectors; i++) {
        V z = v_sub(v_loadu(x->lane + i * VN), q);
        if (scaled)
            z = v_mul(z, scale);
        v_storeu(to + i * VN, linear ? v_abs(z) : v_mul(z, z));
    }
}

static void FN(few_line)(const struct FN(pool_pairs) *x, bool linear)
{
    const bool scaled = x->cast_scale != NULL;
    for (int j = 0; j < x->count; j++)
        if (linear && scaled)
            FN(few_line_of)(x, j, true, true);
        else if (linear)
            FN(few_line_of)(x, j, true, false);
        else if (scaled)
            FN(few_line_of)(x, j, false, true);
        else
            FN(few_line_of)(x, j, false, false);
}

/* --- dots and squares, keys turned on their way ------------------------------------------- */

struct FN(few_turned) {
    const FN(pool_any) *k; /* of the first key */
    int64_t row, d;
    const R *q;    /* of the first row; coordinates are VN numbers apart */
    R scale;       /* of differences */
    R *out;        /* rows of SUPER_BLOCK numbers */
    int vectors;   /* of keys */
    int64_t ahead; /* bytes further on memory is touched, or 0; rows have no gaps then */
};

/* Reads a byte of n lines. What comes next from memory comes while there is work to do; hints
 * to prefetch are slower, and so is a walk that is not in order. */
VEC_FN void FN(pool_touch)(const char *x, const int n)
{
    UNROLL
    for (int i = 0; i < n; i++)
        (void)*(const volatile char *)(x + 64 * i);
}

/* n coordinates from c on, of nv vectors of keys and nr rows. */
VEC_FN void FN(few_turned_square)(const struct FN(few_turned) *x, const FN(pool_any) *k, int64_t c,
                                  int n, V s[2][2], const int nv, const int nr, const bool dot)
{
    const V scale = v_set1(x->scale);
    const R *q = x->q + c * VN;
    UNROLL
    for (int v = 0; v < nv; v++) {
        V r[VN];
        UNROLL
        for (int i = 0; i < VN; i++, k += x->row)
            r[i] = FN(pool_load)(k, n);
        v_transpose(r);
        UNROLL
        for (int i = 0; i < VN; i++)
            UNROLL
        for (int j = 0; j < nr; j++) {
            if (i >= n)
                continue;
            V point = v_set1(q[i * VN + j]);
            V z = dot ? point : v_mul(v_sub(r[i], point), scale);
            s[v][j] = v_fma(z, dot ? r[i] : z, s[v][j]);
        }
    }
}

/* nv vectors of keys, from k on. */
VEC_FN void FN(few_turned_n)(const struct FN(few_turned) *x, const FN(pool_any) *k, R *out,
                             const int nv, const int nr, const bool dot)
{
    V sum[2][2], s[2][2];
    UNROLL
    for (int v = 0; v < nv; v++)
        UNROLL
    for (int j = 0; j < nr; j++)
        sum[v][j] = v_zero();
    for (int64_t first = 0; first < x->d; first += CHUNK) {
        const int64_t end = int_min(x->d, first + CHUNK);
        int64_t c = first;
        UNROLL
        for (int v = 0; v < nv; v++)
            UNROLL
        for (int j = 0; j < nr; j++)
            s[v][j] = v_zero();
        for (; c + VN <= end; c += VN) {
            if (x->ahead != 0)
                FN(pool_touch)((const char *)k + x->ahead + c * nv * VN * (int)sizeof(R),
                               nv * VN * VN * (int)sizeof(R) / 64);
            FN(few_turned_square)(x, k + c, c, VN, s, nv, nr, dot);
        }
        if (c < end)
            FN(few_turned_square)(x, k + c, c, (int)(end - c), s, nv, nr, dot);
        UNROLL
        for (int v = 0; v < nv; v++)
            UNROLL
        for (int j = 0; j < nr; j++)
            sum[v][j] = v_add(sum[v][j], s[v][j]);
    }
    UNROLL
    for (int v = 0; v < nv; v++)
        UNROLL
    for (int j = 0; j < nr; j++)
        v_storeu(out + j * SUPER_BLOCK + v * VN, sum[v][j]);
}

VEC_FN void FN(few_turned_rows)(const struct FN(few_turned) *x, const int nr, const bool dot)
{
    const FN(pool_any) *k = x->k;
    int v = 0;
    for (; v + 2 <= x->vectors && nr == 1; v += 2, k += 2 * VN * x->row)
        FN(few_turned_n)(x, k, x->out + v * VN, 2, nr, dot);
    for (; v < x->vectors; v++, k += VN * x->row)
        FN(few_turned_n)(x, k, x->out + v * VN, 1, nr, dot);
}

static void FN(few_turned)(const struct FN(few_turned) *x, int rows, bool dot)
{
    struct FN(few_turned) some = *x;
    if (rows == 1 && dot)
        FN(few_turned_rows)(x, 1, true);
    else if (rows == 1)
        FN(few_turned_rows)(x, 1, false);
    for (int r = 0; r < rows && rows > 1; r += 2) { /* q and out have room for one more */
        some.q = x->q + r;
        some.out = x->out + r * SUPER_BLOCK;
        if (dot)
            FN(few_turned_rows)(&some, 2, true);
        else
            FN(few_turned_rows)(&some, 2, false);
    }
}

/* --- all pairs ----------------------------------------------------------------------------- */

/* What all pairs of the rows have in common. */
static void FN(few_begin)(struct FN(pool_few) *w)
{
    const struct FN(pool_plan) *p = w->t->plan;
    const struct pool_args *a = p->a;
    w->pairs = (struct FN(pool_pairs)){ .count = w->t->count,
                                        .d = a->d,
                                        .lane = w->keys,
                                        .cast = w->t->q,
                                        .row = 1,
                                        .col = VN, /* w->t has one vector of rows */
                                        .wv = FN(pool_at)(&a->wv, 0, 0),
                                        .wv_col = a->wv.col,
                                        .out = w->s,
                                        .step = SUPER_BLOCK,
                                        .factor = p->factor ? w->factor : NULL,
                                        .part = p->compact ? w->part : NULL };
    if (a->score == POOL_KERNEL)
        FN(few_scaled)(w, &w->pairs);
}

/* Whole vectors of keys from offset `from` on that can be read as they lie: true when done. */
static bool FN(few_in_place)(const struct FN(pool_few) *w, int from, int vectors)
{
    const struct FN(pool_plan) *p = w->t->plan;
    const struct pool_args *a = p->a;
    struct FN(pool_pairs) x = w->pairs;
    const bool dot = p->measure == MEASURE_DOT, squares = p->measure == MEASURE_SQUARES;
    const bool even = x.lane_scale == NULL && x.scale_row == 0 && x.scale_col == 0;
    const bool flat = FN(few_flat)(p);
    if (!flat && (a->k.col != 1 || a->d < 2 || !(dot || (squares && even))))
        return false;
    const FN(pool_any) *k = FN(pool_at)(&a->k, w->t->b, w->t->head0) + (w->base + from) * a->k.row;
    x.vectors = vectors;
    x.out += from;
    if (flat) {
        x.lane = (const R *)(const void *)k;
        FN(few_line)(&x, p->measure == MEASURE_LINEAR);
    } else {
        struct FN(few_turned) turned = { .k = k,
                                         .row = a->k.row,
                                         .d = a->d,
                                         .q = w->t->q,
                                         .scale = x.cast_scale != NULL ? *x.cast_scale : 1,
                                         .out = x.out,
                                         .vectors = vectors };
        const int64_t ahead = int_max(2 * VN, (8 << 10) / (a->d * (int64_t)sizeof(R)));
        if (a->k.row == a->d && w->base + from + vectors * VN + ahead <= a->m)
            turned.ahead = ahead * a->d * (int64_t)sizeof(R);
        FN(few_turned)(&turned, w->t->count, dot);
    }
    if (x.cast_post != NULL)
        FN(pool_post)(&x);
    return true;
}

/* The vectors of keys from offset `from` on, turned into memory first. */
static void FN(few_tile)(const struct FN(pool_few) *w, int from, int vectors)
{
    struct FN(pool_pairs) x = w->pairs;
    x.vectors = vectors;
    x.out += from;
    x.factor = x.factor != NULL ? x.factor + from : NULL;
    x.part = x.part != NULL ? x.part + from : NULL;
    if (w->t->plan->a->kernel.per == ATTPOOL_WIDTH_COORDINATE_KEY)
        x.scale_step = vectors * VN;
    FN(few_turn)(w, from, vectors * VN);
    FN(few_widths)(w, from, vectors * VN);
    FN(pool_pairs_measure)(w->t->plan, &x);
}

/* Measures at all offsets of the vectors that hold [first, end). */
static void FN(few_measure)(const struct FN(pool_few) *w)
{
    const struct FN(pool_plan) *p = w->t->plan;
    const int from = w->first / VN * VN, end = (w->end + VN - 1) / VN * VN;
    const int whole = (w->first + VN - 1) / VN * VN, last = w->end / VN * VN;
    bool done = false;
    for (int r = 0; r < w->t->count && p->measure == MEASURE_NONE; r++)
        FN(pool_fill)(w->s + r * SUPER_BLOCK, SUPER_BLOCK, p->has_max ? 0 : 1);
    if (p->measure != MEASURE_NONE && whole < last)
        done = FN(few_in_place)(w, whole, (last - whole) / VN);
    for (int o = from; o < end && p->measure != MEASURE_NONE;) {
        const bool inside = o >= whole && o < last;
        const int left = inside ? (last - o) / VN : 1;
        if (inside && done) {
            o = last;
            continue;
        }
        const int vectors = left >= POOL_VECTORS ? POOL_VECTORS : 1;
        FN(few_tile)(w, o, vectors);
        o += vectors * VN;
    }
    for (int r = 0; r < w->t->count; r++) {
        const int at = r * SUPER_BLOCK + from;
        FN(pool_kernel)(p, w->s + at, p->factor ? w->factor + at : NULL,
                        p->compact ? w->part + at : NULL, (size_t)(end - from));
    }
}

/* --- masks --------------------------------------------------------------------------------- */

/* What the masks leave of a vector of keys at offset o, apart from lengths and the like. */
static M FN(few_left)(const struct FN(pool_few) *w, int r, int o, V *bias)
{
    const struct FN(pool_tile) *t = w->t;
    const struct pool_args *a = t->plan->a;
    const int first = (int)int_max(o, w->first), end = (int)int_min(o + VN, w->end);
    uint8_t bytes[VN];
    R b[VN];
    for (int k = 0; k < VN; k++) {
        const int64_t j = w->base + int_max(first, int_min(o + k, end - 1));
        bool see = a->masks.mask.data == NULL ||
                   *FN(pool_mask_row)(a, t->b, t->head[r], t->query[r], j) != 0;
        b[k] = 0;
        if (a->masks.bias.data != NULL) {
            const struct array *x = &a->masks.bias;
            b[k] = FN(pool_at)(x, t->b, t->head[r])[t->query[r] * x->row + j * x->col];
            see &= b[k] != -R_INF;
        }
        if (w->zeros)
            see &= w->weights[j - w->base] != 0;
        bytes[k] = see;
    }
    *bias = v_loadu(b);
    return v_mask_from_bytes(bytes);
}

/* Row r as the masks leave it. */
static void FN(few_sight)(const struct FN(pool_few) *w, int r)
{
    const struct FN(pool_tile) *t = w->t;
    const struct FN(pool_plan) *p = t->plan;
    const struct pool_args *a = p->a;
    const bool masks = a->masks.mask.data != NULL || a->masks.bias.data != NULL || w->zeros;
    const struct pool_span span = t->span[r];
    const V low = v_set1((R)int_max(w->first, int_min(span.low - w->base, w->end)));
    const V high = v_set1((R)int_min(w->end, int_max(span.high - w->base, w->first)));
    const int64_t out = t->query[r] + a->masks.excluded - w->base;
    const V left_out =
        v_set1(a->masks.leave_one_out && out >= 0 && out < SUPER_BLOCK ? (R)out : -1);
    R lane[VN];
    for (int k = 0; k < VN; k++)
        lane[k] = (R)k;
    for (int o = w->first / VN * VN; o < w->end; o += VN) {
        R *s = w->s + r * SUPER_BLOCK + o, *part = w->part + r * SUPER_BLOCK + o;
        const V offset = v_add(v_loadu(lane), v_set1((R)o));
        V x = v_loadu(s), bias = v_zero();
        M see = m_and(v_ge(offset, low), v_lt(offset, high));
        see = m_andnot(see, v_eq(offset, left_out));
        if (masks)
            see = m_and(see, FN(few_left)(w, r, o, &bias));
        if (p->compact)
            see = m_and(see, v_gt(v_loadu(part), v_zero()));
        if (p->fold) {
            V t2 = v_mul(v_set1(p->scale), x);
            V t3 = v_fma(v_set1(p->scale), x, v_mul(bias, v_set1((R)1.4426950408889634)));
            x = a->masks.bias.data != NULL ? t3 : t2;
        }
        v_storeu(s, v_select(see, x, v_set1(p->masked)));
        v_storeu(part, v_select(see, v_set1(1), v_zero()));
        if (p->factor) {
            R *f = w->factor + r * SUPER_BLOCK + o;
            v_storeu(f, v_select(see, v_loadu(f), v_zero()));
        }
    }
}

/* Whether every key of the super-block takes part for row r, for what masks are concerned. */
static bool FN(few_sees_all)(const struct FN(pool_few) *w, int r)
{
    const struct FN(pool_tile) *t = w->t;
    const struct pool_args *a = t->plan->a;
    const int64_t out = t->query[r] + a->masks.excluded - w->base;
    if (!w->complete || w->zeros || a->masks.mask.data != NULL || a->masks.bias.data != NULL ||
        t->plan->fold)
        return false;
    if (a->masks.leave_one_out && out >= 0 && out < SUPER_BLOCK)
        return false;
    return t->span[r].low <= w->base && t->span[r].high >= w->base + SUPER_BLOCK;
}

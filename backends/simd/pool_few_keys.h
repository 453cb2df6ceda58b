/* SPDX-License-Identifier: Apache-2.0 */

/* Template: measures of few rows and a super-block of keys (pool_few.h). */

/* Pieces of n numbers, `gap` apart, to `to` a row of lanes for each number. Of each piece memory
 * comes `ahead` numbers earlier. */
VEC_FN void FN(few_turn_of)(const R *from, int64_t gap, int64_t n, R *to, const int ahead)
{
    for (int64_t i = 0; i < n; i += VN)
        for (int lane = 0; lane < FN(FEW_WIDE); lane += VN) {
            V r[VN];
            if (ahead > 0 && i % (64 / (int)sizeof(R)) == 0)
                UNROLL
            for (int k = 0; k < VN; k++) {
                const int64_t piece = (lane + k) % POOL_BLOCKS * (FN(FEW_WIDE) / POOL_BLOCKS) +
                                      (lane + k) / POOL_BLOCKS;
                vec_prefetch(from + piece * gap + i + ahead);
            }
            UNROLL
            for (int k = 0; k < VN; k++) {
                const int64_t piece = (lane + k) % POOL_BLOCKS * (FN(FEW_WIDE) / POOL_BLOCKS) +
                                      (lane + k) / POOL_BLOCKS;
                r[k] = v_loadu(from + piece * gap + i);
            }
            v_transpose(r);
            UNROLL
            for (int k = 0; k < VN; k++)
                v_storeu(to + (i + k) * FN(FEW_WIDE) + lane, r[k]);
        }
}

static void FN(few_turn)(const R *from, int64_t gap, int64_t n, R *to)
{
    if (n > 3 * FN(FEW_RUN))
        FN(few_turn_of)(from, gap, n, to, 128 / (int)sizeof(R));
    else
        FN(few_turn_of)(from, gap, n, to, 0);
}

/* n numbers for each key of the super-block, turned; 0 for those that are not there. */
static void FN(few_panel)(const struct FN(pool_few) *w, const FN(pool_any) *x, int64_t n, R *to)
{
    const R *from = (const R *)(const void *)(x + w->base * n);
    const size_t before = (size_t)(w->first * n), end = (size_t)(w->end * n);
    if (!w->complete) {
        memset(w->copy, 0, (size_t)n * SUPER_BLOCK * sizeof(R));
        memcpy(w->copy + before, x + (w->base + w->first) * n, (end - before) * sizeof(R));
        from = w->copy;
    }
    FN(few_turn)(from, n * FN(FEW_RUN), n * FN(FEW_RUN), to);
}

/* A number for each key, `step` apart, turned. */
static void FN(few_line_up)(const struct FN(pool_few) *w, const FN(pool_any) *x, int64_t step,
                            R *to)
{
    if (step == 1) {
        FN(few_panel)(w, x, 1, to);
        return;
    }
    for (int k = 0; k < SUPER_BLOCK; k++) {
        const int o = FN(few_key)(k);
        to[k] = o >= w->first && o < w->end ? x[(w->base + o) * step] : 0;
    }
}

/* --- keys in a panel ----------------------------------------------------------------------- */

/* What a row has to do with its keys. */
struct FN(few_line) {
    const R *k;     /* the panel */
    const R *q;     /* coordinate c at q[c * step] */
    const R *scale; /* of differences, [c * scale_col]; or NULL */
    int64_t step, scale_col;
    int64_t d;
    R *out;
};

/* 4 vectors of keys at number x. */
VEC_FN void FN(few_line_group)(const struct FN(few_line) *w, int x, const bool linear,
                               const bool scaled)
{
    const int vectors = FN(FEW_WIDE) / VN; /* of a row of lanes */
    V s[4];
    UNROLL
    for (int i = 0; i < 4; i++)
        s[i] = v_zero();
    for (int64_t c = 0; c < w->d; c++) {
        const V q = v_set1(w->q[c * w->step]);
        const V scale = v_set1(scaled ? w->scale[c * w->scale_col] : 1);
        UNROLL
        for (int i = 0; i < 4; i++) {
            const int64_t row = x / FN(FEW_WIDE) + i / vectors;
            V z = v_loadu(w->k + (row * w->d + c) * FN(FEW_WIDE) + i % vectors * VN);
            z = v_sub(z, q);
            if (scaled)
                z = v_mul(z, scale);
            s[i] = linear ? v_abs(z) : v_fma(z, z, s[i]);
        }
    }
    UNROLL
    for (int i = 0; i < 4; i++)
        v_storeu(w->out + x + i * VN, s[i]);
}

VEC_FN void FN(few_line_of)(const struct FN(few_line) *w, const bool linear, const bool scaled)
{
    struct FN(few_line) one = *w;
    one.d = 1;
    for (int x = 0; x < SUPER_BLOCK; x += 4 * VN)
        if (w->d == 1)
            FN(few_line_group)(&one, x, linear, scaled);
        else
            FN(few_line_group)(w, x, linear, scaled);
}

/* The measures of row r. */
static void FN(few_line)(const struct FN(pool_few) *w, int r)
{
    const struct FN(pool_plan) *p = w->t->plan;
    const struct FN(pool_pairs) *x = &w->pairs;
    const bool linear = p->measure == MEASURE_LINEAR;
    const size_t at = FN(few_row)(w, r);
    R *s = w->s + at;
    const struct FN(few_line) line = {
        .k = w->k,
        .q = (const R *)(const void *)x->cast + r * x->row,
        .scale = x->cast_scale != NULL ? x->cast_scale + r * x->scale_row : NULL,
        .step = x->col,
        .scale_col = x->scale_col,
        .d = x->d,
        .out = s,
    };
    if (linear && line.scale != NULL)
        FN(few_line_of)(&line, true, true);
    else if (linear)
        FN(few_line_of)(&line, true, false);
    else if (line.scale != NULL)
        FN(few_line_of)(&line, false, true);
    else
        FN(few_line_of)(&line, false, false);
    if (x->cast_post != NULL)
        for (int i = 0; i < SUPER_BLOCK; i += VN)
            v_storeu(s + i, v_mul(v_loadu(s + i), v_set1(x->cast_post[r * x->post_row])));
    FN(pool_kernel)(p, s, p->factor ? w->factor + at : NULL, p->compact ? w->part + at : NULL,
                    SUPER_BLOCK);
}

/* --- dots and squares of many coordinates ---------------------------------------------------- */

/* Measures of all rows into w->copy, in the order of keys; then to where they belong. False where
 * keys do not lie so that this can be done. */
static bool FN(few_in_place)(const struct FN(pool_few) *w)
{
    const struct FN(pool_plan) *p = w->t->plan;
    const struct pool_args *a = p->a;
    const struct FN(pool_pairs) *x = &w->pairs;
    const bool dot = p->measure == MEASURE_DOT, squares = p->measure == MEASURE_SQUARES;
    const bool even = x->lane_scale == NULL && x->scale_row == 0 && x->scale_col == 0;
    if (a->k.col != 1 || a->d < 2 || !(dot || (squares && even)))
        return false;
    const int whole = (w->end - w->first) / VN * VN;
    const FN(pool_any) *k =
        FN(pool_at)(&a->k, w->t->b, w->t->head0) + (w->base + w->first) * a->k.row;
    const struct FN(few_turned) turned = { .k = k,
                                           .row = a->k.row,
                                           .d = a->d,
                                           .q = (const R *)(const void *)x->cast,
                                           .step = x->col,
                                           .scale = x->cast_scale != NULL ? *x->cast_scale : 1,
                                           .out = w->copy + w->first,
                                           .vectors = whole / VN,
                                           .ahead = a->k.row == a->d ? 8 << 10 : 0 };
    FN(few_turned)(&turned, w->t->count, dot);
    for (int o = whole; o < w->end - w->first; o++)
        for (int r = 0; r < w->t->count; r++)
            turned.out[r * SUPER_BLOCK + o] = FN(few_single)(&turned, k + o * a->k.row, r, dot);
    for (int r = 0; r < w->t->count; r++) {
        R *s = w->s + FN(few_row)(w, r);
        FN(few_turn)(w->copy + r * SUPER_BLOCK, FN(FEW_RUN), FN(FEW_RUN), s);
        for (int i = 0; i < SUPER_BLOCK && x->cast_post != NULL; i += VN)
            v_storeu(s + i, v_mul(v_loadu(s + i), v_set1(x->cast_post[r * x->post_row])));
    }
    return true;
}

/* --- all pairs, a tile of keys turned at a time --------------------------------------------- */

/* The key of number x, or one that there is. */
static int64_t FN(few_there)(const struct FN(pool_few) *w, int x)
{
    return w->base + int_max(w->first, int_min(FN(few_key)(x), w->end - 1));
}

/* Widths of the tile's keys, a row of lanes. */
static void FN(few_widths)(const struct FN(pool_few) *w, int at, int lanes)
{
    const struct FN(pool_plan) *p = w->t->plan;
    const struct kernel *kernel = &p->a->kernel;
    const bool key = kernel->per == ATTPOOL_WIDTH_KEY;
    const struct array *x = key ? &kernel->widths : &kernel->factors;
    if (p->a->score != POOL_KERNEL || (!key && kernel->per != ATTPOOL_WIDTH_COORDINATE_KEY))
        return;
    const FN(pool_any) *from = FN(pool_at)(x, w->t->b, w->t->head0);
    for (int lane = 0; lane < lanes; lane++)
        w->scale[lane] = r_abs(from[FN(few_there)(w, at + lane) * x->col]);
    for (int lane = 0; lane < lanes && key && p->squared_width; lane += VN)
        FN(pool_widths_of)(w->scale + lane, w->post + lane);
    for (int64_t c = p->a->d - 1; c >= 0 && !key; c--) /* the first row has the factors */
        for (int lane = 0; lane < lanes; lane++)
            w->scale[c * lanes + lane] = FN(product_up)(w->t->coordinate[c], w->scale[lane]);
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
                                        .col = w->t->lanes,
                                        .wv = FN(pool_at)(&a->wv, 0, 0),
                                        .wv_col = a->wv.col,
                                        .out = w->s,
                                        .step = SUPER_BLOCK,
                                        .factor = p->factor ? w->factor : NULL,
                                        .part = p->compact ? w->part : NULL };
    if (a->score == POOL_KERNEL)
        FN(few_scaled)(w, &w->pairs);
}

/* The vectors of keys at number `from`. */
static void FN(few_tile)(const struct FN(pool_few) *w, int from, int vectors)
{
    const struct pool_args *a = w->t->plan->a;
    const FN(pool_any) *k = FN(pool_at)(&a->k, w->t->b, w->t->head0), *rows[POOL_LANES(VN)];
    struct FN(pool_pairs) x = w->pairs;
    x.vectors = vectors;
    x.out += from;
    x.factor = x.factor != NULL ? x.factor + from : NULL;
    x.part = x.part != NULL ? x.part + from : NULL;
    if (a->kernel.per == ATTPOOL_WIDTH_COORDINATE_KEY)
        x.scale_step = vectors * VN;
    for (int lane = 0; lane < vectors * VN; lane++)
        rows[lane] = k + FN(few_there)(w, from + lane) * a->k.row;
    FN(pool_turn)(rows, a->k.col, a->d, vectors * VN, w->keys);
    FN(few_widths)(w, from, vectors * VN);
    FN(pool_pairs_measure)(w->t->plan, &x);
}

/* The numbers that keys may have. */
static struct pool_span FN(few_numbers)(const struct FN(pool_few) *w)
{
    const int run = FN(FEW_RUN), first = w->first % run, last = (w->end - 1) % run;
    if (w->first / run != (w->end - 1) / run)
        return (struct pool_span){ 0, SUPER_BLOCK };
    return (struct pool_span){ first * FN(FEW_WIDE), (last + 1) * FN(FEW_WIDE) };
}

/* Measures of all rows. */
static void FN(few_measure)(const struct FN(pool_few) *w)
{
    const struct FN(pool_plan) *p = w->t->plan;
    const struct pool_span all = FN(few_numbers)(w);
    const int from = (int)all.low, end = (int)all.high;
    if (p->measure == MEASURE_NONE)
        FN(pool_fill)(w->s, (size_t)w->t->count * SUPER_BLOCK, p->has_max ? 0 : 1);
    else if (!FN(few_in_place)(w))
        for (int x = from, vectors; x < end; x += vectors * VN) {
            vectors = end - x >= POOL_VECTORS * VN ? POOL_VECTORS : 1;
            FN(few_tile)(w, x, vectors);
        }
    for (int r = 0; r < w->t->count; r++) {
        const size_t at = FN(few_row)(w, r) + (size_t)from;
        FN(pool_kernel)(p, w->s + at, p->factor ? w->factor + at : NULL,
                        p->compact ? w->part + at : NULL, (size_t)(end - from));
    }
}

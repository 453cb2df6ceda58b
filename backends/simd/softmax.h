/* SPDX-License-Identifier: Apache-2.0 */

/* Row softmax. Template: see real_f32.h. Three passes over a row: the largest score; weights
 * relative to it, and their sum; the division. W may be S: an element is read before it is
 * written. A row is cut at multiples of the lanes of the sum. */
#include "backends/simd/elementary.h"
#include "backends/simd/integers.h"
#include "backends/simd/powers.h"
#include "backends/simd/sight.h"

enum {
    FN(softmax_step) = sizeof(R) == 4 ? SOFTMAX_LANES_F32 : SOFTMAX_LANES_F64,
    FN(softmax_vectors) = FN(softmax_step) / VN
};

struct FN(softmax) {
    struct engine *engine;
    const struct softmax_args *args;
    R scale;    /* of a score, before the bias */
    R c;        /* of what comes out of that */
    bool plain; /* nothing but lengths, causal and window mask, and scores stand as they are */
    bool low;
    int group; /* rows side by side, 0 where each is for itself */
    int64_t rows_each;
};

/* Counting t down from n - 1 to 1, the sums x[halved(t)] += x[t] halve n numbers to one: t and
 * its partner are half the remaining length apart. */
static inline int FN(halved)(int t)
{
    return t - (1 << (31 - __builtin_clz((unsigned)t)));
}

struct FN(softmax_row) {
    const struct FN(softmax) *job;
    struct sight sight;
    const R *src; /* may be dst */
    R *dst;
};

/* Where the first step of the row begins. */
static inline int64_t FN(softmax_first)(const struct FN(softmax_row) *row)
{
    return row->sight.first - row->sight.first % FN(softmax_step);
}

/* Are all keys of the step from j on seen, and their scores as they stand? */
static inline bool FN(softmax_whole)(const struct FN(softmax_row) *row, int64_t j)
{
    return row->job->plain && j >= row->sight.first && j + FN(softmax_step) <= row->sight.end;
}

/* The scores of keys j .. j + VN - 1 of a step that is not whole. */
VEC_FN V FN(softmax_score)(const struct FN(softmax_row) *row, int64_t j)
{
    const struct FN(softmax) *w = row->job;
    const V scale = v_set1(w->scale);
    const V x = FN(load_strided)(row->src, 1, j, FN(lanes_from)(j, row->sight.m));
    if (row->sight.bias != NULL)
        return v_fma(scale, x, v_mul(FN(sight_bias)(&row->sight, j), v_set1(RC(LOG2_E))));
    return w->c == w->scale ? x : v_mul(scale, x);
}

VEC_FN V FN(softmax_better)(V best, V x, bool low)
{
    return low ? v_min_keep(best, x) : v_max_keep(best, x);
}

/* The best of the vectors in units of log2: M of NUMERICS.md. */
VEC_FN R FN(softmax_best)(V *best, bool low, R c)
{
    R x[VN];
    UNROLL
    for (int v = 1; v < FN(softmax_vectors); v++)
        best[0] = FN(softmax_better)(best[0], best[v], low);
    v_storeu(x, best[0]);
    UNROLL
    for (int l = VN - 1; l >= 1; l--) {
        const R a = x[FN(halved)(l)];
        x[FN(halved)(l)] = (low ? x[l] < a : x[l] > a) ? x[l] : a;
    }
    c *= x[0];
    return c > -R_MAX ? c : -R_MAX;
}

VEC_FN R FN(softmax_top_of)(const struct FN(softmax_row) *row, bool low)
{
    V best[FN(softmax_vectors)];
    UNROLL
    for (int v = 0; v < FN(softmax_vectors); v++)
        best[v] = v_set1(low ? R_MAX : -R_MAX);
    for (int64_t j = FN(softmax_first)(row); j < row->sight.end; j += FN(softmax_step)) {
        if (FN(softmax_whole)(row, j)) {
            UNROLL
            for (int v = 0; v < FN(softmax_vectors); v++)
                best[v] = FN(softmax_better)(best[v], v_loadu(row->src + j + v * VN), low);
            continue;
        }
        for (int64_t i = j; i < int_min(j + FN(softmax_step), row->sight.end); i += VN) {
            const V x = v_select(FN(sees)(&row->sight, i), FN(softmax_score)(row, i), best[0]);
            best[0] = FN(softmax_better)(best[0], x, low);
        }
    }
    return FN(softmax_best)(best, low, row->job->c);
}

static R FN(softmax_top)(const struct FN(softmax_row) *row)
{
    return row->job->low ? FN(softmax_top_of)(row, true) : FN(softmax_top_of)(row, false);
}

/* e of n vectors; `big` as in NUMERICS.md. */
VEC_FN void FN(softmax_powers)(V *x, V c, V top, bool big, const int n)
{
    UNROLL
    for (int i = 0; i < n; i++)
        x[i] = big ? v_sub(v_mul(c, x[i]), top) : v_fma(c, x[i], v_neg(top));
    FN(weight_powers)(x, n);
}

/* Lane l of the halving is element l of the step. */
VEC_FN R FN(softmax_total)(V *sum)
{
    R x[VN];
    UNROLL
    for (int v = FN(softmax_vectors) - 1; v >= 1; v--)
        sum[FN(halved)(v)] = v_add(sum[FN(halved)(v)], sum[v]);
    v_storeu(x, sum[0]);
    UNROLL
    for (int l = VN - 1; l >= 1; l--)
        x[FN(halved)(l)] += x[l];
    return x[0];
}

/* Writes the weights of [first step, end), returns their sum. */
VEC_FN R FN(softmax_weights_of)(const struct FN(softmax_row) *row, R maximum, bool big)
{
    const V c = v_set1(row->job->c), top = v_set1(maximum);
    V sum[FN(softmax_vectors)];
    UNROLL
    for (int v = 0; v < FN(softmax_vectors); v++)
        sum[v] = v_zero();
    for (int64_t j = FN(softmax_first)(row); j < row->sight.end; j += FN(softmax_step)) {
        if (FN(softmax_whole)(row, j)) {
            V e[FN(softmax_vectors)];
            UNROLL
            for (int v = 0; v < FN(softmax_vectors); v++)
                e[v] = v_loadu(row->src + j + v * VN);
            FN(softmax_powers)(e, c, top, big, FN(softmax_vectors));
            UNROLL
            for (int v = 0; v < FN(softmax_vectors); v++) {
                v_storeu(row->dst + j + v * VN, e[v]);
                sum[v] = v_add(sum[v], e[v]);
            }
            continue;
        }
        UNROLL
        for (int v = 0; v < FN(softmax_vectors); v++) {
            const int64_t i = j + v * VN, n = FN(lanes_from)(i, row->sight.m);
            if (i >= row->sight.end)
                continue;
            V e = FN(softmax_score)(row, i);
            FN(softmax_powers)(&e, c, top, big, 1);
            e = v_select(FN(sees)(&row->sight, i), e, v_zero());
            v_store_n(row->dst + i, e, (size_t)n);
            sum[v] = v_add(sum[v], e);
        }
    }
    return FN(softmax_total)(sum);
}

static R FN(softmax_weights)(const struct FN(softmax_row) *row, R top)
{
    return r_abs(top) < 2 / R_EPS ? FN(softmax_weights_of)(row, top, false)
                                  : FN(softmax_weights_of)(row, top, true);
}

/* Seen keys get one number, masked ones another. */
static void FN(softmax_fill)(const struct FN(softmax_row) *row, R seen, R masked)
{
    const int64_t m = row->sight.m;
    for (int64_t j = 0; j < m; j += VN)
        v_store_n(row->dst + j, v_select(FN(sees)(&row->sight, j), v_set1(seen), v_set1(masked)),
                  (size_t)FN(lanes_from)(j, m));
}

static void FN(softmax_empty)(const struct FN(softmax_row) *row)
{
    int64_t count = 0;
    switch (row->job->args->empty) {
    case ATTPOOL_EMPTY_ZERO:
        FN(softmax_fill)(row, 0, 0);
        return;
    case ATTPOOL_EMPTY_MEAN:
        for (int64_t j = 0; j < row->sight.m; j += VN)
            count += __builtin_popcount(m_bits(FN(sees)(&row->sight, j)));
        FN(softmax_fill)(row, 1 / (R)count, count > 0 ? 0 : R_NAN);
        return;
    case ATTPOOL_EMPTY_ERROR:
        engine_note_empty(row->job->engine, 1);
        break;
    default:
        break;
    }
    FN(softmax_fill)(row, R_NAN, R_NAN);
}

/* A row from src to dst, both contiguous. */
static void FN(softmax_line)(const struct FN(softmax_row) *row)
{
    const int64_t first = FN(softmax_first)(row), end = row->sight.end, m = row->sight.m;
    const R sum = FN(softmax_weights)(row, FN(softmax_top)(row));
    if (sum == 0) {
        FN(softmax_empty)(row);
        return;
    }
    if (sum != sum) {
        FN(softmax_fill)(row, R_NAN, 0);
        return;
    }
    /* The sum is at least 1/2: +0 stays +0. */
    const R r = 1 / sum;
    const V ratio = v_set1(r);
    int64_t j = first;
    for (; j + 4 * VN <= end; j += 4 * VN) {
        UNROLL
        for (int v = 0; v < 4; v++)
            v_storeu(row->dst + j + v * VN, v_mul(v_loadu(row->dst + j + v * VN), ratio));
    }
    for (; j < end; j += VN) {
        const size_t n = (size_t)FN(lanes_from)(j, end);
        v_store_n(row->dst + j, v_mul(v_load_n(row->dst + j, n), ratio), n);
    }
    for (j = 0; j < first; j++)
        row->dst[j] = 0;
    for (j = end; j < m; j++)
        row->dst[j] = 0;
}

#include "backends/simd/softmax_rows.h"

/* Row i of (b, h). A row that is not contiguous goes through scratch. */
static void FN(softmax_one)(const struct FN(softmax) *w, int64_t b, int64_t h, int64_t i,
                            R *scratch)
{
    const struct softmax_args *a = w->args;
    struct FN(softmax_row) row = { .job = w };
    const R *s = (const R *)a->s.data + sight_offset(&a->s, b, h, i);
    R *out = (R *)a->w.data + sight_offset(&a->w, b, h, i);
    row.sight = sight_of(&a->masks, sizeof(R), b, h, i, a->m);
    row.src = s;
    row.dst = a->w.col == 1 ? out : scratch;
    if (a->s.col != 1) {
        for (int64_t j = row.sight.first; j < row.sight.end; j++)
            row.dst[j] = s[j * a->s.col];
        row.src = row.dst;
    }
    FN(softmax_line)(&row);
    if (a->w.col != 1)
        for (int64_t j = 0; j < a->m; j++)
            out[j * a->w.col] = row.dst[j];
}

/* Rows i .. i + count - 1 of (b, h). */
static void FN(softmax_group)(const struct FN(softmax) *w, int64_t b, int64_t h, int64_t i,
                              int count, R *scratch)
{
    const struct softmax_args *a = w->args;
    const struct FN(softmax_rows) rows = { .m = a->m,
                                           .count = count,
                                           .src =
                                               (const R *)a->s.data + sight_offset(&a->s, b, h, i),
                                           .dst = (R *)a->w.data + sight_offset(&a->w, b, h, i),
                                           .src_row = a->s.row,
                                           .dst_row = a->w.row,
                                           .ahead = int_min(count, a->n - i - count) };
    const bool narrow = a->m < FN(softmax_step) &&a->m <= 4 * count;
    if (narrow ? FN(softmax_narrow)(&rows, w->low, w->c) : FN(softmax_rows)(&rows, w->low, w->c))
        return;
    for (int r = 0; r < count; r++)
        FN(softmax_one)(w, b, h, i + r, scratch);
}

static void FN(softmax_task)(void *arg, int64_t index, int worker)
{
    const struct FN(softmax) *w = arg;
    const struct softmax_args *a = w->args;
    const int64_t rows = a->batch * a->heads * a->n, first = index * w->rows_each;
    const int64_t end = int_min(first + w->rows_each, rows);
    R *scratch = engine_scratch(w->engine, worker);
    int64_t i = 0, h = 0, b = 0;
    if (first > 0) { /* of a small call a good part would be divisions */
        i = first % a->n;
        h = first / a->n % a->heads;
        b = first / a->n / a->heads;
    }
    for (int64_t r = first, done; r < end; r += done) {
        done = int_min(int_min(a->n - i, end - r), int_max(w->group, 1));
        if (w->group > 0)
            FN(softmax_group)(w, b, h, i, (int)done, scratch);
        else
            FN(softmax_one)(w, b, h, i, scratch);
        i += done;
        if (i < a->n)
            continue;
        i = 0;
        h = h + 1 < a->heads ? h + 1 : 0;
        b += h == 0;
    }
}

attpool_status FN(simd_softmax)(struct engine *engine, const struct softmax_args *args)
{
    const int64_t rows = args->batch * args->heads * args->n, m = args->m;
    const bool bias = args->masks.bias.data != NULL;
    int64_t tasks = 1;
    struct FN(softmax) w = { .engine = engine, .args = args, .scale = (R)args->c };
    w.c = bias || w.scale == 0 ? 1 : w.scale;
    w.low = w.c < 0;
    w.plain = !bias && w.scale != 0 && args->masks.mask.data == NULL && !args->masks.leave_one_out;
    if (w.plain && m > 0 && args->s.col == 1 && args->w.col == 1 &&
        args->masks.lengths.data == NULL && args->masks.band_low <= -BAND_OPEN &&
        args->masks.band_high >= BAND_OPEN)
        w.group =
            m * VN <= FN(softmax_group_limit) ? VN : (int)int_max(1, FN(softmax_group_limit) / m);
    if (rows == 0)
        return ATTPOOL_OK;
    if (rows <= 16384 && m <= 16384 && rows * m <= 16384) {
        w.rows_each = rows;
    } else {
        w.rows_each = m >= 16384 ? 1 : 16384 / (m + 1) + 1;
        if (w.group > 0)
            w.rows_each = int_ceil(w.rows_each, w.group) * w.group;
        tasks = int_ceil(rows, w.rows_each);
    }
    const bool copy = args->w.col != 1;
    if (!engine_reserve(engine, copy ? (size_t)m * sizeof(R) : 0, 0))
        return engine_fail(engine, ATTPOOL_E_MEMORY, "softmax needs %zu bytes a thread",
                           (size_t)m * sizeof(R));
    return engine_parallel(engine, tasks, FN(softmax_task), &w);
}

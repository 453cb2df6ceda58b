/* SPDX-License-Identifier: Apache-2.0 */

/* Row softmax. Three passes over a row: the largest score; weights relative to it, and their sum;
 * the division. W may be S: an element is read before it is written. A row is cut at multiples of
 * the lanes of the sum. */
#ifndef BACKENDS_SIMD_SOFTMAX_SOFTMAX_H
#define BACKENDS_SIMD_SOFTMAX_SOFTMAX_H

#include "backends/simd/masks.h"
#include "backends/simd/softmax/rows.h"
#include "backends/simd/softmax/step.h"

struct softmax_job {
    struct engine *engine;
    const struct softmax_args *args;
    real scale;      /* c of a score, before the bias, */
    real saturation; /* and where it saturates */
    real c;          /* of what comes out of that */
    bool plain;      /* nothing but lengths, causal and window mask, and scores stand as they are */
    bool smallest;
    bool copy; /* a row of W is not contiguous, and is made in scratch memory */
    int group; /* rows side by side, 0 where each is for itself */
    int64_t rows_each;
};

struct softmax_row {
    const struct softmax_job *job;
    struct visible visible;
    const element *src; /* may be dst */
    element *dst;
};

/* Where the first step of the row begins. */
static inline int64_t softmax_first(const struct softmax_row *row)
{
    return row->visible.first - row->visible.first % softmax_step;
}

/* Are all keys of the step from j on visible, and their scores as they stand? */
static inline bool softmax_whole(const struct softmax_row *row, int64_t j)
{
    return row->job->plain && j >= row->visible.first && j + softmax_step <= row->visible.end;
}

/* The scores of keys j .. j + LANES - 1 of a step that is not whole. */
VEC_FN vec softmax_score(const struct softmax_row *row, int64_t j)
{
    const struct softmax_job *w = row->job;
    const vec x = load(row->src + j, lanes_from(j, row->visible.m));
    if (row->visible.bias != NULL)
        return v_biased(v_set1(w->scale / 4),
                        w->saturation <= REAL_MAX ? v_saturated(x, w->saturation) : x,
                        bias_at(&row->visible, j));
    return w->c == w->scale ? x : v_mul(v_set1(w->scale / 4), x);
}

/* The extreme of the vectors in units of 4 log 2: m of NUMERICS.md. */
VEC_FN real softmax_maximum_of(vec *extreme, bool smallest, real c)
{
    real x[LANES];
    UNROLL_FOR (int v = 1; v < softmax_vectors; v++)
        extreme[0] = softmax_extreme(extreme[0], extreme[v], smallest);
    v_storeu(x, extreme[0]);
    UNROLL_FOR (int l = LANES - 1; l >= 1; l--) {
        const real a = x[halved(l)];
        x[halved(l)] = (smallest ? x[l] < a : x[l] > a) ? x[l] : a;
    }
    v_storeu(x, v_maximum_of(c, v_set1(x[0])));
    return x[0];
}

VEC_FN real softmax_row_maximum_of(const struct softmax_row *row, bool smallest)
{
    vec extreme[softmax_vectors];
    UNROLL_FOR (int v = 0; v < softmax_vectors; v++)
        extreme[v] = v_set1(smallest ? REAL_MAX : -REAL_MAX);
    for (int64_t j = softmax_first(row); j < row->visible.end; j += softmax_step) {
        if (softmax_whole(row, j)) {
            UNROLL_FOR (int v = 0; v < softmax_vectors; v++)
                extreme[v] =
                    softmax_extreme(extreme[v], v_loadu(row->src + j + v * LANES), smallest);
            continue;
        }
        for (int64_t i = j; i < int_min(j + softmax_step, row->visible.end); i += LANES) {
            const vec x = v_select(is_visible(&row->visible, i), softmax_score(row, i), extreme[0]);
            extreme[0] = softmax_extreme(extreme[0], x, smallest);
        }
    }
    return softmax_maximum_of(extreme, smallest, row->job->c);
}

static real softmax_row_maximum(const struct softmax_row *row)
{
    return row->job->smallest ? softmax_row_maximum_of(row, true)
                              : softmax_row_maximum_of(row, false);
}

/* Lane l of the halving is element l of the step. */
VEC_FN real softmax_total(vec *sum)
{
    real x[LANES];
    UNROLL_FOR (int v = softmax_vectors - 1; v >= 1; v--)
        sum[halved(v)] = v_add(sum[halved(v)], sum[v]);
    v_storeu(x, sum[0]);
    UNROLL_FOR (int l = LANES - 1; l >= 1; l--)
        x[halved(l)] += x[l];
    return x[0];
}

/* Writes the weights of [first step, end), returns their sum. */
VEC_FN real softmax_weights_of(const struct softmax_row *row, real maximum, bool large)
{
    const vec c = v_set1(row->job->c), minus = v_set1(large ? maximum : -4 * maximum);
    vec sum[softmax_vectors];
    UNROLL_FOR (int v = 0; v < softmax_vectors; v++)
        sum[v] = v_zero();
    for (int64_t j = softmax_first(row); j < row->visible.end; j += softmax_step) {
        if (softmax_whole(row, j)) {
            vec e[softmax_vectors];
            UNROLL_FOR (int v = 0; v < softmax_vectors; v++)
                e[v] = v_loadu(row->src + j + v * LANES);
            softmax_powers(e, c, minus, large, softmax_vectors);
            UNROLL_FOR (int v = 0; v < softmax_vectors; v++) {
                v_storeu(row->dst + j + v * LANES, e[v]);
                sum[v] = v_add(sum[v], e[v]);
            }
            continue;
        }
        UNROLL_FOR (int v = 0; v < softmax_vectors; v++) {
            const int64_t i = j + v * LANES, n = lanes_from(i, row->visible.m);
            if (i >= row->visible.end)
                continue;
            vec e = softmax_score(row, i);
            softmax_powers(&e, c, minus, large, 1);
            e = v_where(is_visible(&row->visible, i), e);
            v_store_n(row->dst + i, e, (size_t)n);
            sum[v] = v_add(sum[v], e);
        }
    }
    return softmax_total(sum);
}

static real softmax_weights(const struct softmax_row *row, real maximum)
{
    return r_abs(maximum) < REAL(SCORE_LARGE) ? softmax_weights_of(row, maximum, false)
                                              : softmax_weights_of(row, maximum, true);
}

/* Seen keys get one number, masked ones another. */
static void softmax_fill(const struct softmax_row *row, real visible, real masked)
{
    const int64_t m = row->visible.m;
    for (int64_t j = 0; j < m; j += LANES)
        v_store_n(row->dst + j,
                  v_select(is_visible(&row->visible, j), v_set1(visible), v_set1(masked)),
                  (size_t)lanes_from(j, m));
}

static void softmax_empty(const struct softmax_row *row)
{
    int64_t count = 0;
    switch (row->job->args->empty) {
    case ATTPOOL_EMPTY_ZERO:
        softmax_fill(row, 0, 0);
        return;
    case ATTPOOL_EMPTY_MEAN:
        for (int64_t j = 0; j < row->visible.m; j += LANES)
            count += __builtin_popcount(m_bits(is_visible(&row->visible, j)));
        softmax_fill(row, 1 / (real)count, count > 0 ? 0 : REAL_NAN);
        return;
    case ATTPOOL_EMPTY_ERROR:
        ap_engine_note_empty(row->job->engine, 1);
        break;
    default:
        break;
    }
    softmax_fill(row, REAL_NAN, REAL_NAN);
}

/* A row from src to dst, both contiguous. */
static void softmax_line(const struct softmax_row *row)
{
    const int64_t first = softmax_first(row), end = row->visible.end, m = row->visible.m;
    const real sum = softmax_weights(row, softmax_row_maximum(row));
    if (sum == 0) {
        softmax_empty(row);
        return;
    }
    if (sum != sum) {
        softmax_fill(row, REAL_NAN, 0);
        return;
    }
    /* The sum is at least 1/2: +0 stays +0. */
    const real r = 1 / sum;
    const vec ratio = v_set1(r);
    int64_t j = first;
    for (; j + 4 * LANES <= end; j += 4 * LANES) {
        UNROLL_FOR (int v = 0; v < 4; v++)
            v_storeu(row->dst + j + v * LANES, v_mul(v_loadu(row->dst + j + v * LANES), ratio));
    }
    for (; j < end; j += LANES) {
        const size_t n = (size_t)lanes_from(j, end);
        v_store_n(row->dst + j, v_mul(v_load_n(row->dst + j, n), ratio), n);
    }
    for (j = 0; j < first; j++)
        put(row->dst + j, 0);
    for (j = end; j < m; j++)
        put(row->dst + j, 0);
}

/* Row i of (b, h). A row that is not contiguous goes through scratch. */
static void softmax_one(const struct softmax_job *w, int64_t b, int64_t h, int64_t i,
                        element *scratch)
{
    const struct softmax_args *a = w->args;
    struct softmax_row row = { .job = w };
    const element *s = row_at(&a->s, b, h, i);
    element *out = row_at(&a->w, b, h, i);
    row.visible = visible_of(&a->masks, b, h, i, a->m);
    row.src = s;
    row.dst = a->w.col == 1 ? out : scratch;
    if (a->s.col != 1) {
        for (int64_t j = row.visible.first; j < row.visible.end; j++)
            row.dst[j] = s[j * a->s.col];
        row.src = row.dst;
    }
    softmax_line(&row);
    if (a->w.col != 1)
        for (int64_t j = 0; j < a->m; j++)
            out[j * a->w.col] = row.dst[j];
}

/* Rows i .. i + count - 1 of (b, h). */
static void softmax_group(const struct softmax_job *w, int64_t b, int64_t h, int64_t i, int count,
                          element *scratch)
{
    const struct softmax_args *a = w->args;
    const struct softmax_rows rows = { .m = a->m,
                                       .count = count,
                                       .src = row_at(&a->s, b, h, i),
                                       .dst = row_at(&a->w, b, h, i),
                                       .src_row = a->s.row,
                                       .dst_row = a->w.row,
                                       .ahead = int_min(count, a->n - i - count) };
    const bool narrow = a->m < softmax_step && a->m <= 4 * count;
    if (narrow ? softmax_narrow(&rows, w->smallest, w->c) : softmax_rows(&rows, w->smallest, w->c))
        return;
    for (int r = 0; r < count; r++)
        softmax_one(w, b, h, i + r, scratch);
}

static void softmax_task(void *arg, int64_t index, int worker)
{
    const struct softmax_job *w = arg;
    const struct softmax_args *a = w->args;
    const int64_t rows = a->batch * a->heads * a->n, first = index * w->rows_each;
    const int64_t end = int_min(first + w->rows_each, rows);
    element *scratch = w->copy ? ap_engine_scratch(w->engine, worker) : NULL;
    int64_t i = 0, h = 0, b = 0;
    if (first > 0) { /* divisions would take much of a small call */
        i = first % a->n;
        h = first / a->n % a->heads;
        b = first / a->n / a->heads;
    }
    for (int64_t r = first, done; r < end; r += done) {
        done = int_min(int_min(a->n - i, end - r), int_max(w->group, 1));
        if (w->group > 0)
            softmax_group(w, b, h, i, (int)done, scratch);
        else
            softmax_one(w, b, h, i, scratch);
        i += done;
        if (i < a->n)
            continue;
        i = 0;
        h = h + 1 < a->heads ? h + 1 : 0;
        b += h == 0;
    }
}

#ifdef VEC_HALF
#define half_softmax SIMD_HALF(TYPED(softmax))
OPERATION_FUNCTION(softmax, half_softmax)
#endif

#define simd_softmax SIMD_SYMBOL(TYPED(softmax))
attpool_status simd_softmax(struct engine *engine, const struct softmax_args *args)
{
    const int64_t rows = args->batch * args->heads * args->n, m = args->m;
    const bool bias = args->masks.bias.data != NULL;
    int64_t tasks = 1;
#ifdef VEC_HALF
    /* Half of each vector would be empty, along rows and across them. */
    if (rows <= LANES / 2 && m <= LANES / 2)
        return half_softmax(engine, args);
#endif
    struct softmax_job w = { .engine = engine, .args = args, .scale = (real)args->c };
    if (bias)
        w.saturation = saturation_of(w.scale);
    w.c = bias || w.scale / 4 == 0 ? 4 : w.scale;
    w.smallest = w.c < 0;
    w.plain =
        !bias && w.scale / 4 != 0 && args->masks.mask.data == NULL && !args->masks.leave_one_out;
    if (w.plain && m > 0 && args->s.col == 1 && args->w.col == 1 &&
        args->masks.lengths.data == NULL && args->masks.band_low <= -BAND_OPEN &&
        args->masks.band_high >= BAND_OPEN)
        w.group =
            m * LANES <= softmax_group_limit ? LANES : (int)int_max(1, softmax_group_limit / m);
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
    w.copy = args->w.col != 1;
    if (w.copy && !ap_engine_reserve(engine, (size_t)m * sizeof(real), 0))
        return ap_engine_fail(engine, ATTPOOL_E_MEMORY, "softmax needs %zu bytes a thread",
                              (size_t)m * sizeof(real));
    return ap_engine_parallel(engine, tasks, softmax_task, &w);
}

#endif

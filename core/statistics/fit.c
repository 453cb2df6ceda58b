/* SPDX-License-Identifier: Apache-2.0 */

/* O of a regression: a pooling, or the moments of some rows at a time and their least squares. */

#include "core/statistics/line.h"
#include "core/index/pool.h"
#include "core/statistics/regression.h"

#include <float.h>
#include <math.h>
#include <stdatomic.h>

enum { LINE_ROWS = 64 }; /* of a task */
#define MOMENT_BYTES ((int64_t)16 << 20)

/* ---- Some rows of a call ---- */

static void move(const struct regression *r, struct array *x, int64_t first, int bytes)
{
    const int64_t skip = first * x->row * bytes;
    if (!x->data)
        return;
    if (r->pool.args.engine->backend->memory)
        x->offset += skip;
    else
        x->data = (char *)x->data + skip;
}

struct pool_args ap_regression_rows(const struct regression *r, int64_t first, int64_t count)
{
    struct pool_args a = r->pool.pool;
    const int bytes = (int)number_bytes(r->pool.args.type);
    struct array *const with_rows[] = { &a.q,   &a.out, &a.lse,     &a.n_eff,
                                        &a.max, &a.sum, &a.weights, &a.masks.bias };
    for (size_t i = 0; i < sizeof with_rows / sizeof with_rows[0]; i++)
        move(r, with_rows[i], first, bytes);
    move(r, &a.masks.lengths, first, a.masks.length_bytes);
    move(r, &a.masks.mask, first, 1);
    if (a.kernel.per == ATTPOOL_BANDWIDTH_QUERY)
        move(r, &a.kernel.inverse_bandwidths, first, bytes);
    a.n = a.row_count = count;
    a.masks.band_low += first;
    a.masks.band_high += first;
    a.masks.excluded += first;
    return a;
}

/* ---- Least squares ---- */

struct lines {
    struct regression *r;
    const void
        *moments; /* a row for each of `count` queries of each item, the first of them `first` */
    int64_t first, count;
};

/* The moments of a row, in double. */
struct row_moments {
    double first[MOMENTS_MOST], second[MOMENTS_MOST * (MOMENTS_MOST + 1) / 2];
};

static void put_slope(const struct regression *r, const int64_t at[3], int64_t c, const double *x,
                      bool is_line)
{
    const int64_t d = r->pool.pool.d;
    for (int64_t a = 0; a < d && r->slope; a++)
        ap_view_set(r->slope, at[0], at[1], at[2], c * d + a,
                    is_line        ? x[1 + a] * r->power[a]
                    : x[0] == x[0] ? 0
                                   : x[0]);
}

static void put_tilt(const struct regression *r, const int64_t at[3], int64_t row, const double *t)
{
    const int64_t d = r->pool.pool.d;
    for (int64_t a = 0; a <= d; a++) {
        if (r->tilt.host)
            number_set(&r->tilt, r->pool.args.type, row * (1 + d) + a, t[a]);
        if (r->equivalent)
            ap_view_set(r->equivalent, at[0], at[1], at[2], a,
                        a == 0 ? t[0] : t[a] * r->power[a - 1]);
    }
}

/* Fit, slope and t of row `row`, query at[2] of item (at[0], at[1]). */
static void line_row(const struct lines *w, const int64_t at[3], int64_t row, int64_t moments)
{
    struct regression *r = w->r;
    const struct pool_args *p = &r->pool.pool;
    const int64_t d = p->d, v = p->v;
    const int type = r->pool.args.type;
    const double eps = type == TYPE_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
    const int64_t base = moments * (v + v * d + d + d * (d + 1) / 2);
    struct row_moments m;
    struct line line;
    double x[LINE_MOST] = { 1 };
    for (int64_t a = 0; a < d; a++)
        m.first[a] = number_get(w->moments, type, base + v + v * d + a);
    for (int64_t k = 0; k < d * (d + 1) / 2; k++)
        m.second[k] = number_get(w->moments, type, base + v + v * d + d + k);
    const bool empty = number_get(&r->sum, type, row) == 0;
    const double least = 8 * (double)(d + 1) * eps;
    const bool is_line = !empty && ap_line_factor(&line, (int)d, m.first, m.second, least);
    if (!empty && !is_line)
        atomic_fetch_add_explicit(&r->singular, 1, memory_order_relaxed);
    else if (is_line && line.pivot * line.pivot < least)
        atomic_fetch_add_explicit(&r->imprecise, 1, memory_order_relaxed);
    if (r->tilt.host || r->equivalent) {
        if (is_line)
            ap_line_solve(&line, x);
        put_tilt(r, at, row, x);
    }
    for (int64_t c = 0; c < v; c++) {
        x[0] = number_get(w->moments, type, base + c);
        for (int64_t a = 0; a < d; a++)
            x[1 + a] = number_get(w->moments, type, base + v + c * d + a);
        if (is_line)
            ap_line_solve(&line, x);
        else if (empty && r->empty == ATTPOOL_EMPTY_ZERO)
            x[0] = 0;
        ap_view_set(r->pool.out, at[0], at[1], at[2], c, x[0]);
        put_slope(r, at, c, x, is_line);
    }
}

static void line_task(void *arg, int64_t index, int worker)
{
    const struct lines *w = arg;
    const struct pool_args *p = &w->r->pool.pool;
    const int64_t all = p->batch * p->heads * w->count;
    (void)worker;
    for (int64_t k = index * LINE_ROWS; k < all && k < (index + 1) * LINE_ROWS; k++) {
        const int64_t item = k / w->count, i = w->first + k % w->count;
        const int64_t at[3] = { item / p->heads, item % p->heads, i };
        line_row(w, at, item * p->n + i, k);
    }
}

/* ---- The steps ---- */

static attpool_status pool_fit(struct regression *r, const struct pool_args *a)
{
    struct engine *e = r->pool.args.engine;
    return ap_index_pool(e, r->pool.args.type, a, r->pool.keys);
}

/* Queries [first, first + count) of each item. */
static attpool_status fit_some(struct regression *r, struct buffer *moments, int64_t first,
                               int64_t count)
{
    struct engine *e = r->pool.args.engine;
    struct pool_args a = ap_regression_rows(r, first, count);
    const int64_t columns = pool_columns(&a), rows = a.batch * a.heads * count;
    a.out = numbers_array(moments, a.heads, count, columns);
    a.n_eff.data = a.weights.data = NULL;
    a.rows = NULL;
    attpool_status st = pool_fit(r, &a);
    if (st == ATTPOOL_OK)
        st = ap_buffer_download(e, moments);
    if (st == ATTPOOL_OK)
        st = ap_buffer_download(e, &r->sum);
    struct lines lines = { r, moments, first, count };
    if (st != ATTPOOL_OK)
        return st;
    ap_engine_part(e, 1, 1);
    return ap_engine_parallel(e, (rows + LINE_ROWS - 1) / LINE_ROWS, line_task, &lines);
}

static attpool_status fit_lines(struct regression *r, double from, double to)
{
    struct engine *e = r->pool.args.engine;
    const struct pool_args *p = &r->pool.pool;
    const int64_t items = p->batch * p->heads;
    const int64_t row = pool_columns(p) * (int64_t)number_bytes(r->pool.args.type);
    int64_t most = row * items > 0 ? MOMENT_BYTES / (row * items) / 256 * 256 : 0;
    most = most < 256 ? 256 : most;
    most = most < p->n ? most : p->n;
    struct buffer moments;
    attpool_status st = ap_buffer_new(e, (size_t)(most * items * row), &moments);
    for (int64_t first = 0; first < p->n && st == ATTPOOL_OK; first += most) {
        const int64_t count = p->n - first < most ? p->n - first : most;
        const double each = (to - from) / (double)p->n;
        ap_engine_span(e, from + each * (double)first, from + each * (double)(first + count));
        st = fit_some(r, &moments, first, count);
    }
    ap_buffer_free(e, &moments);
    return st;
}

attpool_status ap_regression_fit(struct regression *r)
{
    struct engine *e = r->pool.args.engine;
    const struct pool_args *p = &r->pool.pool;
    const bool more = r->errors || (r->slope && r->options.degree == 0);
    const double to = more ? 0.5 : 1;
    if (r->options.degree == 1)
        return fit_lines(r, 0, to);
    ap_engine_span(e, 0, to);
    attpool_status st = pool_fit(r, p);
    if (st == ATTPOOL_OK && r->sum.host)
        st = ap_buffer_download(e, &r->sum);
    return st;
}

attpool_status ap_regression_weights(struct regression *r)
{
    struct pool_args a = r->pool.pool;
    if (!a.weights.data || r->options.degree == 0)
        return ATTPOOL_OK;
    a.moments.power = NULL;
    a.out.data = a.lse.data = a.n_eff.data = a.max.data = a.sum.data = a.value.data = NULL;
    a.v = 0;
    a.empty = r->empty;
    return pool_fit(r, &a);
}

/* What W of query i and key j is multiplied by. */
static double tilt_of(const struct regression *r, const int64_t at[3], int64_t j)
{
    const struct pool_args *p = &r->pool.pool;
    const struct view *q = r->pool.q, *k = r->pool.k;
    const int type = r->pool.args.type;
    const int64_t first = ((at[0] * p->heads + at[1]) * p->n + at[2]) * (1 + p->d);
    const int64_t key_head = k->size[1] > 0 ? at[1] / (p->heads / k->size[1]) : 0;
    double t = number_get(&r->tilt, type, first);
    for (int64_t a = 0; a < p->d; a++) {
        const double x = ap_view_real(k, at[0] % k->size[0], key_head, j, a);
        const double y = ap_view_real(q, at[0] % q->size[0], at[1] % q->size[1], at[2], a);
        t = fma(number_get(&r->tilt, type, first + 1 + a), (x - y) * r->power[a], t);
    }
    return t;
}

void ap_regression_tilt_weights(const struct regression *r)
{
    const struct pool_args *p = &r->pool.pool;
    const struct view *w = r->pool.weights;
    const int64_t count = r->pool.options.rows ? r->pool.options.row_count : p->n;
    for (int64_t item = 0; w && r->tilt.host && item < p->batch * p->heads; item++)
        for (int64_t place = 0; place < count; place++) {
            const int64_t i = r->pool.options.rows ? r->pool.options.rows[place] : place;
            const int64_t at[3] = { item / p->heads, item % p->heads, i };
            for (int64_t j = 0; j < p->m; j++) {
                const double weight = ap_view_real(w, at[0], at[1], place, j);
                if (weight != 0)
                    ap_view_set(w, at[0], at[1], place, j, weight * tilt_of(r, at, j));
            }
        }
}

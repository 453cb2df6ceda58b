/* SPDX-License-Identifier: Apache-2.0 */

/* n_eff of degree 1 and standard errors, from sums by the squares of equivalent weights. */

#include "core/index/pool.h"
#include "core/statistics/regression.h"

#include <math.h>
#include <stdlib.h>

/* The columns that are summed; -1: not wanted. Squared residuals are in units of 2^(2 exponent),
 * each column in its own, 0 where there is no residual. */
struct band {
    struct regression *r;
    int64_t all;               /* 1: sum of E^2 */
    int64_t sample;            /* 1 for the keys that residuals are given of */
    int64_t squares, absences; /* of each column of residuals; absences: 1 where there is none */
    int64_t count;
    int *exponent; /* [columns of residuals] */
    struct buffer values, sums;
};

static double residual(const struct regression *r, int64_t item, int64_t j, int64_t c)
{
    const struct view *e = r->residuals;
    return ap_view_real(e, item / e->size[1], item % e->size[1], j, c);
}

/* The exponent of the largest residual of a column; whether one is absent. */
static bool look_at_residuals(struct band *b, int64_t c)
{
    const struct view *e = b->r->residuals;
    double most = 0;
    bool absent = false;
    for (int64_t item = 0; item < e->size[0] * e->size[1]; item++)
        for (int64_t j = 0; j < e->size[2]; j++) {
            const double x = fabs(residual(b->r, item, j, c));
            absent |= x != x;
            most = x > most && !isinf(x) ? x : most;
        }
    if (most > 0)
        frexp(most, &b->exponent[c]);
    return absent;
}

static attpool_status choose_columns(struct band *b)
{
    const struct regression *r = b->r;
    const struct view *e = r->residuals;
    const bool sample = r->errors && e->size[2] < r->pool.pool.m;
    b->all = b->sample = b->squares = b->absences = -1;
    b->count = 0;
    if (sample || (r->pool.n_eff && r->options.degree == 1))
        b->all = b->count++;
    if (sample)
        b->sample = b->count++;
    if (!r->errors)
        return ATTPOOL_OK;
    b->exponent = calloc((size_t)e->size[3] + 1, sizeof *b->exponent);
    if (!b->exponent)
        return ap_engine_fail(r->pool.args.engine, ATTPOOL_E_MEMORY, "no memory for residuals");
    bool absent = false;
    for (int64_t c = 0; c < e->size[3]; c++)
        absent |= look_at_residuals(b, c);
    b->squares = b->count;
    b->count += e->size[3];
    if (absent) {
        b->absences = b->count;
        b->count += e->size[3];
    }
    return ATTPOOL_OK;
}

static void fill_row(const struct band *b, int64_t item, int64_t j, int64_t to)
{
    const struct regression *r = b->r;
    const struct view *e = r->residuals;
    const int type = r->pool.args.type;
    const bool in = e && r->errors && j < e->size[2];
    if (b->all >= 0)
        number_set(&b->values, type, to + b->all, 1);
    if (b->sample >= 0)
        number_set(&b->values, type, to + b->sample, in);
    for (int64_t c = 0; r->errors && c < e->size[3]; c++) {
        const double x = in ? ldexp(residual(r, item, j, c), -b->exponent[c]) : 0;
        number_set(&b->values, type, to + b->squares + c, x == x ? x * x : 0);
        if (b->absences >= 0)
            number_set(&b->values, type, to + b->absences + c, x != x);
    }
}

/* The values of all keys, in the leading dimensions of the residuals. */
static attpool_status make_values(struct band *b, struct array *array)
{
    const struct regression *r = b->r;
    const struct view *e = r->errors ? r->residuals : NULL;
    const int64_t m = r->pool.pool.m, items = e ? e->size[0] * e->size[1] : 1;
    const size_t bytes = number_bytes(r->pool.args.type);
    attpool_status st =
        ap_buffer_new(r->pool.args.engine, (size_t)(items * m * b->count) * bytes, &b->values);
    if (st != ATTPOOL_OK)
        return st;
    for (int64_t item = 0; item < items; item++)
        for (int64_t j = 0; j < m; j++)
            fill_row(b, item, j, (item * m + j) * b->count);
    *array = numbers_array(&b->values, e ? e->size[1] : 1, m, b->count);
    if (!e || e->size[0] == 1)
        array->batch = 0;
    if (!e || e->size[1] == 1)
        array->head = 0;
    else
        array->group = r->pool.pool.heads / e->size[1];
    return ap_buffer_upload(r->pool.args.engine, &b->values);
}

static attpool_status run_band(struct band *b)
{
    struct regression *r = b->r;
    struct engine *e = r->pool.args.engine;
    struct pool_args p = r->pool.pool;
    const size_t bytes = number_bytes(r->pool.args.type);
    const int64_t rows = regression_rows(r);
    struct pool_squared_args args = { .pool = &p };
    attpool_status st = make_values(b, &p.value);
    if (st == ATTPOOL_OK)
        st = ap_buffer_new(e, (size_t)(rows * b->count) * bytes, &b->sums);
    if (st == ATTPOOL_OK && r->tilt.host)
        st = ap_buffer_upload(e, &r->tilt);
    if (st != ATTPOOL_OK)
        return st;
    p.v = b->count;
    p.out = numbers_array(&b->sums, p.heads, p.n, p.v);
    p.lse.data = p.n_eff.data = p.weights.data = NULL;
    p.rows = NULL;
    p.empty = ATTPOOL_EMPTY_NAN;
    if (r->tilt.host)
        args.tilt = numbers_array(&r->tilt, p.heads, p.n, 1 + p.d);
    st = ap_index_pool_squared(e, r->pool.args.type, &args, r->pool.keys);
    return st == ATTPOOL_OK ? ap_buffer_download(e, &b->sums) : st;
}

/* What the sums of row `row` come to, query i of batch item and head (h, g). */
static void finish_row(const struct band *b, int64_t h, int64_t g, int64_t i, int64_t row)
{
    struct regression *r = b->r;
    const int type = r->pool.args.type;
    const int64_t base = row * b->count;
    const bool empty = number_get(&r->sum, type, row) == 0;
    const bool zero = empty && r->empty == ATTPOOL_EMPTY_ZERO;
    const double all = b->all >= 0 ? number_get(&b->sums, type, base + b->all) : 1;
    const double part = b->sample >= 0 ? number_get(&b->sums, type, base + b->sample) : 1;
    bool missing = !empty && part == 0;
    if (r->pool.n_eff && r->options.degree == 1)
        ap_view_set(r->pool.n_eff, h, g, i, 0, 1 / all);
    for (int64_t c = 0; r->errors && c < r->errors->size[3]; c++) {
        const double sum = number_get(&b->sums, type, base + b->squares + c);
        const bool absent =
            b->absences >= 0 && number_get(&b->sums, type, base + b->absences + c) > 0;
        const double ratio = b->sample >= 0 ? all / part : 1;
        const double error = ldexp(sqrt(ratio * sum), b->exponent[c]);
        missing |= absent;
        ap_view_set(r->errors, h, g, i, c, zero ? 0 : absent || part == 0 ? (double)NAN : error);
    }
    r->missing += r->errors && missing;
}

attpool_status ap_regression_band(struct regression *r)
{
    struct engine *e = r->pool.args.engine;
    const struct pool_args *p = &r->pool.pool;
    struct band b = { .r = r };
    if (!r->errors && (!r->pool.n_eff || r->options.degree == 0))
        return ATTPOOL_OK;
    ap_engine_span(e, r->slope && r->options.degree == 0 ? 0.7 : 0.5, 1);
    attpool_status st = choose_columns(&b);
    if (st == ATTPOOL_OK)
        st = run_band(&b);
    for (int64_t row = 0; row < regression_rows(r) && st == ATTPOOL_OK; row++) {
        const int64_t item = row / p->n;
        finish_row(&b, item / p->heads, item % p->heads, row % p->n, row);
    }
    ap_buffer_free(e, &b.sums);
    ap_buffer_free(e, &b.values);
    free(b.exponent);
    return st;
}

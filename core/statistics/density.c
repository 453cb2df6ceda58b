/* SPDX-License-Identifier: Apache-2.0 */

/* Kernel density: sums of weights by pooling, and from them densities, row by row in double. */
#include "core/statistics/density.h"

#include "core/call/call.h"
#include "core/selftest/tested.h"
#include "core/statistics/constant.h"
#include "core/statistics/density_row.h"
#include "core/tensor/memory.h"

#include <stddef.h>
#include <stdlib.h>

struct density_call {
    struct view *density, *log_density; /* or NULL */
    struct scaled factor;               /* c, and the inverse bandwidths that are not the keys' */
    int64_t rows, totals;               /* totals: sums of key weights, for a row or for an item */
    bool counted;                       /* they are numbers of keys, and need no sum */
    struct buffer max, sum, total;
    struct buffer keys; /* the weights of keys with bandwidths of their own */
    struct pool_call pool;
};

/* ---- checks ---- */

static attpool_status check_kernel(struct density_call *c)
{
    struct engine *e = c->pool.args.engine;
    const struct pool_args *p = &c->pool.pool;
    if (p->d == 0)
        return ap_engine_fail(e, ATTPOOL_E_QUERY, "Q has no columns, a density needs one");
    if (p->kernel.per == ATTPOOL_BANDWIDTH_QUERY)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                              "bandwidth_per is QUERY: such a function does not integrate to 1");
    if (ap_normalising_constant(&p->kernel, p->d, &c->factor))
        return ATTPOOL_OK;
    return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                          "kernel: %s over %lld columns has no finite positive integral",
                          p->kernel.form == ATTPOOL_PRODUCT && p->kernel.names
                              ? "one of kernels"
                              : attpool_kernel_to_name(p->kernel.name),
                          (long long)p->d);
}

static attpool_status check_options(struct density_call *c)
{
    struct engine *e = c->pool.args.engine;
    const attpool_pool_options *o = &c->pool.options;
    if (o->score != ATTPOOL_KERNEL)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "score is %d, a density needs ATTPOOL_KERNEL",
                              (int)o->score);
    if (o->empty != ATTPOOL_EMPTY_DEFAULT)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                              "empty is set: where nothing is in reach a density is 0");
    if (o->dropout != 0)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "dropout is set, a density has none");
    if (c->pool.masks.bias)
        return ap_engine_fail(e, ATTPOOL_E_BIAS, "a density takes no bias");
    return check_kernel(c);
}

static attpool_status add_output(struct density_call *c, const DLTensor *tensor, const char *name,
                                 attpool_status status, struct view **view)
{
    struct engine *e = c->pool.args.engine;
    *view = NULL;
    if (!tensor)
        return ATTPOOL_OK;
    attpool_status st = ap_arguments_add(&c->pool.args, tensor, name, status, ROLE_OUTPUT,
                                         KIND_REAL, LAYOUT_ROW, NULL, view);
    if (st == ATTPOOL_OK)
        st = ap_leading_expect(e, *view, &c->pool.leading, false, false);
    return st == ATTPOOL_OK ? ap_view_expect(e, *view, 2, c->pool.pool.n, "the rows of Q are") : st;
}

static attpool_status check_density(struct density_call *c, struct engine *e,
                                    const struct pool_tensors *tensors, const DLTensor *density,
                                    const DLTensor *log_density)
{
    if (!density && !log_density)
        return ap_engine_fail(e, ATTPOOL_E_OUTPUT, "density and log_density are NULL");
    attpool_status st = ap_pool_take(&c->pool, e, tensors, PURPOSE_SUMS);
    if (st == ATTPOOL_OK)
        st = check_options(c);
    if (st == ATTPOOL_OK)
        st = add_output(c, density, "density", ATTPOOL_E_OUTPUT, &c->density);
    if (st == ATTPOOL_OK)
        st = add_output(c, log_density, "log_density", ATTPOOL_E_LSE, &c->log_density);
    return st == ATTPOOL_OK ? ap_pool_describe(&c->pool, PURPOSE_SUMS) : st;
}

/* ---- inverse bandwidths ---- */

static double width_of(const struct view *w, int64_t b, int64_t h, int64_t c)
{
    return fabs(ap_view_real(w, w->size[0] > 1 ? b : 0, h, 0, c));
}

/* Of heads that share an element, or an item. */
static int64_t shared_head(const struct view *v, int64_t heads, int64_t h)
{
    return h / (heads / v->size[1]);
}

/* One for all pairs, or one a coordinate. */
static attpool_status take_widths(struct density_call *c)
{
    const struct kernel *k = &c->pool.pool.kernel;
    const struct view *w = c->pool.inverse_bandwidths.inverse_bandwidths;
    const bool each =
        k->per == ATTPOOL_BANDWIDTH_COORDINATE || k->per == ATTPOOL_BANDWIDTH_COORDINATE_KEY;
    struct view own;
    void *memory = NULL;
    attpool_status st = ATTPOOL_OK;
    if (k->per == ATTPOOL_BANDWIDTH_KEY)
        return st;
    if (w)
        st = ap_view_fetch(c->pool.args.engine, w, &own, &memory);
    for (int64_t i = 0; st == ATTPOOL_OK && i < c->pool.pool.d; i++)
        c->factor = scaled_times(c->factor, w ? width_of(&own, 0, 0, each ? i : 0) : fabs(k->one));
    free(memory);
    return st;
}

/* The views that key weights are made of. */
struct key_views {
    struct view w, a;
    void *memory[2];
    bool weighted;
};

static attpool_status fetch_keys(struct density_call *c, struct key_views *v)
{
    struct engine *e = c->pool.args.engine;
    const struct kernel_tensors *t = &c->pool.inverse_bandwidths;
    const bool key = c->pool.pool.kernel.per == ATTPOOL_BANDWIDTH_KEY;
    v->memory[1] = NULL;
    v->weighted = c->pool.key_weights != NULL;
    attpool_status st =
        ap_view_fetch(e, key ? t->inverse_bandwidths : t->factors, &v->w, &v->memory[0]);
    if (st == ATTPOOL_OK && v->weighted)
        st = ap_view_fetch(e, c->pool.key_weights, &v->a, &v->memory[1]);
    return st;
}

/* The largest finite inverse bandwidth is below 2^e. */
static int exponent_of(const struct key_views *v)
{
    double most = 0;
    int e = 0;
    for (int64_t b = 0; b < v->w.size[0]; b++)
        for (int64_t h = 0; h < v->w.size[1]; h++)
            for (int64_t j = 0; j < v->w.size[3]; j++) {
                const double w = fabs(ap_view_real(&v->w, b, h, 0, j));
                most = w > most && isfinite(w) ? w : most;
            }
    frexp(most, &e);
    return e;
}

/* a (w 2^-e)^d. Where w is not finite, distances are not either, and decide. */
static double key_weight(double a, double w, int e, int64_t d)
{
    const double r = ldexp(w, -e);
    double p = 1;
    for (int64_t i = 0; i < d && p > 0; i++)
        p *= r;
    return isfinite(w) ? a * p : a;
}

static void write_keys(struct density_call *c, const struct key_views *v, int e,
                       const struct view *to)
{
    const struct pool_args *p = &c->pool.pool;
    for (int64_t b = 0; b < to->size[0]; b++)
        for (int64_t h = 0; h < to->size[1]; h++)
            for (int64_t j = 0; j < p->m; j++) {
                const double w = width_of(&v->w, b, shared_head(&v->w, p->heads, h), j);
                const double a =
                    v->weighted ? width_of(&v->a, b, shared_head(&v->a, p->heads, h), j) : 1;
                ap_view_set(to, b, h, 0, j, key_weight(a, w, e, p->d));
            }
}

/* Bandwidths of keys: their densities are as wide as high. */
static attpool_status weigh_keys(struct density_call *c)
{
    struct engine *e = c->pool.args.engine;
    struct pool_args *p = &c->pool.pool;
    struct key_views v;
    const int64_t per = p->kernel.per;
    if (per != ATTPOOL_BANDWIDTH_KEY && per != ATTPOOL_BANDWIDTH_COORDINATE_KEY)
        return ATTPOOL_OK;
    attpool_status st = fetch_keys(c, &v);
    if (st == ATTPOOL_OK) {
        const int bytes = v.w.bytes, exponent = exponent_of(&v);
        const struct view to = { .bytes = bytes,
                                 .size = { p->batch, p->heads, 1, p->m },
                                 .stride = { p->heads * p->m, p->m, 0, 1 } };
        st = ap_buffer_new(e, (size_t)(p->batch * p->heads * p->m) * (size_t)bytes, &c->keys);
        if (st == ATTPOOL_OK) {
            struct view own = to;
            own.data = c->keys.host;
            write_keys(c, &v, exponent, &own);
            st = ap_buffer_upload(e, &c->keys);
        }
        p->key_weights = (struct array){ .data = c->keys.memory,
                                         .batch = to.stride[0],
                                         .head = to.stride[1],
                                         .col = 1,
                                         .group = 1 };
        c->factor.e += exponent * p->d;
    }
    free(v.memory[0]);
    free(v.memory[1]);
    return st;
}

/* ---- sums ---- */

static bool is_masked(const struct masks *m)
{
    return m->lengths.data || m->mask.data || m->leave_one_out || m->band_low > -BAND_OPEN ||
           m->band_high < BAND_OPEN;
}

static struct array rows_of(const struct buffer *buffer, int64_t heads, int64_t n)
{
    return (struct array){
        .data = buffer->memory, .batch = heads * n, .head = n, .row = 1, .group = 1
    };
}

/* Are all sums of key weights whole numbers, which T has, of all keys or all but one? */
static bool is_counted(const struct density_call *c)
{
    const struct pool_args *p = &c->pool.pool;
    const struct masks *m = &p->masks;
    const int64_t most = c->pool.args.type == TYPE_F32 ? (int64_t)1 << 24 : (int64_t)1 << 53;
    return !p->key_weights.data && !m->lengths.data && !m->mask.data && p->m <= most &&
           m->band_low <= -BAND_OPEN && m->band_high >= BAND_OPEN;
}

/* The sum of the key weights: pooling with equal weights has it. */
static attpool_status sum_totals(struct density_call *c)
{
    struct pool_args p = c->pool.pool;
    p.score = POOL_CONSTANT;
    p.n = c->totals / (p.batch * p.heads);
    p.row_count = p.n;
    p.d = 0;
    p.sum = rows_of(&c->total, p.heads, p.n);
    return ap_pool_slot(c->pool.args.engine, c->pool.args.type, &p, NULL);
}

static attpool_status new_sums(struct density_call *c)
{
    struct engine *e = c->pool.args.engine;
    const size_t size = c->pool.args.type == TYPE_F32 ? 4 : 8;
    attpool_status st = ap_buffer_new(e, (size_t)c->rows * size, &c->max);
    if (st == ATTPOOL_OK)
        st = ap_buffer_new(e, (size_t)c->rows * size, &c->sum);
    return st == ATTPOOL_OK ? ap_buffer_new(e, (size_t)c->totals * size, &c->total) : st;
}

static attpool_status sum_kernels(struct density_call *c)
{
    struct engine *e = c->pool.args.engine;
    struct pool_args *p = &c->pool.pool;
    p->max = rows_of(&c->max, p->heads, p->n);
    p->sum = rows_of(&c->sum, p->heads, p->n);
    attpool_status st = weigh_keys(c);
    return st == ATTPOOL_OK ? ap_pool_slot(e, c->pool.args.type, p, c->pool.keys) : st;
}

static attpool_status pool_density(struct density_call *c)
{
    struct engine *e = c->pool.args.engine;
    attpool_status st = new_sums(c);
    ap_engine_part(e, 0, 0); /* the totals take much less time than the kernels */
    if (st == ATTPOOL_OK && !c->counted)
        st = sum_totals(c);
    ap_engine_part(e, 0, 1);
    if (st == ATTPOOL_OK)
        st = sum_kernels(c);
    if (st == ATTPOOL_OK && !c->counted)
        st = ap_buffer_download(e, &c->total);
    if (st == ATTPOOL_OK)
        st = ap_buffer_download(e, &c->max);
    return st == ATTPOOL_OK ? ap_buffer_download(e, &c->sum) : st;
}

/* ---- densities ---- */

static double number_at(const struct buffer *buffer, int type, int64_t i)
{
    return type == TYPE_F32 ? (double)((const float *)buffer->host)[i]
                            : ((const double *)buffer->host)[i];
}

/* The sum of key weights of query i, whose number among all is `row`. */
static double total_of(const struct density_call *c, int64_t item, int64_t i, int64_t row)
{
    const struct pool_args *p = &c->pool.pool;
    const int64_t out = i + p->masks.excluded;
    if (c->counted)
        return (double)(p->m - (p->masks.leave_one_out && 0 <= out && out < p->m));
    return number_at(&c->total, c->pool.args.type, c->totals == c->rows ? row : item);
}

/* Of all rows; views that can be written here. */
static void write_rows(const struct density_call *c, const struct view *density,
                       const struct view *log_density)
{
    const struct pool_args *p = &c->pool.pool;
    const int type = c->pool.args.type;
    for (int64_t b = 0; b < p->batch; b++)
        for (int64_t h = 0; h < p->heads; h++)
            for (int64_t i = 0; i < p->n; i++) {
                const int64_t item = b * p->heads + h, row = item * p->n + i;
                const double max = number_at(&c->max, type, row);
                const struct scaled x =
                    share_of(&c->factor, number_at(&c->sum, type, row), total_of(c, item, i, row));
                if (density)
                    ap_view_set(density, b, h, i, 0, value_of(x, max));
                if (log_density)
                    ap_view_set(log_density, b, h, i, 0, log_of(x, max));
            }
}

static attpool_status write_densities(struct density_call *c)
{
    struct engine *e = c->pool.args.engine;
    struct view density, log_density;
    void *memory[2] = { NULL, NULL };
    attpool_status st = ATTPOOL_OK;
    if (c->density)
        st = ap_view_fetch(e, c->density, &density, &memory[0]);
    if (st == ATTPOOL_OK && c->log_density)
        st = ap_view_fetch(e, c->log_density, &log_density, &memory[1]);
    if (st == ATTPOOL_OK)
        write_rows(c, c->density ? &density : NULL, c->log_density ? &log_density : NULL);
    if (st == ATTPOOL_OK && c->density)
        st = ap_view_store(e, c->density, memory[0]);
    if (st == ATTPOOL_OK && c->log_density)
        st = ap_view_store(e, c->log_density, memory[1]);
    free(memory[0]);
    free(memory[1]);
    return st;
}

static attpool_status run_density(struct density_call *c)
{
    struct engine *e = c->pool.args.engine;
    const struct pool_args *p = &c->pool.pool;
    const int64_t items = p->batch * p->heads;
    c->rows = items * p->n;
    c->counted = is_counted(c);
    c->totals = is_masked(&p->masks) && !c->counted ? c->rows : items;
    if (c->rows == 0)
        return ATTPOOL_OK;
    attpool_status st = take_widths(c);
    if (st == ATTPOOL_OK)
        st = ap_arguments_stage(&c->pool.args);
    if (st != ATTPOOL_OK)
        return st;
    st = pool_density(c);
    st = ap_arguments_unstage(&c->pool.args, st);
    if (st == ATTPOOL_OK)
        st = write_densities(c);
    ap_buffer_free(e, &c->keys);
    ap_buffer_free(e, &c->total);
    ap_buffer_free(e, &c->sum);
    ap_buffer_free(e, &c->max);
    return st;
}

attpool_status ap_density(struct engine *engine, const struct pool_tensors *tensors,
                          const DLTensor *density, const DLTensor *log_density)
{
    struct density_call c;
    ap_clear(&c, offsetof(struct density_call, pool));
    const attpool_status st = check_density(&c, engine, tensors, density, log_density);
    return st == ATTPOOL_OK ? run_density(&c) : st;
}

attpool_status attpool_density(attpool_context *context, const DLTensor *Q, const DLTensor *K,
                               const attpool_pool_options *options, DLTensor *density,
                               DLTensor *log_density)
{
    struct call call;
    const struct pool_tensors tensors = { Q, K, NULL, options, NULL };
    attpool_status st = ap_call_begin_tested(
        &call, context, "density", ap_tested_with_queries(ap_tested_of_kernel(options), Q), Q, K);
    if (st != ATTPOOL_OK)
        return st;
    return ap_call_end(&call, ap_density(&context->engine, &tensors, density, log_density));
}

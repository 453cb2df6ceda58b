/* SPDX-License-Identifier: Apache-2.0 */
/* The fit: one call of the library, or one for each chunk of queries where weights are
 * written, which then never stand in memory all at once. */
#include "config.h"

#include "tools/io/npy.h"
#include "tools/regress/regress.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { CHUNK_BYTES = 1 << 26 };

/* A picture has no use for more, but would take all the memory. */
enum { MOST_HEATMAP = 1 << 28 };

/* Pairs of a query and a row that take minutes. */
#define MUCH_WORK 1e11

struct fit {
    const struct regress_options *o;
    const struct regress_data *data;
    struct regress_result *result;
    struct session session;
    void *inverse_bandwidths; /* one a coordinate, or NULL */
    size_t chunk;             /* queries */
    void *weights;       /* (chunk, m), NULL where the heat map has them all or nobody wants them */
    struct output *file; /* where weights go, or NULL */
};

static int set_up_inverse_bandwidths(struct fit *f, struct error *e)
{
    const struct numbers *h = &f->o->bandwidths;
    if (h->count < 2)
        return CMD_OK;
    int st = array_new(&f->inverse_bandwidths, h->count, real_size(f->data->single), e);
    for (size_t c = 0; st == CMD_OK && c < h->count; c++)
        real_set(f->inverse_bandwidths, f->data->single, c,
                 f->data->single ? (double)attpool_inverse_bandwidth_f32((float)h->value[c])
                                 : attpool_inverse_bandwidth_f64(h->value[c]));
    return st;
}

static int set_up_memory(struct fit *f, struct error *e)
{
    const struct regress_data *data = f->data;
    size_t size = real_size(data->single), m = data->m > 0 ? data->m : 1;
    int st = array_new(&f->result->fit, data->n * data->v, size, e);
    if (st == CMD_OK)
        st = array_new(&f->result->n_eff, data->n, size, e);
    f->chunk = data->n;
    if (st != CMD_OK)
        return st;
    if (f->o->heatmap != NULL && data->n > MOST_HEATMAP / m)
        return error_set(e, CMD_USAGE,
                         "--heatmap: %zu x %zu weights are more than the %d a picture may have",
                         data->n, data->m, (int)MOST_HEATMAP);
    if (f->o->heatmap == NULL && f->o->weights == NULL)
        return CMD_OK;
    size_t rows = CHUNK_BYTES / size / m;
    f->chunk = rows < 1 ? 1 : rows < data->n ? rows : data->n;
    if (f->o->heatmap != NULL)
        return array_new(&f->result->heatmap, data->n * data->m, size, e);
    return array_new(&f->weights, f->chunk * m, size, e);
}

/* Where the weights of the queries from `start` go, or NULL. */
static void *weights_at(const struct fit *f, size_t start)
{
    if (f->result->heatmap == NULL)
        return f->weights;
    return (char *)f->result->heatmap + start * f->data->m * real_size(f->data->single);
}

/* Queries of one call, and where its results go. */
struct batch {
    void *q;
    int64_t n;
    void *fit; /* column after column, `stride` apart */
    int64_t stride;
    void *n_eff, *weights; /* or NULL */
    bool loo;
    int64_t origin; /* of the first query among the data's rows */
    attpool_empty empty;
};

static attpool_status pool(struct fit *f, const struct batch *b)
{
    const struct regress_data *data = f->data;
    bool single = data->single;
    int64_t m = (int64_t)data->m, d = (int64_t)data->d, v = (int64_t)data->v;
    struct operand q, k, y, a, w, fit, n_eff, weights;
    attpool_kernel_options kernel = {
        .size = sizeof kernel,
        .kernel = f->o->kernels.name[0],
        .form = f->o->form,
        .kernels = f->o->kernels.count > 1 ? f->o->kernels.name : NULL,
        .bandwidth = f->o->bandwidths.count == 1 ? f->o->bandwidths.value[0] : 0,
    };
    if (f->inverse_bandwidths != NULL) {
        kernel.bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE;
        kernel.inverse_bandwidths = operand_real(&w, f->inverse_bandwidths, single, 1, &d);
    }
    attpool_masks masks = { .size = sizeof masks,
                            .leave_one_out = b->loo,
                            .query_origin = b->origin };
    attpool_pool_options options = { .size = sizeof options,
                                     .score = ATTPOOL_KERNEL,
                                     .empty = b->empty,
                                     .kernel = &kernel,
                                     .masks = &masks };
    if (b->n_eff != NULL)
        options.n_eff = operand_real(&n_eff, b->n_eff, single, 1, &b->n);
    if (data->a != NULL)
        options.key_weights = operand_real(&a, data->a, single, 1, &m);
    if (b->weights != NULL)
        options.weights =
            operand_real(&weights, b->weights, single, 2, (const int64_t[]){ b->n, m });
    return attpool_pool(f->session.context,
                        operand_real(&q, b->q, single, 2, (const int64_t[]){ b->n, d }),
                        operand_real(&k, data->x, single, 2, (const int64_t[]){ m, d }),
                        operand_real(&y, data->y, single, 2, (const int64_t[]){ m, v }), &options,
                        operand_columns(&fit, b->fit, single, b->n, v, b->stride));
}

static attpool_status pool_queries(struct fit *f, size_t start, size_t count, attpool_empty empty)
{
    const struct regress_data *data = f->data;
    size_t size = real_size(data->single);
    return pool(f, &(struct batch){ .q = (char *)data->q + start * data->d * size,
                                    .n = (int64_t)count,
                                    .fit = (char *)f->result->fit + start * size,
                                    .stride = (int64_t)data->n,
                                    .n_eff = (char *)f->result->n_eff + start * size,
                                    .weights = weights_at(f, start),
                                    .loo = f->o->loo,
                                    .origin = (int64_t)start,
                                    .empty = empty });
}

/* The curve of the picture. Where it has no data in reach it has a gap, if that is an error too. */
static int fit_curve(struct fit *f, struct error *e)
{
    const struct regress_data *data = f->data;
    size_t n = data->curve_n;
    if (n == 0)
        return CMD_OK;
    int st = array_new(&f->result->curve, n * data->v, real_size(data->single), e);
    if (st != CMD_OK)
        return st;
    attpool_status status =
        pool(f, &(struct batch){ .q = data->curve_q,
                                 .n = (int64_t)n,
                                 .fit = f->result->curve,
                                 .stride = (int64_t)n,
                                 .empty = f->o->empty == ATTPOOL_EMPTY_ERROR ? ATTPOOL_EMPTY_NAN
                                                                             : f->o->empty });
    return session_status(&f->session, status, NULL, 0, e);
}

/* --empty error: which query it is. */
static int name_empty(struct fit *f, size_t start, size_t count, struct error *e)
{
    const struct regress_data *data = f->data;
    const struct table *t = f->o->at != NULL ? &data->at : &data->table;
    attpool_status status = pool_queries(f, start, count, ATTPOOL_EMPTY_NAN);
    for (size_t i = start; status == ATTPOOL_OK && i < start + count; i++) {
        bool missing = data->missing != NULL && data->missing[i];
        if (missing || !isnan(real_get(f->result->n_eff, data->single, i)))
            continue;
        if (f->o->grid > 0)
            return error_at(e, t->file, 0, 0, "no data is in reach of the grid's point %zu, %g",
                            i + 1, data->grid[i]);
        return error_at(e, t->file, t->lines[i], 0, "no data is in reach of this row");
    }
    return error_set(e, CMD_DATA, "no data is in reach of a query");
}

static int fit_all(struct fit *f, struct error *e)
{
    size_t n = f->data->n, row = f->data->m * real_size(f->data->single);
    for (size_t start = 0; start < n; start += f->chunk) {
        size_t count = n - start < f->chunk ? n - start : f->chunk;
        f->session.done = (double)start / (double)n;
        f->session.share = (double)count / (double)n;
        attpool_status status = pool_queries(f, start, count, f->o->empty);
        if (status == ATTPOOL_E_EMPTY)
            return name_empty(f, start, count, e);
        if (status != ATTPOOL_OK)
            return session_status(&f->session, status, NULL, 0, e);
        if (f->file != NULL) /* a failure comes with closing, and the fits are worth having */
            output_write(f->file, weights_at(f, start), count * row);
    }
    f->result->whole = true;
    return CMD_OK;
}

static int fit_and_write(struct fit *f, struct error *e)
{
    struct output file;
    const int64_t shape[] = { (int64_t)f->data->n, (int64_t)f->data->m };
    if (f->o->weights == NULL)
        return fit_all(f, e);
    int st = output_open(&file, f->o->weights, e);
    if (st != CMD_OK)
        return st;
    f->file = &file;
    npy_write_header(&file, f->data->single ? NPY_F32 : NPY_F64, 2, shape);
    return output_close(&file, fit_all(f, e), e);
}

static void note_time(const struct regress_data *data)
{
    if ((double)data->n * (double)data->m > MUCH_WORK)
        error_note("%zu queries x %zu rows: this takes from minutes to hours; fewer query points "
                   "(--grid, --at) and --precision f32 take less",
                   data->n, data->m);
}

int regress_fit(const struct regress_options *o, const struct regress_data *data,
                struct regress_result *result, struct report *r, struct error *e)
{
    struct fit f = { .o = o, .data = data, .result = result };
    int st = session_open(&f.session, "regress", &o->common, e);
    if (st != CMD_OK)
        return st;
    report_context(r, f.session.context, data->single);
    st = set_up_inverse_bandwidths(&f, e);
    if (st == CMD_OK)
        st = set_up_memory(&f, e);
    if (st == CMD_OK)
        note_time(data);
    if (st == CMD_OK)
        st = fit_curve(&f, e);
    if (st == CMD_OK)
        st = fit_and_write(&f, e);
    free(f.inverse_bandwidths);
    free(f.weights);
    session_close(&f.session);
    return st;
}

void regress_result_free(struct regress_result *result)
{
    free(result->fit);
    free(result->n_eff);
    free(result->heatmap);
    free(result->curve);
    *result = (struct regress_result){ 0 };
}

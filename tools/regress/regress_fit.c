/* SPDX-License-Identifier: Apache-2.0 */
/* The fits: each is one call of the library, or one for each chunk of queries where weights are
 * written, which then never stand in memory all at once. */
#include "tools/io/npy.h"
#include "tools/io/number.h"
#include "tools/regress/regress_group.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { CHUNK_BYTES = 1 << 26 };

/* A picture has no use for more, but would take all the memory. */
enum { MOST_HEATMAP = 1 << 28 };

struct work {
    const struct regress_options *o;
    const struct regress_tables *tables;
    struct regress_fit *fit; /* the current one */
    struct session session;
    double done, share; /* of the whole work: done before this fit, and done by it */
    struct regress_kernel kernel;
    size_t chunk;        /* queries */
    void *weights;       /* (chunk, m), NULL where the heat map has them all or none are wanted */
    struct output *file; /* where weights go, or NULL */
    size_t computed;     /* fits */
};

static int set_up_memory(struct work *w, struct error *e)
{
    const struct regress_group *g = w->fit->group;
    size_t size = real_size(g->single), m = g->m > 0 ? g->m : 1;
    int st = array_new(&w->fit->fit, g->n * g->v, size, e);
    if (st == CMD_OK)
        st = array_new(&w->fit->n_eff, g->n, size, e);
    w->chunk = g->n;
    if (st != CMD_OK)
        return st;
    if (w->o->heatmap != NULL && g->n > MOST_HEATMAP / m)
        return error_set(e, CMD_USAGE,
                         "--heatmap: %zu x %zu weights are more than a picture may have, %d", g->n,
                         g->m, (int)MOST_HEATMAP);
    if (w->o->heatmap == NULL && w->o->weights == NULL)
        return CMD_OK;
    size_t rows = CHUNK_BYTES / size / m;
    w->chunk = rows < 1 ? 1 : rows < g->n ? rows : g->n;
    if (w->o->heatmap != NULL)
        return array_new(&w->fit->heatmap, g->n * g->m, size, e);
    return array_new(&w->weights, w->chunk * m, size, e);
}

/* Where the weights of the queries from `start` go, or NULL. */
static void *weights_at(const struct work *w, size_t start)
{
    if (w->fit->heatmap == NULL)
        return w->weights;
    return (char *)w->fit->heatmap + start * w->fit->group->m * real_size(w->fit->group->single);
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

static attpool_status pool(struct work *w, const struct batch *b)
{
    const struct regress_group *g = w->fit->group;
    bool single = g->single;
    int64_t m = (int64_t)g->m, d = (int64_t)g->d, v = (int64_t)g->v;
    struct operand q, k, y, a, fit, n_eff, weights;
    attpool_masks masks = { .size = sizeof masks,
                            .leave_one_out = b->loo,
                            .query_origin = b->origin };
    attpool_pool_options options = { .size = sizeof options,
                                     .score = ATTPOOL_KERNEL,
                                     .empty = b->empty,
                                     .kernel = &w->kernel.options,
                                     .masks = &masks };
    if (b->n_eff != NULL)
        options.n_eff = operand_real(&n_eff, b->n_eff, single, 1, &b->n);
    void *key_weights = w->kernel.adaptive[1] != NULL ? w->kernel.adaptive[1] : g->a;
    if (key_weights != NULL)
        options.key_weights = operand_real(&a, key_weights, single, 1, &m);
    if (b->weights != NULL)
        options.weights =
            operand_real(&weights, b->weights, single, 2, (const int64_t[]){ b->n, m });
    return attpool_pool(w->session.context,
                        operand_real(&q, b->q, single, 2, (const int64_t[]){ b->n, d }),
                        operand_real(&k, g->x, single, 2, (const int64_t[]){ m, d }),
                        operand_real(&y, g->y, single, 2, (const int64_t[]){ m, v }), &options,
                        operand_columns(&fit, b->fit, single, b->n, v, b->stride));
}

static attpool_status pool_queries(struct work *w, size_t start, size_t count, attpool_empty empty)
{
    const struct regress_group *g = w->fit->group;
    size_t size = real_size(g->single);
    return pool(w, &(struct batch){ .q = (char *)g->q + start * g->d * size,
                                    .n = (int64_t)count,
                                    .fit = (char *)w->fit->fit + start * size,
                                    .stride = (int64_t)g->n,
                                    .n_eff = (char *)w->fit->n_eff + start * size,
                                    .weights = weights_at(w, start),
                                    .loo = w->o->loo,
                                    .origin = (int64_t)start,
                                    .empty = empty });
}

/* The curve of the picture. Where it has no data in reach it has a gap, if that is an error too. */
static int fit_curve(struct work *w, struct error *e)
{
    struct regress_curve *curve = &w->fit->curve;
    attpool_empty empty = w->o->empty == ATTPOOL_EMPTY_ERROR ? ATTPOOL_EMPTY_NAN : w->o->empty;
    int st = regress_curve(w->o, w->fit->group, w->fit->bandwidths, curve, e);
    if (st == CMD_OK && curve->n > 0)
        st = group_pack(w->fit->group, &curve->x, curve->n, true, 1, &curve->q, NULL, e);
    if (st != CMD_OK || curve->n == 0)
        return st;
    int64_t n = (int64_t)curve->n;
    attpool_status status = pool(
        w,
        &(struct batch){ .q = curve->q, .n = n, .fit = curve->fit, .stride = n, .empty = empty });
    return session_status(&w->session, status, NULL, 0, e);
}

static int no_data_in_reach(const struct work *w, size_t query, struct error *e)
{
    const struct regress_group *g = w->fit->group;
    const struct table *t = w->o->at != NULL ? &w->tables->at : &w->tables->data;
    char point[NUMBER_TEXT_MAX];
    if (w->o->grid == 0)
        return error_at(e, t->file, t->lines[g->queries != NULL ? g->queries[query] : query], 0,
                        "no data is in reach of this row");
    number_format(point, g->grid[query]);
    return error_at(e, t->file, 0, 0, "no data is in reach of the grid's point %zu, %s%s%s",
                    query + 1, point, g->label != NULL ? ", of group " : "",
                    g->label != NULL ? quoted_name(g->label).text : "");
}

/* --empty error: which query it is. */
static int name_empty(struct work *w, size_t start, size_t count, struct error *e)
{
    const struct regress_group *g = w->fit->group;
    attpool_status status = pool_queries(w, start, count, ATTPOOL_EMPTY_NAN);
    for (size_t i = start; status == ATTPOOL_OK && i < start + count; i++) {
        bool missing = g->missing != NULL && g->missing[i];
        if (!missing && isnan(real_get(w->fit->n_eff, g->single, i)))
            return no_data_in_reach(w, i, e);
    }
    return error_set(e, CMD_DATA, "no data is in reach of a query");
}

static int fit_all(struct work *w, struct error *e)
{
    size_t n = w->fit->group->n, row = w->fit->group->m * real_size(w->fit->group->single);
    for (size_t start = 0; start < n; start += w->chunk) {
        size_t count = n - start < w->chunk ? n - start : w->chunk;
        w->session.done = w->done + w->share * (double)start / (double)n;
        w->session.share = w->share * (double)count / (double)n;
        attpool_status status = pool_queries(w, start, count, w->o->empty);
        if (status == ATTPOOL_E_EMPTY)
            return name_empty(w, start, count, e);
        if (status != ATTPOOL_OK)
            return session_status(&w->session, status, NULL, 0, e);
        if (w->file != NULL) /* a failure comes with closing, and the fits are worth having */
            output_write(w->file, weights_at(w, start), count * row);
    }
    w->computed++;
    return CMD_OK;
}

static int fit_and_write(struct work *w, struct error *e)
{
    struct output file;
    const int64_t shape[] = { (int64_t)w->fit->group->n, (int64_t)w->fit->group->m };
    if (w->o->weights == NULL)
        return fit_all(w, e);
    int st = output_open(&file, w->o->weights, e);
    if (st != CMD_OK)
        return st;
    w->file = &file;
    npy_write_header(&file, w->fit->group->single ? NPY_F32 : NPY_F64, 2, shape);
    return output_close(&file, fit_all(w, e), e);
}

static double pairs_of(const struct regress_fit *fit)
{
    return (double)fit->group->n * (double)fit->group->m;
}

/* A part of the fit's share; the rest is the fit's. */
static int select_bandwidths(struct work *w, struct error *e)
{
    const double pairs = regress_search_pairs(w->o, w->fit);
    const double share = pairs > 0 ? w->share * pairs / (pairs + pairs_of(w->fit)) : 0;
    w->session.done = w->done;
    w->session.share = share;
    const int st = regress_select(w->o, w->tables, w->fit, &w->session, e);
    w->done += share;
    w->share -= share;
    return st;
}

static int fit_one(struct work *w, struct error *e)
{
    int st = select_bandwidths(w, e);
    if (st == CMD_OK)
        st = regress_kernel(w->o, w->fit, &w->kernel, e);
    if (st == CMD_OK)
        st = regress_adapt_all(w->o, w->fit, &w->session, &w->kernel, e);
    if (st == CMD_OK)
        st = set_up_memory(w, e);
    if (st == CMD_OK)
        st = fit_curve(w, e);
    if (st == CMD_OK)
        st = fit_and_write(w, e);
    regress_kernel_free(&w->kernel);
    free(w->weights);
    w->weights = NULL;
    return st;
}

int regress_list(const struct regress_options *o, const struct regress_groups *groups,
                 struct regress_fits *fits, struct error *e)
{
    const struct fit_choices *c = &o->choices;
    size_t each = c->kernel_count * c->bandwidth_count;
    fits->item = calloc(groups->count * each, sizeof *fits->item);
    if (fits->item == NULL)
        return error_memory(e, groups->count * each * sizeof *fits->item);
    for (size_t g = 0; g < groups->count; g++)
        for (size_t k = 0; k < c->kernel_count; k++)
            for (size_t h = 0; h < c->bandwidth_count; h++)
                fits->item[fits->count++] = (struct regress_fit){ .group = &groups->item[g],
                                                                  .kernels = &c->kernels[k],
                                                                  .choice = &c->bandwidths[h] };
    return CMD_OK;
}

int regress_fit(const struct regress_options *o, const struct regress_tables *t,
                const struct regress_groups *groups, struct regress_fits *fits, struct report *r,
                struct error *e)
{
    struct work w = { .o = o, .tables = t };
    int st = regress_list(o, groups, fits, e);
    if (st == CMD_OK)
        st = regress_draw_check(o, fits->count, e);
    if (st == CMD_OK)
        st = session_open(&w.session, "regress", &o->common, e);
    if (st != CMD_OK)
        return st;
    w.session.advice =
        "fewer query points (--grid, --at), --precision f32 and, in data sorted by x, a "
        "kernel of bounded support are faster";
    report_context(r, w.session.context, t->single);
    double pairs = 0;
    for (size_t i = 0; i < fits->count; i++)
        pairs += pairs_of(&fits->item[i]) + regress_search_pairs(o, &fits->item[i]);
    for (size_t i = 0; i < fits->count && st == CMD_OK; i++) {
        w.fit = &fits->item[i];
        w.done += w.share;
        w.share = pairs > 0 ? (pairs_of(w.fit) + regress_search_pairs(o, w.fit)) / pairs : 0;
        st = fit_one(&w, e);
    }
    fits->whole = w.computed == fits->count;
    session_close(&w.session);
    return st;
}

void regress_fits_free(struct regress_fits *fits)
{
    for (size_t i = 0; i < fits->count; i++) {
        struct regress_fit *f = &fits->item[i];
        free(f->fit);
        free(f->n_eff);
        free(f->heatmap);
        free(f->chosen.value);
        free(f->selection.point);
        free(f->selection.base.value);
        free(f->curve.x);
        free(f->curve.q);
        free(f->curve.fit);
    }
    free(fits->item);
    *fits = (struct regress_fits){ .count = 0 };
}

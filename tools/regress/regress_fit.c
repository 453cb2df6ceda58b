/* SPDX-License-Identifier: Apache-2.0 */
/* The fits: each is one call of the library, or one for each chunk of queries where weights are
 * written, which then never stand in memory all at once. */
#include "tools/io/npy.h"
#include "tools/io/number.h"
#include "tools/regress/regress_group.h"
#include "tools/regress/regress_search.h"

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
    struct regress_residuals residuals;
    size_t chunk;        /* queries */
    void *weights;       /* (chunk, m), NULL where the heat map has them all or none are wanted */
    struct output *file; /* where weights go, or NULL */
    size_t computed;     /* fits */
};

/* A picture of one x column has the band too: along its curve, or at the query points. */
static bool wants_band(const struct work *w)
{
    return w->o->se || (w->o->plot != NULL && w->fit->group->d == 1);
}

static int set_up_band(struct work *w, struct error *e)
{
    const struct regress_group *g = w->fit->group;
    void **const band[] = { &w->fit->se, &w->fit->lower, &w->fit->upper };
    int st = CMD_OK;
    for (int k = 0; k < 3 && wants_band(w) && st == CMD_OK; k++)
        st = array_new(band[k], g->n * g->v, real_size(g->single), e);
    if (st == CMD_OK && w->o->slope)
        st = array_new(&w->fit->slope, g->n * g->v * g->d, real_size(g->single), e);
    return st;
}

static int set_up_memory(struct work *w, struct error *e)
{
    const struct regress_group *g = w->fit->group;
    size_t size = real_size(g->single), m = g->m > 0 ? g->m : 1;
    int st = array_new(&w->fit->fit, g->n * g->v, size, e);
    if (st == CMD_OK)
        st = array_new(&w->fit->n_eff, g->n, size, e);
    if (st == CMD_OK)
        st = set_up_band(w, e);
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

/* A place in an array of the fit's, which may be absent. */
static void *at(const struct work *w, void *array, size_t numbers)
{
    return array != NULL ? (char *)array + numbers * real_size(w->fit->group->single) : NULL;
}

static struct regress_keys_of all_keys(const struct work *w)
{
    const struct regress_group *g = w->fit->group;
    const void *a = w->kernel.adaptive[1] != NULL ? w->kernel.adaptive[1] : g->a;
    return (struct regress_keys_of){ g->m, g->x, g->y, a };
}

/* Standard errors come with the fit, or where residuals are those of a sample by a call of its own,
 * since its keys have another order. */
static attpool_status call(struct work *w, struct regress_batch *b)
{
    const struct regress_keys_of keys = all_keys(w);
    const bool sampled = w->residuals.rows < w->fit->group->m;
    struct regress_batch more = { .q = b->q,
                                  .n = b->n,
                                  .se = b->se,
                                  .stride = b->stride,
                                  .empty = b->empty,
                                  .residuals = w->residuals.values,
                                  .rows = (int64_t)w->residuals.rows };
    if (b->se == NULL || !sampled) {
        b->residuals = w->residuals.values;
        b->rows = (int64_t)w->residuals.rows;
        return regress_call(w->o, w->fit, &keys, &w->kernel.options, &w->session, b);
    }
    b->se = NULL;
    attpool_status status = regress_call(w->o, w->fit, &keys, &w->kernel.options, &w->session, b);
    if (status == ATTPOOL_OK)
        status =
            regress_call(w->o, w->fit, &w->residuals.keys, &w->kernel.options, &w->session, &more);
    b->missing = more.missing;
    return status;
}

static attpool_status pool_queries(struct work *w, size_t start, size_t count, attpool_empty empty)
{
    const struct regress_group *g = w->fit->group;
    struct regress_batch b = { .q = at(w, g->q, start * g->d),
                               .n = (int64_t)count,
                               .fit = at(w, w->fit->fit, start),
                               .se = at(w, w->fit->se, start),
                               .slope = at(w, w->fit->slope, start),
                               .stride = (int64_t)g->n,
                               .n_eff = at(w, w->fit->n_eff, start),
                               .weights = weights_at(w, start),
                               .loo = w->o->loo,
                               .origin = (int64_t)start,
                               .empty = empty };
    const attpool_status status = call(w, &b);
    w->fit->singular += b.singular;
    w->fit->imprecise += b.imprecise;
    w->fit->missing += b.missing;
    return status;
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
    struct regress_batch b = {
        .q = curve->q, .n = n, .fit = curve->fit, .se = curve->se, .stride = n, .empty = empty
    };
    return session_status(&w->session, call(w, &b), NULL, 0, e);
}

int regress_no_data(const struct regress_options *o, const struct regress_tables *tables,
                    const struct regress_group *g, size_t query, struct error *e)
{
    const struct table *t = o->at != NULL ? &tables->at : &tables->data;
    char point[NUMBER_TEXT_MAX];
    if (o->grid == 0)
        return error_at(e, t->file, table_line(t, g->queries != NULL ? g->queries[query] : query),
                        0, "no data is in reach of this row");
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
            return regress_no_data(w->o, w->tables, g, i, e);
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
        const attpool_status status = pool_queries(w, start, count, w->o->empty);
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

/* Another part of it. */
static int make_residuals(struct work *w, struct error *e)
{
    const size_t m = w->fit->group->m, most = search_most_rows(w->o);
    const double pairs = (double)m * (double)(m < most ? m : most);
    if (!wants_band(w))
        return CMD_OK;
    w->session.done = w->done;
    w->session.share = w->share * pairs / (pairs + pairs_of(w->fit));
    const char *advice = w->session.advice;
    if (w->o->adaptive.method == ADAPTIVE_NONE)
        w->session.advice = "residuals of fewer rows (--cv-rows) and --precision f32 are faster";
    const int st = regress_residuals(w->o, w->fit, &w->kernel, &w->session, &w->residuals, e);
    w->session.advice = advice;
    w->fit->residuals = w->residuals.rows;
    for (size_t i = 0; st == CMD_OK && i < w->residuals.rows; i++)
        w->fit->lacking +=
            isnan(real_get(w->residuals.values, w->fit->group->single, i * w->fit->group->v)) != 0;
    w->done += w->session.share;
    w->share -= w->session.share;
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
        st = make_residuals(w, e);
    if (st == CMD_OK)
        st = fit_curve(w, e);
    if (st == CMD_OK)
        st = fit_and_write(w, e);
    if (st == CMD_OK && w->fit->se != NULL)
        regress_band(w->o, w->fit);
    regress_residuals_free(&w->residuals);
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
    struct regress_explanation words = { .o = o, .t = t };
    int st = regress_list(o, groups, fits, e);
    if (st == CMD_OK)
        st = regress_draw_check(o, fits->count, e);
    if (st == CMD_OK)
        st = session_open(&w.session, "regress", &o->common, e);
    if (st != CMD_OK)
        return st;
    w.session.advice = "fewer query points (--grid, --at), --precision f32 and a kernel of bounded "
                       "support are faster";
    w.session.explain = regress_explain;
    w.session.explain_data = &words;
    report_context(r, w.session.context, t->single);
    double pairs = 0;
    for (size_t i = 0; i < fits->count; i++)
        pairs += pairs_of(&fits->item[i]) + regress_search_pairs(o, &fits->item[i]);
    for (size_t i = 0; i < fits->count && st == CMD_OK; i++) {
        w.fit = &fits->item[i];
        words.group = w.fit->group;
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
        free(f->se);
        free(f->lower);
        free(f->upper);
        free(f->slope);
        free(f->heatmap);
        free(f->chosen.value);
        free(f->selection.point);
        free(f->selection.base.value);
        free(f->curve.x);
        free(f->curve.q);
        free(f->curve.fit);
        free(f->curve.se);
    }
    free(fits->item);
    *fits = (struct regress_fits){ .count = 0 };
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures of a regression: the fits with their data, and the weights. */
#include "tools/plot/picture.h"
#include "tools/regress/regress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As many as have colours and dashes of their own. */
enum { MOST_FITS = 24, LAYERS = 4 };

/* ---- a fit in double, at its query points and then along its curve ---- */

struct drawing {
    struct regress_label label;
    double *x;    /* [n + curve.n] of the only x column */
    double *fits; /* [v], each [n + curve.n] */
    double *band; /* [v][2], each [n + curve.n]: its ends; NULL: none */
    char band_label[40];
};

/* The ends of the band at the query points and along the curve. */
static int copy_band(const struct regress_options *o, const struct regress_fit *fit,
                     struct drawing *d, struct error *e)
{
    const struct regress_group *g = fit->group;
    const size_t curve = fit->curve.n, each = g->n + curve;
    const double z = regress_quantile(o->level);
    void *band;
    if (fit->se == NULL)
        return CMD_OK;
    const int st = array_new(&band, 2 * g->v * each, sizeof(double), e);
    d->band = band;
    snprintf(d->band_label, sizeof d->band_label, "%.10g %% band", 100 * o->level);
    for (size_t k = 0; st == CMD_OK && k < g->v; k++)
        for (size_t i = 0; i < each; i++) {
            const double se = i < g->n ? real_get(fit->se, g->single, k * g->n + i)
                                       : real_get(fit->curve.se, g->single, k * curve + i - g->n);
            d->band[2 * k * each + i] = d->fits[k * each + i] - z * se;
            d->band[(2 * k + 1) * each + i] = d->fits[k * each + i] + z * se;
        }
    return st;
}

static int copy_fit(const struct regress_options *o, const struct regress_fit *fit,
                    struct drawing *d, struct error *e)
{
    const struct regress_group *g = fit->group;
    size_t curve = fit->curve.n, each = g->n + curve;
    void *x, *fits = NULL;
    int st = array_new(&x, each, sizeof(double), e);
    if (st == CMD_OK)
        st = array_new(&fits, g->v * each, sizeof(double), e);
    d->x = x;
    d->fits = fits;
    d->label = regress_label(o, fit, true);
    if (st != CMD_OK)
        return st;
    memcpy(d->x, g->points[0], g->n * sizeof *d->x);
    if (curve > 0)
        memcpy(d->x + g->n, fit->curve.x, curve * sizeof *d->x);
    for (size_t k = 0; k < g->v; k++) {
        for (size_t i = 0; i < g->n; i++)
            d->fits[k * each + i] = real_get(fit->fit, g->single, k * g->n + i);
        for (size_t i = 0; i < curve; i++)
            d->fits[k * each + g->n + i] = real_get(fit->curve.fit, g->single, k * curve + i);
    }
    return copy_band(o, fit, d, e);
}

/* ---- layers ---- */

/* What is computed at the data's own points or on a grid belongs to the curve, what is at points of
 * the user's choice does not. */
static bool points_chosen(const struct regress_options *o)
{
    return o->at != NULL || o->loo;
}

static struct plot_layer band_layer(const struct regress_options *o, const struct regress_fit *fit,
                                    const struct drawing *d, size_t k, size_t colour)
{
    const struct regress_group *g = fit->group;
    const size_t start = points_chosen(o) ? g->n : 0, each = g->n + fit->curve.n;
    return (struct plot_layer){ .kind = PLOT_BAND,
                                .label = colour > 1 ? NULL : d->band_label,
                                .colour = colour,
                                .count = each - start,
                                .x = d->x + start,
                                .y = d->band + 2 * k * each + start,
                                .y_high = d->band + (2 * k + 1) * each + start };
}

/* One x column: the curve and, at points of the user's choice, the values. */
static size_t fit_layers(const struct regress_options *o, const struct regress_fit *fit,
                         const struct drawing *d, size_t k, size_t colour,
                         struct plot_layer *layers)
{
    const struct regress_group *g = fit->group;
    const bool chosen = points_chosen(o);
    const size_t start = chosen ? g->n : 0, each = g->n + fit->curve.n;
    const double *y = d->fits + k * each;
    layers[0] = (struct plot_layer){ .kind = PLOT_CURVE,
                                     .label = d->label.text[0] != '\0' ? d->label.text : "fit",
                                     .colour = colour,
                                     .count = each - start,
                                     .x = d->x + start,
                                     .y = y + start };
    layers[1] = (struct plot_layer){ .kind = PLOT_RINGS,
                                     .label = colour > 1 ? NULL
                                              : o->loo   ? "leave-one-out"
                                                         : "fit at points given",
                                     .colour = colour,
                                     .count = g->n,
                                     .x = d->x,
                                     .y = y };
    return chosen ? 2 : 1;
}

/* Of a group with one fit the data has the colour of the fit, and no entry in the legend. */
static struct plot_layer data_layer(const struct regress_group *g, size_t k, size_t colour)
{
    return (struct plot_layer){ .kind = PLOT_POINTS,
                                .label = colour == 0 ? "data" : NULL,
                                .colour = colour,
                                .count = g->m,
                                .x = g->columns[0],
                                .y = g->columns[g->d + k] };
}

/* Several x columns: what was observed over its fit, and the line where they are equal. */
static struct plot_layer observed_layer(const struct regress_fit *fit, const struct drawing *d,
                                        size_t k, size_t colour)
{
    const struct regress_group *g = fit->group;
    return (struct plot_layer){ .kind = PLOT_POINTS,
                                .label = d->label.text[0] != '\0' ? d->label.text : "rows of data",
                                .colour = colour,
                                .count = g->n,
                                .x = d->fits + k * g->n,
                                .y = g->columns[g->d + k] };
}

/* The two ends of the line. */
static struct plot_layer equal_layer(const struct plot_layer *observed, size_t count, double *line)
{
    line[0] = HUGE_VAL;
    line[1] = -HUGE_VAL;
    for (size_t j = 0; j < count; j++)
        for (size_t i = 0; i < observed[j].count; i++)
            if (isfinite(observed[j].x[i])) {
                line[0] = fmin(line[0], fmin(observed[j].x[i], observed[j].y[i]));
                line[1] = fmax(line[1], fmax(observed[j].x[i], observed[j].y[i]));
            }
    return (struct plot_layer){
        .kind = PLOT_CURVE, .label = "observed = fit", .count = 2, .x = line, .y = line
    };
}

/* Those of one y, the data at the bottom and bands behind all curves; their number. */
static size_t panel_layers(const struct regress_options *o, const struct regress_fits *fits,
                           const struct drawing *drawings, size_t k, double *line,
                           struct plot_layer *layers)
{
    size_t count = 0;
    const bool several = fits->item[0].group->d > 1;
    const bool one_each = fits->item[0].group->label != NULL &&
                          o->choices.kernel_count * o->choices.bandwidth_count == 1;
    for (size_t i = 0; i < fits->count && !several; i++)
        if (i == 0 || fits->item[i].group != fits->item[i - 1].group)
            layers[count++] = data_layer(fits->item[i].group, k, one_each ? i + 1 : 0);
    for (size_t i = 0; i < fits->count && !several; i++)
        if (drawings[i].band != NULL)
            layers[count++] = band_layer(o, &fits->item[i], &drawings[i], k, i + 1);
    for (size_t i = 0; i < fits->count; i++)
        if (several)
            layers[++count] = observed_layer(&fits->item[i], &drawings[i], k, i + 1);
        else
            count += fit_layers(o, &fits->item[i], &drawings[i], k, i + 1, layers + count);
    if (several)
        layers[0] = equal_layer(layers + 1, count++, line);
    return count;
}

/* ---- pictures ---- */

struct parts {
    struct drawing *drawings;  /* [fits] */
    struct plot_panel *panels; /* [v] */
    struct plot_layer *layers; /* [v], each LAYERS a fit and one */
    double *lines;             /* [v], each of two ends */
};

static int make_parts(const struct regress_options *o, const struct regress_fits *fits, size_t v,
                      struct parts *p, struct error *e)
{
    size_t each = LAYERS * fits->count + 1;
    p->drawings = calloc(fits->count, sizeof *p->drawings);
    p->panels = calloc(v, sizeof *p->panels);
    p->layers = calloc(v * each, sizeof *p->layers);
    p->lines = calloc(2 * v, sizeof *p->lines);
    if (p->drawings == NULL || p->panels == NULL || p->layers == NULL || p->lines == NULL)
        return error_memory(e, v * each * sizeof *p->layers);
    int st = CMD_OK;
    for (size_t i = 0; i < fits->count && st == CMD_OK; i++)
        st = copy_fit(o, &fits->item[i], &p->drawings[i], e);
    return st;
}

static void free_parts(struct parts *p, size_t fits)
{
    for (size_t i = 0; p->drawings != NULL && i < fits; i++) {
        free(p->drawings[i].x);
        free(p->drawings[i].fits);
        free(p->drawings[i].band);
    }
    free(p->drawings);
    free(p->panels);
    free(p->layers);
    free(p->lines);
}

/* One panel for each y. */
static int draw_fits(const struct regress_options *o, const struct regress_tables *t,
                     const struct regress_fits *fits, struct error *e)
{
    struct parts p = { .panels = NULL };
    const struct regress_label title = regress_label(o, &fits->item[0], false);
    const char *several = o->loo ? "leave-one-out fit" : "fit";
    int st = make_parts(o, fits, t->v, &p, e);
    for (size_t k = 0; st == CMD_OK && k < t->v; k++) {
        struct plot_layer *own = &p.layers[k * (LAYERS * fits->count + 1)];
        p.panels[k] = (struct plot_panel){
            .x_label = t->d > 1 ? several : t->x_names[0],
            .y_label = t->y_names[k],
            .layers = own,
            .layer_count = panel_layers(o, fits, p.drawings, k, &p.lines[2 * k], own),
        };
    }
    const struct plot_figure figure = { .title = title.text[0] != '\0' ? title.text : NULL,
                                        .panels = p.panels,
                                        .panel_count = t->v,
                                        .columns = grid_columns(t->v) };
    if (st == CMD_OK)
        st = draw_picture(o->plot, o->keep_scripts, &figure, e);
    free_parts(&p, fits->count);
    return st;
}

/* By x or, where there are several, in the order of the rows, from 1. */
static int draw_fit_weights(const struct regress_options *o, const struct regress_tables *t,
                            const struct regress_fit *fit, struct error *e)
{
    const struct regress_group *g = fit->group;
    const struct regress_label title = regress_label(o, fit, false);
    char x_label[200] = "row of data", y_label[200] = "query";
    bool one = g->d == 1;
    if (one) {
        snprintf(x_label, sizeof x_label, "%.150s of the data", t->x_names[0]);
        snprintf(y_label, sizeof y_label, "%.150s of the query", t->x_names[0]);
    }
    const struct plot_matrix matrix = { .rows = g->n,
                                        .columns = g->m,
                                        .f64 = g->single ? NULL : fit->heatmap,
                                        .f32 = g->single ? fit->heatmap : NULL,
                                        .row_at = one ? g->points[0] : NULL,
                                        .column_at = one ? g->columns[0] : NULL,
                                        .first = 1,
                                        .downward = !one };
    const struct plot_layer layer = { .kind = PLOT_MATRIX, .label = "weight", .matrix = &matrix };
    const struct plot_panel panel = { .title = title.text,
                                      .x_label = x_label,
                                      .y_label = y_label,
                                      .layers = &layer,
                                      .layer_count = 1 };
    const struct plot_figure figure = { .panels = &panel, .panel_count = 1 };
    return draw_picture(o->heatmap, o->keep_scripts, &figure, e);
}

int regress_draw_check(const struct regress_options *o, size_t fits, struct error *e)
{
    if (o->plot == NULL || fits <= MOST_FITS)
        return CMD_OK;
    return error_set(e, CMD_USAGE, "--plot has room for %d fits, there are %zu", (int)MOST_FITS,
                     fits);
}

int regress_draw(const struct regress_options *o, const struct regress_tables *t,
                 const struct regress_fits *fits, struct error *e)
{
    if (o->plot != NULL)
        draw_fits(o, t, fits, e);
    if (o->heatmap != NULL)
        draw_fit_weights(o, t, &fits->item[0], e);
    return e->code;
}

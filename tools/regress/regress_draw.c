/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures of a regression: the fit with its data, and the weights. */
#include "config.h"

#include "tools/plot/picture.h"
#include "tools/regress/regress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "gaussian kernel, bandwidths 0.4, 1.5" */
static void describe(const struct regress_options *o, char *text, size_t size)
{
    enum { MOST_BANDWIDTHS = 4 };
    const char *name = attpool_kernel_to_name(o->kernels.name[0]);
    const struct numbers *h = &o->bandwidths;
    int length = o->kernels.count == 1
                     ? snprintf(text, size, "%s kernel", name)
                     : snprintf(text, size, "product of %zu kernels", o->kernels.count);
    for (size_t c = 0; c < h->count && h->count <= MOST_BANDWIDTHS; c++)
        length += snprintf(text + length, size - (size_t)length, "%s %.6g",
                           c > 0           ? ","
                           : h->count == 1 ? ", bandwidth"
                                           : ", bandwidths",
                           h->value[c]);
}

/* Values of the fit in double, at the query points and then along the curve. */
static int copy_fits(const struct regress_data *data, const struct regress_result *result,
                     double **fits, struct error *e)
{
    size_t each = data->n + data->curve_n;
    void *memory;
    int st = array_new(&memory, data->v * each, sizeof(double), e);
    if (st != CMD_OK)
        return st;
    *fits = memory;
    for (size_t k = 0; k < data->v; k++) {
        double *fit = *fits + k * each;
        for (size_t i = 0; i < data->n; i++)
            fit[i] = real_get(result->fit, data->single, k * data->n + i);
        for (size_t i = 0; i < data->curve_n; i++)
            fit[data->n + i] = real_get(result->curve, data->single, k * data->curve_n + i);
    }
    return CMD_OK;
}

static int copy_points(const struct regress_data *data, double **x, struct error *e)
{
    void *memory;
    int st = array_new(&memory, data->n + data->curve_n, sizeof(double), e);
    if (st != CMD_OK)
        return st;
    *x = memory;
    memcpy(*x, data->points[0], data->n * sizeof **x);
    if (data->curve_n > 0)
        memcpy(*x + data->n, data->curve_x, data->curve_n * sizeof **x);
    return CMD_OK;
}

enum { LAYERS = 3 };

/* The data, the fit as a curve, and the values at points of the user's choice. What is computed at
 * the data's own points or on a grid belongs to the curve. */
static size_t fit_layers(const struct regress_options *o, const struct regress_data *data, size_t k,
                         const double *x, const double *fit, struct plot_layer *layers)
{
    bool chosen = o->at != NULL || o->loo;
    size_t start = chosen ? data->n : 0;
    layers[0] = (struct plot_layer){ .kind = PLOT_POINTS,
                                     .label = "data",
                                     .count = data->m,
                                     .x = data->table.columns[0],
                                     .y = data->table.columns[data->d + k] };
    layers[1] = (struct plot_layer){ .kind = PLOT_CURVE,
                                     .label = "fit",
                                     .colour = 1,
                                     .count = data->n + data->curve_n - start,
                                     .x = x + start,
                                     .y = fit + start };
    layers[2] = (struct plot_layer){ .kind = PLOT_RINGS,
                                     .label = o->loo ? "leave-one-out" : "fit at points given",
                                     .colour = 1,
                                     .count = data->n,
                                     .x = x,
                                     .y = fit };
    return chosen ? 3 : 2;
}

/* Several x columns: what was observed over its fit, and the line where they are equal. `line` has
 * two ends. */
static size_t observed_layers(const struct regress_data *data, size_t k, const double *fit,
                              double *line, struct plot_layer *layers)
{
    const double *y = data->table.columns[data->d + k];
    line[0] = HUGE_VAL;
    line[1] = -HUGE_VAL;
    for (size_t i = 0; i < data->n; i++)
        if (isfinite(fit[i])) {
            line[0] = fmin(line[0], fmin(fit[i], y[i]));
            line[1] = fmax(line[1], fmax(fit[i], y[i]));
        }
    layers[0] = (struct plot_layer){
        .kind = PLOT_CURVE, .label = "observed = fit", .count = 2, .x = line, .y = line
    };
    layers[1] = (struct plot_layer){ .kind = PLOT_POINTS,
                                     .label = "rows of data",
                                     .colour = 1,
                                     .count = data->n,
                                     .x = fit,
                                     .y = y };
    return 2;
}

/* One panel for each y. */
static int draw_fit(const struct regress_options *o, const struct regress_data *data,
                    const struct regress_result *result, struct error *e)
{
    size_t v = data->v;
    char title[200], label[64];
    double *fits = NULL, *x = NULL;
    struct plot_panel *panels = calloc(v, sizeof *panels);
    struct plot_layer *layers = calloc(LAYERS * v, sizeof *layers);
    double *lines = calloc(2 * v, sizeof *lines);
    int st = panels == NULL || layers == NULL || lines == NULL
                 ? error_memory(e, LAYERS * v * sizeof *layers)
                 : copy_fits(data, result, &fits, e);
    if (st == CMD_OK)
        st = copy_points(data, &x, e);
    describe(o, title, sizeof title);
    snprintf(label, sizeof label, o->loo ? "leave-one-out fit" : "fit");
    for (size_t k = 0; st == CMD_OK && k < v; k++) {
        struct plot_layer *own = &layers[LAYERS * k];
        const double *fit = fits + k * (data->n + data->curve_n);
        panels[k] = (struct plot_panel){
            .x_label = data->d > 1 ? label : data->x_names[0],
            .y_label = data->y_names[k],
            .layers = own,
            .layer_count = data->d > 1 ? observed_layers(data, k, fit, &lines[2 * k], own)
                                       : fit_layers(o, data, k, x, fit, own),
        };
    }
    const struct plot_figure figure = {
        .title = title, .panels = panels, .panel_count = v, .columns = grid_columns(v)
    };
    if (st == CMD_OK)
        st = draw(o->plot, o->keep_scripts, &figure, e);
    free(x);
    free(fits);
    free(lines);
    free(layers);
    free(panels);
    return st;
}

/* By x or, where there are several, in the order of the rows, from 1. */
static int draw_weights(const struct regress_options *o, const struct regress_data *data,
                        const struct regress_result *result, struct error *e)
{
    char title[240], x_label[200] = "row of data", y_label[200] = "query";
    bool one = data->d == 1;
    if (one) {
        snprintf(x_label, sizeof x_label, "%.150s of the data", data->x_names[0]);
        snprintf(y_label, sizeof y_label, "%.150s of the query", data->x_names[0]);
    }
    const struct plot_matrix matrix = { .rows = data->n,
                                        .columns = data->m,
                                        .f64 = data->single ? NULL : result->heatmap,
                                        .f32 = data->single ? result->heatmap : NULL,
                                        .row_at = one ? data->points[0] : NULL,
                                        .column_at = one ? data->table.columns[0] : NULL,
                                        .first = 1,
                                        .downward = !one };
    const struct plot_layer layer = { .kind = PLOT_MATRIX, .label = "weight", .matrix = &matrix };
    const struct plot_panel panel = {
        .title = title, .x_label = x_label, .y_label = y_label, .layers = &layer, .layer_count = 1
    };
    const struct plot_figure figure = { .panels = &panel, .panel_count = 1 };
    describe(o, title, sizeof title);
    return draw(o->heatmap, o->keep_scripts, &figure, e);
}

int regress_draw(const struct regress_options *o, const struct regress_data *data,
                 const struct regress_result *result, struct error *e)
{
    if (o->plot != NULL)
        draw_fit(o, data, result, e);
    if (o->heatmap != NULL)
        draw_weights(o, data, result, e);
    return e->code;
}

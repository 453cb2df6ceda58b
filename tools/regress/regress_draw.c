/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures of a regression: the fit with its data, and the weights. */
#include "config.h"

#include "tools/plot/picture.h"
#include "tools/regress/regress.h"

#include <stdio.h>
#include <stdlib.h>

static void describe(const struct regress_options *o, char *text, size_t size)
{
    const char *name = attpool_kernel_to_name(o->kernels.name[0]);
    if (o->kernels.count == 1 && o->bandwidths.count == 1)
        snprintf(text, size, "%s kernel, bandwidth %.6g", name, o->bandwidths.value[0]);
    else if (o->kernels.count == 1)
        snprintf(text, size, "%s kernel", name);
    else
        snprintf(text, size, "product of %zu kernels", o->kernels.count);
}

/* One panel for each y: points of the data, and the fit in the order of x. */
static int draw_fit(const struct regress_options *o, const struct regress_data *data,
                    const struct regress_result *result, struct error *e)
{
    size_t v = data->v, n = data->n;
    char title[200];
    void *fits = NULL;
    struct plot_panel *panels = calloc(v, sizeof *panels);
    struct plot_series *series = calloc(2 * v, sizeof *series);
    int st = panels == NULL || series == NULL ? error_memory(e, 2 * v * sizeof *series)
                                              : array_new(&fits, n * v, sizeof(double), e);
    describe(o, title, sizeof title);
    for (size_t k = 0; st == CMD_OK && k < v; k++) {
        double *fit = (double *)fits + k * n;
        for (size_t i = 0; i < n; i++)
            fit[i] = real_get(result->fit, data->single, k * n + i);
        series[2 * k] = (struct plot_series){ .style = PLOT_POINTS,
                                              .label = "data",
                                              .count = data->m,
                                              .x = data->table.columns[0],
                                              .y = data->table.columns[data->d + k] };
        series[2 * k + 1] = (struct plot_series){
            .style = PLOT_CURVE, .label = "fit", .count = n, .x = data->points[0], .y = fit
        };
        panels[k] = (struct plot_panel){ .title = v == 1 ? title : NULL,
                                         .x_label = data->x_names[0],
                                         .y_label = data->y_names[k],
                                         .series = &series[2 * k],
                                         .series_count = 2 };
    }
    const struct plot_figure figure = { .title = v > 1 ? title : NULL,
                                        .panels = panels,
                                        .panel_count = v,
                                        .columns = grid_columns(v) };
    if (st == CMD_OK)
        st = draw(o->plot, o->keep_scripts, &figure, e);
    free(fits);
    free(series);
    free(panels);
    return st;
}

static int draw_weights(const struct regress_options *o, const struct regress_data *data,
                        const struct regress_result *result, struct error *e)
{
    char title[240];
    const struct plot_matrix matrix = { .rows = data->n,
                                        .columns = data->m,
                                        .f64 = data->single ? NULL : result->heatmap,
                                        .f32 = data->single ? result->heatmap : NULL };
    const struct plot_panel panel = {
        .title = title, .x_label = "row of data", .y_label = "query", .matrix = &matrix
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

/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of the demo: data and fits as tables, kernels, fits and weights as pictures. */
#include "tools/demo/demo.h"

#include "tools/plot/picture.h"
#include "tools/io/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FITS = 8, SHAPE_POINTS = 501 };

static int path_in(const struct demo *demo, char **path, const char *stem, const char *rest,
                   const char *suffix, struct error *e)
{
    if (asprintf(path, "%s/%s%s.%s", demo->folder, stem, rest, suffix) >= 0)
        return CMD_OK;
    *path = NULL;
    return error_memory(e, strlen(demo->folder) + 40);
}

static int list_file(const struct demo *demo, struct files *files, const char *stem,
                     const char *suffix, struct error *e)
{
    char *path;
    int st = path_in(demo, &path, stem, "", suffix, e);
    if (st == CMD_OK && strcmp(suffix, "csv") == 0)
        files_output(files, "-o", path);
    else if (st == CMD_OK)
        files_picture(files, "-o", path, demo->keep_scripts);
    free(path);
    return st;
}

int demo_check_files(const struct demo *demo, struct error *e)
{
    static const char *const tables[] = { "classic", "classic-fits", "similarity",
                                          "similarity-fits", NULL };
    static const char *const pictures[] = { "kernels",
                                            "classic-fits",
                                            "classic-weights",
                                            "kernel-fits",
                                            "kernel-weights",
                                            "bandwidth-fits",
                                            "bandwidth-weights",
                                            "parametric-fits",
                                            "parametric-weights",
                                            NULL };
    struct files files = { 0 };
    int st = CMD_OK;
    report_files(&files, "the tables", demo->common.json);
    for (int i = 0; st == CMD_OK && demo->folder != NULL && tables[i] != NULL; i++)
        st = list_file(demo, &files, tables[i], "csv", e);
    for (int i = 0; st == CMD_OK && demo->format != NULL && pictures[i] != NULL; i++)
        st = list_file(demo, &files, pictures[i], demo->format, e);
    const int checked = files_check(&files, e);
    return st == CMD_OK ? checked : st;
}

/* ---- tables ---- */

static int write_table(struct demo *demo, const char *stem, const char *rest,
                       const struct table_out *columns, size_t count, size_t rows, struct error *e)
{
    char *path;
    if (demo->folder == NULL)
        return CMD_OK;
    int st = path_in(demo, &path, stem, rest, "csv", e);
    if (st == CMD_OK)
        st = table_write(path, columns, count, rows, NULL, e);
    free(path);
    return st;
}

int demo_write_data(struct demo *demo, const struct demo_data *data, struct error *e)
{
    const struct table_out columns[] = { { .name = "x", .f64 = data->x },
                                         { .name = "y", .f64 = data->y } };
    return write_table(demo, data->name, "", columns, 2, data->n, e);
}

int demo_write_fits(struct demo *demo, const struct demo_data *data, const struct demo_fit *fits,
                    size_t count, struct error *e)
{
    struct table_out columns[MOST_FITS + 2] = { { .name = "x", .f64 = data->query },
                                                { .name = "truth", .f64 = data->truth } };
    for (size_t k = 0; k < count; k++)
        columns[k + 2] = (struct table_out){ .name = fits[k].name, .f64 = fits[k].fit };
    return write_table(demo, data->name, "-fits", columns, count + 2, DEMO_QUERIES, e);
}

/* ---- pictures ---- */

static int draw_in(struct demo *demo, const char *stem, const char *rest,
                   const struct plot_figure *figure, struct error *e)
{
    char *path;
    int st = path_in(demo, &path, stem, rest, demo->format, e);
    if (st == CMD_OK)
        st = draw_picture(path, demo->keep_scripts, figure, e);
    free(path);
    return st;
}

/* One kernel's own shape, computed by the library. */
static int compute_shape(struct demo *demo, attpool_kernel_name kernel, const double *x, double *g,
                         struct error *e)
{
    double points[SHAPE_POINTS], values[SHAPE_POINTS], zero = 0; /* or floats */
    struct operand tx, tk, tg;
    bool single = demo->single;
    const int64_t shape[] = { SHAPE_POINTS, 1 }, one[] = { 1, 1 };
    const attpool_kernel_options options = { .size = sizeof options, .kernel = kernel };
    for (size_t i = 0; i < SHAPE_POINTS; i++)
        real_set(points, single, i, x[i]);
    attpool_status status =
        attpool_kernel(demo->session.context, operand_real(&tx, points, single, 2, shape),
                       operand_real(&tk, &zero, single, 2, one), &options,
                       operand_real(&tg, values, single, 2, shape));
    for (size_t i = 0; status == ATTPOOL_OK && i < SHAPE_POINTS; i++)
        g[i] = real_get(values, single, i);
    return session_status(&demo->session, status, NULL, 0, e);
}

int demo_draw_kernels(struct demo *demo, struct error *e)
{
    static const attpool_kernel_name names[] = { ATTPOOL_GAUSSIAN, ATTPOOL_BOXCAR, ATTPOOL_CONSTANT,
                                                 ATTPOOL_TRIANGULAR };
    double x[SHAPE_POINTS], g[4][SHAPE_POINTS];
    struct plot_layer curves[4];
    struct plot_panel panels[4];
    int st = CMD_OK;
    if (demo->format == NULL)
        return st;
    for (int i = 0; i < SHAPE_POINTS; i++)
        x[i] = (i - SHAPE_POINTS / 2) / 100.0;
    for (int k = 0; st == CMD_OK && k < 4; k++) {
        st = compute_shape(demo, names[k], x, g[k], e);
        curves[k] = (struct plot_layer){
            .kind = PLOT_CURVE, .colour = 1, .count = SHAPE_POINTS, .x = x, .y = g[k]
        };
        panels[k] = (struct plot_panel){ .title = attpool_kernel_to_name(names[k]),
                                         .x_label = "u",
                                         .layers = &curves[k],
                                         .layer_count = 1,
                                         .x_min = -2.5,
                                         .x_max = 2.5,
                                         .y_min = 0,
                                         .y_max = 1.1 };
    }
    const struct plot_figure figure = { .panels = panels, .panel_count = 4, .columns = 2 };
    return st == CMD_OK ? draw_in(demo, "kernels", "", &figure, e) : st;
}

static int draw_curves(struct demo *demo, const struct demo_data *data, const struct demo_fit *fits,
                       size_t count, const char *stem, struct error *e)
{
    struct plot_layer layers[MOST_FITS][3];
    struct plot_panel panels[MOST_FITS];
    double least = data->truth[0], most = data->truth[20];
    /* One range for all panels. */
    for (size_t j = 0; j < data->n; j++) {
        least = data->y[j] < least ? data->y[j] : least;
        most = data->y[j] > most ? data->y[j] : most;
    }
    for (size_t k = 0; k < count; k++) {
        layers[k][0] = (struct plot_layer){
            .kind = PLOT_POINTS, .label = "data", .count = data->n, .x = data->x, .y = data->y
        };
        layers[k][1] = (struct plot_layer){ .kind = PLOT_CURVE,
                                            .label = "truth",
                                            .count = DEMO_CURVE,
                                            .x = data->curve_x,
                                            .y = data->curve_truth };
        layers[k][2] = (struct plot_layer){ .kind = PLOT_CURVE,
                                            .label = "fit",
                                            .colour = 1,
                                            .count = DEMO_CURVE,
                                            .x = data->curve_x,
                                            .y = fits[k].curve };
        panels[k] = (struct plot_panel){ .title = fits[k].title,
                                         .x_label = "x",
                                         .y_label = "y",
                                         .layers = layers[k],
                                         .layer_count = 3,
                                         .x_min = 0,
                                         .x_max = 5,
                                         .y_min = least - 0.05 * (most - least),
                                         .y_max = most + 0.05 * (most - least) };
    }
    const struct plot_figure figure = { .panels = panels,
                                        .panel_count = count,
                                        .columns = grid_columns(count) };
    return draw_in(demo, stem, "-fits", &figure, e);
}

static int draw_demo_weights(struct demo *demo, const struct demo_data *data,
                             const struct demo_fit *fits, size_t count, const char *stem,
                             struct error *e)
{
    struct plot_matrix matrices[MOST_FITS];
    struct plot_layer layers[MOST_FITS];
    struct plot_panel panels[MOST_FITS];
    for (size_t k = 0; k < count; k++) {
        matrices[k] = (struct plot_matrix){ .rows = DEMO_QUERIES,
                                            .columns = data->n,
                                            .f64 = fits[k].weights,
                                            .row_at = data->query,
                                            .column_at = data->x };
        layers[k] =
            (struct plot_layer){ .kind = PLOT_MATRIX, .label = "weight", .matrix = &matrices[k] };
        panels[k] = (struct plot_panel){ .title = fits[k].title,
                                         .x_label = "x of the data",
                                         .y_label = "x of the query",
                                         .layers = &layers[k],
                                         .layer_count = 1 };
    }
    const struct plot_figure figure = { .panels = panels,
                                        .panel_count = count,
                                        .columns = grid_columns(count) };
    return draw_in(demo, stem, "-weights", &figure, e);
}

int demo_draw_fits(struct demo *demo, const struct demo_data *data, const struct demo_fit *fits,
                   size_t count, const char *stem, struct error *e)
{
    if (demo->format == NULL)
        return CMD_OK;
    int st = draw_curves(demo, data, fits, count, stem, e);
    if (st == CMD_OK)
        st = draw_demo_weights(demo, data, fits, count, stem, e);
    return st;
}

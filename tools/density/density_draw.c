/* SPDX-License-Identifier: Apache-2.0 */
/* The picture: curves of one column, a heat map for each density over two. */
#include "tools/density/density.h"
#include "tools/plot/picture.h"

#include <stdlib.h>
#include <string.h>

enum { LAYERS = 2 };

/* ---- curves ---- */

static int in_double(const void *values, bool single, size_t n, double **copy, struct error *e)
{
    void *memory;
    int st = array_new(&memory, n, sizeof(double), e);
    *copy = memory;
    for (size_t i = 0; st == CMD_OK && i < n; i++)
        (*copy)[i] = real_get(values, single, i);
    return st;
}

/* The curve and, at points of the user's choice, the values. */
static size_t density_layers(const struct density_options *o, const struct density *f,
                             double *const y[LAYERS], const char *label, size_t colour,
                             struct plot_layer *layers)
{
    const struct density_points *line = f->picture.n > 0 ? &f->picture : &f->at;
    const bool chosen = o->table.at != NULL || o->table.loo;
    layers[0] = (struct plot_layer){ .kind = PLOT_CURVE,
                                     .label = label[0] != '\0' ? label : "density",
                                     .colour = colour,
                                     .count = line->n,
                                     .x = line->columns[0],
                                     .y = y[f->picture.n > 0] };
    layers[1] = (struct plot_layer){ .kind = PLOT_RINGS,
                                     .label = colour > 1     ? NULL
                                              : o->table.loo ? "leave-one-out"
                                                             : "density at points given",
                                     .colour = colour,
                                     .count = f->at.n,
                                     .x = f->at.columns[0],
                                     .y = y[0] };
    return chosen ? 2 : 1;
}

static int draw_curves(const struct density_options *o, const struct regress_tables *t,
                       const struct regress_fits *fits, const struct density *f, struct error *e)
{
    const size_t n = fits->count;
    struct plot_layer *layers = calloc(LAYERS * n, sizeof *layers);
    struct regress_label *labels = calloc(n, sizeof *labels);
    double *(*y)[LAYERS] = calloc(n, sizeof *y);
    size_t count = 0;
    int st = layers == NULL || labels == NULL || y == NULL ? error_memory(e, n * sizeof *labels)
                                                           : CMD_OK;
    for (size_t i = 0; i < n && st == CMD_OK; i++) {
        labels[i] = regress_label(&o->table, &fits->item[i], true);
        st = in_double(f[i].value, t->single, f[i].at.n, &y[i][0], e);
        if (st == CMD_OK)
            st = in_double(f[i].picture_value, t->single, f[i].picture.n, &y[i][1], e);
        if (st == CMD_OK)
            count += density_layers(o, &f[i], y[i], labels[i].text, i + 1, layers + count);
    }
    const struct regress_label title = regress_label(&o->table, &fits->item[0], false);
    const struct plot_panel panel = {
        .x_label = t->x_names[0], .y_label = "density", .layers = layers, .layer_count = count
    };
    const struct plot_figure figure = { .title = title.text[0] != '\0' ? title.text : NULL,
                                        .panels = &panel,
                                        .panel_count = 1 };
    if (st == CMD_OK)
        st = draw_picture(o->table.plot, o->table.keep_scripts, &figure, e);
    for (size_t i = 0; y != NULL && i < n; i++) {
        free(y[i][0]);
        free(y[i][1]);
    }
    free(y);
    free(labels);
    free(layers);
    return st;
}

/* ---- heat maps ---- */

struct map {
    struct regress_label title;
    struct plot_matrix matrix;
    struct plot_layer layer;
    double *side[2]; /* where its rows and columns are */
    void *cells;     /* with the second column upwards */
};

/* The grid has the first column slowest; in the picture it goes to the right. */
static int fill_map(const struct density_points *p, const void *value, bool single, struct map *map,
                    struct error *e)
{
    const size_t across = p->sides[0], up = p->sides[1], size = real_size(single);
    void *memory;
    int st = array_new(&map->cells, p->n, size, e);
    for (size_t k = 0; k < 2 && st == CMD_OK; k++) {
        st = array_new(&memory, p->sides[k], sizeof(double), e);
        map->side[k] = memory;
    }
    if (st != CMD_OK)
        return st;
    for (size_t i = 0; i < across; i++)
        map->side[0][i] = p->columns[0][i * up];
    memcpy(map->side[1], p->columns[1], up * sizeof(double));
    for (size_t i = 0; i < across; i++)
        for (size_t j = 0; j < up; j++)
            memcpy((char *)map->cells + (j * across + i) * size,
                   (const char *)value + (i * up + j) * size, size);
    map->matrix = (struct plot_matrix){ .rows = up,
                                        .columns = across,
                                        .f64 = single ? NULL : map->cells,
                                        .f32 = single ? map->cells : NULL,
                                        .row_at = map->side[1],
                                        .column_at = map->side[0] };
    map->layer =
        (struct plot_layer){ .kind = PLOT_MATRIX, .label = "density", .matrix = &map->matrix };
    return CMD_OK;
}

static int draw_maps(const struct density_options *o, const struct regress_tables *t,
                     const struct regress_fits *fits, const struct density *f, struct error *e)
{
    const size_t n = fits->count;
    struct map *maps = calloc(n, sizeof *maps);
    struct plot_panel *panels = calloc(n, sizeof *panels);
    int st = maps == NULL || panels == NULL ? error_memory(e, n * sizeof *maps) : CMD_OK;
    for (size_t i = 0; i < n && st == CMD_OK; i++) {
        const bool own = f[i].picture.n > 0;
        st = fill_map(own ? &f[i].picture : &f[i].at, own ? f[i].picture_value : f[i].value,
                      t->single, &maps[i], e);
        maps[i].title = regress_label(&o->table, &fits->item[i], n > 1);
        panels[i] = (struct plot_panel){ .title = maps[i].title.text,
                                         .x_label = t->x_names[0],
                                         .y_label = t->x_names[1],
                                         .layers = &maps[i].layer,
                                         .layer_count = 1 };
    }
    const struct regress_label title = regress_label(&o->table, &fits->item[0], false);
    const struct plot_figure figure = { .title = n > 1 && title.text[0] != '\0' ? title.text : NULL,
                                        .panels = panels,
                                        .panel_count = n,
                                        .columns = grid_columns(n) };
    if (st == CMD_OK)
        st = draw_picture(o->table.plot, o->table.keep_scripts, &figure, e);
    for (size_t i = 0; maps != NULL && i < n; i++) {
        free(maps[i].side[0]);
        free(maps[i].side[1]);
        free(maps[i].cells);
    }
    free(maps);
    free(panels);
    return st;
}

int density_draw(const struct density_options *o, const struct regress_tables *t,
                 const struct regress_fits *fits, const struct density *f, struct error *e)
{
    if (o->table.plot == NULL)
        return CMD_OK;
    return t->d == 1 ? draw_curves(o, t, fits, f, e) : draw_maps(o, t, fits, f, e);
}

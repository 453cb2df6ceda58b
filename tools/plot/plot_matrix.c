/* SPDX-License-Identifier: Apache-2.0 */
/* The heat maps of a figure. */
#include "tools/plot/plot_script.h"

#include <math.h>
#include <stdlib.h>

/* As many cells as a picture can show; as noise they take some 250 kB of an SVG. */
enum { MOST_CELLS_SVG = 300, MOST_CELLS_PNG = 600 };

/* Viewers of SVG blur the edges between an image's cells, so few cells are drawn as many. */
enum { SHARP_CELLS = 240 };

#define NO_VALUE_COLOUR "#d5d8dc"

/* How one axis of a matrix is drawn. An image has at least two cells each way. */
struct axis {
    struct cell_axis all;
    size_t block, cells, repeat;
};

static bool axis_of(const struct script *s, const double *at, size_t first, size_t count,
                    struct axis *a)
{
    size_t most = s->svg ? MOST_CELLS_SVG : MOST_CELLS_PNG, sharp = s->svg ? SHARP_CELLS : 2;
    a->all = (struct cell_axis){ at, first, count, order_of(at, count) };
    a->block = (count + most - 1) / most;
    a->cells = (count + a->block - 1) / a->block;
    a->repeat = (sharp + a->cells - 1) / a->cells;
    return a->all.order != NULL;
}

/* Of the finite cells in a block. */
static double block_mean(const struct plot_matrix *m, const struct axis *down,
                         const struct axis *across, size_t row, size_t column)
{
    size_t i1 = (row + 1) * down->block, j1 = (column + 1) * across->block, finite = 0;
    double sum = 0;
    i1 = i1 < m->rows ? i1 : m->rows;
    j1 = j1 < m->columns ? j1 : m->columns;
    for (size_t i = row * down->block; i < i1; i++)
        for (size_t j = column * across->block; j < j1; j++) {
            size_t at = down->all.order[i] * m->columns + across->all.order[j];
            double value = m->f64 != NULL ? m->f64[at] : (double)m->f32[at];
            if (isfinite(value)) {
                sum += value;
                finite++;
            }
        }
    return finite > 0 ? sum / (double)finite : (double)NAN;
}

static void put_line(struct script *s, const double *line, const struct axis *across)
{
    for (size_t j = 0; j < across->cells; j++)
        for (size_t k = 0; k < across->repeat; k++)
            if (isfinite(line[j]))
                fprintf(s->f, "%.5g ", line[j]);
            else
                fputs("NaN ", s->f);
    fputc('\n', s->f);
}

/* The range of the cells, and whether some have no value. */
static int put_cells(struct script *s, const struct plot_matrix *m, const struct axis *down,
                     const struct axis *across, struct extent *extent, bool *gaps, struct error *e)
{
    double *line = malloc(across->cells * sizeof *line);
    if (line == NULL)
        return error_memory(e, across->cells * sizeof *line);
    fprintf(s->f, "$d%zu << EOD\n", s->blocks++);
    for (size_t i = 0; i < down->cells; i++) {
        for (size_t j = 0; j < across->cells; j++) {
            line[j] = block_mean(m, down, across, i, j);
            extend(extent, line[j]);
            *gaps = *gaps || isnan(line[j]);
        }
        for (size_t k = 0; k < down->repeat; k++)
            put_line(s, line, across);
    }
    fputs("EOD\n", s->f);
    free(line);
    return CMD_OK;
}

/* From white at 0 to blue. Weights of a kernel that takes both signs go as far to red. */
static void put_colours(struct script *s, struct extent extent)
{
    enum { STOPS = 4 };
    static const double share[STOPS] = { 0.15, 0.4, 0.7, 1 };
    static const char *const above[STOPS] = { "#d6e6f2", "#8ab8d8", "#2f7fb5", "#08306b" };
    static const char *const below[STOPS] = { "#fbe3d0", "#f2b183", "#d9742f", "#8c2d04" };
    double most = fmax(fabs(extent.low), fabs(extent.high));
    most = extent.low <= extent.high && most > 0 ? most : 1;
    put_range(s, "cb", extent.low < 0 ? -most : 0, most);
    fputs("set palette defined (", s->f);
    for (int i = STOPS - 1; extent.low < 0 && i >= 0; i--)
        fprintf(s->f, "%g '%s', ", -share[i], below[i]);
    fputs("0 '#ffffff'", s->f);
    for (int i = 0; i < STOPS; i++)
        fprintf(s->f, ", %g '%s'", share[i], above[i]);
    fputs(")\n", s->f);
}

static void put_colour_label(struct script *s, const char *label, const struct axis *down,
                             const struct axis *across, bool gaps)
{
    char text[256], means[64] = "";
    if (down->block > 1 || across->block > 1)
        snprintf(means, sizeof means, ", means of %zu \xC3\x97 %zu", down->block, across->block);
    snprintf(text, sizeof text, "%.150s%s%s", label != NULL ? label : "", means,
             gaps ? ", grey: none" : "");
    put_setting(s, "cblabel", text);
}

/* "using" of one axis: the middles of the cells drawn, in cells of the matrix. */
static void put_middles(struct script *s, int column, const struct axis *a)
{
    double step = (double)a->block / (double)a->repeat;
    fprintf(s->f, "($%d*%.9g+%.9g)", column, step, (step - 1) / 2);
}

static void put_image(struct script *s, const struct plot_matrix *m, size_t block,
                      const struct axis *down, const struct axis *across)
{
    fprintf(s->f,
            "set object 1 rectangle from graph 0,0 to graph 1,1 behind fillcolor rgb '%s' "
            "fillstyle solid noborder\nset xrange [-0.5:%zu.5]\nset yrange [%s%zu.5%s]\n"
            "plot $d%zu using ",
            NO_VALUE_COLOUR, across->cells * across->block - 1,
            m->downward ? "" : "-0.5:", down->cells * down->block - 1, m->downward ? ":-0.5" : "",
            block);
    put_middles(s, 1, across);
    fputc(':', s->f);
    put_middles(s, 2, down);
    fputs(":3 matrix with image\n", s->f);
}

int put_matrix(struct script *s, const struct plot_panel *panel, struct error *e)
{
    const struct plot_layer *layer = &panel->layers[0];
    const struct plot_matrix *m = layer->matrix;
    struct axis down = { 0 }, across = { 0 };
    struct extent extent = EXTENT_NONE;
    bool gaps = false;
    size_t block = s->blocks;
    if (m->rows == 0 || m->columns == 0) {
        put_empty_panel(s, panel);
        return CMD_OK;
    }
    bool ready = axis_of(s, m->row_at, m->first, m->rows, &down);
    int st = !axis_of(s, m->column_at, m->first, m->columns, &across) || !ready
                 ? error_memory(e, m->rows * sizeof(size_t))
                 : put_cells(s, m, &down, &across, &extent, &gaps, e);
    if (st == CMD_OK)
        st = put_cell_axis(s, "x", panel->x_label, &across.all, e);
    if (st == CMD_OK)
        st = put_cell_axis(s, "y", panel->y_label, &down.all, e);
    if (st == CMD_OK) {
        put_colours(s, extent);
        put_colour_label(s, layer->label, &down, &across, gaps);
        fputs("unset grid\nset colorbox\n", s->f);
        put_image(s, m, block, &down, &across);
        put_title(s, layer->label);
    }
    free(down.all.order);
    free(across.all.order);
    return st;
}

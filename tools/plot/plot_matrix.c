/* SPDX-License-Identifier: Apache-2.0 */
/* The heat maps of a figure. */
#include "tools/plot/plot_script.h"

#include <math.h>

enum { MOST_CELLS = 512, SHARP_CELLS = 4096 };

static double cell(const struct plot_matrix *m, size_t i, size_t j)
{
    size_t at = i * m->columns + j;
    return m->f64 != NULL ? m->f64[at] : (double)m->f32[at];
}

static double block_mean(const struct plot_matrix *m, size_t i0, size_t j0, size_t tall,
                         size_t wide)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = i0; i < m->rows && i < i0 + tall; i++)
        for (size_t j = j0; j < m->columns && j < j0 + wide; j++) {
            sum += cell(m, i, j);
            count++;
        }
    return sum / (double)count;
}

static void put_axis_label(struct script *s, const char *axis, const char *label, size_t block)
{
    char text[256];
    snprintf(text, sizeof text, "%.150s", label != NULL ? label : "");
    if (block > 1)
        snprintf(text, sizeof text, "%.150s (means of %zu)", label != NULL ? label : "", block);
    put_setting(s, axis, text);
}

/* How one axis of a matrix is drawn. An image has at least two cells each way, so a single
 * one is repeated, at half its length. */
struct axis {
    size_t count, block, cells, repeat;
    double step, start;
};

static struct axis axis_of(size_t count)
{
    struct axis a = { .count = count, .repeat = 1 };
    a.block = (count + MOST_CELLS - 1) / MOST_CELLS;
    a.cells = (count + a.block - 1) / a.block;
    a.step = (double)a.block;
    a.start = (a.step - 1) / 2;
    if (a.cells == 1) {
        a.repeat = 2;
        a.step /= 2;
        a.start -= a.step / 2;
    }
    return a;
}

/* The colours of weights begin at 0; one value alone has no range. */
static void put_colours(struct script *s, const struct plot_panel *panel, double least, double most)
{
    double low = fmin(least, 0), high = least < 0 && most < 0 ? 0 : most;
    if (panel->y_min < panel->y_max)
        put_range(s, "cb", panel->y_min, panel->y_max);
    else if (low < high)
        put_range(s, "cb", low, high);
    else
        put_range(s, "cb", 0, 1);
}

static void put_cells(struct script *s, const struct plot_panel *panel, struct axis down,
                      struct axis across)
{
    const struct plot_matrix *m = panel->matrix;
    double most = -(double)INFINITY, least = (double)INFINITY;
    fprintf(s->f, "$d%zu << EOD\n", s->blocks++);
    for (size_t i = 0; i < down.cells * down.repeat; i++) {
        for (size_t j = 0; j < across.cells * across.repeat; j++) {
            double v = block_mean(m, i / down.repeat * down.block, j / across.repeat * across.block,
                                  down.block, across.block);
            if (isfinite(v)) {
                most = fmax(most, v);
                least = fmin(least, v);
                fprintf(s->f, "%.5g ", v);
            } else {
                fputs("NaN ", s->f);
            }
        }
        fputc('\n', s->f);
    }
    fputs("EOD\n", s->f);
    put_colours(s, panel, least, most);
}

/* Tics count the rows and columns of the matrix also where a cell drawn is the mean of
 * several. gnuplot's SVG images are blurred by viewers, so few cells are drawn as squares. */
void put_matrix_panel(struct script *s, const struct plot_panel *panel)
{
    const struct plot_matrix *m = panel->matrix;
    if (m->rows == 0 || m->columns == 0) {
        put_empty_panel(s, panel);
        return;
    }
    struct axis down = axis_of(m->rows), across = axis_of(m->columns);
    bool sharp = s->svg && down.cells * across.cells <= SHARP_CELLS;
    size_t block = s->blocks;
    put_cells(s, panel, down, across);
    put_axis_label(s, "xlabel", panel->x_label, across.block);
    put_axis_label(s, "ylabel", panel->y_label, down.block);
    /* a matrix of a few rows has no tics between them */
    fprintf(s->f,
            "unset grid\nset colorbox\nset xtics %s\nset ytics %s\n"
            "set xrange [-0.5:%zu.5]\nset yrange [%zu.5:-0.5]\n"
            "plot $d%zu using ($1*%g+%g):($2*%g+%g):3 matrix with image%s notitle\n",
            m->columns <= 6 ? "1" : "auto", m->rows <= 6 ? "1" : "auto",
            across.cells * across.block - 1, down.cells * down.block - 1, block, across.step,
            across.start, down.step, down.start, sharp ? " pixels" : "");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Figures through gnuplot: panels of points, curves, bands and heat maps, as SVG or PNG. */
#ifndef ATTPOOL_TOOLS_PLOT_H
#define ATTPOOL_TOOLS_PLOT_H

#include "tools/command/error.h"

#include <stdbool.h>

enum plot_style {
    PLOT_BAND,   /* the area between y and y_high, light, in the colour of the next curve */
    PLOT_POINTS, /* data: grey dots */
    PLOT_CURVE,  /* a fit or a kernel's shape: a line, each in its own colour */
    PLOT_TRUTH   /* a dashed dark line */
};

/* x and y need not be sorted: curves and bands are drawn in the order of x. Rows with a NaN or
 * an infinity are left out and interrupt a curve. More than 20000 points are thinned evenly,
 * and the legend says so. */
struct plot_series {
    enum plot_style style;
    const char *label; /* in the legend; NULL for none */
    size_t count;
    const double *x, *y;
    const double *y_high; /* PLOT_BAND only */
};

/* A heat map: row 0 at the top. More than 512 rows or columns are shown as means of blocks,
 * and the axis says so. Non-finite cells stay white. */
struct plot_matrix {
    size_t rows, columns;
    const double *f64; /* rows * columns in C order, or */
    const float *f32;
};

struct plot_panel {
    const char *title, *x_label, *y_label; /* UTF-8, NULL for none */
    const struct plot_series *series;
    size_t series_count;
    const struct plot_matrix *matrix; /* instead of series */
    double x_min, x_max;              /* fixed when x_min < x_max; series only */
    double y_min, y_max;              /* likewise; of a matrix: the range of colours */
};

struct plot_figure {
    const char *title; /* over all panels, NULL for none */
    const struct plot_panel *panels;
    size_t panel_count;
    size_t columns; /* panels in a row, 0: all of them */
};

/* CMD_USAGE unless path ends in ".svg" or ".png": to be called while the command line is
 * read, before the work. */
int plot_check_name(const char *path, struct error *e);

/* Draws into path. script NULL, or a file to keep the gnuplot script in, which draws the same
 * path again when gnuplot runs it, and is kept also where gnuplot is missing. CMD_FAILED:
 * gnuplot is not installed or fails (its first message is in the text); path then stays as it
 * was. */
int plot_write(const char *path, const char *script, const struct plot_figure *figure,
               struct error *e);

#endif

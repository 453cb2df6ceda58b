/* SPDX-License-Identifier: Apache-2.0 */
/* Figures through gnuplot, as SVG or PNG: a figure is panels, a panel is layers. */
#ifndef TOOLS_PLOT_PLOT_H
#define TOOLS_PLOT_PLOT_H

#include "tools/command/error.h"

#include <stdbool.h>
#include <stddef.h>

enum plot_kind {
    PLOT_CURVE,  /* a line, interrupted where y is not finite; a piece too short to be seen
                  * is a dot too */
    PLOT_BAND,   /* the area between y and y_high, light */
    PLOT_POINTS, /* small dots: data */
    PLOT_RINGS,  /* open circles: values of a fit at chosen points */
    PLOT_MATRIX  /* a heat map, alone in its panel */
};

/* f64 or f32 has rows * columns cells in C order. Rows and columns are drawn in the order of
 * row_at and column_at, which the axes name; NULL: numbers from `first`. A matrix too large for
 * the picture is drawn in means of blocks, and the colour bar says so. Cells that are not finite
 * are grey. */
struct plot_matrix {
    size_t rows, columns;
    const double *f64;
    const float *f32;
    const double *row_at, *column_at;
    size_t first;
    bool downward; /* the first row at the top */
};

/* x and y need not be sorted: curves and bands are drawn in the order of x. Of very many points
 * a random part is drawn, and the legend says how many. */
struct plot_layer {
    enum plot_kind kind;
    const char *label; /* in the legend, of a matrix at its colour bar; NULL for none */
    size_t colour;     /* 1, 2, ..: one for all layers of a fit; 0: data, a reference line */
    size_t count;
    const double *x, *y;
    const double *y_high;             /* PLOT_BAND only */
    const struct plot_matrix *matrix; /* PLOT_MATRIX only */
};

struct plot_panel {
    const char *title, *x_label, *y_label; /* UTF-8, NULL for none */
    const struct plot_layer *layers;       /* the first at the bottom */
    size_t layer_count;
    double x_min, x_max, y_min, y_max; /* fixed where min < max; not of a matrix */
    bool x_counts;                     /* x has integers, and so have its tics; not of a matrix */
};

struct plot_figure {
    const char *title; /* over all panels; NULL for none, or that of the only panel */
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

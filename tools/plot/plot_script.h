/* SPDX-License-Identifier: Apache-2.0 */
/* What the writers of a figure's script share. */
#ifndef TOOLS_PLOT_PLOT_SCRIPT_H
#define TOOLS_PLOT_PLOT_SCRIPT_H

#include "tools/plot/plot.h"

#include <stdio.h>

struct script {
    FILE *f;
    FILE *titles; /* a line for the figure, then one for each thing plotted, in order */
    bool svg;
    size_t blocks; /* $d0, $d1, .. are defined so far */
};

/* ---- pieces (plot_text.c) ---- */

/* In single quotes nothing is special to gnuplot but the quote. */
#define QUOTE_IN_QUOTES "' . \"'\" . '"
void put_string(struct script *s, const char *text);
void put_part(struct script *s, const char *text, size_t bytes);
void put_number(struct script *s, double value);

/* Whether a byte begins a character of UTF-8. */
static inline bool is_character(char byte)
{
    return ((unsigned char)byte & 0xc0) != 0x80;
}

/* "set title 'text'", or unset for NULL and "". */
void put_setting(struct script *s, const char *setting, const char *text);

/* That of what is drawn, with a little room, unless low < high. */
void put_range(struct script *s, const char *axis, double low, double high);

/* The line of `titles` for what is plotted next. */
void put_title(struct script *s, const char *label);

/* ---- axes (plot_axis.c) ---- */

/* Rows in the order of x, equal ones as they stand, NaN last. NULL: no memory. */
size_t *order_of(const double *x, size_t count);

struct extent {
    double low, high; /* low > high: nothing */
};
#define EXTENT_NONE ((struct extent){ HUGE_VAL, -HUGE_VAL })
void extend(struct extent *extent, double value); /* finite ones count */

/* Whether the values differ by no more than their last digits. */
bool is_rounding(struct extent extent);

/* What is taken off the numbers of an axis so that tics can be told apart, and then stands in
 * its label: a round number, often 0. */
double axis_offset(struct extent extent);

/* "set xlabel 'time - 1600000000'" */
void put_axis_label(struct script *s, const char *axis, const char *label, double offset);

/* For an axis over `range` whose tics are integers. */
double integer_step(double range);

/* Cells drawn in the order of `order`: with a value each, or, where `at` is NULL, with the numbers
 * first, first + 1, .. */
struct cell_axis {
    const double *at;
    size_t first;
    size_t count;
    size_t *order;
};

/* Tics at round values, in the middle of cell i at i, and the label of the axis. */
int put_cell_axis(struct script *s, const char *axis, const char *label,
                  const struct cell_axis *cells, struct error *e);

/* ---- panels ---- */

/* gnuplot has no range for a panel with nothing in it. */
void put_empty_panel(struct script *s, const struct plot_panel *panel);

int put_layers(struct script *s, const struct plot_panel *panel, struct error *e);
int put_matrix(struct script *s, const struct plot_panel *panel, struct error *e);

/* The legend's entries stand in a strip of their own over the panels. */
struct legend {
    const struct plot_layer **entry;
    size_t count, in_row, rows;
};
int legend_of(const struct plot_figure *figure, size_t width, struct legend *legend,
              struct error *e);
void put_legend(struct script *s, const struct legend *legend);

#endif

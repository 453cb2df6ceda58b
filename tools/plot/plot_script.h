/* SPDX-License-Identifier: Apache-2.0 */
/* What the writers of a figure's script share. */
#ifndef ATTPOOL_TOOLS_PLOT_SCRIPT_H
#define ATTPOOL_TOOLS_PLOT_SCRIPT_H

#include "tools/plot/plot.h"

#include <stdio.h>

struct script {
    FILE *f;
    bool svg;
    size_t blocks; /* $d0, $d1, .. are defined so far */
};

/* In single quotes nothing is special to gnuplot but the quote, which is doubled. */
void put_string(struct script *s, const char *text);
void put_number(struct script *s, double value);

/* "set title 'text'", or unset for NULL and "". */
void put_setting(struct script *s, const char *setting, const char *text);

/* The axis' own choice unless low < high. */
void put_range(struct script *s, const char *axis, double low, double high);

/* gnuplot has no range for a panel with nothing in it. */
void put_empty_panel(struct script *s, const struct plot_panel *panel);
void put_matrix_panel(struct script *s, const struct plot_panel *panel);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands share about their pictures. */
#ifndef TOOLS_PLOT_PICTURE_H
#define TOOLS_PLOT_PICTURE_H

#include "tools/plot/plot.h"

/* Draws into path and, with keep_script, leaves gnuplot's script as path.gp. */
int draw_picture(const char *path, bool keep_script, const struct plot_figure *figure,
                 struct error *e);

/* Panels in a row, for a figure about as wide as high. */
size_t grid_columns(size_t panels);

#endif

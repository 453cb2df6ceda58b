/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands share about their pictures. */
#ifndef ATTPOOL_TOOLS_PICTURE_H
#define ATTPOOL_TOOLS_PICTURE_H

#include "tools/plot/plot.h"

/* Whether draw can do so, found out before the work: there is a gnuplot, and what it draws can be
 * written. path NULL: no picture. */
int draw_check(const char *path, bool keep_script, struct error *e);

/* Whether all files are different: the outputs, and the scripts kept beside the pictures, which are
 * the last ones of them. NULL: not wanted. */
int outputs_distinct(const char *const *output, size_t count, size_t pictures, bool keep_scripts,
                     struct error *e);

/* Draws into path and, with keep_script, leaves gnuplot's script as path.gp. */
int draw(const char *path, bool keep_script, const struct plot_figure *figure, struct error *e);

/* Panels in a row, for a figure about as wide as high. */
size_t grid_columns(size_t panels);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_PLOT_RUN_GNUPLOT_H
#define TOOLS_PLOT_RUN_GNUPLOT_H

#include "tools/command/error.h"

/* CMD_FAILED when there is no gnuplot on PATH. */
int find_gnuplot(struct error *e);

/* Runs gnuplot from PATH on a script that draws to stdout, and makes what it drew the file
 * `path`. CMD_FAILED when it cannot be run, fails or draws nothing. titles: NULL, or lines for
 * the titles in an SVG, where gnuplot has names of its own: the picture's, then one for each
 * thing plotted, in order; one that is empty or missing is left out. */
int run_gnuplot(const char *script, size_t length, const char *titles, const char *path,
                struct error *e);

#endif

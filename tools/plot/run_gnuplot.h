/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTPOOL_TOOLS_RUN_GNUPLOT_H
#define ATTPOOL_TOOLS_RUN_GNUPLOT_H

#include "tools/command/error.h"

/* CMD_FAILED when there is no gnuplot on PATH. */
int find_gnuplot(struct error *e);

/* Runs gnuplot from PATH on a script that draws to stdout, and makes what it drew the file
 * `path`. CMD_FAILED when it cannot be run, fails or draws nothing. */
int run_gnuplot(const char *script, size_t length, const char *path, struct error *e);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A gnuplot made by the tests, in the current folder, which is all of PATH. */
#ifndef TESTS_SUPPORT_STAND_IN_H
#define TESTS_SUPPORT_STAND_IN_H

#include "tools/plot/plot.h"

/* NULL: there is none. */
void stand_in(const char *script);

/* The script that a figure becomes, read back from what the stand-in drew. */
char *drawn_script(const char *path, const struct plot_figure *figure);

void expect_part(const char *text, const char *part);

/* Lines of the script's first block of data. */
size_t rows_of_block(const char *text);

#endif

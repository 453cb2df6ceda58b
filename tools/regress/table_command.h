/* SPDX-License-Identifier: Apache-2.0 */
/* The command lines of regress, classify, density and train, all of which read tables. */
#ifndef TOOLS_REGRESS_TABLE_COMMAND_H
#define TOOLS_REGRESS_TABLE_COMMAND_H

#include "tools/regress/regress.h"

enum table_commands {
    TABLE_REGRESS = 1 << 0,
    TABLE_CLASSIFY = 1 << 1,
    TABLE_DENSITY = 1 << 2,
    TABLE_TRAIN = 1 << 3
};

/* Options that make a fit each time that they are given. */
extern const struct option_repeat table_command_repeats[];

/* Reads the options that *r describes but for the long ones, which are those of `command` and then
 * `own`, up to one without a name (NULL: none). `take` gets `options`, of which `table` is a part.
 */
int table_command_read(enum table_commands command, const struct option *own,
                       struct option_reader *r, int argc, char **argv, option_function *take,
                       void *options, struct regress_options *table, bool *done, struct error *e);

/* What holds for fits, classes and densities: points, tables, kernels, bandwidths of which aicc is
 * refused with a reason (NULL: it is not), and of other packages for `use`. grid: is there one? */
int table_command_check(const struct option_reader *r, struct regress_options *o, bool grid,
                        const char *no_aicc, unsigned use, struct error *e);

#endif

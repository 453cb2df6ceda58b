/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands: main picks one from its table, each reads its own arguments. */
#ifndef TOOLS_COMMAND_COMMAND_H
#define TOOLS_COMMAND_COMMAND_H

#include "tools/command/error.h"

/* argv[0] is the subcommand's name. Returns the exit code; what goes wrong is in *e. */
typedef int command_function(int argc, char **argv, struct error *e);

command_function command_attend;
command_function command_bench;
command_function command_classify;
command_function command_demo;
command_function command_density;
command_function command_devices;
command_function command_regress;
command_function command_selftest;
command_function command_train;
command_function command_tune;

/* On stdout. */
int print_text(const char *text, struct error *e);
int print_version(struct error *e);

#endif

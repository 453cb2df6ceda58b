/* SPDX-License-Identifier: Apache-2.0 */
/* Where the bytes of an output go until it is whole, and how it gets its name then. For output.c
 * and output_files.c alone. */
#ifndef TOOLS_COMMAND_OUTPUT_PLACE_H
#define TOOLS_COMMAND_OUTPUT_PLACE_H

#include "tools/command/output.h"

/* Sets the descriptor of an output that has a path and, where that is a file's, its target and its
 * temporary. On failure what it has set is the caller's to free. */
int output_place(struct output *o, const char *path, struct error *e);

/* The whole temporary, already closed, becomes the target. Where that fails it is kept, and the
 * message says its name. */
int output_settle(struct output *o, struct error *e);

/* Removes the temporary, if there is one. */
void output_drop_temporary(struct output *o);

/* "cannot write NAME: ..."; of a pipe without a reader nothing is said. */
int output_failure(const struct output *o, int number, struct error *e);

bool output_descriptor_writes(int fd);

/* Where path leads, through symbolic links to what is not there yet as well; to be freed. NULL:
 * errno. */
char *output_target(const char *path);

/* The length of the folder's part of a path, with the slash: 0 where it has none. */
size_t output_folder(const char *path);

#endif

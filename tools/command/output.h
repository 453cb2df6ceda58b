/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs: told from all other files of the command line and tried before the work, and there whole
 * or not at all.
 *
 *     struct files files = { 0 };
 *     files_input(&files, "DATA", options.data);
 *     files_output(&files, "-o", options.output);
 *     st = files_check(&files, e);                   before the work
 *     ...
 *     st = output_open(&o, options.output, e);       after it
 *     output_text(&o, ...);
 *     st = output_close(&o, st, e);
 */
#ifndef TOOLS_COMMAND_OUTPUT_H
#define TOOLS_COMMAND_OUTPUT_H

#include "tools/command/error.h"

#include <stdbool.h>

/* ---- the files of a command line (output_files.c) ---- */

/* Zero-initialise. */
struct files {
    struct named_file *file;
    size_t count;
    bool no_memory;
};

/* A file that is read or written, and how the user asked for it, for messages: "--at". A path of
 * NULL is one that is not asked for, "-" is stdin or stdout. They are copied, and failures to do
 * so come out with the check. */
void files_input(struct files *files, const char *option, const char *path);
void files_output(struct files *files, const char *option, const char *path);

/* A picture, and the script that is kept beside it. */
void files_picture(struct files *files, const char *option, const char *path, bool keep_script);

/* To be called before any work, and frees what is in `files`. CMD_USAGE when an output is also an
 * input or another output, by whatever name (files of the same device and inode, or that would be;
 * devices such as /dev/null and terminals take any number), or when stdin or a pipe would be read
 * twice. CMD_FAILED when an output cannot be written, as output_check finds out. */
int files_check(struct files *files, struct error *e);

/* ---- an output (output.c, output_place.c) ---- */

struct output {
    const char *name; /* for messages */
    char *target;     /* what `temporary` becomes; NULL where bytes go straight through */
    char *temporary;
    bool in_place; /* the target is written itself in the end, from the temporary */
    int fd;
    int failure; /* errno of the first write that failed */
    unsigned char *buffer;
    size_t used;
};

/* path NULL or "-" is stdout. A regular file, or a new one, is written under a temporary name in
 * the same folder (which a symbolic link at the end of path is followed to) and renamed when it is
 * whole, with the owner, the group and the rights of the file that was there. Where a rename cannot
 * be or would change those (a file that is itself a mount point, a folder that is not writable,
 * another owner's file, a list of rights), the whole is written in temporary_folder() and then
 * copied into the file; if that fails it is kept, and the message says where. A device, a pipe or
 * a descriptor of this process (/dev/stderr, /dev/fd/N) is written directly. Signals: temporary.h.
 * On failure nothing is left to close. */
int output_open(struct output *o, const char *path, struct error *e);

/* Whether output_open would do, and output_close too as far as one can know. path NULL is a file
 * that is not wanted. Nothing is left behind; a pipe is not opened, whose reader would take that
 * for all. */
int output_check(const char *path, struct error *e);

/* Buffered. After the first failure nothing is written and CMD_FAILED is returned; the
 * message comes from output_close, so a loop over rows may ignore the code. */
int output_write(struct output *o, const void *bytes, size_t count);
int output_text(struct output *o, const char *text);
int output_printf(struct output *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Now what is buffered, for one who waits for it. */
int output_flush(struct output *o);

/* The one way out. status CMD_OK: what was written becomes the file; any other: it is
 * removed and the file of that name stays as it was. Returns status, or CMD_FAILED (CMD_PIPE where
 * the reader of a pipe has gone) when writing had failed or fails now. */
int output_close(struct output *o, int status, struct error *e);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs: files that are there whole or not at all. */
#ifndef ATTPOOL_TOOLS_OUTPUT_H
#define ATTPOOL_TOOLS_OUTPUT_H

#include "tools/command/error.h"

#include <stdbool.h>

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
 * copied into the file; if that fails it is kept, and the message tells where. A device, a pipe or
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

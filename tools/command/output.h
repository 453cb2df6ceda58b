/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are there whole or not at all: written beside their name, then renamed. */
#ifndef ATTPOOL_TOOLS_OUTPUT_H
#define ATTPOOL_TOOLS_OUTPUT_H

#include "tools/command/error.h"

#include <stdbool.h>

struct output {
    const char *name; /* for messages */
    char *target;     /* what `temporary` becomes; NULL where bytes go straight through */
    char *temporary;
    int fd;
    int failure; /* errno of the first write that failed */
    unsigned char *buffer;
    size_t used;
};

/* path NULL or "-" is stdout. A regular file, or a new one, is written under a temporary name
 * in the same folder (which a symbolic link at the end of path is followed to) and keeps its
 * permissions; a device, a pipe or a descriptor of this process (/dev/stderr, /dev/fd/N) is
 * written directly. From the first call on SIGPIPE and SIGXFSZ are ignored, so that a closed pipe
 * and a limit of the size are write errors, and what else ends a process from outside removes the
 * temporaries first. On failure nothing is left to close. */
int output_open(struct output *o, const char *path, struct error *e);

/* Whether output_open would do, found out before the work. path NULL is a file that is not wanted.
 * Nothing is left behind; a pipe is not opened, whose reader would take that for all. */
int output_check(const char *path, struct error *e);

/* Buffered. After the first failure nothing is written and CMD_FAILED is returned; the
 * message comes from output_close, so a loop over rows may ignore the code. */
int output_write(struct output *o, const void *bytes, size_t count);
int output_text(struct output *o, const char *text);
int output_printf(struct output *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Now what is buffered, for one who waits for it. */
void output_flush(struct output *o);

/* mkostemp, and those signals remove the file: at no time is it there without being known. */
int temporary_open(char *name);
void temporary_forget(const char *name);

/* The one way out. status CMD_OK: what was written becomes the file; any other: it is
 * removed and the file of that name stays as it was. Returns status, or CMD_FAILED when
 * writing had failed or fails now. */
int output_close(struct output *o, int status, struct error *e);

#endif

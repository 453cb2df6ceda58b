/* SPDX-License-Identifier: Apache-2.0 */
/* A file, or stdin, opened for reading, with what it holds: CSV or NPY. */
#ifndef TOOLS_IO_SOURCE_H
#define TOOLS_IO_SOURCE_H

#include "tools/command/error.h"
#include "tools/io/magic.h"

#include <stdbool.h>

struct source {
    const char *name; /* for messages: the path as given, or "<stdin>" */
    int fd;
    bool npy;        /* NPY, else CSV */
    bool size_known; /* a regular file: `left` bytes are still to come */
    uint64_t left;
    unsigned char head[MAGIC_BYTES]; /* read ahead */
    size_t head_length, head_used;
};

/* path "-" is stdin, where the magic number decides. Otherwise a name ending in ".npy" is NPY and
 * any other is CSV; contents of the other kind are bad data, and so are what magic_find knows and
 * an empty file. The path must outlive the source. On failure nothing is left to close. */
int source_open(struct source *s, const char *path, struct error *e);

/* Reads until `bytes` or the end; *got < bytes only at the end. */
int source_read(struct source *s, void *to, size_t bytes, size_t *got, struct error *e);

void source_close(struct source *s);

bool name_is_stdio(const char *path); /* NULL or "-" */
bool name_is_npy(const char *path);

#endif

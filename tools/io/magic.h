/* SPDX-License-Identifier: Apache-2.0 */
/* The type of a file that is neither a table nor an array, from its first bytes. */
#ifndef TOOLS_IO_MAGIC_H
#define TOOLS_IO_MAGIC_H

#include <stddef.h>

enum { MAGIC_BYTES = 24 }; /* as many tell all of them */

struct magic {
    const char *what; /* "gzip data" */
    const char *cure; /* "unpack it first" */
};

/* NULL for what may be text or is not known. */
const struct magic *magic_find(const unsigned char *head, size_t length);

#endif

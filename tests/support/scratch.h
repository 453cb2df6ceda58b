/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that read and write files do so in a folder of their own, which is the current one
 * while they run: scratch_open and scratch_close are unchecked fixtures. */
#ifndef TESTS_SUPPORT_SCRATCH_H
#define TESTS_SUPPORT_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

void scratch_open(void);
void scratch_close(void);

/* The number of files in the folder. */
int scratch_count(void);

void write_file(const char *path, const void *bytes, size_t length);

/* The whole file, 0-terminated, of *length bytes (length may be NULL), valid
 * until the eighth call after this. */
char *read_back(const char *path, size_t *length);

/* Standard streams of this (forked) test. The pipe is fed by a child. */
void stdin_from_file(const char *path);
void stdin_from_pipe(const void *bytes, size_t length);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A table as text, and what reading it gives. */
#ifndef TESTS_SUPPORT_READING_H
#define TESTS_SUPPORT_READING_H

enum {
    NO_HEADER = 1,
    OMIT = 2,
    KEEP = 4,
    SINGLE = 8,
    IN_ORDER = 16,
    SEMICOLON = 32,
    SPACE = 64,
    HEADER = 128,
    TAB = 256,
    BLANKS = 512,
    COMMA = 1024,  /* the decimal point */
    HASH = 2048,   /* begins comments */
    MARKERS = 4096 /* missing values: N/A and -999 */
};

/* columns by commas, "?" for NULL. want: of a table "names|line:v,v|line:v,v", else what
 * follows the file's name in the message, or the whole message where it is not named. */
struct reading {
    const char *text, *columns;
    int flags, code;
    const char *want;
};

/* Reads the table at `path`, which messages call `shown`. */
void reading_check(const struct reading *r, const char *path, const char *shown);

#endif

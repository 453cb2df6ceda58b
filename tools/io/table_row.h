/* SPDX-License-Identifier: Apache-2.0 */
/* A row of a table as text. */
#ifndef TOOLS_IO_TABLE_ROW_H
#define TOOLS_IO_TABLE_ROW_H

#include "tools/command/error.h"

#include <stdbool.h>

struct table_cell {
    char *text; /* ends with a 0 that length does not count */
    size_t length;
    uint64_t line;
    bool quoted;
};

/* Zero-initialise. */
struct table_row {
    struct table_cell *cells;
    size_t count, capacity;
    uint64_t line;     /* where it begins */
    bool stray_quotes; /* of table_row_split: inside a cell, or open at the end */
};

/* Copies the text. */
int table_row_add(struct table_row *row, const struct table_cell *cell, struct error *e);
void table_row_free(struct table_row *row);

/* Adds the cells of a line to the row, as a reader of CSV or of blanks would see them but for
 * broken quotes, which it takes as they are. */
int table_row_split(struct table_row *row, const char *text, size_t length, unsigned char delimiter,
                    uint64_t line, struct error *e);

#endif

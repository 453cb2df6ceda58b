/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of CSV and of NPY share: which columns, and rows one value at a time. */
#ifndef ATTPOOL_TOOLS_TABLE_BUILD_H
#define ATTPOOL_TOOLS_TABLE_BUILD_H

#include "tools/io/number.h"
#include "tools/io/source.h"
#include "tools/io/table.h"

#define TABLE_UNUSED SIZE_MAX

struct table_builder {
    const struct table_options *options;
    struct table *t;
    struct error *e;
    size_t file_columns;
    size_t *store_of; /* [file_columns], which of t->stored, or TABLE_UNUSED */
    size_t capacity;  /* rows that fit */
    bool missing;     /* in the row at hand */
};

/* One cell of the first row, as text. */
struct table_cell {
    char *text;
    size_t length;
    uint64_t line;
};

/* Decides from the first row (cells NULL for NPY) which columns are used and whether it is a
 * header. */
int table_choose(struct table_builder *b, const struct table_cell *cells, size_t count,
                 bool *header);

/* A value of the row at hand, in a column with a store. text is for messages. */
int table_value(struct table_builder *b, size_t file_column, uint64_t line, enum number_kind kind,
                double value, const char *text, size_t length);

/* Before the first value of a row, and after the last. */
int table_row(struct table_builder *b);
void table_row_done(struct table_builder *b, uint64_t line);

int table_read_csv(struct source *s, struct table_builder *b);
int table_read_npy(struct source *s, struct table_builder *b);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of text and of NPY share: which columns, and rows one value at a time. */
#ifndef TOOLS_IO_TABLE_BUILD_H
#define TOOLS_IO_TABLE_BUILD_H

#include "tools/io/number.h"
#include "tools/io/source.h"
#include "tools/io/table.h"
#include "tools/io/table_row.h"

#define TABLE_UNUSED SIZE_MAX

struct table_builder {
    const struct table_options *options;
    const struct table_format *format;
    struct table *t;
    struct error *e;
    char point;
    unsigned char delimiter;
    double *markers; /* [format->missing.count]: their values, NaN for text */
    size_t file_columns;
    size_t *store_of; /* [file_columns], which of t->stored, or TABLE_UNUSED */
    size_t *label_of; /* likewise, of its labels */
    size_t capacity;  /* rows that fit */
    size_t run_room;
    bool missing;       /* in the current row */
    struct error first; /* TABLE_MISSING_ERROR: the first missing value, while the rest is read */
};

/* What precedes the third row, from which the columns are chosen. */
struct table_head {
    struct table_row comment; /* the last comment line before the first row; no cells: none */
    struct table_row row[2];
    size_t rows; /* of these */
};

/* Decides which columns are used and whether the first row is a header; *first is the first row
 * of data in head. */
int table_choose(struct table_builder *b, const struct table_head *head, size_t *first);

/* The same for an array, whose columns have numbers only. */
int table_choose_numbers(struct table_builder *b, size_t count);

static inline bool table_uses(const struct table_builder *b, size_t file_column)
{
    return file_column < b->file_columns &&
           (b->store_of[file_column] != TABLE_UNUSED || b->label_of[file_column] != TABLE_UNUSED);
}

/* Whether the k-th column wanted has labels. */
static inline bool table_labelled(const struct table_builder *b, size_t k)
{
    return b->options->labelled != NULL && b->options->labelled[k];
}

/* What a cell with one of the format's missing values is, whatever it is else. */
enum number_kind table_parse_marked(const struct table_builder *b, const char *text, size_t length,
                                    enum number_kind kind, double *value);

/* number_parse in the table's format: with its decimal point, its missing values too. */
static inline enum number_kind table_parse(const struct table_builder *b, const char *text,
                                           size_t length, double *value)
{
    enum number_kind kind = number_parse_point(text, length, b->point, value);
    return b->format->missing.count == 0 ? kind : table_parse_marked(b, text, length, kind, value);
}

/* A number, or a text, that stands for a missing value. */
bool table_is_marker(const struct table_builder *b, double value);
bool table_is_marker_text(const struct table_builder *b, const char *text, size_t length);

/* A value of the current row that is missing or bad. text is for messages. */
int table_odd_value(struct table_builder *b, size_t file_column, uint64_t line,
                    enum number_kind kind, const char *text, size_t length);

/* A value of the current row, in a column with a store. */
static inline int table_value(struct table_builder *b, size_t file_column, uint64_t line,
                              enum number_kind kind, double value, const char *text, size_t length)
{
    b->t->stored[b->store_of[file_column]][b->t->rows] = value;
    if (kind == NUMBER_FINITE && !(b->options->single && !number_fits_f32(value)))
        return CMD_OK;
    return table_odd_value(b, file_column, line, kind, text, length);
}

/* A label of the current row. */
int table_take_label(struct table_builder *b, size_t file_column, uint64_t line, const char *text,
                     size_t length);

static inline int table_take(struct table_builder *b, size_t file_column, uint64_t line,
                             const char *text, size_t length)
{
    double value;
    if (b->label_of[file_column] != TABLE_UNUSED) {
        int st = table_take_label(b, file_column, line, text, length);
        if (st != CMD_OK || b->store_of[file_column] == TABLE_UNUSED)
            return st;
    }
    enum number_kind kind = table_parse(b, text, length, &value);
    return table_value(b, file_column, line, kind, value, text, length);
}

/* Before the first value of a row, and after the last. */
int table_grow(struct table_builder *b);
static inline int table_row(struct table_builder *b)
{
    b->missing = false;
    return b->t->rows < b->capacity ? CMD_OK : table_grow(b);
}
int table_row_done(struct table_builder *b, uint64_t line);

/* "x" in quotes or, without a header, the number of the column. */
struct quoted table_label(const struct table *t, size_t file_column);

int table_read_npy(struct source *s, struct table_builder *b);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: numeric columns chosen by name or number from a CSV or NPY file, and written. */
#ifndef ATTPOOL_TOOLS_TABLE_H
#define ATTPOOL_TOOLS_TABLE_H

#include "tools/command/error.h"

#include <stdbool.h>

/* What becomes of a row with a missing value (empty, NA or NaN in any case) in a chosen
 * column. */
enum table_missing {
    TABLE_MISSING_ERROR, /* bad data, the first is named */
    TABLE_MISSING_OMIT,  /* the row is dropped and counted; bad data when none is left */
    TABLE_MISSING_KEEP   /* the value is NaN: no other value of a table is */
};

struct table_options {
    /* The columns wanted: each a name of the header, or a number from 1 when it is all
     * digits. One may be chosen twice. */
    const char *const *columns;
    size_t column_count;
    /* For a file of query points: `columns` are names only, and where the file does not have
     * them all its columns are taken in order, if they are just as many. A NULL among the
     * names (the data had no header) leaves the order alone. */
    bool or_in_order;
    bool no_header;          /* the first row is data; a name is then a usage error */
    unsigned char delimiter; /* 0 is a comma */
    enum table_missing missing;
    bool single; /* a value that overflows float32 is bad data (overflow of double always is) */
};

struct table {
    size_t rows, column_count;
    double **columns; /* [column_count], each of `rows` values; two may be the same array */
    char **names;     /* [column_count], from the header; NULL each when there is none */
    size_t *numbers;  /* [column_count], the columns' numbers in the file, from 1 */
    uint64_t *lines;  /* [rows], where each row begins in the file; its number for NPY */
    size_t omitted;   /* rows dropped */
    char *file;       /* for messages */

    double **stored; /* the arrays themselves, each once */
    size_t stored_count;
};

/* Reads a table; path "-" is stdin, where the magic tells CSV from NPY.
 *
 * CSV: a header is there when a column is asked for by name or a chosen cell of the first row
 * is neither a number nor missing. Every row has as many cells as the first; blank lines are
 * skipped; a byte order mark, CRLF, quoted cells with newlines are fine; so is a last line
 * without an end. Cells of other columns are not looked at. NPY: a 1-d array is one column, a
 * 2-d one has its own, which have numbers only.
 *
 * CMD_DATA with file, line and column: a column that is not there, a chosen name that stands
 * twice in the header, a row too short or too long, text, infinity or an overflow in a chosen
 * column, a missing value (TABLE_MISSING_ERROR), broken quotes, no rows. CMD_USAGE: an empty
 * name, column 0, a name with no_header. CMD_FAILED: the file cannot be read, memory. On
 * failure *t is empty. Free with table_free. */
int table_read(const char *path, const struct table_options *options, struct table *t,
               struct error *e);

/* Fine after a failed table_read, and twice. */
void table_free(struct table *t);

/* CMD_DATA at a value of the table, for what only the caller can see (a negative weight):
 * "file:line:column: column "w": <what>". row from 0, column an index into t->columns. */
int table_fault(const struct table *t, size_t row, size_t column, struct error *e,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The argument of --delimiter: one ASCII character that no number or name needs, or "\t" or
 * "tab". CMD_USAGE otherwise. */
int table_delimiter(const char *text, unsigned char *delimiter, struct error *e);

/* A column to write: f64 or f32, the other NULL. */
struct table_out {
    const char *name;
    const double *f64;
    const float *f32;
    const unsigned char *missing; /* [rows] or NULL: true is an empty field (NaN in NPY) */
    bool nan_is_missing;          /* each NaN is an empty field, else it reads NaN */
};

/* Writes a table: NPY, 2-d (rows, count) of float64 (float32 when all columns are), when path
 * ends in ".npy"; else CSV with a header, quoted where needed, NULL or "-" being stdout. An
 * empty field in a table of one column is "", which no reader takes for a blank line. */
int table_write(const char *path, const struct table_out *columns, size_t count, size_t rows,
                unsigned char delimiter, struct error *e);

#endif

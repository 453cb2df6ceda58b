/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: numeric columns chosen by name or number from a text or NPY file, and written. */
#ifndef TOOLS_IO_TABLE_H
#define TOOLS_IO_TABLE_H

#include "tools/command/error.h"
#include "tools/command/options.h"
#include "tools/io/table_labels.h"

#include <stdbool.h>

enum table_header { TABLE_HEADER_AUTO, TABLE_HEADER_YES, TABLE_HEADER_NO };

/* A delimiter: runs of spaces and tabs, those at the ends of a line aside. */
#define TABLE_BLANKS 0xFF

/* What to do with a row that has a missing value in a chosen column. */
enum table_missing {
    TABLE_MISSING_ERROR, /* bad data, the first is named */
    TABLE_MISSING_OMIT,  /* the row is dropped and counted; bad data when none is left */
    TABLE_MISSING_KEEP   /* the value is NaN: no other value of a table is */
};

/* The format of tables, one for all files of a command. Zero-initialised it is CSV. */
struct table_format {
    enum table_header header;
    unsigned char delimiter;  /* 0: a tab where the name ends in .tsv, else ';' with a decimal
                                 comma, else ',' */
    char decimal;             /* '.' or ','; 0 is '.' */
    char comment;             /* what a comment line begins with; 0: no comments */
    const char *missing_text; /* of the option, which `missing` is when all are read */
    struct list missing;      /* cells that are missing values, besides empty ones, NA and NaN in
                                 any case; a number stands for all cells of its value */
    enum table_missing na;    /* of data: TABLE_MISSING_ERROR or TABLE_MISSING_OMIT */
};

/* The delimiter of a table of that name; NULL is stdin or stdout. */
unsigned char table_delimiter(const struct table_format *format, const char *path);

struct table_options {
    /* The columns wanted. One may be chosen twice. Digits that are a number from 1 to the number
     * of columns are one, anything else is a name, which makes the row in which it stands the
     * header; with TABLE_HEADER_YES names come first. */
    const char *const *columns;
    size_t column_count;
    /* [column_count]: the column has labels, which may be any text; NULL: all have numbers. */
    const bool *labelled;
    /* For a file of query points: `columns` are names only. The file has all of them, or none and
     * exactly as many columns, which are taken in order. A NULL among the names (the data had
     * no header) leaves the order alone. */
    bool or_in_order;
    const struct table_format *format;
    enum table_missing missing;
    bool single; /* a value that overflows float32 is bad data (overflow of double always is) */
};

/* From this row on, each begins a line after the one before, until the next run. */
struct table_run {
    size_t row;
    uint64_t line;
};

struct table {
    size_t rows, column_count;
    double **columns; /* [column_count], each of `rows` values; two may be the same array. One
                         of labels has their indices in those of table_labels() */
    char **names;     /* [column_count], from the header; NULL each where there is none */
    size_t *numbers;  /* [column_count], the columns' numbers in the file, from 1 */
    size_t omitted;   /* rows dropped */
    char *file;       /* for messages */

    struct table_run *runs; /* [run_count], where rows begin in the file; their numbers for NPY */
    size_t run_count;

    double **stored;             /* the arrays themselves, each once */
    struct table_labels *labels; /* [stored_count], empty of numbers */
    size_t stored_count;
};

/* Those of the k-th column. */
const struct table_labels *table_labels(const struct table *t, size_t k);

/* Reads a table; path "-" is stdin, where the magic number tells text from NPY.
 *
 * Text: with TABLE_HEADER_AUTO and columns by number alone the first row is a header where all its
 * chosen cells are text, data where all are numbers or missing (with a warning where they look
 * like names), and bad data else. A comment line right before the first row is the header
 * where it has as many cells and a chosen name among them. A header one cell short has no name for
 * the first column, that of row names. Every row has as many cells as the first, but for an empty
 * one after the last; blank lines are skipped; a byte order mark, CRLF, quoted cells with
 * newlines are fine; so is a last line without an end. Cells of other columns are not looked at.
 * NPY: a 1-d array is one column, a 2-d one has its own, which have numbers only.
 *
 * CMD_DATA with file, line and column: a column that is not there, a chosen name that stands
 * twice in the header, a row too short or too long, text, infinity or an overflow in a chosen
 * column, a missing value (TABLE_MISSING_ERROR), broken quotes, no rows. CMD_USAGE: an empty
 * name, column 0, a name with TABLE_HEADER_NO. CMD_FAILED: the file cannot be read, memory. On
 * failure *t is empty. Free with table_free. */
int table_read(const char *path, const struct table_options *options, struct table *t,
               struct error *e);

/* May be called after a failed table_read, and twice. */
void table_free(struct table *t);

/* The line of the file in which a row begins. */
static inline uint64_t table_line(const struct table *t, size_t row)
{
    size_t run = t->run_count - 1;
    while (t->runs[run].row > row)
        run--;
    return t->runs[run].line + (row - t->runs[run].row);
}

/* CMD_DATA at a value of the table, for what only the caller can see (a negative weight):
 * "file:line:column: column "w": <what>". row from 0, column an index into t->columns. */
int table_fault(const struct table *t, size_t row, size_t column, struct error *e,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A column to write: f64, f32, text or label, the others NULL. */
struct table_out {
    const char *name;
    const double *f64;
    const float *f32;
    const char *text;     /* the same in every row */
    const int32_t *label; /* [rows], of `labels`; in NPY the number; -1 is an empty field */
    const char *const *labels;
    const unsigned char *missing; /* [rows] or NULL: true is an empty field (NaN in NPY) */
    bool nan_is_missing;          /* each NaN is an empty field, else it reads NaN */
};

/* Writes a table: NPY, 2-d (rows, count) of float64 (float32 when all columns are), when path
 * ends in ".npy"; else text with a header, quoted where needed, NULL or "-" being stdout. format
 * NULL is CSV; of it only the delimiter counts, and a name in .tsv has tabs whatever it says. An
 * empty field in a table of one column is "", which no reader takes for a blank line, and NA
 * between blanks. */
int table_write(const char *path, const struct table_out *columns, size_t count, size_t rows,
                const struct table_format *format, struct error *e);

/* The same for rows that come in parts, one below the other, whose columns have the names of the
 * first part. */
struct table_part {
    const struct table_out *columns;
    size_t rows;
};
int table_write_parts(const char *path, const struct table_part *parts, size_t part_count,
                      size_t count, const struct table_format *format, struct error *e);

#endif

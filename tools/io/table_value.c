/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a table, a row at a time. */
#include "tools/io/table_build.h"
#include "tools/io/table_cure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct quoted table_label(const struct table *t, size_t file_column)
{
    struct quoted label;
    for (size_t k = 0; k < t->column_count; k++)
        if (t->numbers[k] == file_column + 1 && t->names[k] != NULL)
            return quoted_name(t->names[k]);
    snprintf(label.text, sizeof label.text, "%zu", file_column + 1);
    return label;
}

static const char *what_is_wrong(enum number_kind kind, size_t length)
{
    switch (kind) {
    case NUMBER_MISSING:
        return length == 0 ? "the value is missing" : "is a missing value";
    case NUMBER_INFINITE:
        return "is infinite";
    case NUMBER_RANGE:
        return "is outside the range of float64";
    case NUMBER_FINITE:
        return "is outside the range of float32";
    default:
        return "is not a number";
    }
}

/* A first missing value waits for what the other rows show (table_read). */
static int bad_value(struct table_builder *b, size_t file_column, uint64_t line,
                     enum number_kind kind, const char *text, size_t length)
{
    bool missing = kind == NUMBER_MISSING;
    b->missing = missing;
    if (missing && b->first.code != CMD_OK)
        return CMD_OK;
    struct quoted cell = quoted(text, length);
    struct cure c = { .text = "" };
    if (kind == NUMBER_TEXT || kind == NUMBER_INFINITE)
        c = cure_value(b, text, length, file_column == 0);
    else if (missing && length == 0)
        c = cure_blanks(b);
    error_at(missing ? &b->first : b->e, b->t->file, line, file_column + 1, "column %s: %s%s%s%s",
             table_label(b->t, file_column).text, length == 0 ? "" : cell.text,
             length == 0 ? "" : " ", what_is_wrong(kind, length), c.text);
    return missing ? CMD_OK : CMD_DATA;
}

int table_odd_value(struct table_builder *b, size_t file_column, uint64_t line,
                    enum number_kind kind, const char *text, size_t length)
{
    if (kind != NUMBER_MISSING || b->options->missing == TABLE_MISSING_ERROR)
        return bad_value(b, file_column, line, kind, text, length);
    b->missing = true;
    return CMD_OK;
}

int table_take_label(struct table_builder *b, size_t file_column, uint64_t line, const char *text,
                     size_t length)
{
    size_t store = b->label_of[file_column], index = 0;
    double value;
    if (table_parse(b, text, length, &value) == NUMBER_MISSING ||
        table_is_marker_text(b, text, length)) {
        b->t->stored[store][b->t->rows] = (double)NAN;
        return table_odd_value(b, file_column, line, NUMBER_MISSING, text, length);
    }
    int st = labels_add(&b->t->labels[store], text, length, &index, b->e);
    b->t->stored[store][b->t->rows] = (double)index;
    return st;
}

static int set_capacity(struct table_builder *b, size_t rows)
{
    size_t bytes = (rows > 0 ? rows : 1) * sizeof(double);
    for (size_t i = 0; i < b->t->stored_count; i++) {
        double *column = realloc(b->t->stored[i], bytes);
        if (column == NULL)
            return error_memory(b->e, bytes);
        b->t->stored[i] = column;
    }
    b->capacity = rows;
    return CMD_OK;
}

int table_grow(struct table_builder *b)
{
    return set_capacity(b, b->capacity < 1024 ? 1024 : 2 * b->capacity);
}

/* Row number t->rows begins in this line. */
static int add_line(struct table_builder *b, uint64_t line)
{
    struct table *t = b->t;
    if (t->run_count > 0 && table_line(t, t->rows) == line)
        return CMD_OK;
    if (t->run_count == b->run_room) {
        const size_t room = 2 * b->run_room + 1;
        struct table_run *runs = realloc(t->runs, room * sizeof *runs);
        if (runs == NULL)
            return error_memory(b->e, room * sizeof *runs);
        t->runs = runs;
        b->run_room = room;
    }
    t->runs[t->run_count++] = (struct table_run){ t->rows, line };
    return CMD_OK;
}

int table_row_done(struct table_builder *b, uint64_t line)
{
    if (b->missing && b->options->missing != TABLE_MISSING_KEEP) {
        b->t->omitted++;
        return CMD_OK;
    }
    const int st = add_line(b, line);
    b->t->rows += st == CMD_OK;
    return st;
}

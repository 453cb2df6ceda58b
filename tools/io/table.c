/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/io/table_build.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which columns ---- */

static bool is_number_from_one(const char *text)
{
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static const char *file_name(const struct table_builder *b)
{
    return b->t->file;
}

/* The cell of that name, or count; a name that stands twice is an error. */
static int find_name(const struct table_builder *b, const struct table_cell *cells, size_t count,
                     const char *name, size_t *at)
{
    size_t length = strlen(name);
    *at = count;
    for (size_t i = 0; i < count; i++) {
        if (cells[i].length != length || memcmp(cells[i].text, name, length) != 0)
            continue;
        if (*at < count)
            return error_at(b->e, file_name(b), cells[i].line, i + 1,
                            "the name %s stands twice, in columns %zu and %zu",
                            quoted_name(name).text, *at + 1, i + 1);
        *at = i;
    }
    return CMD_OK;
}

static int no_such_name(const struct table_builder *b, const struct table_cell *cells, size_t count,
                        const char *name)
{
    char list[400] = "";
    size_t used = 0;
    bool comma = false;
    for (size_t i = 0; i < count && used + 90 < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "",
                                 i == 12 ? "..." : quoted(cells[i].text, cells[i].length).text);
    for (size_t i = 0; i < count; i++)
        comma = comma || memchr(cells[i].text, ',', cells[i].length) != NULL;
    return error_at(b->e, file_name(b), cells[0].line, 0, "no column %s; the first row is %s%s",
                    quoted_name(name).text, list,
                    comma ? "; a name with a comma is asked for by its number" : "");
}

static int by_number(const struct table_builder *b, size_t count, const char *text, size_t *at)
{
    size_t n = 0;
    for (const char *p = text; *p != '\0' && n <= count; p++)
        n = n * 10 + (size_t)(*p - '0');
    *at = n - 1;
    if (n == 0)
        return error_set(b->e, CMD_USAGE, "there is no column 0: columns are numbered from 1");
    if (n > count)
        return error_at(b->e, file_name(b), 0, 0, "no column %s: there are %zu", text, count);
    return CMD_OK;
}

static int by_name(const struct table_builder *b, const struct table_cell *cells, size_t count,
                   const char *name, size_t *at)
{
    if (*name == '\0')
        return error_set(b->e, CMD_USAGE, "a column's name is empty");
    if (cells == NULL)
        return error_at(b->e, file_name(b), 0, 0,
                        "no column %s: the columns of an NPY file have numbers only",
                        quoted_name(name).text);
    if (b->options->no_header)
        return error_set(b->e, CMD_USAGE, "column %s: without a header columns have numbers only",
                         quoted_name(name).text);
    int st = find_name(b, cells, count, name, at);
    if (st == CMD_OK && *at == count)
        st = no_such_name(b, cells, count, name);
    return st;
}

static int choose_each(const struct table_builder *b, const struct table_cell *cells, size_t count,
                       bool *named)
{
    for (size_t k = 0; k < b->options->column_count; k++) {
        const char *column = b->options->columns[k];
        size_t at = 0;
        bool number = is_number_from_one(column);
        int st = number ? by_number(b, count, column, &at) : by_name(b, cells, count, column, &at);
        if (st != CMD_OK)
            return st;
        b->t->numbers[k] = at + 1;
        *named = *named || !number;
    }
    return CMD_OK;
}

/* lost: a name that no column has, or "" where columns are wanted that have none. */
static int wrong_count(const struct table_builder *b, uint64_t line, const char *lost, size_t count)
{
    const size_t wanted = b->options->column_count;
    char neither[sizeof(struct quoted) + 32] = "not";
    if (*lost != '\0')
        snprintf(neither, sizeof neither, "neither a column %s nor", quoted_name(lost).text);
    return error_at(b->e, file_name(b), line, 0, "%s exactly %zu column%s: there %s %zu", neither,
                    wanted, wanted == 1 ? "" : "s", count == 1 ? "is" : "are", count);
}

static int choose_by_names_or_order(const struct table_builder *b, const struct table_cell *cells,
                                    size_t count, bool *named)
{
    size_t wanted = b->options->column_count, found = 0;
    const char *lost = "";
    for (size_t k = 0; k < wanted && cells != NULL && !b->options->no_header; k++) {
        const char *name = b->options->columns[k];
        size_t at = count;
        int st = name == NULL ? CMD_OK : find_name(b, cells, count, name, &at);
        if (st != CMD_OK)
            return st;
        b->t->numbers[k] = at + 1;
        found += at < count;
        if (at == count && *lost == '\0' && name != NULL)
            lost = name;
    }
    *named = found == wanted;
    if (*named)
        return CMD_OK;
    if (count != wanted)
        return wrong_count(b, cells == NULL ? 0 : cells[0].line, lost, count);
    for (size_t k = 0; k < wanted; k++)
        b->t->numbers[k] = k + 1;
    return CMD_OK;
}

static bool is_header(const struct table_builder *b, const struct table_cell *cells, bool named)
{
    if (cells == NULL || b->options->no_header || named)
        return named;
    for (size_t k = 0; k < b->options->column_count; k++) {
        const struct table_cell *c = &cells[b->t->numbers[k] - 1];
        double value;
        if (number_parse(c->text, c->length, &value) == NUMBER_TEXT)
            return true;
    }
    return false;
}

/* A file column chosen twice is stored once. */
static int assign_stores(struct table_builder *b, size_t count)
{
    b->file_columns = count;
    b->store_of = malloc(count * sizeof *b->store_of);
    if (b->store_of == NULL)
        return error_memory(b->e, count * sizeof *b->store_of);
    for (size_t i = 0; i < count; i++)
        b->store_of[i] = TABLE_UNUSED;
    for (size_t k = 0; k < b->options->column_count; k++) {
        size_t *store = &b->store_of[b->t->numbers[k] - 1];
        if (*store == TABLE_UNUSED)
            *store = b->t->stored_count++;
    }
    return CMD_OK;
}

static int copy_names(struct table_builder *b, const struct table_cell *cells)
{
    for (size_t k = 0; k < b->options->column_count; k++) {
        const struct table_cell *c = &cells[b->t->numbers[k] - 1];
        b->t->names[k] = strdup(c->text);
        if (b->t->names[k] == NULL)
            return error_memory(b->e, c->length);
    }
    return CMD_OK;
}

int table_choose(struct table_builder *b, const struct table_cell *cells, size_t count,
                 bool *header)
{
    bool named = false;
    int st = b->options->or_in_order ? choose_by_names_or_order(b, cells, count, &named)
                                     : choose_each(b, cells, count, &named);
    if (st != CMD_OK)
        return st;
    *header = is_header(b, cells, named);
    st = assign_stores(b, count);
    return st == CMD_OK && *header ? copy_names(b, cells) : st;
}

/* ---- values ---- */

/* "column "x": " or, without a header, "column 2: ". */
static struct quoted column_label(const struct table *t, size_t file_column)
{
    struct quoted label;
    for (size_t k = 0; k < t->column_count; k++)
        if (t->numbers[k] == file_column + 1 && t->names[k] != NULL)
            return quoted_name(t->names[k]);
    snprintf(label.text, sizeof label.text, "%zu", file_column + 1);
    return label;
}

static int bad_value(struct table_builder *b, size_t file_column, uint64_t line,
                     enum number_kind kind, const char *text, size_t length)
{
    const char *what = "is not a number";
    if (kind == NUMBER_MISSING)
        what = length == 0 ? "the value is missing" : "is a missing value";
    else if (kind == NUMBER_INFINITE)
        what = "is infinite";
    else if (kind == NUMBER_RANGE)
        what = "is outside the range of float64";
    else if (kind == NUMBER_FINITE)
        what = "is outside the range of float32";
    const char *way_out = "";
    if (kind == NUMBER_MISSING)
        way_out = b->options->or_in_order ? "; --na omit leaves the fit of such rows empty"
                                          : "; --na omit leaves such rows out";
    struct quoted cell = quoted(text, length);
    return error_at(b->e, file_name(b), line, file_column + 1, "column %s: %s%s%s%s",
                    column_label(b->t, file_column).text, length == 0 ? "" : cell.text,
                    length == 0 ? "" : " ", what, way_out);
}

int table_value(struct table_builder *b, size_t file_column, uint64_t line, enum number_kind kind,
                double value, const char *text, size_t length)
{
    b->t->stored[b->store_of[file_column]][b->t->rows] = value;
    if (kind == NUMBER_FINITE && !(b->options->single && !number_fits_f32(value)))
        return CMD_OK;
    if (kind != NUMBER_MISSING || b->options->missing == TABLE_MISSING_ERROR)
        return bad_value(b, file_column, line, kind, text, length);
    b->missing = true;
    return CMD_OK;
}

static int set_capacity(struct table_builder *b, size_t rows)
{
    size_t bytes = (rows > 0 ? rows : 1) * sizeof(double);
    uint64_t *lines = realloc(b->t->lines, bytes);
    if (lines == NULL)
        return error_memory(b->e, bytes);
    b->t->lines = lines;
    for (size_t i = 0; i < b->t->stored_count; i++) {
        double *column = realloc(b->t->stored[i], bytes);
        if (column == NULL)
            return error_memory(b->e, bytes);
        b->t->stored[i] = column;
    }
    b->capacity = rows;
    return CMD_OK;
}

int table_row(struct table_builder *b)
{
    b->missing = false;
    if (b->t->rows < b->capacity)
        return CMD_OK;
    return set_capacity(b, b->capacity < 1024 ? 1024 : 2 * b->capacity);
}

void table_row_done(struct table_builder *b, uint64_t line)
{
    if (b->missing && b->options->missing == TABLE_MISSING_OMIT) {
        b->t->omitted++;
        return;
    }
    b->t->lines[b->t->rows++] = line;
}

/* ---- the whole ---- */

static int set_up(struct table *t, const char *name, const struct table_options *options,
                  struct error *e)
{
    size_t count = options->column_count, n = count > 0 ? count : 1;
    *t = (struct table){ .column_count = count };
    t->file = strdup(name);
    t->columns = calloc(n, sizeof *t->columns);
    t->names = calloc(n, sizeof *t->names);
    t->numbers = calloc(n, sizeof *t->numbers);
    t->stored = calloc(n, sizeof *t->stored);
    if (t->file == NULL || t->columns == NULL || t->names == NULL || t->numbers == NULL ||
        t->stored == NULL)
        return error_memory(e, n * sizeof *t->columns);
    return CMD_OK;
}

static int finish(struct table_builder *b)
{
    struct table *t = b->t;
    for (size_t k = 0; k < t->column_count && b->store_of != NULL; k++)
        t->columns[k] = t->stored[b->store_of[t->numbers[k] - 1]];
    if (t->rows == 0 && t->omitted > 0)
        return error_at(b->e, t->file, 0, 0, "no rows: all %zu have a missing value", t->omitted);
    if (t->rows == 0)
        return error_at(b->e, t->file, 0, 0, "no rows");
    return CMD_OK;
}

int table_read(const char *path, const struct table_options *options, struct table *t,
               struct error *e)
{
    struct source s;
    *t = (struct table){ 0 };
    int st = source_open(&s, path, e);
    if (st != CMD_OK)
        return st;
    struct table_builder b = { .options = options, .t = t, .e = e };
    st = set_up(t, s.name, options, e);
    if (st == CMD_OK)
        st = s.npy ? table_read_npy(&s, &b) : table_read_csv(&s, &b);
    if (st == CMD_OK)
        st = finish(&b);
    free(b.store_of);
    source_close(&s);
    if (st != CMD_OK)
        table_free(t);
    return st;
}

void table_free(struct table *t)
{
    for (size_t k = 0; k < t->column_count && t->names != NULL; k++)
        free(t->names[k]);
    for (size_t i = 0; i < t->stored_count; i++)
        free(t->stored[i]);
    free(t->columns);
    free(t->names);
    free(t->numbers);
    free(t->lines);
    free(t->stored);
    free(t->file);
    *t = (struct table){ 0 };
}

int table_fault(const struct table *t, size_t row, size_t column, struct error *e,
                const char *format, ...)
{
    char what[400];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    size_t file_column = t->numbers[column] - 1;
    return error_at(e, t->file, t->lines[row], file_column + 1, "column %s: %s",
                    column_label(t, file_column).text, what);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A table from CSV, streamed through libcsv. */
#include "tools/io/table_build.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 20 };

struct reader {
    struct table_builder *b;
    int status;
    bool first_row; /* its cells are kept until it is known what they are */
    struct table_cell *cells;
    size_t kept, cell_capacity;
    size_t cell;       /* cells of the row so far */
    uint64_t line;     /* of the cell at hand */
    uint64_t row_line; /* where the row began */
    bool after_return; /* the line ended in CR: a LF now is its second half */
};

/* LF, CRLF and a CR alone each end a line. */
static uint64_t line_ends(const char *text, size_t length)
{
    uint64_t n = 0;
    for (size_t i = 0; i < length; i++)
        n += text[i] == '\n' || (text[i] == '\r' && !(i + 1 < length && text[i + 1] == '\n'));
    return n;
}

static void keep_cell(struct reader *r, const char *text, size_t length)
{
    if (r->kept == r->cell_capacity) {
        size_t capacity = r->cell_capacity < 16 ? 16 : 2 * r->cell_capacity;
        struct table_cell *cells = realloc(r->cells, capacity * sizeof *cells);
        if (cells == NULL) {
            r->status = error_memory(r->b->e, capacity * sizeof *cells);
            return;
        }
        r->cells = cells;
        r->cell_capacity = capacity;
    }
    char *copy = malloc(length + 1);
    if (copy == NULL) {
        r->status = error_memory(r->b->e, length + 1);
        return;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    r->cell++;
    r->cells[r->kept++] = (struct table_cell){ copy, length, r->line };
}

static bool used(const struct reader *r, size_t cell)
{
    return cell < r->b->file_columns && r->b->store_of[cell] != TABLE_UNUSED;
}

static void take_number(struct reader *r, size_t cell, uint64_t line, const char *text,
                        size_t length)
{
    double value;
    enum number_kind kind = number_parse(text, length, &value);
    r->status = table_value(r->b, cell, line, kind, value, text, length);
}

/* libcsv cannot be stopped inside a block: after a failure the rest is passed over. */
static void on_cell(void *text, size_t length, void *data)
{
    struct reader *r = data;
    if (r->status != CMD_OK)
        return;
    r->after_return = false;
    if (r->cell == 0) {
        r->row_line = r->line;
        if (!r->first_row)
            r->status = table_row(r->b);
    }
    if (r->status != CMD_OK)
        return;
    if (r->first_row) {
        keep_cell(r, text, length);
    } else if (used(r, r->cell)) { /* a number has no line end */
        take_number(r, r->cell++, r->line, text, length);
        return;
    } else {
        r->cell++;
    }
    r->line += line_ends(text, length);
}

static void end_first_row(struct reader *r)
{
    struct table_builder *b = r->b;
    bool header = false;
    r->first_row = false;
    r->status = table_choose(b, r->cells, r->cell, &header);
    if (r->status != CMD_OK || header)
        return;
    r->status = table_row(b);
    for (size_t i = 0; i < r->cell && r->status == CMD_OK; i++)
        if (used(r, i))
            take_number(r, i, r->cells[i].line, r->cells[i].text, r->cells[i].length);
    if (r->status == CMD_OK)
        table_row_done(b, r->row_line);
}

static void end_row(struct reader *r)
{
    size_t expected = r->b->file_columns;
    if (r->cell == expected) {
        table_row_done(r->b, r->row_line);
        return;
    }
    size_t column = r->cell < expected ? r->cell : expected + 1;
    r->status = error_at(r->b->e, r->b->t->file, r->row_line, column,
                         "the row has %zu cell%s, the first row has %zu", r->cell,
                         r->cell == 1 ? "" : "s", expected);
}

static void on_line_end(int c, void *data)
{
    struct reader *r = data;
    if (r->status != CMD_OK)
        return;
    if (c == '\n' && r->after_return) {
        r->after_return = false;
        return;
    }
    if (r->cell > 0 && r->first_row)
        end_first_row(r);
    else if (r->cell > 0)
        end_row(r);
    r->cell = 0;
    r->line++;
    r->after_return = c == '\r';
}

static int bad_quotes(struct reader *r, const char *what)
{
    return error_at(r->b->e, r->b->t->file, r->line, r->cell + 1, "%s", what);
}

/* Drops a byte order mark. No text has a zero byte; UTF-16 without its mark has many. */
static int start_of_text(struct reader *r, const unsigned char *block, size_t got, size_t *skip)
{
    *skip = got >= 3 && memcmp(block, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    if (memchr(block, 0, got) == NULL)
        return CMD_OK;
    return error_at(r->b->e, r->b->t->file, 0, 0,
                    "neither text in UTF-8 nor an array of NumPy's: it has zero bytes");
}

static int parse(struct source *s, struct csv_parser *p, struct reader *r, unsigned char *block)
{
    size_t got = BLOCK, skip = 0;
    for (bool start = true; got == BLOCK; start = false) {
        int st = source_read(s, block, BLOCK, &got, r->b->e);
        if (st == CMD_OK && start)
            st = start_of_text(r, block, got, &skip);
        if (st != CMD_OK)
            return st;
        size_t done = csv_parse(p, block + skip, got - skip, on_cell, on_line_end, r);
        if (r->status != CMD_OK)
            return r->status;
        if (done < got - skip && csv_error(p) == CSV_EPARSE)
            return bad_quotes(
                r, "a quote inside a cell (a quoted cell doubles it); is --delimiter right?");
        if (done < got - skip)
            return error_set(r->b->e, CMD_FAILED, "%s: %s", s->name, csv_strerror(csv_error(p)));
        skip = 0;
    }
    if (csv_fini(p, on_cell, on_line_end, r) != 0 && r->status == CMD_OK)
        return bad_quotes(r, "a quoted cell begins here and never ends");
    return r->status;
}

int table_read_csv(struct source *s, struct table_builder *b)
{
    struct reader r = { .b = b, .first_row = true, .line = 1 };
    struct csv_parser p;
    unsigned char *block = malloc(BLOCK);
    if (block == NULL)
        return error_memory(b->e, BLOCK);
    /* Strict: a stray quote must not swallow the rows up to the next one. */
    csv_init(&p, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL | CSV_APPEND_NULL);
    csv_set_delim(&p, b->options->delimiter == 0 ? CSV_COMMA : b->options->delimiter);
    csv_set_blk_size(&p, 4096);
    int st = parse(s, &p, &r, block);
    if (st == CMD_OK && r.first_row)
        st = error_at(b->e, b->t->file, 0, 0, "the file is empty");
    csv_free(&p);
    for (size_t i = 0; i < r.kept; i++)
        free(r.cells[i].text);
    free(r.cells);
    free(block);
    return st;
}

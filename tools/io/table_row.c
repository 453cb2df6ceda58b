/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/io/table_row.h"

#include "tools/io/table.h"

#include <stdlib.h>
#include <string.h>

int table_row_add(struct table_row *row, const struct table_cell *cell, struct error *e)
{
    if (row->count == row->capacity) {
        size_t capacity = row->capacity < 16 ? 16 : 2 * row->capacity;
        struct table_cell *cells = realloc(row->cells, capacity * sizeof *cells);
        if (cells == NULL)
            return error_memory(e, capacity * sizeof *cells);
        row->cells = cells;
        row->capacity = capacity;
    }
    struct table_cell copy = *cell;
    copy.text = malloc(cell->length + 1);
    if (copy.text == NULL)
        return error_memory(e, cell->length + 1);
    memcpy(copy.text, cell->text, cell->length);
    copy.text[cell->length] = '\0';
    row->cells[row->count++] = copy;
    return CMD_OK;
}

void table_row_free(struct table_row *row)
{
    for (size_t i = 0; i < row->count; i++)
        free(row->cells[i].text);
    free(row->cells);
    *row = (struct table_row){ 0 };
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Moves the text of a quoted cell to `to` and returns what follows its last quote; NULL where there
 * is none. */
static const char *unquote(const char *p, const char *end, char *to, size_t *length)
{
    while (p < end) {
        bool quote = *p == '"';
        if (quote && !(p + 1 < end && p[1] == '"'))
            return p + 1;
        to[(*length)++] = *p;
        p += quote ? 2 : 1;
    }
    return NULL;
}

static bool ends_cell(char c, unsigned char delimiter)
{
    return delimiter == TABLE_BLANKS ? is_blank(c) : (unsigned char)c == delimiter;
}

/* The cell that begins at p; returns its delimiter, or the end. */
static const char *take_cell(struct table_row *row, const char *p, const char *end,
                             unsigned char delimiter, struct table_cell *cell)
{
    cell->length = 0;
    cell->quoted = p < end && *p == '"';
    if (cell->quoted)
        p = unquote(p + 1, end, cell->text, &cell->length);
    if (p == NULL) {
        row->stray_quotes = true;
        return end;
    }
    for (; p < end && !ends_cell(*p, delimiter); p++) {
        row->stray_quotes = row->stray_quotes || (cell->quoted ? !is_blank(*p) : *p == '"');
        if (!cell->quoted)
            cell->text[cell->length++] = *p;
    }
    while (!cell->quoted && cell->length > 0 && is_blank(cell->text[cell->length - 1]))
        cell->length--;
    return p;
}

int table_row_split(struct table_row *row, const char *text, size_t length, unsigned char delimiter,
                    uint64_t line, struct error *e)
{
    const char *p = text, *end = text + length;
    bool more = true;
    struct table_cell cell = { .text = malloc(length + 1), .line = line };
    int st = cell.text == NULL ? error_memory(e, length + 1) : CMD_OK;
    while (st == CMD_OK && more) {
        while (p < end && is_blank(*p) && (unsigned char)*p != delimiter)
            p++;
        if (p == end && delimiter == TABLE_BLANKS)
            break;
        p = take_cell(row, p, end, delimiter, &cell);
        st = table_row_add(row, &cell, e);
        more = p++ < end;
    }
    free(cell.text);
    return st;
}

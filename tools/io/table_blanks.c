/* SPDX-License-Identifier: Apache-2.0 */
/* Cells between runs of blanks, as Fortran, R and Octave write them. A cell in quotes may hold
 * blanks, and does not go beyond its line. */
#include "tools/io/table_text.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 20 };

static bool ends_line(char c)
{
    return c == '\n' || c == '\r';
}

static bool ends_cell(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* From behind the opening quote to behind the closing one; the cell loses its quotes in place. */
static char *take_quoted(struct table_text *t, char *p, char *end)
{
    char *start = p, *to = p;
    while (p < end && !ends_line(*p) && !(*p == '"' && p[1] != '"')) {
        p += *p == '"';
        *to++ = *p++;
    }
    if (p == end || *p != '"') {
        t->status = table_text_open_quote(t);
        return end;
    }
    if (!ends_cell(*++p) && p < end) {
        while (!ends_line(*p) && p < end)
            p++;
        t->status = table_text_stray_quote(t, start - 1, (size_t)(p - start) + 1);
        return end;
    }
    *to = '\0';
    t->quoted = true;
    table_text_cell(t, start, (size_t)(to - start));
    t->quoted = false;
    return p;
}

static char *take_cell(struct table_text *t, char *p, char *end)
{
    char *start = p;
    while (p < end && !ends_cell(*p))
        p++;
    char behind = *p;
    *p = '\0';
    table_text_cell(t, start, (size_t)(p - start));
    *p = behind;
    return p;
}

/* The lines from p on; *end is a 0. */
static int take_lines(struct table_text *t, char *p, char *end)
{
    char comment = t->b->format->comment;
    while (p < end && t->status == CMD_OK) {
        while (p < end && (*p == ' ' || *p == '\t'))
            p++;
        if (p < end && comment != '\0' && t->cell == 0 && *p == comment) {
            char *start = p;
            while (p < end && !ends_line(*p))
                p++;
            table_text_comment(t, start, (size_t)(p - start), true);
        }
        if (p == end || ends_line(*p)) {
            table_text_row_end(t);
            t->line++;
            p += p + 1 < end && p[0] == '\r' && p[1] == '\n' ? 2 : 1;
        } else {
            p = *p == '"' ? take_quoted(t, p + 1, end) : take_cell(t, p, end);
        }
    }
    return t->status;
}

/* What is whole of them: a CR at the very end may be half of an end. */
static size_t whole_lines(const char *text, size_t length)
{
    size_t n = length;
    while (n > 0 && text[n - 1] != '\n' && !(text[n - 1] == '\r' && n < length))
        n--;
    return n;
}

struct buffer {
    char *text; /* of capacity + 1 bytes */
    size_t capacity, length;
};

static int grow_line(struct buffer *b, struct error *e)
{
    size_t capacity = b->capacity == 0 ? BLOCK : 2 * b->capacity;
    char *text = realloc(b->text, capacity + 1);
    if (text == NULL)
        return error_memory(e, capacity + 1);
    b->text = text;
    b->capacity = capacity;
    return CMD_OK;
}

/* The lines that are whole; the beginning of the next moves to the front. */
static int take_whole(struct table_text *t, struct buffer *b, bool ended, size_t skip)
{
    size_t whole = ended ? b->length : whole_lines(b->text, b->length);
    char behind = b->text[whole];
    b->text[whole] = '\0';
    int st = take_lines(t, b->text + (skip < whole ? skip : whole), b->text + whole);
    b->text[whole] = behind;
    b->length -= whole;
    memmove(b->text, b->text + whole, b->length);
    return st;
}

int table_read_blanks(struct source *s, struct table_text *t)
{
    struct buffer b = { 0 };
    bool ended = false;
    int st = CMD_OK;
    for (bool start = true; st == CMD_OK && !ended; start = false) {
        size_t got = 0, skip = 0;
        if (b.length == b.capacity)
            st = grow_line(&b, t->b->e);
        if (st == CMD_OK)
            st = source_read(s, b.text + b.length, b.capacity - b.length, &got, t->b->e);
        if (st == CMD_OK && start)
            st = table_text_begin(t, b.text, got, &skip);
        b.length += got;
        ended = b.length < b.capacity;
        if (st == CMD_OK)
            st = take_whole(t, &b, ended, skip);
    }
    if (st == CMD_OK)
        table_text_row_end(t);
    free(b.text);
    return t->status != CMD_OK ? t->status : st;
}

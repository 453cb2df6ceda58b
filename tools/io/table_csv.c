/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of CSV, by libcsv. */
#include "tools/io/table_text.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 20 };

struct reader {
    struct csv_parser parser;
    struct table_text *text;
    bool after_return; /* the line ended in CR: a LF now is its second half */
    enum { LINE_BEGINS, IN_COMMENT, IN_ROW } place; /* where there are comments */
    bool in_quotes;
};

/* LF, CRLF and a CR alone each end a line. */
static uint64_t line_ends(const char *text, size_t length)
{
    uint64_t n = 0;
    for (size_t i = 0; i < length; i++)
        n += text[i] == '\n' || (text[i] == '\r' && !(i + 1 < length && text[i + 1] == '\n'));
    return n;
}

/* libcsv cannot be stopped inside a block: after a failure the rest is passed over. */
static void on_cell(void *text, size_t length, void *data)
{
    struct reader *r = data;
    struct table_text *t = r->text;
    r->after_return = false;
    if (!table_text_cell(t, text, length))
        t->line += line_ends(text, length);
}

static void on_line_end(int c, void *data)
{
    struct reader *r = data;
    if (r->text->status != CMD_OK)
        return;
    if (c == '\n' && r->after_return) {
        r->after_return = false;
        return;
    }
    table_text_row_end(r->text);
    r->text->line++;
    r->after_return = c == '\r';
}

/* The line around a place. */
static int stray_quote(struct reader *r, const char *block, size_t length, size_t at)
{
    size_t start = at, end = at;
    while (start > 0 && block[start - 1] != '\n' && block[start - 1] != '\r')
        start--;
    while (end < length && block[end] != '\n' && block[end] != '\r')
        end++;
    return table_text_stray_quote(r->text, block + start, end - start);
}

/* Part of a block. libcsv tells only between its calls whether a cell was quoted, so it gets a byte
 * at a time while that matters. */
static int feed(struct reader *r, const char *block, size_t length, size_t from, size_t to)
{
    struct table_text *t = r->text;
    while (from < to) {
        size_t bytes = t->decided ? to - from : 1;
        t->quoted = r->parser.quoted != 0;
        size_t done = csv_parse(&r->parser, block + from, bytes, on_cell, on_line_end, r);
        if (t->status != CMD_OK)
            return t->status;
        if (done < bytes && csv_error(&r->parser) == CSV_EPARSE)
            return stray_quote(r, block, length, from + done);
        if (done < bytes)
            return error_set(t->b->e, CMD_FAILED, "%s: %s", t->b->t->file,
                             csv_strerror(csv_error(&r->parser)));
        from += bytes;
    }
    return CMD_OK;
}

static const char *line_end(const char *p, const char *end)
{
    while (p < end && *p != '\n' && *p != '\r')
        p++;
    return p;
}

/* In a row: to the end of the line, where the next begins unless a quoted cell goes on. */
static const char *pass_row(struct reader *r, const char *p, const char *end)
{
    const char *stop = line_end(p, end);
    for (; p < stop; p++)
        r->in_quotes ^= *p == '"';
    if (stop < end && !r->in_quotes)
        r->place = LINE_BEGINS;
    return stop < end ? stop + 1 : stop;
}

/* Keeps comment lines from libcsv, which sees empty lines in their place. */
static int feed_rows(struct reader *r, const char *block, size_t length, size_t from)
{
    const char comment = r->text->b->format->comment;
    const char *p = block + from, *end = block + length;
    while (p < end) {
        if (r->place == LINE_BEGINS) {
            while (p < end && (*p == ' ' || *p == '\t'))
                p++;
            r->place = p < end && *p != comment ? IN_ROW : r->place;
        }
        if (p < end && r->place == IN_ROW) {
            p = pass_row(r, p, end);
            continue;
        }
        int st = feed(r, block, length, from, (size_t)(p - block));
        if (st != CMD_OK)
            return st;
        const char *stop = line_end(p, end);
        if (p < end) {
            table_text_comment(r->text, p, (size_t)(stop - p), r->place == LINE_BEGINS);
            r->place = stop < end ? IN_ROW : IN_COMMENT;
        }
        p = stop;
        from = (size_t)(p - block);
    }
    return feed(r, block, length, from, length);
}

static int parse(struct source *s, struct reader *r, char *block)
{
    struct table_text *t = r->text;
    size_t got = BLOCK, skip = 0;
    for (bool start = true; got == BLOCK; start = false) {
        int st = source_read(s, block, BLOCK, &got, t->b->e);
        if (st == CMD_OK && start)
            st = table_text_begin(t, block, got, &skip);
        if (st == CMD_OK && t->b->format->comment != '\0')
            st = feed_rows(r, block, got, skip);
        else if (st == CMD_OK)
            st = feed(r, block, got, skip, got);
        if (st != CMD_OK)
            return st;
        skip = 0;
    }
    t->quoted = r->parser.quoted != 0;
    if (csv_fini(&r->parser, on_cell, on_line_end, r) != 0 && t->status == CMD_OK)
        return table_text_open_quote(t);
    return t->status;
}

int table_read_csv(struct source *s, struct table_text *t)
{
    struct reader r = { .text = t };
    char *block = malloc(BLOCK);
    if (block == NULL)
        return error_memory(t->b->e, BLOCK);
    /* Strict: a stray quote must not swallow the rows up to the next one. */
    csv_init(&r.parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL | CSV_APPEND_NULL);
    csv_set_delim(&r.parser, t->b->delimiter);
    csv_set_blk_size(&r.parser, 4096);
    int st = parse(s, &r, block);
    csv_free(&r.parser);
    free(block);
    return st;
}

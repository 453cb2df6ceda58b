/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/io/table_text.h"

#include "tools/io/table_cure.h"

#include <stdlib.h>
#include <string.h>

/* Of a comment line; a header is shorter. */
enum { MOST_COMMENT = 1 << 16 };

void table_text_keep(struct table_text *t, const char *text, size_t length)
{
    const struct table_cell cell = {
        .text = (char *)(uintptr_t)text, .length = length, .line = t->line, .quoted = t->quoted
    };
    struct table_row *row = &t->head.row[t->head.rows];
    row->line = t->row_line;
    t->status = table_row_add(row, &cell, t->b->e);
}

/* ---- ends of rows ---- */

/* A delimiter behind the last cell begins one that does not count. */
static bool row_fits(const struct table_builder *b, size_t count, bool last_empty)
{
    return count == b->file_columns || (count == b->file_columns + 1 && last_empty);
}

static int wrong_length(struct table_text *t, size_t count, uint64_t line, char first,
                        const char *only)
{
    size_t expected = t->b->file_columns, before = t->head.row[0].count;
    size_t column = count < expected ? count : expected + 1;
    struct cure c = cure_length(t->b, &t->head, first, only);
    if (before != expected)
        return error_at(t->b->e, t->b->t->file, line, column,
                        "the row has %zu cell%s, the one before %zu%s", count,
                        count == 1 ? "" : "s", expected, c.text);
    return error_at(t->b->e, t->b->t->file, line, column,
                    "the row has %zu cell%s, the first row has %zu%s", count, count == 1 ? "" : "s",
                    expected, c.text);
}

static int replay(struct table_text *t, const struct table_row *row)
{
    const struct table_cell *last = &row->cells[row->count - 1];
    if (!row_fits(t->b, row->count, last->length == 0))
        return wrong_length(t, row->count, row->line, row->cells[0].text[0],
                            row->count == 1 ? last->text : NULL);
    t->status = table_row(t->b);
    for (size_t i = 0; i < row->count && t->status == CMD_OK; i++)
        if (table_uses(t->b, i))
            t->status =
                table_take(t->b, i, row->cells[i].line, row->cells[i].text, row->cells[i].length);
    if (t->status == CMD_OK)
        t->status = table_row_done(t->b, row->line);
    return t->status;
}

static void decide(struct table_text *t)
{
    struct table_head *head = &t->head;
    size_t first = 0;
    t->decided = true;
    if (t->comment != NULL)
        t->status = table_row_split(&head->comment, t->comment, t->comment_length, t->b->delimiter,
                                    t->comment_line, t->b->e);
    if (t->status == CMD_OK)
        t->status = table_choose(t->b, head, &first);
    for (; t->status == CMD_OK && first < head->rows; first++)
        t->status = replay(t, &head->row[first]);
}

void table_text_row_end(struct table_text *t)
{
    size_t count = t->cell;
    t->cell = 0;
    if (t->status != CMD_OK || count == 0)
        return;
    if (t->decided) {
        if (row_fits(t->b, count, t->last_length == 0))
            t->status = table_row_done(t->b, t->row_line);
        else
            t->status = wrong_length(t, count, t->row_line, t->first, count == 1 ? t->last : NULL);
    } else if (++t->head.rows == 2) {
        decide(t);
    }
}

static int finish_text(struct table_text *t)
{
    if (t->status == CMD_OK && t->head.rows == 0)
        return error_at(t->b->e, t->b->t->file, 0, 0, "the file is empty");
    if (t->status == CMD_OK && !t->decided)
        decide(t);
    return t->status;
}

static void free_text(struct table_text *t)
{
    table_row_free(&t->head.comment);
    table_row_free(&t->head.row[0]);
    table_row_free(&t->head.row[1]);
    free(t->comment);
}

/* ---- comments ---- */

/* One without text, as a "#" alone between others, is passed over. */
void table_text_comment(struct table_text *t, const char *text, size_t length, bool begins)
{
    if (t->status != CMD_OK || t->head.rows > 0 || t->cell > 0)
        return;
    t->comment_begins = t->comment_begins || begins;
    while (t->comment_begins && length > 0 &&
           (*text == t->b->format->comment || *text == ' ' || *text == '\t')) {
        text++;
        length--;
    }
    if (length == 0)
        return;
    if (t->comment == NULL && (t->comment = malloc(MOST_COMMENT)) == NULL) {
        t->status = error_memory(t->b->e, MOST_COMMENT);
        return;
    }
    if (t->comment_begins) {
        t->comment_length = 0;
        t->comment_line = t->line;
        t->comment_begins = false;
    }
    if (length > MOST_COMMENT - t->comment_length)
        length = MOST_COMMENT - t->comment_length;
    memcpy(t->comment + t->comment_length, text, length);
    t->comment_length += length;
}

/* ---- the whole ---- */

/* Drops a byte order mark. No text has a zero byte; UTF-16 without its mark has many. */
int table_text_begin(struct table_text *t, const char *block, size_t got, size_t *skip)
{
    *skip = got >= 3 && memcmp(block, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    if (memchr(block, 0, got) == NULL)
        return CMD_OK;
    return error_at(t->b->e, t->b->t->file, 0, 0,
                    "neither UTF-8 text nor a NumPy array: it has NUL bytes");
}

int table_text_stray_quote(struct table_text *t, const char *line, size_t length)
{
    return error_at(t->b->e, t->b->t->file, t->line, t->cell + 1,
                    "a quote inside a cell (in a quoted cell, double it)%s",
                    cure_quotes(t->b, line, length).text);
}

int table_text_open_quote(struct table_text *t)
{
    return error_at(t->b->e, t->b->t->file, t->line, t->cell + 1,
                    "a quoted cell begins here and never ends");
}

int table_text_end(struct table_text *t, int status)
{
    int st = status == CMD_OK ? finish_text(t) : status;
    free_text(t);
    return st;
}

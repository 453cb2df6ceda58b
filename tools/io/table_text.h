/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of text: what the readers of CSV and of blanks hand their cells to. */
#ifndef TOOLS_IO_TABLE_TEXT_H
#define TOOLS_IO_TABLE_TEXT_H

#include "tools/io/table_build.h"

struct table_text {
    struct table_builder *b;
    int status;             /* the first failure: after it nothing more is taken */
    struct table_head head; /* kept until it is known what the first row is */
    bool decided;
    bool quoted;       /* the current cell; valid only while not decided */
    size_t cell;       /* cells of the row so far */
    uint64_t line;     /* of the current cell */
    uint64_t row_line; /* where the row began */
    char first;        /* the row's first character */
    const char *last;  /* the last cell's text, which is valid until the row ends */
    size_t last_length;
    char *comment; /* the last comment line before the first row, without its mark */
    size_t comment_length;
    uint64_t comment_line;
    bool comment_begins; /* none of its text has come */
};

/* A cell of the first rows, which are kept. */
void table_text_keep(struct table_text *t, const char *text, size_t length);

/* text[length] is 0. Lines are counted by the caller; false where the cell may have ends of them,
 * true where it was taken for a number. */
static inline bool table_text_cell(struct table_text *t, const char *text, size_t length)
{
    bool number = false;
    if (t->status != CMD_OK)
        return true;
    if (t->cell == 0) {
        t->row_line = t->line;
        t->first = *text;
        if (t->decided && (t->status = table_row(t->b)) != CMD_OK)
            return true;
    }
    t->last = text;
    t->last_length = length;
    if (!t->decided) {
        table_text_keep(t, text, length);
    } else if (table_uses(t->b, t->cell)) {
        number = t->b->label_of[t->cell] == TABLE_UNUSED;
        t->status = table_take(t->b, t->cell, t->line, text, length);
    }
    t->cell++;
    return number;
}

/* The end of a line, which is that of a row where there were cells. */
void table_text_row_end(struct table_text *t);

/* A comment line, or its next part; its mark and what blanks stand before it included. */
void table_text_comment(struct table_text *t, const char *text, size_t length, bool begins);

/* What the first block says; *skip are bytes that are no text. */
int table_text_begin(struct table_text *t, const char *block, size_t got, size_t *skip);

/* Bad data at the current cell; the line is for finding a remedy. */
int table_text_stray_quote(struct table_text *t, const char *line, size_t length);
int table_text_open_quote(struct table_text *t);

/* After the reader, with what it returned: the last row of a short table. */
int table_text_end(struct table_text *t, int status);

int table_read_csv(struct source *s, struct table_text *t);
int table_read_blanks(struct source *s, struct table_text *t);

#endif

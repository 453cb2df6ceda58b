/* SPDX-License-Identifier: Apache-2.0 */
/* The choice of a table's columns: which ones, and whether the row with their names is a
 * header at all. */
#ifndef TOOLS_IO_TABLE_CHOICE_H
#define TOOLS_IO_TABLE_CHOICE_H

#include "tools/io/table_build.h"

struct choice {
    struct table_builder *b;
    const struct table_head *head; /* NULL: an array */
    const struct table_row *row;   /* where names may stand: a comment or the first row; or NULL */
    bool comment;                  /* it is the comment */
    size_t shift;                  /* 1: the row is one cell short, the first column has no name */
    size_t count;                  /* columns of the file */
    bool named;                    /* a column was found by its name */
};

/* The name of a column, or NULL. */
static inline const struct table_cell *choice_cell(const struct choice *c, size_t column)
{
    if (c->row == NULL || column < c->shift || column - c->shift >= c->row->count)
        return NULL;
    return &c->row->cells[column - c->shift];
}

/* Whether the row is a header, once the columns are known. */
int choice_is_header(const struct choice *c, bool *header);

/* Warns about what is odd in rows that can be read. After the columns have their stores. */
void choice_warn(const struct choice *c, bool header);

/* The first row of data where it has no numbers at all, but a second line of a header. */
int choice_check_second_row(const struct choice *c, const struct table_row *row);

#endif

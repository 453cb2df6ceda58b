/* SPDX-License-Identifier: Apache-2.0 */
/* A remedy if a table cannot be read: the end of a message, "; --comment "#" skips such
 * lines", or nothing. An option is named only where it changes what is read. */
#ifndef TOOLS_IO_TABLE_CURE_H
#define TOOLS_IO_TABLE_CURE_H

#include "tools/io/table_build.h"

struct cure {
    char text[200];
};

/* Of a cell that is not a number, or infinite. begins_row: it is its row's first. */
struct cure cure_value(const struct table_builder *b, const char *text, size_t length,
                       bool begins_row);

/* A cell that is meant as a value but cannot be read as one: a date, 1,234, ******, N/A. */
bool cure_looks_like_value(const struct table_builder *b, const char *text, size_t length);

/* A line that a comment character of another program's begins. */
struct cure cure_comment(const struct table_builder *b, char first);

/* Another delimiter, with which the column asked for stands in the line. */
struct cure cure_column(const struct table_builder *b, const char *line, size_t length,
                        const char *column);

/* Another delimiter, with which the quotes of the line are right; else the question whether the one
 * at hand is. */
struct cure cure_quotes(const struct table_builder *b, const char *line, size_t length);

/* Of a row with another number of cells: its first character, and the text of its only cell or
 * NULL. */
struct cure cure_length(const struct table_builder *b, const struct table_head *head, char first,
                        const char *only);

/* Of an empty cell, or of a row with another number of them. */
struct cure cure_blanks(const struct table_builder *b);

/* Of a table with such lines. */
struct cure cure_drawing(void);

/* A rule under a header, as "---+---". */
bool cure_is_rule(const char *text);

#endif

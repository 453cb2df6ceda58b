/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/io/table_cure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct cure none;

static struct cure cure(const char *format, const char *what) __attribute__((format(printf, 1, 0)));
static struct cure cure(const char *format, const char *what)
{
    struct cure c;
    snprintf(c.text, sizeof c.text, format, what);
    return c;
}

struct cure cure_comment(const struct table_builder *b, char first)
{
    char mark[2] = { first, '\0' };
    if (first == '\0' || strchr("#%!@", first) == NULL || b->format->comment != '\0')
        return none;
    return cure("; --comment \"%s\" skips such lines", mark);
}

bool cure_is_rule(const char *text)
{
    return *text != '\0' && text[strspn(text, "-=+| \t:")] == '\0' && strchr(text, '-') != NULL;
}

/* ---- delimiters ---- */

/* What the cells of a line have to be with the right delimiter. */
typedef bool row_test(const struct table_builder *b, const struct table_row *row,
                      const char *column);

static bool all_numbers(const struct table_builder *b, const struct table_row *row,
                        const char *column)
{
    double value;
    (void)column;
    for (size_t i = 0; i < row->count; i++)
        if (number_parse_point(row->cells[i].text, row->cells[i].length, b->point, &value) ==
            NUMBER_TEXT)
            return false;
    return true;
}

static bool right_quotes(const struct table_builder *b, const struct table_row *row,
                         const char *column)
{
    (void)b, (void)column;
    return !row->stray_quotes;
}

static bool has_column(const struct table_builder *b, const struct table_row *row,
                       const char *column)
{
    (void)b;
    for (size_t i = 0; i < row->count; i++)
        if (strcmp(row->cells[i].text, column) == 0)
            return true;
    size_t digits = strspn(column, "0123456789");
    return digits > 0 && digits < 6 && column[digits] == '\0' && *column != '0' &&
           strtoul(column, NULL, 10) <= row->count;
}

static struct cure other_delimiter(const struct table_builder *b, const char *line, size_t length,
                                   row_test *test, const char *column)
{
    static const struct {
        unsigned char delimiter;
        const char *name;
    } others[] = {
        { ';', "\";\"" },           { '\t', "tab" }, { '|', "\"|\"" }, { ',', "\",\"" },
        { TABLE_BLANKS, "blanks" },
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct table_row row = { 0 };
        struct error e = { 0 };
        if (others[i].delimiter == b->delimiter)
            continue;
        int st = table_row_split(&row, line, length, others[i].delimiter, 0, &e);
        bool found = st == CMD_OK && row.count > 1 && test(b, &row, column);
        table_row_free(&row);
        if (found)
            return cure("; did you mean --delimiter %s?", others[i].name);
    }
    return none;
}

struct cure cure_column(const struct table_builder *b, const char *line, size_t length,
                        const char *column)
{
    return other_delimiter(b, line, length, has_column, column);
}

struct cure cure_quotes(const struct table_builder *b, const char *line, size_t length)
{
    size_t blanks = 0;
    while (blanks < length && (line[blanks] == ' ' || line[blanks] == '\t'))
        blanks++;
    struct cure c = cure_comment(b, blanks < length ? line[blanks] : '\0');
    if (c.text[0] == '\0')
        c = other_delimiter(b, line, length, right_quotes, NULL);
    return c.text[0] != '\0' ? c : cure("; is --delimiter %s?", "right");
}

/* ---- lines that are no rows ---- */

struct cure cure_blanks(const struct table_builder *b)
{
    return b->delimiter == ' ' ? cure("; %s takes a run of them as one", "--delimiter blanks")
                               : none;
}

struct cure cure_drawing(void)
{
    return cure("; this table is laid out for reading: have the program write CSV (%s)",
                "psql --csv, sqlite3 -csv");
}

/* psql ends a table with "(2 rows)". */
static bool is_footer(const char *text)
{
    size_t digits = *text == '(' ? strspn(text + 1, "0123456789") : 0;
    return digits > 0 && strncmp(text + 1 + digits, " row", 4) == 0;
}

/* ---- cells ---- */

/* What other programs write where a value is missing. */
static const char *const markers[] = { ".",      "..",      "-",       "--",   "?",       "N/A",
                                       "n/a",    "#N/A",    "#VALUE!", "<NA>", "NULL",    "null",
                                       "\\N",    "None",    "none",    "nil",  "missing", "#DIV/0!",
                                       "1.#IND", "1.#QNAN", "-1.#IND" };

static bool is_other_marker(const char *text, size_t length)
{
    size_t i = 0;
    while (i < length && text[i] == '*')
        i++;
    if (length > 0 && i == length)
        return true;
    for (i = 0; i < sizeof markers / sizeof markers[0]; i++)
        if (strlen(markers[i]) == length && memcmp(text, markers[i], length) == 0)
            return true;
    return false;
}

/* Digits with what stands between those of dates, times and large numbers. */
static bool is_made_of_digits(const char *text)
{
    return text[strspn(text, "0123456789+-.,:/' \n\reEdDT")] == '\0' &&
           strpbrk(text, "0123456789") != NULL && strchr("eEdDT", *text) == NULL;
}

bool cure_looks_like_value(const struct table_builder *b, const char *text, size_t length)
{
    double value;
    return number_parse_point(text, length, b->point == ',' ? '.' : ',', &value) != NUMBER_TEXT ||
           is_other_marker(text, length) || is_made_of_digits(text) ||
           strncasecmp(text, "0x", 2) == 0;
}

/* Of Fortran, with a number before it that touches it. */
static struct cure cure_stars(void)
{
    return cure("; a number was too wide for %s", "its field");
}

/* 1,234 could be either. */
static bool has_thousands(const char *text, char separator)
{
    const char *from = strchr(text, separator);
    size_t before = strspn(text + strspn(text, "+-"), "0123456789");
    return from != NULL && before > 0 && before < 4 && from[1] != '\0' &&
           strspn(from + 1, "0123456789") == 3 && from[4] == '\0';
}

/* Numbers as they are written elsewhere. */
static struct cure cure_number(const struct table_builder *b, const char *text, size_t length)
{
    double value;
    char other = b->point == ',' ? '.' : ',';
    if (number_parse_point(text, length, other, &value) == NUMBER_FINITE) {
        if (other == '.')
            return cure("; with %s a point is not accepted", "--decimal ,");
        return cure(has_thousands(text, ',') ? "; thousands separators are not accepted, and %s "
                                               "reads decimal commas"
                                             : "; %s reads decimal commas",
                    b->delimiter == ',' ? "--delimiter , --decimal ," : "--decimal ,");
    }
    struct cure c = other_delimiter(b, text, length, all_numbers, NULL);
    if (c.text[0] != '\0')
        return c;
    if (strstr(text, "***") != NULL)
        return cure_stars();
    bool grouped = text[strspn(text, "0123456789+-.,' ")] == '\0' && strpbrk(text, ",.' ") != NULL;
    return grouped && strpbrk(text, "0123456789") != NULL
               ? cure("; thousands separators %s", "are not accepted")
               : none;
}

struct cure cure_value(const struct table_builder *b, const char *text, size_t length,
                       bool begins_row)
{
    double value;
    if (length == 0)
        return none;
    struct cure c = begins_row ? cure_comment(b, *text) : none;
    if (c.text[0] != '\0')
        return c;
    if (begins_row && (is_footer(text) || (length > 2 && cure_is_rule(text))))
        return cure_drawing();
    if (table_parse(b, text, length, &value) == NUMBER_INFINITE || is_other_marker(text, length))
        return cure("; --missing %s makes it a missing value", quoted(text, length).text);
    return cure_number(b, text, length);
}

/* ---- rows ---- */

struct cure cure_length(const struct table_builder *b, const struct table_head *head, char first,
                        const char *only)
{
    if (only != NULL && (cure_is_rule(only) || is_footer(only)))
        return cure_drawing();
    if (only != NULL && strstr(only, "***") != NULL)
        return cure_stars();
    struct cure c = cure_comment(b, first);
    if (c.text[0] == '\0' && head->rows > 0)
        c = cure_comment(b, head->row[0].cells[0].text[0]);
    return c.text[0] == '\0' ? cure_blanks(b) : c;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/reading.h"

#include "tools/io/number.h"
#include "tools/io/table.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static struct table_options options_of(const struct reading *r, const char **columns)
{
    static char copy[200];
    static struct table_format format;
    static char *markers[] = { "N/A", "-999" };
    struct table_options o = {
        .columns = columns,
        .format = &format,
        .or_in_order = r->flags & IN_ORDER,
        .single = r->flags & SINGLE,
        .missing = r->flags & OMIT ? TABLE_MISSING_OMIT
                                   : (r->flags & KEEP ? TABLE_MISSING_KEEP : TABLE_MISSING_ERROR),
    };
    format = (struct table_format){
        .header = r->flags & NO_HEADER ? TABLE_HEADER_NO
                                       : (r->flags & HEADER ? TABLE_HEADER_YES : TABLE_HEADER_AUTO),
        .delimiter = r->flags & SEMICOLON ? ';'
                     : r->flags & SPACE   ? ' '
                     : r->flags & TAB     ? '\t'
                     : r->flags & BLANKS  ? TABLE_BLANKS
                                          : 0,
        .decimal = r->flags & COMMA ? ',' : '\0',
        .comment = r->flags & HASH ? '#' : '\0',
        .missing = { .item = markers, .count = r->flags & MARKERS ? 2 : 0 },
    };
    strcpy(copy, r->columns);
    for (char *p = copy, *next; p != NULL; p = next) {
        next = strchr(p, ',');
        if (next != NULL)
            *next++ = '\0';
        columns[o.column_count++] = strcmp(p, "?") == 0 ? NULL : p;
    }
    return o;
}

static void describe(const struct table *t, char *text)
{
    char number[NUMBER_TEXT_MAX];
    for (size_t k = 0; k < t->column_count; k++)
        text += sprintf(text, "%s%s", k > 0 ? "," : "", t->names[k] ? t->names[k] : "-");
    for (size_t i = 0; i < t->rows; i++) {
        text += sprintf(text, "|%llu:", (unsigned long long)table_line(t, i));
        for (size_t k = 0; k < t->column_count; k++) {
            number_format(number, t->columns[k][i]);
            text += sprintf(text, "%s%s", k > 0 ? "," : "", number);
        }
    }
    if (t->omitted > 0)
        sprintf(text, "|omitted %zu", t->omitted);
}

void reading_check(const struct reading *r, const char *path, const char *shown)
{
    const char *columns[8];
    struct table_options o = options_of(r, columns);
    struct error e = { 0 };
    struct table t;
    char text[1000];
    int st = table_read(path, &o, &t, &e);
    ck_assert_msg(st == r->code && st == e.code, "%d, not %d, for: %s\n%s", st, r->code, r->text,
                  e.text);
    if (st == CMD_OK) {
        describe(&t, text);
        ck_assert_str_eq(text, r->want);
    } else {
        snprintf(text, sizeof text, "%s%s", st == CMD_DATA ? shown : "", r->want);
        ck_assert_str_eq(e.text, text);
        ck_assert(t.rows == 0 && t.columns == NULL);
    }
    table_free(&t);
    table_free(&t);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which columns are used. */
#include "tools/command/nearest.h"
#include "tools/io/table_build.h"
#include "tools/io/table_choice.h"
#include "tools/io/table_cure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

/* The column of that name, from `from` on, or c->count. */
static size_t search_name(const struct choice *c, const char *name, size_t from)
{
    size_t length = strlen(name);
    for (size_t i = from; i < c->count; i++) {
        const struct table_cell *cell = choice_cell(c, i);
        if (cell != NULL && cell->length == length && memcmp(cell->text, name, length) == 0)
            return i;
    }
    return c->count;
}

static int find_name(const struct choice *c, const char *name, size_t *at)
{
    *at = search_name(c, name, 0);
    size_t again = *at < c->count ? search_name(c, name, *at + 1) : c->count;
    if (again == c->count)
        return CMD_OK;
    return error_at(c->b->e, c->b->t->file, choice_cell(c, again)->line, again + 1,
                    "the name %s appears twice, in columns %zu and %zu", quoted_name(name).text,
                    *at + 1, again + 1);
}

static bool is_digits(const char *text)
{
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* 1 to count, or 0 where the text is no such number. */
static size_t column_number(const char *text, size_t count)
{
    size_t n = 0;
    if (!is_digits(text))
        return 0;
    for (; *text != '\0' && n <= count; text++)
        n = n * 10 + (size_t)(*text - '0');
    return n <= count ? n : 0;
}

/* ---- columns that are not there ---- */

/* A header of one cell may be one of several with another delimiter. */
static struct cure cure_header(const struct choice *c, const char *column)
{
    const struct table_head *head = c->head;
    struct cure cure = { .text = "" };
    for (size_t i = 0; head != NULL && i < head->rows; i++)
        if (cure_is_rule(head->row[i].cells[0].text))
            return cure_drawing();
    if (head != NULL)
        cure = cure_comment(c->b, head->row[0].cells[0].text[0]);
    if (head != NULL && cure.text[0] == '\0' && head->row[0].count == 1)
        cure = cure_column(c->b, head->row[0].cells[0].text, head->row[0].cells[0].length, column);
    return cure;
}

static int no_such_name(const struct choice *c, const char *name)
{
    char list[400] = "";
    size_t used = 0;
    bool comma = false;
    const struct table_row *row = c->row;
    for (size_t i = 0; i < row->count && used + 90 < sizeof list; i++) {
        const struct table_cell *cell = &row->cells[i];
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "",
                                 i == 12 ? "..." : quoted(cell->text, cell->length).text);
    }
    struct nearest nearest = { .typed = name };
    for (size_t i = 0; i < row->count; i++) {
        comma = comma || memchr(row->cells[i].text, ',', row->cells[i].length) != NULL;
        nearest_offer(&nearest, row->cells[i].text);
    }
    struct cure cure = cure_header(c, name);
    const char *way_out = cure.text;
    if (*way_out == '\0' && comma)
        way_out = "; give a column with a comma in its name by number";
    bool near = nearest.name != NULL;
    return error_at(c->b->e, c->b->t->file, row->cells[0].line, 0, "no column %s%s %s %s is %s%s",
                    quoted_name(name).text, near ? nearest_hint(&nearest).text : ";",
                    near ? "The" : "the", c->comment ? "header" : "first row", list, way_out);
}

static int no_such_column(const struct choice *c, const char *column)
{
    struct error *e = c->b->e;
    if (*column == '\0')
        return error_set(e, CMD_USAGE, "a column's name is empty");
    if (is_digits(column) && column[strspn(column, "0")] == '\0')
        return error_set(e, CMD_USAGE, "there is no column 0: columns are numbered from 1");
    if (is_digits(column))
        return error_at(e, c->b->t->file, 0, 0, "no column %s: there %s %zu%s", column,
                        c->count == 1 ? "is" : "are", c->count, cure_header(c, column).text);
    if (c->row != NULL)
        return no_such_name(c, column);
    if (c->head == NULL)
        return error_at(e, c->b->t->file, 0, 0,
                        "no column %s: the columns of an NPY file have numbers only",
                        quoted_name(column).text);
    return error_set(e, CMD_USAGE, "column %s: without a header columns have numbers only",
                     quoted_name(column).text);
}

/* ---- the choice ---- */

static bool names_first(const struct choice *c, const char *column)
{
    return c->b->format->header == TABLE_HEADER_YES || column_number(column, c->count) == 0;
}

static int choose_each(struct choice *c)
{
    const struct table_options *o = c->b->options;
    for (size_t k = 0; k < o->column_count; k++) {
        const char *column = o->columns[k];
        size_t number = column_number(column, c->count), at = c->count;
        int st = names_first(c, column) ? find_name(c, column, &at) : CMD_OK;
        if (st != CMD_OK)
            return st;
        c->named = c->named || at < c->count;
        if (at == c->count && number == 0)
            return no_such_column(c, column);
        c->b->t->numbers[k] = at < c->count ? at + 1 : number;
    }
    return CMD_OK;
}

/* lost: a name that no column has, or NULL where columns are wanted that have none. */
static int wrong_count(const struct choice *c, const char *lost)
{
    size_t wanted = c->b->options->column_count;
    const char *plural = wanted == 1 ? "" : "s", *are = c->count == 1 ? "is" : "are";
    uint64_t line = c->row == NULL ? 0 : c->row->cells[0].line;
    struct cure cure = cure_header(c, lost != NULL ? lost : "2");
    if (lost == NULL)
        return error_at(c->b->e, c->b->t->file, line, 0, "not exactly %zu column%s: there %s %zu%s",
                        wanted, plural, are, c->count, cure.text);
    return error_at(c->b->e, c->b->t->file, line, 0,
                    "neither a column %s nor exactly %zu column%s: there %s %zu%s",
                    quoted_name(lost).text, wanted, plural, are, c->count, cure.text);
}

static int choose_by_names_or_order(struct choice *c)
{
    const struct table_options *o = c->b->options;
    const char *lost = NULL, *seen = NULL;
    size_t wanted = o->column_count, found = 0;
    for (size_t k = 0; k < wanted; k++) {
        size_t at = c->count;
        int st = o->columns[k] == NULL ? CMD_OK : find_name(c, o->columns[k], &at);
        if (st != CMD_OK)
            return st;
        c->b->t->numbers[k] = at + 1;
        found += at < c->count;
        if (at < c->count)
            seen = o->columns[k];
        else if (lost == NULL)
            lost = o->columns[k];
    }
    c->named = found == wanted;
    if (c->named)
        return CMD_OK;
    if (found > 0)
        return error_at(c->b->e, c->b->t->file, c->row->cells[0].line, 0,
                        "there is a column %s, but no %s: either all x columns%s by name, or none "
                        "and exactly %zu columns",
                        quoted_name(seen).text, quoted_name(lost).text,
                        wanted > 0 && table_labelled(c->b, wanted - 1) ? " and the group" : "",
                        wanted);
    for (size_t k = 0; k < wanted; k++)
        c->b->t->numbers[k] = k + 1;
    return c->count == wanted ? CMD_OK : wrong_count(c, lost);
}

/* ---- where names may stand ---- */

static bool is_empty(const struct table_row *row, size_t i)
{
    return row->cells[i].length == 0 && !row->cells[i].quoted;
}

/* Rows may be one cell longer than the header, by an empty last cell or by row names, or one
 * shorter, where the header has an empty last cell. */
static void count_columns(struct choice *c)
{
    const struct table_row *first = &c->head->row[0], *second = &c->head->row[1];
    c->count = first->count;
    c->shift = 0;
    if (c->head->rows < 2)
        return;
    if (second->count == first->count + 1 && !is_empty(second, first->count))
        c->shift = c->b->format->header != TABLE_HEADER_NO;
    else if (second->count + 1 == first->count && is_empty(first, second->count))
        c->count--;
    c->count += c->shift;
}

/* Whether a name asked for stands in the row. */
static bool has_a_name(const struct choice *c)
{
    const struct table_options *o = c->b->options;
    for (size_t k = 0; k < o->column_count; k++) {
        const char *name = o->columns[k];
        bool is_name = name != NULL && (o->or_in_order || names_first(c, name));
        if (is_name && search_name(c, name, 0) < c->count)
            return true;
    }
    return false;
}

static void find_names(struct choice *c)
{
    const struct table_row *comment = &c->head->comment, *first = &c->head->row[0];
    if (c->b->format->header == TABLE_HEADER_NO) {
        count_columns(c);
        return;
    }
    size_t last = first->count - 1;
    c->row = comment;
    c->count = comment->count;
    c->comment = comment->count == first->count ||
                 (last > 0 && comment->count == last && is_empty(first, last));
    c->comment = c->comment && has_a_name(c);
    if (c->comment)
        return;
    c->row = first;
    count_columns(c);
}

/* ---- stores and names ---- */

/* A file column chosen twice is stored once, but for numbers and labels apart. */
static int assign_stores(struct table_builder *b, size_t count)
{
    b->file_columns = count;
    b->store_of = malloc(count * sizeof *b->store_of);
    b->label_of = malloc(count * sizeof *b->label_of);
    if (b->store_of == NULL || b->label_of == NULL)
        return error_memory(b->e, count * sizeof *b->store_of);
    for (size_t i = 0; i < count; i++)
        b->store_of[i] = b->label_of[i] = TABLE_UNUSED;
    for (size_t k = 0; k < b->options->column_count; k++) {
        size_t *store = (table_labelled(b, k) ? b->label_of : b->store_of) + b->t->numbers[k] - 1;
        if (*store == TABLE_UNUSED)
            *store = b->t->stored_count++;
    }
    return CMD_OK;
}

static int copy_names(const struct choice *c)
{
    struct table *t = c->b->t;
    for (size_t k = 0; k < t->column_count; k++) {
        const struct table_cell *cell = choice_cell(c, t->numbers[k] - 1);
        if (cell == NULL || cell->length == 0)
            continue;
        t->names[k] = strdup(cell->text);
        if (t->names[k] == NULL)
            return error_memory(c->b->e, cell->length);
    }
    return CMD_OK;
}

/* A number that is a name too, of another column. */
static void warn_of_numbers(const struct choice *c)
{
    const struct table_options *o = c->b->options;
    for (size_t k = 0; k < o->column_count && !o->or_in_order; k++) {
        const char *column = o->columns[k];
        size_t number = column_number(column, c->count), taken = c->b->t->numbers[k];
        size_t named = search_name(c, column, 0);
        if (number == 0 || named == c->count || named + 1 == number)
            continue;
        error_warn("%s: %s is column %zu, %s", c->b->t->file, column, taken,
                   taken == number ? "not the one of that name (--header yes takes names first)"
                                   : "by its name, not by its number");
    }
}

static int choose(struct choice *c, size_t *first)
{
    bool header = false;
    int st = c->b->options->or_in_order ? choose_by_names_or_order(c) : choose_each(c);
    if (st == CMD_OK && c->head != NULL)
        st = choice_is_header(c, &header);
    if (st == CMD_OK)
        st = assign_stores(c->b, c->count);
    if (st == CMD_OK && header)
        st = copy_names(c);
    *first = header && !c->comment ? 1 : 0;
    if (st == CMD_OK && header && *first < c->head->rows)
        st = choice_check_second_row(c, &c->head->row[*first]);
    if (st != CMD_OK)
        return st;
    if (header)
        warn_of_numbers(c);
    choice_warn(c, header);
    return CMD_OK;
}

int table_choose(struct table_builder *b, const struct table_head *head, size_t *first)
{
    struct choice c = { .b = b, .head = head };
    find_names(&c);
    return choose(&c, first);
}

int table_choose_numbers(struct table_builder *b, size_t count)
{
    struct choice c = { .b = b, .count = count };
    size_t first;
    return choose(&c, &first);
}

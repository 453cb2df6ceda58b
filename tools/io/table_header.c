/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the first row of a table is a header. */
#include "tools/io/table_choice.h"
#include "tools/io/table_cure.h"

#include <string.h>

enum cell_kind { CELL_NAME, CELL_VALUE, CELL_ODD, CELL_KINDS };

/* Odd: no name, but no number either, as ****** or 1,234. */
static enum cell_kind kind_of(const struct table_builder *b, const struct table_cell *cell)
{
    double value;
    if (table_parse(b, cell->text, cell->length, &value) != NUMBER_TEXT)
        return CELL_VALUE;
    return cure_looks_like_value(b, cell->text, cell->length) ? CELL_ODD : CELL_NAME;
}

/* The first used cell of each kind, or NULL. */
struct kinds {
    const struct table_cell *cell[CELL_KINDS];
    size_t column[CELL_KINDS];
};

static struct kinds kinds_of(const struct choice *c)
{
    struct kinds kinds = { 0 };
    const struct table *t = c->b->t;
    for (size_t k = 0; k < t->column_count; k++) {
        const struct table_cell *cell = choice_cell(c, t->numbers[k] - 1);
        if (cell == NULL || table_labelled(c->b, k))
            continue;
        enum cell_kind kind = kind_of(c->b, cell);
        if (kinds.cell[kind] == NULL || t->numbers[k] - 1 < kinds.column[kind]) {
            kinds.cell[kind] = cell;
            kinds.column[kind] = t->numbers[k] - 1;
        }
    }
    return kinds;
}

static int ask_for_header(const struct choice *c, const struct kinds *kinds)
{
    enum cell_kind kind = kinds->cell[CELL_ODD] != NULL ? CELL_ODD : CELL_NAME;
    const struct table_cell *text = kinds->cell[kind], *value = kinds->cell[CELL_VALUE];
    struct cure cure = { .text = "" };
    if (kind == CELL_ODD)
        cure = cure_value(c->b, text->text, text->length, kinds->column[kind] == 0);
    return error_at(c->b->e, c->b->t->file, text->line, kinds->column[kind] + 1,
                    "%s is not a number%s%s: --header yes if the first row is a header, "
                    "--header no if it is data%s",
                    quoted(text->text, text->length).text, value != NULL ? ", but is beside " : "",
                    value != NULL ? quoted(value->text, value->length).text : "", cure.text);
}

int choice_is_header(const struct choice *c, bool *header)
{
    const enum table_header mode = c->b->format->header;
    *header = mode == TABLE_HEADER_YES || c->named;
    if (*header || mode == TABLE_HEADER_NO)
        return CMD_OK;
    struct kinds kinds = kinds_of(c);
    bool name = kinds.cell[CELL_NAME] != NULL, odd = kinds.cell[CELL_ODD] != NULL;
    bool value = kinds.cell[CELL_VALUE] != NULL;
    *header = !odd && !value;
    if (odd || (name && value))
        return ask_for_header(c, &kinds);
    if (*header || c->shift == 0)
        return CMD_OK;
    struct cure cure = cure_blanks(c->b);
    return error_at(c->b->e, c->b->t->file, c->head->row[1].line, c->count,
                    "the row has %zu cells, the first row has %zu%s", c->count, c->count - 1,
                    cure.text[0] != '\0' ? cure.text
                                         : "; --header yes if the first row is a header without a "
                                           "name for the first column");
}

/* ---- a second line of the header ---- */

int choice_check_second_row(const struct choice *c, const struct table_row *row)
{
    const struct table *t = c->b->t;
    bool rule = true;
    if (row->count != c->count)
        return CMD_OK;
    for (size_t k = 0; k < t->column_count; k++) {
        const struct table_cell *cell = &row->cells[t->numbers[k] - 1];
        if (table_labelled(c->b, k))
            continue;
        rule = rule && cure_is_rule(cell->text);
        if (!cure_is_rule(cell->text) && kind_of(c->b, cell) != CELL_NAME)
            return CMD_OK;
    }
    size_t column = t->numbers[0] - 1;
    const struct table_cell *cell = &row->cells[column];
    return error_at(c->b->e, t->file, cell->line, column + 1,
                    "column %s: %s is not a number; if line %llu %s, delete it (sed %llud)",
                    table_label(t, column).text, quoted(cell->text, cell->length).text,
                    (unsigned long long)cell->line,
                    rule ? "is a rule below the header" : "holds units or more of the header",
                    (unsigned long long)cell->line);
}

/* ---- warnings ---- */

/* Whole numbers that count up from 0, or years: names of pandas and of panels. The first cell may
 * be empty, over an index. */
static bool counts_up(const struct table_builder *b, const struct table_row *row)
{
    size_t start = row->count > 1 && row->cells[0].length == 0;
    double first = 0, value;
    for (size_t i = start; i < row->count; i++) {
        const struct table_cell *cell = &row->cells[i];
        bool digits = cell->length > 0 && cell->text[strspn(cell->text, "0123456789")] == '\0';
        if (!digits || table_parse(b, cell->text, cell->length, &value) != NUMBER_FINITE)
            return false;
        first = i == start ? value : first;
        if (value != first + (double)(i - start))
            return false;
    }
    return row->count > start + 1 && (first == 0 || (first >= 1000 && first < 3000));
}

/* In quotes where the numbers of the next row are not. */
static bool quotes_numbers(const struct choice *c)
{
    const struct table *t = c->b->t;
    const struct table_row *first = &c->head->row[0], *second = &c->head->row[1];
    for (size_t k = 0; k < t->column_count; k++) {
        size_t i = t->numbers[k] - 1;
        if (table_labelled(c->b, k))
            continue;
        if (!first->cells[i].quoted || first->cells[i].length == 0)
            return false;
        if (c->head->rows > 1 && i < second->count && second->cells[i].quoted)
            return false;
    }
    return true;
}

static bool beside_text(const struct choice *c)
{
    const struct table_row *row = &c->head->row[0];
    for (size_t i = 0; i < row->count; i++)
        if (!table_uses(c->b, i) && kind_of(c->b, &row->cells[i]) == CELL_NAME)
            return true;
    return false;
}

/* Why the first row, which is read as data, may be a header; or NULL. */
static const char *header_like(const struct choice *c)
{
    if (quotes_numbers(c))
        return "its numbers are quoted";
    if (beside_text(c))
        return "there is text beside its numbers";
    return counts_up(c->b, &c->head->row[0]) ? "its numbers count up" : NULL;
}

void choice_warn(const struct choice *c, bool header)
{
    const char *file = c->b->t->file;
    if (c->row == NULL || c->comment || c->b->format->header != TABLE_HEADER_AUTO)
        return;
    const char *like = header ? NULL : header_like(c);
    if (like != NULL)
        error_warn("%s: the first row is read as data, but may be a header, as %s: say --header "
                   "yes or --header no",
                   file, like);
    if (header && c->b->options->or_in_order && kinds_of(c).cell[CELL_NAME] == NULL)
        error_warn("%s: the first row is read as a header, not as a query point, since it has the "
                   "names of x",
                   file);
    if (header && c->shift == 1 && c->b->delimiter == ',' && !c->head->row[1].cells[0].quoted)
        error_warn("%s: the header is one cell short: the first column is taken for row names",
                   file);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/io/table.h"

#include "tools/io/table_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int set_up_reading(struct table_builder *b, const char *name)
{
    struct table *t = b->t;
    const struct list *missing = &b->format->missing;
    size_t count = b->options->column_count, n = count > 0 ? count : 1;
    *t = (struct table){ .column_count = count };
    t->file = strdup(name);
    t->columns = calloc(n, sizeof *t->columns);
    t->names = calloc(n, sizeof *t->names);
    t->numbers = calloc(n, sizeof *t->numbers);
    t->stored = calloc(n, sizeof *t->stored);
    t->labels = calloc(n, sizeof *t->labels);
    if (t->file == NULL || t->columns == NULL || t->names == NULL || t->numbers == NULL ||
        t->stored == NULL || t->labels == NULL)
        return error_memory(b->e, n * sizeof *t->columns);
    b->markers = calloc(missing->count + 1, sizeof *b->markers);
    if (b->markers == NULL)
        return error_memory(b->e, missing->count * sizeof *b->markers);
    for (size_t i = 0; i < missing->count; i++)
        number_parse_point(missing->item[i], strlen(missing->item[i]), b->point, &b->markers[i]);
    return CMD_OK;
}

/* Leaving rows out is a way out only where some are left. */
static int report_missing(const struct table_builder *b)
{
    const char *way_out = "";
    if (b->t->rows > 0)
        way_out = b->options->or_in_order ? "; --na omit leaves the fit of such rows empty"
                                          : "; --na omit leaves such rows out";
    return error_set(b->e, CMD_DATA, "%s%s", b->first.text, way_out);
}

static int finish_reading(struct table_builder *b)
{
    struct table *t = b->t;
    for (size_t k = 0; k < t->column_count && b->store_of != NULL; k++)
        t->columns[k] =
            t->stored[(table_labelled(b, k) ? b->label_of : b->store_of)[t->numbers[k] - 1]];
    if (t->rows == 0 && t->omitted > 0)
        return error_at(b->e, t->file, 0, 0, "no rows: all %zu have a missing value", t->omitted);
    if (t->rows == 0)
        return error_at(b->e, t->file, 0, 0, "no rows");
    return CMD_OK;
}

unsigned char table_delimiter(const struct table_format *format, const char *path)
{
    size_t n = path == NULL ? 0 : strlen(path);
    if (format->delimiter != 0)
        return format->delimiter;
    if (n >= 4 && strcmp(path + n - 4, ".tsv") == 0)
        return '\t';
    return format->decimal == ',' ? ';' : ',';
}

static int read_text(struct source *s, struct table_builder *b)
{
    struct table_text t = { .b = b, .line = 1 };
    int st = b->delimiter == TABLE_BLANKS ? table_read_blanks(s, &t) : table_read_csv(s, &t);
    return table_text_end(&t, st);
}

/* What is wrong with a missing value is known only when all rows have been seen, and comes before
 * what is wrong further on. */
static int read_rows(struct source *s, struct table_builder *b, struct error *e)
{
    struct error further = { 0 };
    b->e = &further;
    int st = set_up_reading(b, s->name);
    if (st == CMD_OK)
        st = s->npy ? table_read_npy(s, b) : read_text(s, b);
    b->e = e;
    if (b->first.code != CMD_OK && (st == CMD_OK || st == CMD_DATA))
        return report_missing(b);
    return st == CMD_OK ? finish_reading(b) : error_set(e, further.code, "%s", further.text);
}

int table_read(const char *path, const struct table_options *options, struct table *t,
               struct error *e)
{
    static const struct table_format csv;
    const struct table_format *format = options->format != NULL ? options->format : &csv;
    struct source s;
    *t = (struct table){ 0 };
    int st = source_open(&s, path, e);
    if (st != CMD_OK)
        return st;
    struct table_builder b = { .options = options,
                               .format = format,
                               .t = t,
                               .point = format->decimal != '\0' ? format->decimal : '.',
                               .delimiter = table_delimiter(format, path) };
    st = read_rows(&s, &b, e);
    free(b.store_of);
    free(b.label_of);
    free(b.markers);
    source_close(&s);
    if (st != CMD_OK)
        table_free(t);
    return st;
}

void table_free(struct table *t)
{
    for (size_t k = 0; k < t->column_count && t->names != NULL; k++)
        free(t->names[k]);
    for (size_t i = 0; i < t->stored_count; i++) {
        free(t->stored[i]);
        labels_free(&t->labels[i]);
    }
    free(t->columns);
    free(t->names);
    free(t->numbers);
    free(t->runs);
    free(t->stored);
    free(t->labels);
    free(t->file);
    *t = (struct table){ 0 };
}

const struct table_labels *table_labels(const struct table *t, size_t k)
{
    size_t i = 0;
    while (t->stored[i] != t->columns[k])
        i++;
    return &t->labels[i];
}

int table_fault(const struct table *t, size_t row, size_t column, struct error *e,
                const char *format, ...)
{
    char what[400];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    size_t file_column = t->numbers[column] - 1;
    return error_at(e, t->file, table_line(t, row), file_column + 1, "column %s: %s",
                    table_label(t, file_column).text, what);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/io/npy.h"
#include "tools/io/number.h"
#include "tools/io/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Between blanks a cell must be seen, and a blank ends it. */
struct style {
    unsigned char delimiter;
    const char *special; /* what a name in quotes may have */
    const char *empty;
};

static void write_string(struct output *o, const char *name, const struct style *style)
{
    size_t n = strlen(name);
    bool edge = n == 0 || strchr(" \t", name[0]) != NULL || strchr(" \t", name[n - 1]) != NULL;
    bool special = strchr(name, style->delimiter) != NULL || strpbrk(name, style->special) != NULL;
    if (!edge && !special) {
        output_text(o, name);
        return;
    }
    output_write(o, "\"", 1);
    for (; *name != '\0'; name++)
        output_write(o, *name == '"' ? "\"\"" : name, *name == '"' ? 2 : 1);
    output_write(o, "\"", 1);
}

static double value_of(const struct table_out *c, size_t row)
{
    if (c->missing != NULL && c->missing[row])
        return (double)NAN;
    if (c->label != NULL)
        return c->label[row] < 0 ? (double)NAN : (double)c->label[row];
    return c->f64 != NULL ? c->f64[row] : (double)c->f32[row];
}

static void write_field(struct output *o, const struct table_out *c, size_t row,
                        const struct style *style)
{
    bool missing = c->missing != NULL && c->missing[row];
    if (c->text != NULL) {
        write_string(o, c->text, style);
        return;
    }
    if (c->label != NULL && !missing && c->label[row] >= 0) {
        write_string(o, c->labels[c->label[row]], style);
        return;
    }
    double value = value_of(c, row);
    if (missing || c->label != NULL || (c->nan_is_missing && isnan(value))) {
        output_text(o, style->empty);
        return;
    }
    char text[NUMBER_TEXT_MAX];
    size_t length =
        c->f64 != NULL ? number_format(text, value) : number_format_f32(text, (float)value);
    output_write(o, text, length);
}

static int write_rows(struct output *o, const struct table_part *part, size_t count,
                      const struct style *style)
{
    int st = CMD_OK;
    for (size_t i = 0; i < part->rows && st == CMD_OK; i++) {
        for (size_t j = 0; j < count; j++) {
            if (j > 0)
                output_write(o, &style->delimiter, 1);
            write_field(o, &part->columns[j], i, style);
        }
        st = output_write(o, "\n", 1);
    }
    return st;
}

static void write_text(struct output *o, const struct table_part *parts, size_t part_count,
                       size_t count, const struct style *style)
{
    int st = CMD_OK;
    for (size_t j = 0; j < count; j++) {
        if (j > 0)
            output_write(o, &style->delimiter, 1);
        write_string(o, parts[0].columns[j].name, style);
    }
    output_write(o, "\n", 1);
    for (size_t p = 0; p < part_count && st == CMD_OK; p++)
        st = write_rows(o, &parts[p], count, style);
}

static bool all_f32(const struct table_part *parts, size_t part_count, size_t count)
{
    for (size_t p = 0; p < part_count; p++)
        for (size_t j = 0; j < count; j++)
            if (parts[p].columns[j].f64 != NULL)
                return false;
    return true;
}

static void write_npy(struct output *o, const struct table_part *parts, size_t part_count,
                      size_t count)
{
    bool single = all_f32(parts, part_count, count);
    size_t rows = 0;
    for (size_t p = 0; p < part_count; p++)
        rows += parts[p].rows;
    int st = npy_write_header(o, single ? NPY_F32 : NPY_F64, 2,
                              (const int64_t[]){ (int64_t)rows, (int64_t)count });
    for (size_t p = 0; p < part_count; p++)
        for (size_t i = 0; i < parts[p].rows && st == CMD_OK; i++)
            for (size_t j = 0; j < count; j++) {
                double value = value_of(&parts[p].columns[j], i);
                float narrow = single ? (float)value : 0;
                st = single ? output_write(o, &narrow, sizeof narrow)
                            : output_write(o, &value, sizeof value);
            }
}

/* A name in .tsv has tabs, also where what is read has another delimiter. */
static struct style style_of(const char *path, const struct table_format *format, size_t count)
{
    static const struct table_format csv;
    unsigned char delimiter = table_delimiter(&csv, path);
    if (format != NULL && delimiter != '\t')
        delimiter = table_delimiter(format, path);
    if (delimiter == TABLE_BLANKS)
        return (struct style){ ' ', "\"\r\n\t", "NA" };
    return (struct style){ delimiter, "\"\r\n", count == 1 ? "\"\"" : "" };
}

int table_write_parts(const char *path, const struct table_part *parts, size_t part_count,
                      size_t count, const struct table_format *format, struct error *e)
{
    struct output o;
    int st = output_open(&o, path, e);
    if (st != CMD_OK)
        return st;
    const struct style style = style_of(path, format, count);
    if (name_is_npy(path))
        write_npy(&o, parts, part_count, count);
    else
        write_text(&o, parts, part_count, count, &style);
    return output_close(&o, CMD_OK, e);
}

int table_write(const char *path, const struct table_out *columns, size_t count, size_t rows,
                const struct table_format *format, struct error *e)
{
    return table_write_parts(path, &(struct table_part){ columns, rows }, 1, count, format, e);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/io/npy.h"
#include "tools/io/number.h"
#include "tools/io/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int table_delimiter(const char *text, unsigned char *delimiter, struct error *e)
{
    unsigned char c = (unsigned char)text[0];
    if (strcmp(text, "\\t") == 0 || strcmp(text, "tab") == 0)
        c = '\t';
    else if (c == '\0' || text[1] != '\0')
        return error_set(e, CMD_USAGE, "the delimiter %s is not one character",
                         quoted_name(text).text);
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || c >= 0x7f || strchr("\"\r\n.+-_", c) != NULL)
        return error_set(e, CMD_USAGE, "%s cannot be the delimiter", quoted_name(text).text);
    *delimiter = c;
    return CMD_OK;
}

static void write_name(struct output *o, const char *name, unsigned char delimiter)
{
    size_t n = strlen(name);
    const char special[] = { '"', '\r', '\n', (char)delimiter, '\0' };
    bool edge = n == 0 || strchr(" \t", name[0]) != NULL || strchr(" \t", name[n - 1]) != NULL;
    if (!edge && strpbrk(name, special) == NULL) {
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
    return c->f64 != NULL ? c->f64[row] : (double)c->f32[row];
}

static void write_field(struct output *o, const struct table_out *c, size_t row, bool alone)
{
    double value = value_of(c, row);
    bool missing = c->missing != NULL && c->missing[row];
    if (missing || (c->nan_is_missing && isnan(value))) {
        output_text(o, alone ? "\"\"" : "");
        return;
    }
    char text[NUMBER_TEXT_MAX];
    size_t length =
        c->f64 != NULL ? number_format(text, value) : number_format_f32(text, (float)value);
    output_write(o, text, length);
}

static int write_csv(struct output *o, const struct table_out *columns, size_t count, size_t rows,
                     unsigned char delimiter)
{
    int st = CMD_OK;
    for (size_t j = 0; j < count; j++) {
        if (j > 0)
            output_write(o, &delimiter, 1);
        write_name(o, columns[j].name, delimiter);
    }
    output_write(o, "\n", 1);
    for (size_t i = 0; i < rows && st == CMD_OK; i++) {
        for (size_t j = 0; j < count; j++) {
            if (j > 0)
                output_write(o, &delimiter, 1);
            write_field(o, &columns[j], i, count == 1);
        }
        st = output_write(o, "\n", 1);
    }
    return st;
}

static int write_npy(struct output *o, const struct table_out *columns, size_t count, size_t rows)
{
    bool single = true;
    for (size_t j = 0; j < count; j++)
        single = single && columns[j].f64 == NULL;
    int st = npy_write_header(o, single ? NPY_F32 : NPY_F64, 2,
                              (const int64_t[]){ (int64_t)rows, (int64_t)count });
    for (size_t i = 0; i < rows && st == CMD_OK; i++)
        for (size_t j = 0; j < count; j++) {
            double value = value_of(&columns[j], i);
            float narrow = single ? (float)value : 0;
            st = single ? output_write(o, &narrow, sizeof narrow)
                        : output_write(o, &value, sizeof value);
        }
    return st;
}

int table_write(const char *path, const struct table_out *columns, size_t count, size_t rows,
                unsigned char delimiter, struct error *e)
{
    struct output o;
    int st = output_open(&o, path, e);
    if (st != CMD_OK)
        return st;
    if (name_is_npy(path))
        write_npy(&o, columns, count, rows);
    else
        write_csv(&o, columns, count, rows, delimiter == 0 ? ',' : delimiter);
    return output_close(&o, CMD_OK, e);
}

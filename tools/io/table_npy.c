/* SPDX-License-Identifier: Apache-2.0 */
/* A table from an array of one or two dimensions. */
#include "tools/io/npy.h"
#include "tools/io/table_build.h"

#include <math.h>
#include <stdlib.h>

/* Neither finite nor in range, or missing. */
static int npy_value(struct table_builder *b, size_t row, size_t column, double value)
{
    char text[NUMBER_TEXT_MAX];
    size_t length = number_format(text, value);
    enum number_kind kind = NUMBER_FINITE;
    if (value != value || table_is_marker(b, value))
        kind = NUMBER_MISSING;
    else if (value - value != 0)
        kind = NUMBER_INFINITE;
    return table_value(b, column, row + 1, kind, kind == NUMBER_MISSING ? (double)NAN : value, text,
                       length);
}

static int npy_label(struct table_builder *b, size_t row, size_t column, double value)
{
    char text[NUMBER_TEXT_MAX];
    return table_take_label(b, column, row + 1, text, number_format(text, value));
}

static int npy_rows(struct table_builder *b, const double *values, size_t rows)
{
    size_t count = b->file_columns;
    int st = CMD_OK;
    for (size_t i = 0; st == CMD_OK && i < rows; i++) {
        st = table_row(b);
        for (size_t j = 0; st == CMD_OK && j < count; j++) {
            double v = values[i * count + j];
            if (b->label_of[j] != TABLE_UNUSED)
                st = npy_label(b, i, j, v);
            if (st != CMD_OK || b->store_of[j] == TABLE_UNUSED)
                continue;
            bool plain = v - v == 0 && !table_is_marker(b, v);
            if (plain && (!b->options->single || number_fits_f32(v)))
                b->t->stored[b->store_of[j]][b->t->rows] = v;
            else
                st = npy_value(b, i, j, v);
        }
        if (st == CMD_OK)
            st = table_row_done(b, i + 1);
    }
    return st;
}

int table_read_npy(struct source *s, struct table_builder *b)
{
    struct npy_info info;
    int st = npy_header(s, &info, b->e);
    if (st != CMD_OK)
        return st;
    if (info.dims != 1 && info.dims != 2)
        return error_at(b->e, s->name, 0, 0, "the array %s has %d dimensions, a table has 1 or 2",
                        npy_shape(info.dims, info.shape).text, info.dims);
    size_t rows = (size_t)info.shape[0];
    size_t count = info.dims == 2 ? (size_t)info.shape[1] : 1;
    if (info.count == 0)
        return error_at(b->e, s->name, 0, 0, "the array %s has no rows or no columns",
                        npy_shape(info.dims, info.shape).text);
    st = table_choose_numbers(b, count);
    void *values = NULL;
    if (st == CMD_OK)
        st = npy_data(s, &info, NPY_AS_F64, &values, b->e);
    if (st == CMD_OK)
        st = npy_rows(b, values, rows);
    free(values);
    return st;
}

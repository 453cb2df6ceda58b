/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters that train has learned, in the place of a score and its arrays. */
#include "tools/attend/attend.h"

#include <stdlib.h>
#include <string.h>

enum params_array attend_params_of(const struct attend_options *o, enum attend_input i)
{
    static const enum attend_input inputs[PARAMS_ARRAYS] = {
        [PARAMS_W_ARRAY] = IN_INVERSE_BANDWIDTH,
        [PARAMS_WQ] = IN_WQ,
        [PARAMS_WK] = IN_WK,
        [PARAMS_WV] = IN_WV,
    };
    for (int k = 0; o->params != NULL && k < PARAMS_ARRAYS; k++)
        if (inputs[k] == i && params_count(&o->learned, (enum params_array)k) > 0)
            return (enum params_array)k;
    return PARAMS_ARRAYS;
}

int attend_params(struct attend_options *o, struct error *e)
{
    static const attpool_bandwidth_per per[] = {
        [PARAMS_W] = ATTPOOL_BANDWIDTH_ONE,
        [PARAMS_W_COORDINATE] = ATTPOOL_BANDWIDTH_COORDINATE,
        [PARAMS_W_KEY] = ATTPOOL_BANDWIDTH_KEY,
    };
    int st = params_read(o->params, &o->learned, e);
    if (st != CMD_OK)
        return st;
    for (int i = 0; i < INPUTS; i++)
        if (attend_params_of(o, (enum attend_input)i) != PARAMS_ARRAYS)
            o->input[i] = o->params;
    o->score = o->learned.kind == PARAMS_ADDITIVE     ? ATTPOOL_ADDITIVE
               : o->learned.kind == PARAMS_PROJECTION ? ATTPOOL_PROJECTION
                                                      : ATTPOOL_KERNEL;
    if (!params_have_kernel(&o->learned))
        return CMD_OK;
    o->kernels = o->learned.kernels; /* one owner has them */
    o->learned.kernels = (struct kernels){ NULL, 0 };
    o->form = o->learned.form;
    o->bandwidth_per = per[o->learned.kind];
    return CMD_OK;
}

int attend_params_arrays(const struct attend_options *o, struct attend_work *work, struct error *e)
{
    const struct params *p = &o->learned;
    int st = CMD_OK;
    for (int i = 0; i < INPUTS && st == CMD_OK; i++) {
        const enum params_array k = attend_params_of(o, (enum attend_input)i);
        struct attend_array *a = &work->input[i];
        if (k == PARAMS_ARRAYS)
            continue;
        a->count = (size_t)params_count(p, k);
        a->dims = k == PARAMS_WQ || k == PARAMS_WK ? 2 : 1;
        a->shape[0] = a->dims == 2 ? p->p : (int64_t)a->count;
        a->shape[1] = p->d;
        st = array_new(&a->data, a->count, real_size(work->single), e);
        for (size_t n = 0; st == CMD_OK && n < a->count; n++)
            real_set(a->data, work->single, n, p->value[k][n]);
    }
    return st;
}

/* The checksum of one batch item, in the order of a table: column by column. */
static int checksum_of(const double *item, size_t rows, size_t columns, char text[17],
                       struct error *e)
{
    void *memory;
    double **column = calloc(columns + 1, sizeof *column);
    int st = array_new(&memory, rows * columns, sizeof(double), e);
    if (st == CMD_OK && column == NULL)
        st = error_memory(e, columns * sizeof *column);
    for (size_t c = 0; st == CMD_OK && c < columns; c++) {
        column[c] = (double *)memory + c * rows;
        for (size_t i = 0; i < rows; i++)
            column[c][i] = item[i * columns + c];
    }
    if (st == CMD_OK)
        params_checksum(column, columns, rows, text);
    free(column);
    free(memory);
    return st;
}

int attend_params_keys(const struct attend_options *o, const struct attend_array *keys,
                       bool rounded, struct error *e)
{
    const struct params *p = &o->learned;
    const size_t rows = (size_t)keys->shape[keys->dims - 2];
    const size_t columns = (size_t)keys->shape[keys->dims - 1];
    const size_t size = rows * columns;
    char checksum[17];
    if (o->params == NULL || p->kind != PARAMS_W_KEY)
        return CMD_OK;
    if ((int64_t)rows != p->rows)
        return error_at(e, o->params, 0, 0, "its parameters are for %lld rows, %s has %zu keys",
                        (long long)p->rows, o->input[IN_K], rows);
    for (size_t i = 0; !rounded && size > 0 && i < keys->count; i += size) {
        const int st = checksum_of((const double *)keys->data + i, rows, columns, checksum, e);
        if (st != CMD_OK)
            return st;
        if (strcmp(checksum, p->checksum) != 0)
            return error_at(e, o->params, 0, 0,
                            "its parameters belong to the rows of other data than %s",
                            o->input[IN_K]);
    }
    return CMD_OK;
}

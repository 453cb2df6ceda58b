/* SPDX-License-Identifier: Apache-2.0 */
/* The results of attend: NPY, CSV and the picture of the weights. */
#include "tools/attend/attend.h"
#include "tools/io/number.h"
#include "tools/plot/picture.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_PANELS = 12 };

/* ---- CSV ---- */

static void write_value(struct output *o, const void *data, bool single, size_t i)
{
    char text[NUMBER_TEXT_MAX];
    size_t length = single ? number_format_f32(text, ((const float *)data)[i])
                           : number_format(text, ((const double *)data)[i]);
    output_write(o, text, length);
}

/* The numbers of the leading dimensions, batch first. */
static void write_place(struct output *o, const int64_t *shape, int leading, int64_t place)
{
    if (leading == 2)
        output_printf(o, "%lld,%lld,", (long long)(place / shape[1]),
                      (long long)(place % shape[1]));
    else if (leading == 1)
        output_printf(o, "%lld,", (long long)place);
}

/* A line for each row of each batch and head. Columns are name1, name2, .. or, where a row is
 * one value of an array without that dimension, name. Chosen rows begin with their numbers. */
static int write_csv(const char *path, const struct attend_array *a, bool single, const char *name,
                     bool vector, const struct integers *chosen, struct error *e)
{
    int leading = vector ? a->dims - 1 : a->dims - 2;
    int64_t rows = a->shape[leading], columns = vector ? 1 : a->shape[leading + 1], places = 1;
    struct output o;
    int st = output_open(&o, path, e);
    if (st != CMD_OK)
        return st;
    for (int c = 0; c < leading; c++)
        places *= a->shape[c];
    output_text(&o, leading == 2 ? "batch,head," : leading == 1 ? "batch," : "");
    output_text(&o, chosen != NULL ? "query," : "");
    for (int64_t c = 0; c < columns; c++)
        output_printf(&o, vector ? "%s%s" : "%s%s%lld", c > 0 ? "," : "", name, (long long)c + 1);
    output_text(&o, "\n");
    size_t i = 0;
    for (int64_t place = 0; place < places; place++)
        for (int64_t row = 0; row < rows; row++) {
            write_place(&o, a->shape, leading, place);
            if (chosen != NULL)
                output_printf(&o, "%lld,", (long long)chosen->value[row]);
            for (int64_t c = 0; c < columns; c++) {
                if (c > 0)
                    output_write(&o, ",", 1);
                write_value(&o, a->data, single, i++);
            }
            if (output_write(&o, "\n", 1) != CMD_OK)
                return output_close(&o, CMD_OK, e);
        }
    return output_close(&o, CMD_OK, e);
}

static int write_array(const char *path, const struct attend_array *a, bool single,
                       const char *name, bool vector, const struct integers *chosen,
                       struct error *e)
{
    if (path == NULL)
        return CMD_OK;
    if (name_is_npy(path))
        return npy_write(path, single ? NPY_F32 : NPY_F64, a->dims, a->shape, a->data, e);
    return write_csv(path, a, single, name, vector, chosen, e);
}

/* ---- the picture ---- */

/* The queries of --rows, or NULL. */
static int chosen_rows(const struct attend_options *o, double **row_at, struct error *e)
{
    void *rows;
    if (o->rows.count == 0)
        return CMD_OK;
    int st = array_new(&rows, o->rows.count, sizeof(double), e);
    if (st != CMD_OK)
        return st;
    *row_at = rows;
    for (size_t i = 0; i < o->rows.count; i++)
        (*row_at)[i] = (double)o->rows.value[i];
    return CMD_OK;
}

static int draw_attention(const struct attend_options *o, const struct attend_work *work,
                          struct error *e)
{
    const struct attend_array *w = &work->output[OUT_WEIGHTS];
    size_t rows = (size_t)w->shape[w->dims - 2], columns = (size_t)w->shape[w->dims - 1];
    size_t each = rows * columns, places = each > 0 ? w->count / each : 0;
    size_t heads = w->dims == 4 ? (size_t)w->shape[1] : 1;
    size_t count = places < MOST_PANELS ? places : MOST_PANELS;
    struct plot_matrix matrices[MOST_PANELS];
    struct plot_layer layers[MOST_PANELS];
    struct plot_panel panels[MOST_PANELS];
    char titles[MOST_PANELS][80];
    if (count < places)
        error_warn("the picture shows %zu of %zu batches and heads", count, places);
    if (count == 0) {
        count = 1;
        rows = 0;
    }
    double *row_at = NULL;
    int st = chosen_rows(o, &row_at, e);
    if (st != CMD_OK)
        return st;
    for (size_t p = 0; p < count; p++) {
        matrices[p] = (struct plot_matrix){
            .rows = rows, .columns = columns, .row_at = row_at, .downward = true
        };
        if (work->single)
            matrices[p].f32 = (const float *)w->data + p * each;
        else
            matrices[p].f64 = (const double *)w->data + p * each;
        layers[p] =
            (struct plot_layer){ .kind = PLOT_MATRIX, .label = "weight", .matrix = &matrices[p] };
        snprintf(titles[p], sizeof titles[p], w->dims == 4 ? "batch %zu, head %zu" : "batch %zu",
                 p / heads, p % heads);
        panels[p] = (struct plot_panel){ .title = w->dims > 2 ? titles[p] : NULL,
                                         .x_label = "key",
                                         .y_label = "query",
                                         .layers = &layers[p],
                                         .layer_count = 1 };
    }
    const struct plot_figure figure = { .panels = panels,
                                        .panel_count = count,
                                        .columns = grid_columns(count) };
    st = draw_picture(o->heatmap, o->keep_scripts, &figure, e);
    free(row_at);
    return st;
}

int attend_write(const struct attend_options *o, const struct attend_work *work, struct error *e)
{
    static const struct {
        const char *name;
        bool vector; /* a number a row */
    } kinds[OUTPUTS] = {
        [OUT_RESULT] = { "o", false },
        [OUT_LSE] = { "lse", true },
        [OUT_WEIGHTS] = { "w", false },
        [OUT_GRAD_Q] = { "dq", false },
        [OUT_GRAD_K] = { "dk", false },
        [OUT_GRAD_V] = { "dv", false },
        [OUT_GRAD_BIAS] = { "dbias", false },
        [OUT_GRAD_KEY_WEIGHTS] = { "dkey_weights", true },
        [OUT_GRAD_SCALE] = { "dscale", true },
        [OUT_GRAD_INVERSE_BANDWIDTH] = { "dinverse_bandwidth", true },
        [OUT_GRAD_KEY_FACTORS] = { "dkey_factors", true },
        [OUT_GRAD_WQ] = { "dwq", false },
        [OUT_GRAD_WK] = { "dwk", false },
        [OUT_GRAD_WV] = { "dwv", true },
    };
    /* The error has the first failure; the rest is written all the same. */
    for (int i = 0; i < OUTPUTS; i++)
        write_array(o->output[i], &work->output[i], work->single, kinds[i].name, kinds[i].vector,
                    i == OUT_WEIGHTS && o->rows.count > 0 ? &o->rows : NULL, e);
    if (o->heatmap != NULL)
        draw_attention(o, work, e);
    return e->code;
}

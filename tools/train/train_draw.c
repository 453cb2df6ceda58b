/* SPDX-License-Identifier: Apache-2.0 */
/* The picture of a training: loss, fit and weights. */
#include "tools/plot/picture.h"
#include "tools/regress/regress_group.h"
#include "tools/train/train.h"

#include <stdio.h>
#include <stdlib.h>

enum { CURVE = 200, MOST_WEIGHTS = 1 << 24, PANELS = 3 };

struct drawing {
    struct train_run *run;
    double *grid, *fit; /* [CURVE] */
    void *weights;      /* (rows, rows), or NULL */
    struct plot_matrix matrix;
    struct plot_layer loss, curves[2], heat;
    struct plot_panel panels[PANELS];
    char title[100], key_label[200], query_label[200];
    size_t count;
};

static attpool_status pool_curve(struct drawing *d, struct train_model *m, DLTensor *q, bool loo,
                                 DLTensor *out, DLTensor *weights)
{
    attpool_masks masks = { .size = sizeof masks, .leave_one_out = loo };
    m->options.masks = &masks;
    m->options.weights = weights;
    return attpool_pool(d->run->session.context, q, m->X, out != NULL ? m->Y : NULL, &m->options,
                        out);
}

/* The fit at a grid, of the first y. */
static int compute_fit(struct drawing *d, struct error *e)
{
    struct train_run *run = d->run;
    const struct regress_group *g = run->group;
    const bool single = run->params.single;
    const int64_t points[2] = { CURVE, 1 }, fits[2] = { CURVE, (int64_t)g->v };
    struct operand q, out;
    struct train_model m;
    void *grid = NULL, *fit = NULL, *packed = NULL, *shown = NULL;
    double least, most;
    int st = array_new(&grid, CURVE, sizeof(double), e);
    if (st == CMD_OK)
        st = array_new(&shown, CURVE, sizeof(double), e);
    d->grid = grid;
    d->fit = shown;
    if (st == CMD_OK)
        st = array_new(&fit, CURVE * g->v, real_size(single), e);
    if (st == CMD_OK) {
        group_range(g, 0, &least, &most);
        group_grid(least, most, CURVE, d->grid);
        st = group_pack(g, &d->grid, CURVE, train_shifts(run), 1, &packed, NULL, e);
    }
    if (st == CMD_OK) {
        train_describe(run, run->x, g->y, run->value, &m);
        attpool_status status = pool_curve(d, &m, operand_real(&q, packed, single, 2, points),
                                           false, operand_real(&out, fit, single, 2, fits), NULL);
        st = session_status(&run->session, status, NULL, 0, e);
    }
    for (size_t i = 0; st == CMD_OK && i < CURVE; i++)
        d->fit[i] = real_get(fit, single, i * g->v);
    free(fit);
    free(packed);
    return st;
}

/* What each row is predicted from. */
static int compute_weights(struct drawing *d, struct error *e)
{
    struct train_run *run = d->run;
    const struct regress_group *g = run->group;
    const int64_t shape[2] = { (int64_t)g->m, (int64_t)g->m };
    struct operand weights;
    struct train_model m;
    int st = array_new(&d->weights, g->m * g->m, real_size(run->params.single), e);
    if (st != CMD_OK)
        return st;
    train_describe(run, run->x, g->y, run->value, &m);
    attpool_status status = pool_curve(
        d, &m, m.X, true, NULL, operand_real(&weights, d->weights, run->params.single, 2, shape));
    return session_status(&run->session, status, NULL, 0, e);
}

static void show_loss(struct drawing *d)
{
    const struct train_record *r = &d->run->record;
    d->loss = (struct plot_layer){
        .kind = PLOT_CURVE, .colour = 1, .count = r->count, .x = r->epoch, .y = r->loss
    };
    d->panels[d->count++] =
        (struct plot_panel){ .title = "loss",
                             .x_label = d->run->o->lbfgs ? "evaluation" : "epoch",
                             .y_label = "loss",
                             .x_counts = true,
                             .layers = &d->loss,
                             .layer_count = 1 };
}

static void show_fit(struct drawing *d)
{
    const struct regress_group *g = d->run->group;
    d->curves[0] = (struct plot_layer){
        .kind = PLOT_POINTS, .label = "data", .count = g->m, .x = g->columns[0], .y = g->columns[1]
    };
    d->curves[1] = (struct plot_layer){
        .kind = PLOT_CURVE, .label = "fit", .colour = 1, .count = CURVE, .x = d->grid, .y = d->fit
    };
    d->panels[d->count++] = (struct plot_panel){ .title = "fit",
                                                 .x_label = d->run->tables->x_names[0],
                                                 .y_label = d->run->tables->y_names[0],
                                                 .layers = d->curves,
                                                 .layer_count = 2 };
}

static void show_weights(struct drawing *d)
{
    const struct regress_group *g = d->run->group;
    const bool one = g->d == 1;
    d->matrix = (struct plot_matrix){ .rows = g->m,
                                      .columns = g->m,
                                      .row_at = one ? g->columns[0] : NULL,
                                      .column_at = one ? g->columns[0] : NULL,
                                      .first = 1,
                                      .downward = !one };
    if (d->run->params.single)
        d->matrix.f32 = d->weights;
    else
        d->matrix.f64 = d->weights;
    snprintf(d->key_label, sizeof d->key_label, "%.150s of the key", d->run->tables->x_names[0]);
    snprintf(d->query_label, sizeof d->query_label, "%.150s of the query",
             d->run->tables->x_names[0]);
    d->heat = (struct plot_layer){ .kind = PLOT_MATRIX, .label = "weight", .matrix = &d->matrix };
    d->panels[d->count++] =
        (struct plot_panel){ .title = "weights",
                             .x_label = one ? d->key_label : "row of the key",
                             .y_label = one ? d->query_label : "row of the query",
                             .layers = &d->heat,
                             .layer_count = 1 };
}

static void show_title(struct drawing *d)
{
    const struct params *p = &d->run->params;
    const bool kernel = params_have_kernel(p) && p->kernels.count == 1;
    snprintf(d->title, sizeof d->title, "Training of %s%s%s%s by %s", params_kind_names[p->kind],
             kernel ? " of the " : "", kernel ? attpool_kernel_to_name(p->kernels.name[0]) : "",
             kernel ? " kernel" : "", d->run->o->lbfgs ? "L-BFGS" : "gradient descent");
}

int train_draw(struct train_run *run, struct error *e)
{
    const struct regress_group *g = run->group;
    const struct regress_options *o = &run->o->table;
    struct drawing d = { .run = run };
    const bool weights = g->m <= MOST_WEIGHTS / g->m;
    int st = CMD_OK;
    if (o->plot == NULL || run->record.count == 0)
        return st;
    if (!weights)
        error_warn("the picture has no weights: those of %zu rows are too many", g->m);
    if (g->d == 1)
        st = compute_fit(&d, e);
    if (st == CMD_OK && weights)
        st = compute_weights(&d, e);
    if (st == CMD_OK) {
        show_title(&d);
        show_loss(&d);
        if (g->d == 1)
            show_fit(&d);
        if (weights)
            show_weights(&d);
        const struct plot_figure figure = { .title = d.title,
                                            .panels = d.panels,
                                            .panel_count = d.count };
        st = draw_picture(o->plot, o->keep_scripts, &figure, e);
    }
    free(d.grid);
    free(d.fit);
    free(d.weights);
    return st;
}

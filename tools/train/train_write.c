/* SPDX-License-Identifier: Apache-2.0 */
/* What was learned: a table of the epochs, parameters, a report. */
#include "tools/train/train.h"

#include <stdio.h>
#include <stdlib.h>

static int name_width(const struct train_run *run, size_t c, char **name, struct error *e)
{
    const bool one = run->params.kind == PARAMS_W;
    int length = run->record.widths == 0 ? asprintf(name, "norm")
                 : one                   ? asprintf(name, "w")
                                         : asprintf(name, "w_%s", run->tables->x_names[c]);
    if (length >= 0)
        return CMD_OK;
    *name = NULL;
    return error_memory(e, 20);
}

static int write_epochs(const struct train_run *run, struct error *e)
{
    const struct train_record *record = &run->record;
    const struct regress_options *o = &run->o->table;
    const size_t widths = record->widths > 0 ? record->widths : 1;
    struct table_out *columns = calloc(widths + 2, sizeof *columns);
    char **names = calloc(widths, sizeof *names);
    int st = columns != NULL && names != NULL ? CMD_OK : error_memory(e, widths);
    for (size_t c = 0; c < widths && st == CMD_OK; c++) {
        st = name_width(run, c, &names[c], e);
        columns[c + 2] =
            (struct table_out){ .name = names[c], .f64 = record->w != NULL ? record->w[c] : NULL };
    }
    static const double nothing;
    if (st == CMD_OK) {
        columns[0] = (struct table_out){ .name = "epoch", .f64 = record->epoch };
        columns[1] = (struct table_out){ .name = "loss", .f64 = record->loss };
        for (size_t c = 0; c < widths + 2; c++)
            if (columns[c].f64 == NULL) /* no epoch was made */
                columns[c].f64 = &nothing;
        st = table_write(o->output, columns, widths + 2, record->count, &o->format, e);
    }
    for (size_t c = 0; names != NULL && c < widths; c++)
        free(names[c]);
    free(names);
    free(columns);
    return st;
}

int train_write(struct train_run *run, struct error *e)
{
    int st = CMD_OK;
    if (run->o->table.output != NULL)
        st = write_epochs(run, e);
    if (run->o->params_out != NULL) {
        const int written = params_write(run->o->params_out, &run->params, e);
        st = st == CMD_OK ? written : st;
    }
    return st;
}

static json_t *last_widths(const struct train_run *run)
{
    const struct params *p = &run->params;
    return run->record.widths > 0 ? report_numbers(p->value[PARAMS_W_ARRAY], run->record.widths)
                                  : json_null();
}

void train_report(const struct train_run *run, struct report *r)
{
    const struct train_options *o = run->o;
    const struct params *p = &run->params;
    const struct train_record *record = &run->record;
    const bool any = record->count > 0;
    const double first = any ? record->loss[0] : 0;
    const double last = !any ? 0 : o->lbfgs ? run->best : record->loss[record->count - 1];
    regress_report_input(&o->table, run->tables, r);
    report_put(r, r->root, "param", json_string(params_kind_names[p->kind]));
    report_put(r, r->root, "kernel",
               params_have_kernel(p) ? report_kernels(&p->kernels) : json_null());
    report_put(r, r->root, "optimizer", json_string(params_optimizer_names[p->lbfgs]));
    report_put(r, r->root, "loss", json_string(params_loss_names[p->loss]));
    report_put(r, r->root, "rate", o->lbfgs ? json_null() : json_real(p->rate));
    report_put(r, r->root, "batch", p->batch > 0 ? json_integer(p->batch) : json_null());
    report_put(r, r->root, "seed", json_integer(p->seed));
    report_put(r, r->root, "epoch", json_integer(p->epoch));
    report_put(r, r->root, "first_loss", any ? report_number(first) : json_null());
    report_put(r, r->root, "last_loss", any ? report_number(last) : json_null());
    report_put(r, r->root, "w", last_widths(run));
    report_put(r, r->root, "converged", o->lbfgs ? json_boolean(run->converged) : json_null());
    r->computed = true;
    if (run->stopped || !any)
        return;
    const long long count = o->lbfgs ? (long long)run->evaluations : (long long)record->count;
    error_summary("%s, %lld %s%s, loss %.6g at first, %.6g %s, on %s, %.3g s",
                  params_kind_names[p->kind], count, o->lbfgs ? "evaluation" : "epoch",
                  count == 1 ? "" : "s", first, last, o->lbfgs ? "at best" : "before the last step",
                  run->backend, report_seconds(r));
}

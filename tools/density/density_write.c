/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the densities, and what is said of them in --json and on stderr. */
#include "tools/command/progress.h"
#include "tools/density/density.h"
#include "tools/io/source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESULTS = 2 };

/* Those of one fit, or with f NULL points without a group. */
static void fill_density(struct table_out *out, const struct regress_tables *t,
                         const struct regress_groups *groups, const struct regress_keys *keys,
                         size_t i, const struct density_points *at, const struct density *f)
{
    static const char *const names[RESULTS] = { "density", "log_density" };
    for (size_t k = 0; k < keys->count; k++)
        *out++ = regress_key(keys, k, i, at->missing, f != NULL ? NULL : groups);
    for (size_t c = 0; c < t->d; c++)
        *out++ = (struct table_out){ .name = t->x_names[c],
                                     .f64 = at->columns[c],
                                     .nan_is_missing = true };
    for (size_t k = 0; k < RESULTS; k++) {
        const void *column = f == NULL ? NULL : k == 0 ? f->value : f->log;
        *out++ = (struct table_out){ .name = names[k],
                                     .missing = at->missing,
                                     .f32 = t->single ? column : NULL,
                                     .f64 = t->single ? NULL : column };
    }
}

int density_write(const struct density_options *o, const struct regress_tables *t,
                  const struct regress_groups *groups, const struct regress_fits *fits,
                  const struct density *densities, struct error *e)
{
    const char *path = o->table.output;
    struct regress_keys keys = { .count = 0 };
    if (path == NULL)
        return CMD_OK;
    progress_clear();
    int st = regress_keys(&o->table, t, fits, &keys, e);
    const size_t columns = keys.count + t->d + RESULTS, parts = fits->count + 1;
    struct table_out *out = calloc(parts * columns, sizeof *out);
    struct table_part *part = calloc(parts, sizeof *part);
    if (st == CMD_OK && (out == NULL || part == NULL))
        st = error_memory(e, parts * columns * sizeof *out);
    const struct density_points lost = { .n = o->grid.count > 0 ? 0 : groups->lost.n,
                                         .columns = groups->lost.points,
                                         .missing = groups->lost.missing };
    for (size_t i = 0; st == CMD_OK && i < parts; i++) {
        const struct density *f = i < fits->count ? &densities[i] : NULL;
        part[i] = (struct table_part){ out + i * columns, f != NULL ? f->at.n : lost.n };
        if (f != NULL || lost.n > 0)
            fill_density(out + i * columns, t, groups, &keys, i, f != NULL ? &f->at : &lost, f);
    }
    if (st == CMD_OK && !name_is_npy(path))
        regress_warn_names(out, columns);
    if (st == CMD_OK)
        st = table_write_parts(path, part, parts, columns, &o->table.format, e);
    free(out);
    free(part);
    regress_keys_free(&keys, fits->count);
    return st;
}

/* ---- report ---- */

static void summarise_density(const struct density_options *o, const struct regress_options *t,
                              const struct regress_fits *fits, const struct density *f)
{
    char count[40] = "", likelihood[80] = "";
    size_t m = 0, n = 0;
    const size_t each = t->choices.kernel_count * t->choices.bandwidth_count;
    for (size_t i = 0; i < fits->count; i += each) {
        m += fits->item[i].group->m;
        n += f[i].at.n;
    }
    if (fits->count > 1)
        snprintf(count, sizeof count, "%zu densities, ", fits->count);
    else if (!isnan(f[0].log_likelihood))
        snprintf(likelihood, sizeof likelihood, "%slog-likelihood %.4g a row, ",
                 t->loo ? "leave-one-out " : "", f[0].log_likelihood);
    if (t->at != NULL || o->grid.count > 0)
        error_summary("%s%sn %zu at %zu point%s", count, likelihood, m, n, n == 1 ? "" : "s");
    else
        error_summary("%s%sn %zu", count, likelihood, m);
}

void density_report(const struct density_options *o, const struct regress_tables *t,
                    const struct regress_fits *fits, const struct density *f, struct report *r)
{
    json_t *array = json_array(), *grid = json_null();
    if (fits->whole)
        summarise_density(o, &o->table, fits, f);
    r->computed = true;
    regress_report_input(&o->table, t, r);
    if (o->grid.count > 0) {
        grid = json_array();
        for (size_t c = 0; c < o->grid.count; c++)
            report_append(r, grid, json_integer(o->grid.value[c]));
    }
    report_put(r, r->root, "grid", grid);
    report_put(r, r->root, "densities", array);
    for (size_t i = 0; i < fits->count; i++) {
        json_t *object = regress_report_choice(&o->table, &fits->item[i], r);
        report_put(r, object, "n", json_integer((json_int_t)f[i].at.n));
        report_put(r, object, "log_likelihood",
                   o->table.loo ? json_null() : report_number(f[i].log_likelihood));
        report_put(r, object, "leave_one_out_log_likelihood",
                   o->table.loo ? report_number(f[i].log_likelihood) : json_null());
        report_append(r, array, object);
    }
}

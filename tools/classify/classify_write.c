/* SPDX-License-Identifier: Apache-2.0 */
/* The table of classes and probabilities, and what is said of them in --json and on stderr. */
#include "tools/classify/classify.h"
#include "tools/command/progress.h"
#include "tools/io/source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the table ---- */

/* Those of one fit, or with c NULL query points without a group. */
static void fill_classes(struct table_out *out, const struct regress_tables *t,
                         const struct regress_groups *groups, const struct regress_keys *keys,
                         size_t i, const struct regress_group *g, const struct classes *classes,
                         const struct classification *c)
{
    for (size_t k = 0; k < keys->count; k++)
        *out++ = regress_key(keys, k, i, g->missing, c != NULL ? NULL : groups);
    for (size_t k = 0; k < t->d; k++)
        *out++ = (struct table_out){ .name = t->x_names[k],
                                     .f64 = g->points[k],
                                     .nan_is_missing = true };
    *out++ = (struct table_out){ .name = "class",
                                 .labels = classes->label,
                                 .label = c != NULL ? c->class : NULL,
                                 .missing = g->missing };
    for (size_t k = 0; k < classes->count; k++) {
        const void *column =
            c != NULL ? (const char *)c->p + k * g->n * real_size(g->single) : NULL;
        *out++ = (struct table_out){ .name = classes->names[k],
                                     .missing = g->missing,
                                     .f32 = t->single ? column : NULL,
                                     .f64 = t->single ? NULL : column };
    }
}

int classify_write(const struct regress_options *o, const struct regress_tables *t,
                   const struct regress_groups *groups, const struct classes *classes,
                   const struct regress_fits *fits, const struct classification *results,
                   struct error *e)
{
    struct regress_keys keys = { .count = 0 };
    if (o->output == NULL)
        return CMD_OK;
    progress_clear();
    int st = regress_keys(o, t, fits, &keys, e);
    const size_t columns = keys.count + t->d + 1 + classes->count, parts = fits->count + 1;
    struct table_out *out = calloc(parts * columns, sizeof *out);
    struct table_part *part = calloc(parts, sizeof *part);
    if (st == CMD_OK && (out == NULL || part == NULL))
        st = error_memory(e, parts * columns * sizeof *out);
    for (size_t i = 0; st == CMD_OK && i < parts; i++) {
        const bool fitted = i < fits->count;
        const struct regress_group *g = fitted ? fits->item[i].group : &groups->lost;
        part[i] = (struct table_part){ out + i * columns, g->n };
        if (g->n > 0 || fitted)
            fill_classes(out + i * columns, t, groups, &keys, i, g, classes,
                         fitted ? &results[i] : NULL);
    }
    if (st == CMD_OK && !name_is_npy(o->output))
        regress_warn_names(out, columns);
    if (st == CMD_OK)
        st = table_write_parts(o->output, part, parts, columns, &o->format, e);
    free(out);
    free(part);
    regress_keys_free(&keys, fits->count);
    return st;
}

/* ---- on stderr ---- */

/* "of 50 versicolor: 48 versicolor, 2 virginica" */
static void say_row(const struct classes *classes, const double *row, size_t own)
{
    char text[600];
    size_t used = 0;
    double all = 0;
    for (size_t k = 0; k <= classes->count; k++)
        all += row[k];
    for (size_t k = 0; k <= classes->count && used < sizeof text; k++)
        if (row[k] > 0)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%.6g %s",
                                     used > 0 ? ", " : "", row[k],
                                     k < classes->count ? classes->label[k] : "without a class");
    if (all > 0)
        error_summary("of %.6g %s: %s", all, classes->label[own], text);
}

static void summarise_classes(const struct regress_options *o, const struct classes *classes,
                              const struct regress_fits *fits, const struct classification *results)
{
    enum { MOST_CLASSES = 20 };
    for (size_t i = 0; i < fits->count; i++) {
        const struct classification *c = &results[i];
        const struct regress_label label = regress_label(o, &fits->item[i], true);
        const char *colon = label.text[0] != '\0' ? ": " : "";
        if (!c->validated) {
            error_summary("%s%sn %zu; with --loo the accuracy too", label.text, colon,
                          fits->item[i].group->m);
            continue;
        }
        error_summary("%s%sleave-one-out accuracy %.4g (%.6g of %.6g), Brier score %.4g",
                      label.text, colon, c->right / c->all, c->right, c->all, c->brier);
        for (size_t k = 0; fits->count == 1 && k < classes->count && classes->count <= MOST_CLASSES;
             k++)
            say_row(classes, c->confusion + k * (classes->count + 1), k);
    }
}

/* ---- --json ---- */

static void report_validation(const struct classes *classes, const struct classification *c,
                              struct report *r, json_t *object)
{
    json_t *matrix = json_array(), *none = json_array();
    const size_t width = classes->count + 1;
    report_put(r, object, "accuracy",
               c->validated ? report_number(c->right / c->all) : json_null());
    report_put(r, object, "brier", c->validated ? report_number(c->brier) : json_null());
    for (size_t k = 0; c->validated && k < classes->count; k++) {
        report_append(r, matrix, report_numbers(c->confusion + k * width, classes->count));
        report_append(r, none, report_number(c->confusion[k * width + classes->count]));
    }
    report_put(r, object, "confusion", matrix);
    report_put(r, object, "without_class", none);
}

void classify_report(const struct regress_options *o, const struct regress_tables *t,
                     const struct classes *classes, const struct regress_fits *fits,
                     const struct classification *results, struct report *r)
{
    json_t *array = json_array(), *labels = json_array();
    summarise_classes(o, classes, fits, results);
    r->computed = true;
    regress_report_input(o, t, r);
    for (size_t k = 0; k < classes->count; k++)
        report_append(r, labels, report_text(classes->label[k]));
    report_put(r, r->root, "classes", labels);
    report_put(r, r->root, "fits", array);
    for (size_t i = 0; i < fits->count; i++) {
        json_t *object = regress_report_choice(o, &fits->item[i], r);
        report_put(r, object, "n", json_integer((json_int_t)fits->item[i].group->n));
        report_validation(classes, &results[i], r, object);
        report_append(r, array, object);
    }
}

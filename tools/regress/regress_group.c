/* SPDX-License-Identifier: Apache-2.0 */
/* From tables to arrays: the rows that are fitted together. */
#include "tools/regress/regress_group.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- arrays ---- */

static int pack_weights(const struct table *data, struct regress_group *g, struct error *e)
{
    size_t column = g->d + g->v;
    const double *a = g->columns[column];
    double sum = 0;
    int st = array_new(&g->a, g->m, real_size(g->single), e);
    for (size_t j = 0; st == CMD_OK && j < g->m; j++) {
        if (a[j] < 0)
            return table_fault(data, g->rows != NULL ? g->rows[j] : j, column, e,
                               "a case weight is negative: %g", a[j]);
        real_set(g->a, g->single, j, a[j]);
        sum += g->single ? (double)(float)a[j] : a[j];
        if (isinf(g->single ? (double)(float)sum : sum))
            return table_fault(data, g->rows != NULL ? g->rows[j] : j, column, e,
                               "the sum of the case weights is outside the range of float%d",
                               g->single ? 32 : 64);
    }
    g->weightless = sum == 0;
    for (size_t j = 0; j < g->m && g->weightless; j++)
        g->underflow = g->underflow || a[j] > 0;
    return st;
}

static int pack_group(const struct regress_options *o, const struct regress_tables *t,
                      struct regress_group *g, struct error *e)
{
    const struct group_place rows = { &t->data, g->rows };
    const struct group_place queries = { o->at != NULL ? &t->at : &t->data, g->queries };
    int st = group_share_or_pack(g, g->columns, g->m, true, g->d, &g->x, &rows, e);
    if (st == CMD_OK)
        st = group_share_or_pack(g, g->columns + g->d, g->m, false, g->v, &g->y, NULL, e);
    if (st == CMD_OK)
        st = group_share_or_pack(g, g->points, g->n, true, g->d, &g->q,
                                 o->grid > 0 ? NULL : &queries, e);
    return st;
}

/* ---- columns ---- */

static int make_group(const struct regress_options *o, const struct regress_tables *t,
                      struct regress_group *g, struct error *e)
{
    size_t count = t->d + t->v + (o->case_weights != NULL);
    g->single = t->single;
    g->d = t->d;
    g->x_names = t->x_names;
    g->v = t->v;
    g->columns = calloc(count + t->d, sizeof *g->columns);
    if (g->columns == NULL)
        return error_memory(e, (count + t->d) * sizeof *g->columns);
    g->points = g->columns + count;
    int st = group_take(t->data.columns, count, g->rows, g->m, g->columns, &g->memory[0], e);
    if (st == CMD_OK && o->at != NULL)
        st = group_take(t->at.columns, t->d, g->queries, g->n, g->points, &g->memory[1], e);
    if (st == CMD_OK && o->case_weights != NULL)
        st = pack_weights(&t->data, g, e);
    if (st == CMD_OK)
        st = group_points(o, g, e);
    return st == CMD_OK ? pack_group(o, t, g, e) : st;
}

/* ---- groups ---- */

/* Places of a table's rows, label after label, each in order and those without a label last;
 * start[] says where each begins, and the last where they end. */
static int sort_rows(const double *label, size_t rows, size_t labels, size_t **place,
                     size_t **start, struct error *e)
{
    size_t *next = calloc(labels + 1, sizeof *next);
    *place = calloc(rows + 1, sizeof **place);
    *start = calloc(labels + 3, sizeof **start);
    if (next == NULL || *place == NULL || *start == NULL) {
        free(next);
        return error_memory(e, rows * sizeof **place);
    }
    for (size_t i = 0; i < rows; i++)
        (*start)[(isnan(label[i]) ? labels : (size_t)label[i]) + 1]++;
    for (size_t k = 0; k <= labels; k++) {
        (*start)[k + 1] += (*start)[k];
        next[k] = (*start)[k];
    }
    for (size_t i = 0; i < rows; i++)
        (*place)[next[isnan(label[i]) ? labels : (size_t)label[i]]++] = i;
    free(next);
    return CMD_OK;
}

static struct nearest_hint near_label(const struct table_labels *labels, const char *text)
{
    struct nearest nearest = { .typed = text };
    for (size_t i = 0; i < labels->count; i++)
        nearest_offer(&nearest, labels->text[i]);
    return nearest_hint(&nearest);
}

/* The labels of --at become those of the data. */
static int translate(const struct regress_tables *t, const size_t *start, double *label,
                     struct error *e)
{
    const struct table_labels *data = table_labels(&t->data, t->data.column_count - 1);
    const struct table_labels *at = table_labels(&t->at, t->d);
    for (size_t i = 0; i < t->at.rows; i++) {
        double own = t->at.columns[t->d][i];
        size_t index = 0;
        label[i] = own;
        if (isnan(own))
            continue;
        const char *text = at->text[(size_t)own];
        if (!labels_find(data, text, &index))
            return table_fault(&t->at, i, t->d, e, "%s has no group %s%s", t->data.file,
                               quoted_name(text).text, near_label(data, text).text);
        if (start[index] == start[index + 1])
            return table_fault(&t->at, i, t->d, e, "group %s of %s has missing values in each row",
                               quoted_name(text).text, t->data.file);
        label[i] = (double)index;
    }
    return CMD_OK;
}

/* Where the rows of each label and its query points stand. */
struct sorted {
    size_t *rows, *queries; /* first of each label, of the last one the end */
};

static int sort_tables(const struct regress_options *o, const struct regress_tables *t,
                       struct regress_groups *groups, struct sorted *start, struct error *e)
{
    size_t by = t->data.column_count - 1, labels = table_labels(&t->data, by)->count;
    void *label = NULL;
    int st = sort_rows(t->data.columns[by], t->data.rows, labels, &groups->rows, &start->rows, e);
    if (st != CMD_OK || o->at == NULL)
        return st;
    st = array_new(&label, t->at.rows, sizeof(double), e);
    if (st == CMD_OK)
        st = translate(t, start->rows, label, e);
    if (st == CMD_OK)
        st = sort_rows(label, t->at.rows, labels, &groups->queries, &start->queries, e);
    free(label);
    return st;
}

static int fill_groups(const struct regress_options *o, const struct regress_tables *t,
                       struct regress_groups *groups, const struct sorted *start, struct error *e)
{
    const struct table_labels *labels = table_labels(&t->data, t->data.column_count - 1);
    int st = CMD_OK;
    groups->item = calloc(labels->count, sizeof *groups->item);
    if (groups->item == NULL)
        return error_memory(e, labels->count * sizeof *groups->item);
    for (size_t k = 0; k < labels->count && st == CMD_OK; k++) {
        size_t m = start->rows[k + 1] - start->rows[k];
        struct regress_group *g = &groups->item[groups->count];
        if (m == 0)
            continue;
        *g = (struct regress_group){ .label = labels->text[k],
                                     .m = m,
                                     .rows = groups->rows + start->rows[k] };
        if (o->at != NULL) {
            g->n = start->queries[k + 1] - start->queries[k];
            g->queries = groups->queries + start->queries[k];
        }
        groups->count++;
        st = make_group(o, t, g, e);
    }
    return st;
}

static int group_by_label(const struct regress_options *o, const struct regress_tables *t,
                          struct regress_groups *groups, struct error *e)
{
    const size_t labels = table_labels(&t->data, t->data.column_count - 1)->count;
    struct sorted start = { NULL, NULL };
    struct lost_points unlabelled = { NULL, 0 };
    int st = sort_tables(o, t, groups, &start, e);
    if (st == CMD_OK)
        st = fill_groups(o, t, groups, &start, e);
    if (st == CMD_OK && o->at != NULL)
        unlabelled = (struct lost_points){ groups->queries + start.queries[labels],
                                           start.queries[labels + 1] - start.queries[labels] };
    if (st == CMD_OK)
        st = group_lose(o, t, groups, &unlabelled, e);
    free(start.rows);
    free(start.queries);
    return st;
}

int regress_group(const struct regress_options *o, const struct regress_tables *t,
                  struct regress_groups *groups, struct error *e)
{
    if (o->by != NULL)
        return group_by_label(o, t, groups, e);
    groups->item = calloc(1, sizeof *groups->item);
    if (groups->item == NULL)
        return error_memory(e, sizeof *groups->item);
    groups->count = 1;
    groups->item[0].m = t->data.rows;
    groups->item[0].n = t->at.rows;
    return make_group(o, t, &groups->item[0], e);
}

void regress_groups_free(struct regress_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++)
        group_free(&groups->item[i]);
    group_free(&groups->lost);
    free(groups->item);
    free(groups->rows);
    free(groups->queries);
    free(groups->lost_queries);
    free(groups->lost_label);
    *groups = (struct regress_groups){ .count = 0 };
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Groups for which no bandwidth can be chosen are left out, and query points that then have no fit
 * are kept, as those without a label. */
#include "tools/regress/regress_group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which groups ---- */

/* More names nobody reads. */
enum { MOST_NAMED = 6 };

struct left_out {
    struct regress_group *group; /* [count] */
    size_t count;
    struct error why; /* of the first */
};

/* The others move up. */
static int leave_out(const struct regress_options *o, const struct regress_tables *t,
                     struct regress_groups *groups, struct left_out *left, struct error *e)
{
    struct error why = { 0 };
    size_t kept = 0;
    left->group = calloc(groups->count, sizeof *left->group);
    if (left->group == NULL)
        return error_memory(e, groups->count * sizeof *left->group);
    for (size_t i = 0; i < groups->count; i++) {
        const struct regress_group g = groups->item[i];
        if (regress_check_group(o, t, &g, &why) == CMD_OK) {
            groups->item[kept++] = g;
            continue;
        }
        if (left->count == 0)
            left->why = why;
        why.code = CMD_OK;
        left->group[left->count++] = g;
    }
    groups->count = kept;
    return kept > 0 ? CMD_OK : error_set(e, left->why.code, "%s", left->why.text);
}

static void warn_left_out(const struct left_out *left, size_t all)
{
    char names[MOST_NAMED * sizeof(struct quoted)] = "", more[60] = "";
    size_t used = 0, named = left->count < MOST_NAMED ? left->count : MOST_NAMED;
    if (left->count == 0)
        return;
    for (size_t i = 1; i < named; i++)
        used +=
            (size_t)snprintf(names + used, sizeof names - used, "%s%s", i == 1 ? "; so in " : ", ",
                             quoted_name(left->group[i].label).text);
    if (left->count > named)
        snprintf(more, sizeof more, " and %zu more", left->count - named);
    error_warn("%zu of %zu groups %s left without a fit: %s%s%s", left->count, all,
               left->count == 1 ? "is" : "are", left->why.text, names, more);
}

/* ---- their query points ---- */

static int set_up_lost(struct regress_groups *groups, const struct regress_tables *t, size_t count,
                       struct error *e)
{
    struct regress_group *g = &groups->lost;
    *g = (struct regress_group){ .d = t->d, .v = t->v, .n = count };
    g->columns = calloc(t->d + t->v + 1, sizeof *g->columns);
    g->missing = malloc(count + 1);
    groups->lost_queries = calloc(count + 1, sizeof *groups->lost_queries);
    groups->lost_label = calloc(count + 1, sizeof *groups->lost_label);
    if (g->columns == NULL || g->missing == NULL || groups->lost_queries == NULL ||
        groups->lost_label == NULL)
        return error_memory(e, count * sizeof *groups->lost_queries);
    g->points = g->columns;
    g->queries = groups->lost_queries;
    memset(g->missing, 1, count);
    return CMD_OK;
}

static int keep_points(const struct regress_options *o, const struct regress_tables *t,
                       struct regress_groups *groups, const struct left_out *left,
                       const struct lost_points *unlabelled, struct error *e)
{
    const struct table_labels *labels = table_labels(&t->data, t->data.column_count - 1);
    size_t count = unlabelled->count, filled = 0;
    for (size_t i = 0; i < left->count && o->grid == 0; i++)
        count += left->group[i].n;
    int st = set_up_lost(groups, t, count, e);
    if (st != CMD_OK)
        return st;
    groups->labels = (const char *const *)labels->text;
    for (size_t i = 0; i < left->count && o->grid == 0; i++) {
        const struct regress_group *g = &left->group[i];
        size_t index = 0;
        labels_find(labels, g->label, &index);
        for (size_t k = 0; k < g->n; k++, filled++) {
            groups->lost_queries[filled] = g->queries[k];
            groups->lost_label[filled] = (int32_t)index;
        }
    }
    for (size_t k = 0; k < unlabelled->count; k++, filled++) {
        groups->lost_queries[filled] = unlabelled->rows[k];
        groups->lost_label[filled] = -1;
    }
    struct regress_group *g = &groups->lost;
    double *const *columns = o->at != NULL ? t->at.columns : t->data.columns;
    return group_take(columns, t->d, g->queries, count, g->points, &g->memory[1], e);
}

int group_lose(const struct regress_options *o, const struct regress_tables *t,
               struct regress_groups *groups, const struct lost_points *unlabelled, struct error *e)
{
    struct left_out left = { 0 };
    const size_t all = groups->count;
    int st = leave_out(o, t, groups, &left, e);
    if (st == CMD_OK)
        warn_left_out(&left, all);
    if (st == CMD_OK)
        st = keep_points(o, t, groups, &left, unlabelled, e);
    for (size_t i = 0; i < left.count; i++)
        group_free(&left.group[i]);
    free(left.group);
    return st;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* From labels to classes: those that have rows, each a column of zeros and ones. */
#include "tools/classify/classify.h"
#include "tools/io/number.h"
#include "tools/regress/regress_group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A label may be left without a row where others had missing values. */
static int list_classes(const struct regress_tables *t, struct classes *c, struct error *e)
{
    const struct table_labels *labels = table_labels(&t->data, t->d);
    bool *used = calloc(labels->count + 1, sizeof *used);
    c->label = calloc(labels->count + 1, sizeof *c->label);
    c->names = calloc(labels->count + 1, sizeof *c->names);
    c->of_label = calloc(labels->count + 1, sizeof *c->of_label);
    int st = used == NULL || c->label == NULL || c->names == NULL || c->of_label == NULL
                 ? error_memory(e, labels->count * sizeof *c->label)
                 : CMD_OK;
    for (size_t i = 0; st == CMD_OK && i < t->data.rows; i++)
        used[(size_t)t->data.columns[t->d][i]] = true;
    for (size_t k = 0; st == CMD_OK && k < labels->count; k++) {
        if (!used[k])
            continue;
        c->of_label[k] = c->count;
        c->label[c->count] = labels->text[k];
        if (asprintf(&c->names[c->count], "p_%s", labels->text[k]) < 0) {
            c->names[c->count] = NULL;
            st = error_memory(e, 0);
        }
        c->count++;
    }
    free(used);
    return st;
}

size_t classify_class_of(const struct regress_group *g, const struct classes *c, size_t row)
{
    return c->of_label[(size_t)g->columns[g->d][row]];
}

static int make_values(struct regress_group *g, const struct classes *c, struct error *e)
{
    group_free_packed(g, g->y);
    int st = array_new(&g->y, g->m * c->count, real_size(g->single), e);
    for (size_t j = 0; st == CMD_OK && j < g->m; j++)
        for (size_t k = 0; k < c->count; k++)
            real_set(g->y, g->single, j * c->count + k, classify_class_of(g, c, j) == k);
    g->v = c->count;
    return st;
}

/* A y of many numbers was more likely meant for regress. */
static void note_numbers(const struct regress_tables *t, const struct classes *c)
{
    enum { FEW = 20 };
    double value;
    for (size_t k = 0; k < c->count; k++)
        if (number_parse(c->label[k], strlen(c->label[k]), &value) == NUMBER_TEXT)
            return;
    if (c->count > FEW)
        error_note("%s: each of the %zu numbers of column %s is a class of its own; attpool "
                   "regress fits numbers",
                   t->data.file, c->count, quoted_name(t->y_names[0]).text);
}

int classify_classes(const struct regress_tables *t, struct regress_groups *groups,
                     struct classes *classes, struct error *e)
{
    int st = list_classes(t, classes, e);
    if (st == CMD_OK && classes->count == 1)
        error_warn("%s: all rows are of one class, %s", t->data.file,
                   quoted_name(classes->label[0]).text);
    if (st == CMD_OK)
        note_numbers(t, classes);
    for (size_t i = 0; st == CMD_OK && i < groups->count; i++)
        st = make_values(&groups->item[i], classes, e);
    return st;
}

void classify_classes_free(struct classes *c)
{
    for (size_t k = 0; c->names != NULL && k < c->count; k++)
        free(c->names[k]);
    free(c->names);
    free(c->label);
    free(c->of_label);
    *c = (struct classes){ .label = NULL };
}

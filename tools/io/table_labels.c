/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/io/table_labels.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct label {
    const char *text;
    size_t length, index;
};

static int compare_labels(const void *a, const void *b)
{
    const struct label *p = a, *q = b;
    size_t length = p->length < q->length ? p->length : q->length;
    int order = memcmp(p->text, q->text, length);
    return order != 0 ? order : (p->length > q->length) - (p->length < q->length);
}

static int add_label(struct table_labels *l, struct label *node, struct error *e)
{
    char **more = l->text;
    if ((l->count & (l->count - 1)) == 0) /* a power of two is full */
        more = realloc(l->text, (l->count > 0 ? 2 * l->count : 1) * sizeof *more);
    char *copy = strndup(node->text, node->length);
    if (more != NULL)
        l->text = more;
    if (more == NULL || copy == NULL) {
        free(copy);
        return error_memory(e, 2 * l->count * sizeof *more);
    }
    node->text = l->text[l->count] = copy;
    node->index = l->count++;
    return CMD_OK;
}

int labels_add(struct table_labels *l, const char *text, size_t length, size_t *index,
               struct error *e)
{
    const struct label key = { .text = text, .length = length };
    /* Rows of a group often stand together. */
    *index = l->last;
    if (l->count > 0 && strlen(l->text[l->last]) == length &&
        memcmp(l->text[l->last], text, length) == 0)
        return CMD_OK;
    struct label **found = tfind(&key, &l->tree, compare_labels);
    if (found == NULL) {
        struct label *node = malloc(sizeof *node);
        if (node == NULL)
            return error_memory(e, sizeof *node);
        *node = key;
        int st = add_label(l, node, e);
        found = st == CMD_OK ? tsearch(node, &l->tree, compare_labels) : NULL;
        if (found == NULL) {
            free(node);
            return st == CMD_OK ? error_memory(e, sizeof *node) : st;
        }
    }
    *index = l->last = (*found)->index;
    return CMD_OK;
}

bool labels_find(const struct table_labels *l, const char *text, size_t *index)
{
    const struct label key = { .text = text, .length = strlen(text) };
    struct label **found = tfind(&key, &l->tree, compare_labels);
    *index = found != NULL ? (*found)->index : 0;
    return found != NULL;
}

void labels_free(struct table_labels *l)
{
    tdestroy(l->tree, free);
    for (size_t i = 0; i < l->count; i++)
        free(l->text[i]);
    free(l->text);
    *l = (struct table_labels){ .count = 0 };
}

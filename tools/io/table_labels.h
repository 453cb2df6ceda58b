/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of groups and classes: each text once, in the order in which they are met. */
#ifndef TOOLS_IO_TABLE_LABELS_H
#define TOOLS_IO_TABLE_LABELS_H

#include "tools/command/error.h"

#include <stdbool.h>

struct table_labels {
    char **text;
    size_t count;
    void *tree; /* tsearch's, of struct label */
    size_t last;
};

/* The index of a label, which is added where it is new. */
int labels_add(struct table_labels *labels, const char *text, size_t length, size_t *index,
               struct error *e);
bool labels_find(const struct table_labels *labels, const char *text, size_t *index);
void labels_free(struct table_labels *labels);

#endif

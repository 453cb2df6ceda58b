/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of a result that tell the fits apart: group, kernel, bandwidths, where these vary. */
#include "tools/io/number.h"
#include "tools/regress/regress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of bandwidths: none, one, or one for each x column. */
static size_t bandwidth_keys(const struct regress_options *o, size_t columns)
{
    const struct fit_choices *c = &o->choices;
    size_t most = 1;
    for (size_t h = 0; h < c->bandwidth_count; h++)
        most = c->bandwidths[h].given.count > 1 || choices_search(c) ? columns : most;
    return regress_bandwidths_vary(o) ? most : 0;
}

static int keep(char **place, char *text, struct error *e)
{
    *place = text;
    return text != NULL ? CMD_OK : error_memory(e, 0);
}

static int name_keys(const struct regress_options *o, const struct regress_tables *t, char **name,
                     struct error *e)
{
    char *text;
    int st = CMD_OK;
    if (t->by != NULL)
        st = keep(name++, strdup(t->by), e);
    if (st == CMD_OK && o->choices.kernel_count > 1)
        st = keep(name++, strdup("kernel"), e);
    size_t bandwidths = bandwidth_keys(o, t->d);
    for (size_t c = 0; c < bandwidths && st == CMD_OK; c++) {
        int length = bandwidths == 1 ? asprintf(&text, "bandwidth")
                                     : asprintf(&text, "bandwidth_%s", t->x_names[c]);
        st = keep(name++, length < 0 ? NULL : text, e);
    }
    return st;
}

static char *kernel_text(const struct kernels *kernels)
{
    char *text = NULL, *more;
    for (size_t k = 0; k < kernels->count; k++) {
        const char *name = attpool_kernel_to_name(kernels->name[k]);
        int length = k == 0 ? asprintf(&more, "%s", name) : asprintf(&more, "%s,%s", text, name);
        free(text);
        if (length < 0)
            return NULL;
        text = more;
    }
    return text;
}

static char *bandwidth_text(const struct numbers *bandwidths, size_t column)
{
    char text[NUMBER_TEXT_MAX] = "";
    if (bandwidths->count > 0)
        number_format(text, bandwidths->value[bandwidths->count > 1 ? column : 0]);
    return strdup(text);
}

static int fill_keys(const struct regress_options *o, const struct regress_tables *t,
                     const struct regress_fit *fit, char **text, struct error *e)
{
    int st = CMD_OK;
    if (t->by != NULL)
        st = keep(text++, strdup(fit->group->label), e);
    if (st == CMD_OK && o->choices.kernel_count > 1)
        st = keep(text++, kernel_text(fit->kernels), e);
    size_t bandwidths = bandwidth_keys(o, t->d);
    for (size_t c = 0; c < bandwidths && st == CMD_OK; c++)
        st = keep(text++, bandwidth_text(fit->bandwidths, c), e);
    return st;
}

int regress_keys(const struct regress_options *o, const struct regress_tables *t,
                 const struct regress_fits *fits, struct regress_keys *keys, struct error *e)
{
    *keys = (struct regress_keys){
        .count = (size_t)(t->by != NULL) + (o->choices.kernel_count > 1) + bandwidth_keys(o, t->d),
    };
    keys->names = calloc(keys->count + 1, sizeof *keys->names);
    keys->texts = calloc(fits->count * keys->count + 1, sizeof *keys->texts);
    if (keys->names == NULL || keys->texts == NULL)
        return error_memory(e, fits->count * keys->count * sizeof *keys->texts);
    int st = name_keys(o, t, keys->names, e);
    for (size_t i = 0; i < fits->count && st == CMD_OK; i++)
        st = fill_keys(o, t, &fits->item[i], keys->texts + i * keys->count, e);
    return st;
}

struct table_out regress_key(const struct regress_keys *keys, size_t k, size_t i,
                             const unsigned char *missing, const struct regress_groups *lost)
{
    const bool group = lost != NULL && k == 0;
    return (struct table_out){ .name = keys->names[k],
                               .text = lost == NULL ? keys->texts[i * keys->count + k] : NULL,
                               .label = group ? lost->lost_label : NULL,
                               .labels = group ? lost->labels : NULL,
                               .missing = group ? NULL : missing };
}

void regress_keys_free(struct regress_keys *keys, size_t fits)
{
    for (size_t k = 0; keys->names != NULL && k < keys->count; k++)
        free(keys->names[k]);
    for (size_t k = 0; keys->texts != NULL && k < fits * keys->count; k++)
        free(keys->texts[k]);
    free(keys->names);
    free(keys->texts);
    *keys = (struct regress_keys){ .count = 0 };
}

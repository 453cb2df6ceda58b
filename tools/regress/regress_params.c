/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters that train has learned, in the place of a kernel and its bandwidths. */
#include "tools/regress/regress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "gaussian,boxcar". */
static int add_kernels(struct regress_options *o, struct error *e)
{
    const struct kernels *k = &o->learned.kernels;
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    for (size_t i = 0; stream != NULL && i < k->count; i++)
        fprintf(stream, "%s%s", i > 0 ? "," : "", attpool_kernel_to_name(k->name[i]));
    int st = stream != NULL && fclose(stream) == 0 ? choices_add_kernels(&o->choices, text, e)
                                                   : error_memory(e, 0);
    free(text);
    return st;
}

/* Those that are told: 1 / |w|, or, of w-key, none. */
static int add_bandwidths(struct regress_options *o, struct error *e)
{
    const struct params *p = &o->learned;
    const size_t count = p->kind == PARAMS_W_KEY ? 0 : (size_t)params_count(p, PARAMS_W_ARRAY);
    void *value;
    struct bandwidth_choice *choice = calloc(1, sizeof *choice);
    if (choice == NULL)
        return error_memory(e, sizeof *choice);
    o->choices.bandwidths = choice;
    o->choices.bandwidth_count = 1;
    int st = array_new(&value, count, sizeof(double), e);
    if (st != CMD_OK)
        return st;
    choice->given = (struct numbers){ value, count };
    for (size_t i = 0; i < count; i++)
        choice->given.value[i] = 1 / fabs(p->value[PARAMS_W_ARRAY][i]);
    return CMD_OK;
}

int regress_params(const struct option_reader *r, struct regress_options *o, struct error *e)
{
    struct params *p = &o->learned;
    if (o->choices.kernel_count > 0 || o->choices.bandwidth_count > 0 || o->form_given)
        return usage_error(r, e, "%s and --params cannot be used together",
                           o->choices.kernel_count > 0 ? "--kernel"
                           : o->choices.bandwidth_count > 0
                               ? (o->choices.bandwidths[0].method == BANDWIDTH_FROM
                                      ? "--bandwidth-from"
                                      : "--bandwidth")
                               : "--form");
    int st = params_read(o->params, p, e);
    if (st != CMD_OK)
        return st;
    if (!params_have_kernel(p))
        return error_at(e, o->params, 0, 0,
                        "its parameters, of %s, are not for regress but for attend --params, which "
                        "takes queries, keys and values as NPY arrays",
                        params_kind_names[p->kind]);
    if (p->d != (int64_t)o->x.count)
        return error_at(e, o->params, 0, 0, "its parameters are for %lld x column%s, not for %zu",
                        (long long)p->d, p->d == 1 ? "" : "s", o->x.count);
    if (p->kind == PARAMS_W_KEY && o->by != NULL)
        return usage_error(r, e, "--by has groups of rows, but the parameters are for all rows");
    o->form = p->form;
    st = add_kernels(o, e);
    return st == CMD_OK ? add_bandwidths(o, e) : st;
}

static int name_columns(const struct list *asked, char *const *header, struct names *names,
                        struct error *e)
{
    int st = names_new(names, asked->count, e);
    for (size_t c = 0; st == CMD_OK && c < asked->count; c++)
        st = names_set(names, c, header[c] != NULL ? header[c] : asked->item[c], e);
    return st;
}

int regress_params_columns(const struct regress_options *o, const struct regress_tables *t,
                           struct params *p, struct error *e)
{
    names_free(&p->x_names);
    names_free(&p->y_names);
    const int st = name_columns(&o->x, t->data.names, &p->x_names, e);
    return st == CMD_OK ? name_columns(&o->y, t->data.names + t->d, &p->y_names, e) : st;
}

int regress_params_same(const char *path, const struct params *learned,
                        const struct regress_options *o, const struct regress_tables *t,
                        bool *others, struct error *e)
{
    struct params now = { .kind = PARAMS_W };
    int st = regress_params_columns(o, t, &now, e);
    if (st == CMD_OK)
        st = params_check_columns(path, learned, &now, others, e);
    params_free(&now);
    return st;
}

int regress_params_check(const struct regress_options *o, const struct regress_tables *t,
                         const struct regress_groups *groups, struct error *e)
{
    char checksum[17];
    bool others;
    if (o->params == NULL)
        return CMD_OK;
    const size_t rows = groups->item[0].m;
    const int st = regress_params_same(o->params, &o->learned, o, t, &others, e);
    if (st != CMD_OK || o->learned.kind != PARAMS_W_KEY)
        return st;
    params_checksum(t->data.columns, t->d, rows, checksum);
    if ((int64_t)rows == o->learned.rows && strcmp(checksum, o->learned.checksum) == 0)
        return CMD_OK;
    return error_at(e, o->params, 0, 0, "its parameters belong to the rows of other data than %s",
                    o->data);
}

int regress_params_kernel(const struct regress_options *o, bool single, struct regress_kernel *k,
                          struct error *e)
{
    static const attpool_bandwidth_per per[] = {
        [PARAMS_W] = ATTPOOL_BANDWIDTH_ONE,
        [PARAMS_W_COORDINATE] = ATTPOOL_BANDWIDTH_COORDINATE,
        [PARAMS_W_KEY] = ATTPOOL_BANDWIDTH_KEY,
    };
    const int64_t count = params_count(&o->learned, PARAMS_W_ARRAY);
    k->options.bandwidth = 0;
    int st = array_new(&k->memory, (size_t)count, real_size(single), e);
    for (size_t i = 0; st == CMD_OK && i < (size_t)count; i++)
        real_set(k->memory, single, i, o->learned.value[PARAMS_W_ARRAY][i]);
    k->options.bandwidth_per = per[o->learned.kind];
    k->options.inverse_bandwidths = operand_real(&k->inverse, k->memory, single, 1, &count);
    return st;
}

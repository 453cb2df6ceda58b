/* SPDX-License-Identifier: Apache-2.0 */
/* What the library says of its arguments, as something about the table and the options. */
#include "tools/regress/regress.h"

#include <stdio.h>
#include <string.h>

/* Of a message about one of `count` columns, which stand in the table from `first` on. */
static int column_message(const struct regress_explanation *of, const char *format,
                          const char *message, size_t first, size_t count, const char *what,
                          struct error *e)
{
    size_t column;
    if (sscanf(message, format, &column) != 1 || column >= count)
        return CMD_OK;
    const char *name = of->t->data.names[first + column];
    const struct list *asked = first == 0 ? &of->o->x : &of->o->y;
    return error_at(e, of->t->data.file, 0, 0, "column %s %s",
                    name != NULL ? quoted_name(name).text : asked->item[column], what);
}

static int explain_options(const struct regress_explanation *of, const char *message,
                           struct error *e)
{
    long long given, most;
    const char *label = of->group != NULL ? of->group->label : NULL;
    if (sscanf(message, "neighbours is %lld, it should be 1 to %lld,", &given, &most) == 2)
        return error_set(
            e, CMD_USAGE, "--adaptive knn:%lld: a row%s%s has %lld other row%s with a weight%s",
            (long long)of->o->adaptive.neighbours, label != NULL ? " of group " : "",
            label != NULL ? quoted_name(label).text : "", most, most == 1 ? "" : "s",
            given != of->o->adaptive.neighbours ? " among those drawn (--cv-rows)" : "");
    if (sscanf(message, "degree 1 takes up to %lld coordinates, Q has %lld", &most, &given) == 2)
        return error_set(e, CMD_USAGE, "--degree 1 takes up to %lld x columns, not %lld", most,
                         given);
    return CMD_OK;
}

static int explain_values(const struct regress_explanation *of, const char *message,
                          struct error *e)
{
    const size_t d = of->t->d, v = of->t->v;
    char size[10];
    if (strncmp(message, "V is constant", 13) == 0 ||
        strncmp(message, "all columns of V are constant", 29) == 0)
        return column_message(of, "column %zu", "column 0", d, v,
                              of->t->single
                                  ? "has no digits left in float32: --precision f64 has more"
                                  : "is constant among the rows drawn (--cv-rows)",
                              e);
    if (sscanf(message, "column %*u of V has numbers too %9s", size) != 1)
        return CMD_OK;
    return column_message(of, "column %zu of V", message, d, v,
                          size[0] == 's' ? "has numbers too small to be squared: scale it"
                                         : "has numbers too large to be squared: scale it",
                          e);
}

int regress_explain(const void *data, attpool_status status, const char *message, struct error *e)
{
    const struct regress_explanation *of = data;
    const size_t d = of->t->d;
    switch (status) {
    case ATTPOOL_E_OPTIONS:
        return explain_options(of, message, e);
    case ATTPOOL_E_BANDWIDTH:
        return column_message(of, "the bandwidth of column %zu is out of range", message, 0, d,
                              "has numbers too large or too small for a bandwidth: scale it", e);
    case ATTPOOL_E_KEY:
        return column_message(of, "column %zu of K is constant", message, 0, d,
                              of->t->single
                                  ? "has no digits left in float32: --precision f64 has more"
                                  : "is constant",
                              e);
    case ATTPOOL_E_VALUE:
        return explain_values(of, message, e);
    default:
        return CMD_OK;
    }
}

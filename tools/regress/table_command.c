/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/regress/table_command.h"

#include "tools/command/packages.h"
#include "tools/io/source.h"

static const struct option all_options[] = {
    { "x", required_argument, NULL, OPTION_X },
    { "y", required_argument, NULL, OPTION_Y },
    { "case-weights", required_argument, NULL, OPTION_CASE_WEIGHTS },
    { "by", required_argument, NULL, OPTION_BY },
    TABLE_OPTIONS,
    { "kernel", required_argument, NULL, OPTION_KERNEL },
    { "form", required_argument, NULL, OPTION_FORM },
    { "bandwidth", required_argument, NULL, OPTION_BANDWIDTH },
    { "params", required_argument, NULL, OPTION_PARAMS },
    { "bandwidth-from", required_argument, NULL, OPTION_BANDWIDTH_FROM },
    { "cv-rows", required_argument, NULL, OPTION_CV_ROWS },
    { "seed", required_argument, NULL, OPTION_SEED },
    { "adaptive", required_argument, NULL, OPTION_ADAPTIVE },
    { "curve", required_argument, NULL, OPTION_CURVE },
    { "curve-plot", required_argument, NULL, OPTION_CURVE_PLOT },
    { "degree", required_argument, NULL, OPTION_DEGREE },
    { "se", no_argument, NULL, OPTION_SE },
    { "level", required_argument, NULL, OPTION_LEVEL },
    { "slope", no_argument, NULL, OPTION_SLOPE },
    { "at", required_argument, NULL, OPTION_AT },
    { "grid", required_argument, NULL, OPTION_GRID },
    { "loo", no_argument, NULL, OPTION_LOO },
    { "empty", required_argument, NULL, OPTION_EMPTY },
    { "output", required_argument, NULL, 'o' },
    { "weights", required_argument, NULL, OPTION_WEIGHTS },
    { "plot", required_argument, NULL, OPTION_PLOT },
    { "heatmap", required_argument, NULL, OPTION_HEATMAP },
    { "keep-scripts", no_argument, NULL, OPTION_KEEP_SCRIPTS },
    COMMON_OPTIONS(required_argument),
};

/* The commands that have an option, where it is not all of them. */
static unsigned commands_of(int option)
{
    switch (option) {
    case OPTION_Y:
        return TABLE_REGRESS | TABLE_CLASSIFY | TABLE_TRAIN;
    case OPTION_CASE_WEIGHTS:
    case OPTION_BY:
    case OPTION_BANDWIDTH:
    case OPTION_BANDWIDTH_FROM:
    case OPTION_CV_ROWS:
    case OPTION_AT:
    case OPTION_GRID:
    case OPTION_LOO:
        return TABLE_REGRESS | TABLE_CLASSIFY | TABLE_DENSITY;
    case OPTION_EMPTY:
        return TABLE_REGRESS | TABLE_CLASSIFY;
    case OPTION_ADAPTIVE:
        return TABLE_REGRESS | TABLE_DENSITY;
    case OPTION_PLOT:
    case OPTION_KEEP_SCRIPTS:
        return TABLE_REGRESS | TABLE_DENSITY | TABLE_TRAIN;
    case OPTION_PARAMS:
        return TABLE_REGRESS | TABLE_TRAIN;
    case OPTION_CURVE:
    case OPTION_CURVE_PLOT:
    case OPTION_DEGREE:
    case OPTION_SE:
    case OPTION_LEVEL:
    case OPTION_SLOPE:
    case OPTION_WEIGHTS:
    case OPTION_HEATMAP:
        return TABLE_REGRESS;
    default:
        return TABLE_REGRESS | TABLE_CLASSIFY | TABLE_DENSITY | TABLE_TRAIN;
    }
}

const struct option_repeat table_command_repeats[] = {
    { OPTION_KERNEL, NULL },
    { OPTION_BANDWIDTH, NULL },
    { OPTION_BANDWIDTH_FROM, NULL },
    { OPTION_X, "list the columns as --x A,B" },
    { OPTION_Y, "list the columns as --y A,B" },
    { OPTION_MISSING, "list the texts as --missing A,B" },
    { 0, NULL },
};

int table_command_read(enum table_commands command, const struct option *own,
                       struct option_reader *r, int argc, char **argv, option_function *take,
                       void *options, struct regress_options *table, bool *done, struct error *e)
{
    static struct option chosen[MOST_OPTIONS + 1];
    size_t count = 0;
    for (; own != NULL && own->name != NULL && count < MOST_OPTIONS; own++)
        chosen[count++] = *own;
    for (const struct option *o = all_options; o->name != NULL && count < MOST_OPTIONS; o++)
        if (commands_of(o->val) & (unsigned)command)
            chosen[count++] = *o;
    chosen[count] = (struct option){ NULL, 0, NULL, 0 };
    r->short_options = "o:";
    r->long_options = chosen;
    r->common = &table->common;
    const int st = options_read(r, argc, argv, take, options, &table->data, done, e);
    if (table->output == NULL && (table->common.json == NULL || !name_is_stdio(table->common.json)))
        table->output = "-";
    return st;
}

/* One array or picture of weights is that of one fit. */
static int check_single(const struct option_reader *r, const struct regress_options *o,
                        struct error *e)
{
    size_t fits = o->choices.kernel_count * o->choices.bandwidth_count;
    const char *what = o->weights != NULL                            ? "--weights"
                       : o->heatmap != NULL                          ? "--heatmap"
                       : o->output != NULL && name_is_npy(o->output) ? "a result in NPY"
                                                                     : NULL;
    if (what == NULL || (fits < 2 && o->by == NULL))
        return CMD_OK;
    if (o->by != NULL)
        return usage_error(r, e, "%s takes one fit, but --by makes one for each group", what);
    return usage_error(r, e, "%s takes one fit, not %zu", what, fits);
}

/* Points for which there is data, and a grid or none. */
static int check_points(const struct option_reader *r, const struct regress_options *o, bool grid,
                        struct error *e)
{
    if (o->x.count == 0)
        return usage_error(r, e, "--x is missing");
    if (o->at != NULL && grid)
        return usage_error(r, e, "--at and --grid cannot be used together");
    if (o->loo && (o->at != NULL || grid))
        return usage_error(r, e, "--loo works at the data's own points, not with %s",
                           o->at != NULL ? "--at" : "--grid");
    if (o->x.count > 1 && o->grid > 0)
        return usage_error(r, e, "--grid takes one x column, not %zu", o->x.count);
    return CMD_OK;
}

int table_command_check(const struct option_reader *r, struct regress_options *o, bool grid,
                        const char *no_aicc, unsigned use, struct error *e)
{
    struct fit_choices *c = &o->choices;
    int st = check_points(r, o, grid, e);
    if (st == CMD_OK)
        st = table_options_check(&o->format, e);
    for (size_t i = 0; i < c->bandwidth_count && st == CMD_OK && no_aicc != NULL; i++)
        if (c->bandwidths[i].method == BANDWIDTH_AICC)
            st = usage_error(r, e, "--bandwidth aicc is for %s", no_aicc);
    if (st == CMD_OK)
        st = adaptive_check(r, o, e);
    if (st == CMD_OK && o->params != NULL)
        st = regress_params(r, o, e);
    else if (st == CMD_OK)
        st = choices_check(r, c, o->x.count, o->form_given && o->form == ATTPOOL_RADIAL,
                           o->common.precision == PRECISION_F32, e);
    if (st == CMD_OK)
        st = choices_check_packages(c, o->x.count, use, o->form == ATTPOOL_PRODUCT, e);
    return st == CMD_OK ? check_single(r, o, e) : st;
}

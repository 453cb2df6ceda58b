/* SPDX-License-Identifier: Apache-2.0 */
/* The options of regress: their help, and which go together. */
#include "tools/command/output.h"
#include "tools/command/packages.h"
#include "tools/regress/table_command.h"
#include "tools/io/source.h"
#include "tools/plot/picture.h"

#include <string.h>

static const char help[] =
    "Usage: attpool regress DATA --x COL[,COL..] --y COL[,COL..] [OPTION]...\n"
    "Kernel regression: the fit at a query point is the mean of y, weighted by a kernel of the\n"
    "distance (Nadaraya and Watson), or a line by least squares of these weights. DATA is a CSV\n"
    "or NPY file, '-' is stdin.\n"
    "\n"
    "Columns, by name or by number from 1 (one with a comma in its name: by number):\n"
    "  --x COL[,COL..]      the predictors\n"
    "  --y COL[,COL..]      the responses\n"
    "  --case-weights COL   the weight of each row, not negative; rows of weight 0 are ignored\n"
    "  --by COL             a separate fit for each group of rows with the same text in COL\n"
    "\n"
    "Kernel:\n"
    "  --kernel NAME[,NAME..]  a kernel (default: gaussian) or, in product form, one for each\n"
    "                       x column, under one of these names or what other packages call\n"
    "                       it (normal, quartic, tophat ..):\n" KERNEL_LIST
    "                       What Dive into Deep Learning calls Epanechikov is triangular;\n"
    "                       epanechnikov is 1 - u^2 for |u| < 1 (R's np and Stata: multiply\n"
    "                       their bandwidth by sqrt 5).\n"
    "  --form radial|product   of the distance (default), or a product over the columns\n"
    "  --bandwidth H[,H..]  one, or one for each x column, in the unit of the column\n"
    "  --bandwidth cv|aicc|silverman|scott   found for each x column: by leave-one-out\n"
    "                       cross-validation (default), by the corrected AIC, or by a rule of\n"
    "                       thumb, R's bw.nrd0 or bw.nrd\n"
    "  --bandwidth [cv:|aicc:]START:STOP:N   the best of N from START to STOP, each by the same\n"
    "                       factor wider than the one before; with several x columns factors of\n"
    "                       Silverman's bandwidths\n"
    "  --params FILE        instead of both: what train --params-out wrote of w, w-coordinate\n"
    "                       or w-key (those of additive and projection are for attend)\n"
    "  --bandwidth-from PACKAGE:H[,H..]   what another package's number means here, as in\n"
    "                       r-ksmooth:2; --bandwidth-from list shows the packages\n"
    "  --adaptive abramson|knn:K   a bandwidth for each row of the data: narrower where they\n"
    "                       are dense, or the distance of its K-th neighbour, times\n"
    "                       --bandwidth (1)\n"
    "  --cv-rows N|all      rows that cv and aicc look at and residuals come from, drawn at\n"
    "                       random if there are more (default: 20000)\n"
    "  --seed N             for the rows drawn and the starts of searches (default: 0)\n"
    "  --degree 0|1         local constant (default) or local linear\n"
    "\n"
    "Several fits: --kernel and --bandwidth may be repeated (with one x column --kernel may be\n"
    "a list, too): that makes a fit for every combination, and --by one for each group. Their\n"
    "rows follow one another in the result, after columns for the group, the kernel and the\n"
    "bandwidth where these vary.\n"
    "\n"
    "Query points (default: the data's own points):\n"
    "  --at FILE            a table with all x columns by name, or just that many, in order\n"
    "  --grid N             N points from the smallest to the largest x; for one x column\n"
    "  --loo                leave each point out of its own fit; for the data's own points\n"
    "  --empty POLICY       where no data is in reach: nan (default), zero, mean (equal weights\n"
    "                       over the rows that take part), nearest, error\n";

static const char more_help[] =
    "\n"
    "Results: the x columns, fit (fit_NAME for several y), n_eff, the effective number of data\n"
    "points, 1 / (sum of squared weights), and then what is asked for:\n"
    "  --se                 columns se, lower, upper (se_NAME ..): the standard error of the\n"
    "                       fit, from leave-one-out residuals, and the band fit -+ z se\n"
    "  --level P            the level of the band, at each point by itself (default: 0.95)\n"
    "  --slope              columns slope_X (slope_NAME_X): the derivatives of the fit\n"
    "  -o, --output FILE    .npy, or CSV (default: CSV on stdout)\n"
    "  --weights FILE.npy   the weights, a row for each query point\n"
    "  --plot FILE          the fit with its band and the data, .svg or .png; with several x\n"
    "                       columns the data against its fit\n"
    "  --curve FILE         the scores of the bandwidths that cv or aicc looked at, .npy or CSV\n"
    "  --curve-plot FILE    the same as a picture, .svg or .png\n"
    "  --heatmap FILE       the weights, in the order of x, .svg or .png\n"
    "  --keep-scripts       keep gnuplot's script beside each picture, as FILE.gp\n"
    "\n" TABLE_HELP;

static const char examples[] =
    "  attpool regress mcycle.csv --x times --y accel --bandwidth 1.5 --plot fit.svg\n"
    "  attpool regress train.csv --x age,income --y spent --kernel epanechnikov \\\n"
    "      --bandwidth 5,2000 --at new.csv -o predicted.csv\n";

/* ---- options ---- */

static int read_output(struct regress_options *o, int option, struct error *e)
{
    switch (option) {
    case OPTION_PLOT:
        o->plot = optarg;
        return plot_check_name(optarg, e);
    case OPTION_ADAPTIVE:
        return adaptive_read(optarg, &o->adaptive, e);
    case OPTION_CURVE:
        o->curve = optarg;
        return CMD_OK;
    case OPTION_CURVE_PLOT:
        o->curve_plot = optarg;
        return plot_check_name(optarg, e);
    case OPTION_HEATMAP:
        o->heatmap = optarg;
        return plot_check_name(optarg, e);
    case OPTION_WEIGHTS:
        o->weights = optarg;
        if (!name_is_npy(optarg))
            return error_set(e, CMD_USAGE, "--weights should be an .npy file, %s is not",
                             quoted_name(optarg).text);
        return CMD_OK;
    case OPTION_KEEP_SCRIPTS:
        o->keep_scripts = true;
        return CMD_OK;
    default:
        o->output = optarg;
        return CMD_OK;
    }
}

static int read_bandwidth(struct regress_options *o, int option, struct error *e)
{
    switch (option) {
    case OPTION_BANDWIDTH:
        return choices_add_bandwidths(&o->choices, optarg, e);
    case OPTION_PARAMS:
        o->params = optarg;
        return CMD_OK;
    case OPTION_BANDWIDTH_FROM:
        o->common.done = strcmp(optarg, "list") == 0;
        return o->common.done ? packages_print(e)
                              : choices_add_bandwidth_from(&o->choices, optarg, e);
    case OPTION_CV_ROWS:
        return strcmp(optarg, "all") == 0
                   ? (o->cv_rows = INT64_MAX, CMD_OK)
                   : integer_read("--cv-rows", optarg, 1, INT64_MAX, &o->cv_rows, e);
    case OPTION_SEED:
        return integer_read("--seed", optarg, 0, INT64_MAX, &o->seed, e);
    default:
        return read_output(o, option, e);
    }
}

/* What is computed, of which rows. */
static int read_fit(struct regress_options *o, int option, struct error *e)
{
    switch (option) {
    case OPTION_KERNEL:
        return choices_add_kernels(&o->choices, optarg, e);
    case OPTION_FORM:
        o->form_given = true;
        return form_read(optarg, &o->form, e);
    case OPTION_DEGREE:
        return integer_read("--degree", optarg, 0, 1, &o->degree, e);
    case OPTION_SE:
        o->se = true;
        return CMD_OK;
    case OPTION_LEVEL:
        o->level_given = true;
        return number_read("--level", optarg, &o->level, e);
    case OPTION_SLOPE:
        o->slope = true;
        return CMD_OK;
    case OPTION_GRID:
        return integer_read("--grid", optarg, 1, INT32_MAX, &o->grid, e);
    case OPTION_LOO:
        o->loo = true;
        return CMD_OK;
    case OPTION_EMPTY:
        return empty_read(optarg, &o->empty, e);
    default:
        return read_bandwidth(o, option, e);
    }
}

/* A column is named once in each list. */
static int columns_read(const char *option, const char *text, struct list *list, struct error *e)
{
    int st = list_read(option, text, list, e);
    for (size_t i = 0; i < list->count && st == CMD_OK; i++)
        for (size_t j = 0; j < i && st == CMD_OK; j++)
            if (strcmp(list->item[i], list->item[j]) == 0)
                st = error_set(e, CMD_USAGE, "%s names column %s twice", option,
                               quoted_name(list->item[i]).text);
    return st;
}

int regress_option(void *options, int option, struct error *e)
{
    struct regress_options *o = options;
    bool taken;
    int st = table_option(option, &o->format, &taken, e);
    if (taken)
        return st;
    switch (option) {
    case OPTION_X:
        return columns_read("--x", optarg, &o->x, e);
    case OPTION_Y:
        return columns_read("--y", optarg, &o->y, e);
    case OPTION_CASE_WEIGHTS:
        o->case_weights = optarg;
        return CMD_OK;
    case OPTION_BY:
        o->by = optarg;
        return CMD_OK;
    case OPTION_AT:
        o->at = optarg;
        return CMD_OK;
    default:
        return read_fit(o, option, e);
    }
}

/* ---- what goes with what ---- */

static int regress_check(const struct option_reader *r, struct regress_options *o, struct error *e)
{
    if (o->x.count > 0 && o->y.count == 0)
        return usage_error(r, e, "--y is missing");
    if (o->x.count > 1 && o->plot != NULL && o->at != NULL)
        return usage_error(r, e,
                           "--plot with %zu x columns shows the data against its fit, which --at "
                           "does not compute",
                           o->x.count);
    if (!(o->level > 0 && o->level < 1))
        return usage_error(r, e, "--level should lie between 0 and 1, not be %g", o->level);
    if (o->level_given && !o->se && o->plot == NULL)
        return usage_error(r, e, "--level needs --se or --plot");
    if (o->keep_scripts && o->plot == NULL && o->heatmap == NULL && o->curve_plot == NULL)
        return usage_error(r, e, "--keep-scripts needs --plot, --heatmap or --curve-plot");
    const int st = table_command_check(r, o, o->grid > 0, NULL, PACKAGE_FIT, e);
    return st == CMD_OK ? regress_trace_check(r, o, e) : st;
}

int regress_arguments(int argc, char **argv, struct regress_options *o, bool *done, struct error *e)
{
    struct option_reader r = {
        .command = "regress",
        .help = help,
        .more_help = more_help,
        .examples = examples,
        .precision_help = "default: f64",
        .repeats = table_command_repeats,
    };
    const int st =
        table_command_read(TABLE_REGRESS, NULL, &r, argc, argv, regress_option, o, o, done, e);
    return st == CMD_OK && !*done ? regress_check(&r, o, e) : st;
}

void regress_options_free(struct regress_options *o)
{
    list_free(&o->x);
    list_free(&o->y);
    table_format_free(&o->format);
    choices_free(&o->choices);
    params_free(&o->learned);
}

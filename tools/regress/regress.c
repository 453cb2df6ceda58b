/* SPDX-License-Identifier: Apache-2.0 */
/* attpool regress: kernel regression of a table at query points. */
#include "config.h"

#include "tools/command/command.h"
#include "tools/command/output.h"
#include "tools/plot/picture.h"
#include "tools/plot/run_gnuplot.h"
#include "tools/command/progress.h"
#include "tools/regress/regress.h"
#include "tools/io/source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: attpool regress DATA --x COL[,COL..] --y COL[,COL..] --bandwidth H [OPTION]...\n"
    "Nadaraya-Watson kernel regression: the fit at a query point is the mean of y, weighted\n"
    "by a kernel of the distance. DATA is a CSV or NPY file, '-' is stdin.\n"
    "\n"
    "Columns, by name or by number from 1 (one with a comma in its name: by number):\n"
    "  --x COL[,COL..]      what predicts\n"
    "  --y COL[,COL..]      what is predicted\n"
    "  --case-weights COL   weight of each row of data, not negative; with 0 it takes no part\n"
    "\n"
    "Kernel:\n"
    "  --kernel NAME[,NAME..]  gaussian (default), boxcar, constant, triangular,\n"
    "                       epanechnikov, biweight, triweight, tricube, cosine, laplacian,\n"
    "                       logistic, sigmoid, silverman, cauchy; several: one for each x\n"
    "                       column, in product form. What Dive into Deep Learning calls\n"
    "                       Epanechikov is triangular; epanechnikov is 1 - u^2 for |u| < 1\n"
    "                       (R's np and Stata: multiply their bandwidth by sqrt 5).\n"
    "  --form radial|product   of the distance (default), or a product over the columns\n"
    "  --bandwidth H[,H..]  one, or one for each x column, in the unit of the column\n"
    "\n"
    "Query points (default: the data's own points):\n"
    "  --at FILE            all x columns by name, or none and exactly as many, in order\n"
    "  --grid N             N points from the least to the largest x; one x column\n"
    "  --loo                leave each point out of its own fit; at the data's own points\n"
    "  --empty POLICY       where no data is in reach: nan (default), zero, mean (equal weights\n"
    "                       over the rows that take part), nearest, error\n"
    "\n"
    "Results, with the x columns, fit (fit_NAME for several y) and n_eff, the effective\n"
    "number of data points, 1 / (sum of squared weights):\n"
    "  -o, --output FILE    .npy, or CSV (default: CSV on stdout)\n"
    "  --weights FILE.npy   the weights, a row for each query point\n"
    "  --plot FILE          the fit and the data, .svg or .png; for several x columns the data\n"
    "                       over its fit\n"
    "  --heatmap FILE       the weights, in the order of x, .svg or .png\n"
    "  --keep-scripts       keep gnuplot's script beside each picture, as FILE.gp\n"
    "\n" TABLE_HELP;

static const char examples[] =
    "  attpool regress mcycle.csv --x times --y accel --bandwidth 1.5 --plot fit.svg\n"
    "  attpool regress train.csv --x age,income --y spent --kernel epanechnikov \\\n"
    "      --bandwidth 5,2000 --at new.csv -o predicted.csv\n";

enum {
    OPTION_X = OPTION_OWN,
    OPTION_Y,
    OPTION_CASE_WEIGHTS,
    OPTION_KERNEL,
    OPTION_FORM,
    OPTION_BANDWIDTH,
    OPTION_AT,
    OPTION_GRID,
    OPTION_LOO,
    OPTION_EMPTY,
    OPTION_WEIGHTS,
    OPTION_PLOT,
    OPTION_HEATMAP,
    OPTION_KEEP_SCRIPTS
};

static const struct option long_options[] = {
    { "x", required_argument, NULL, OPTION_X },
    { "y", required_argument, NULL, OPTION_Y },
    { "case-weights", required_argument, NULL, OPTION_CASE_WEIGHTS },
    TABLE_OPTIONS,
    { "kernel", required_argument, NULL, OPTION_KERNEL },
    { "form", required_argument, NULL, OPTION_FORM },
    { "bandwidth", required_argument, NULL, OPTION_BANDWIDTH },
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

/* ---- options ---- */

static int read_output(struct regress_options *o, int option, struct error *e)
{
    switch (option) {
    case OPTION_PLOT:
        o->plot = optarg;
        return plot_check_name(optarg, e);
    case OPTION_HEATMAP:
        o->heatmap = optarg;
        return plot_check_name(optarg, e);
    case OPTION_WEIGHTS:
        o->weights = optarg;
        if (!name_is_npy(optarg))
            return error_set(e, CMD_USAGE, "--weights is an .npy file, %s is not",
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

static int read_option(struct regress_options *o, int option, struct error *e)
{
    bool taken;
    int st = table_option(option, &o->format, &taken, e);
    if (taken)
        return st;
    switch (option) {
    case OPTION_X:
        return list_read("--x", optarg, &o->x, e);
    case OPTION_Y:
        return list_read("--y", optarg, &o->y, e);
    case OPTION_CASE_WEIGHTS:
        o->case_weights = optarg;
        return CMD_OK;
    case OPTION_KERNEL:
        return kernels_read("--kernel", optarg, &o->kernels, e);
    case OPTION_FORM:
        o->form_given = true;
        return form_read(optarg, &o->form, e);
    case OPTION_BANDWIDTH:
        return bandwidths_read(optarg, &o->bandwidths, e);
    case OPTION_AT:
        o->at = optarg;
        return CMD_OK;
    case OPTION_GRID:
        return integer_read("--grid", optarg, 1, INT32_MAX, &o->grid, e);
    case OPTION_LOO:
        o->loo = true;
        return CMD_OK;
    case OPTION_EMPTY:
        return empty_read(optarg, &o->empty, e);
    default:
        return read_output(o, option, e);
    }
}

/* ---- what goes with what ---- */

static int check_kernel(const struct option_reader *r, struct regress_options *o, struct error *e)
{
    size_t d = o->x.count, h = o->bandwidths.count;
    bool needs_width = false;
    if (o->kernels.count == 0) {
        int st = kernels_read("--kernel", "gaussian", &o->kernels, e);
        if (st != CMD_OK)
            return st;
    }
    for (size_t k = 0; k < o->kernels.count; k++)
        needs_width = needs_width || o->kernels.name[k] != ATTPOOL_CONSTANT;
    if (o->kernels.count > 1) {
        if (o->form_given && o->form == ATTPOOL_RADIAL)
            return usage_error(r, e, "--form radial takes one kernel, not %zu", o->kernels.count);
        if (o->kernels.count != d)
            return usage_error(r, e, "--kernel has %zu names for %zu x column%s", o->kernels.count,
                               d, d == 1 ? "" : "s");
        o->form = ATTPOOL_PRODUCT;
    }
    if (h == 0 && needs_width)
        return usage_error(r, e, "--bandwidth is missing");
    if (h > 1 && h != d)
        return usage_error(r, e, "--bandwidth has %zu values for %zu x column%s", h, d,
                           d == 1 ? "" : "s");
    for (size_t c = 0; c < h; c++)
        if (o->common.precision == PRECISION_F32
                ? !(attpool_inverse_bandwidth_f32((float)o->bandwidths.value[c]) <= 3.4028234e38F)
                : !(attpool_inverse_bandwidth_f64(o->bandwidths.value[c]) <=
                    1.7976931348623157e308))
            return usage_error(r, e, "--bandwidth: %g or its inverse is out of range",
                               o->bandwidths.value[c]);
    return CMD_OK;
}

static int check_together(const struct option_reader *r, struct regress_options *o, struct error *e)
{
    bool json_on_stdout = o->common.json != NULL && name_is_stdio(o->common.json);
    if (o->output == NULL && !json_on_stdout)
        o->output = "-";
    if (o->x.count == 0 || o->y.count == 0)
        return usage_error(r, e, "%s is missing", o->x.count == 0 ? "--x" : "--y");
    if (o->at != NULL && o->grid > 0)
        return usage_error(r, e, "--at and --grid exclude each other");
    if (o->loo && (o->at != NULL || o->grid > 0))
        return usage_error(r, e, "--loo is for the data's own points, not for %s",
                           o->at != NULL ? "--at" : "--grid");
    if (o->x.count > 1 && o->grid > 0)
        return usage_error(r, e, "--grid takes one x column, not %zu", o->x.count);
    if (o->x.count > 1 && o->plot != NULL && o->at != NULL)
        return usage_error(r, e,
                           "--plot of %zu x columns shows the data over its fit, which --at "
                           "does not compute",
                           o->x.count);
    int st = table_options_check(&o->format, e);
    return st == CMD_OK ? check_kernel(r, o, e) : st;
}

static int read_arguments(int argc, char **argv, struct regress_options *o, bool *done,
                          struct error *e)
{
    const struct option_reader r = {
        .command = "regress",
        .help = help,
        .examples = examples,
        .precision_help = "default: f64",
        .short_options = "o:",
        .long_options = long_options,
        .common = &o->common,
    };
    int option, st;
    *done = false;
    for (;;) {
        st = options_next(&r, argc, argv, &option, e);
        *done = option == OPTION_DONE;
        if (st != CMD_OK || option == OPTION_END || *done)
            break;
        st = read_option(o, option, e);
        if (st != CMD_OK)
            break;
    }
    if (st != CMD_OK || *done)
        return st;
    if (argc - optind != 1)
        return usage_error(&r, e,
                           argc == optind ? "DATA is missing" : "there is more than one DATA");
    o->data = argv[optind];
    return check_together(&r, o, e);
}

/* ---- results ---- */

/* A column of x may be called fit, as after a regression. It can still be asked for by number. */
static void warn_same_names(const struct table_out *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            if (strcmp(out[i].name, out[j].name) == 0) {
                error_warn("two columns of the result are called %s, number %zu and %zu",
                           quoted_name(out[i].name).text, i + 1, j + 1);
                return;
            }
}

static int write_result(const struct regress_options *o, const struct regress_data *data,
                        const struct regress_result *result, struct error *e)
{
    size_t count = data->d + data->v + 1;
    if (o->output == NULL)
        return CMD_OK;
    struct table_out *out = calloc(count, sizeof *out);
    if (out == NULL)
        return error_memory(e, count * sizeof *out);
    for (size_t c = 0; c < data->d; c++)
        out[c] = (struct table_out){ .name = data->x_names[c],
                                     .f64 = data->points[c],
                                     .nan_is_missing = true };
    for (size_t k = 0; k <= data->v; k++) {
        struct table_out *t = &out[data->d + k];
        bool last = k == data->v;
        const void *column =
            last ? result->n_eff
                 : (const char *)result->fit + k * data->n * real_size(data->single);
        t->name = last ? "n_eff" : data->fit_names[k];
        t->missing = data->missing;
        t->f32 = data->single ? column : NULL;
        t->f64 = data->single ? NULL : column;
    }
    progress_clear();
    if (!name_is_npy(o->output))
        warn_same_names(out, count);
    int st = table_write(o->output, out, count, data->n, &o->format, e);
    free(out);
    return st;
}

static void warn_empty(const struct regress_options *o, const struct regress_data *data,
                       const struct regress_result *result)
{
    size_t empty = 0;
    for (size_t i = 0; i < data->n; i++)
        empty += (data->missing == NULL || !data->missing[i]) &&
                 isnan(real_get(result->n_eff, data->single, i));
    if (empty > 0 && (o->empty == ATTPOOL_EMPTY_DEFAULT || data->weightless))
        error_warn("%zu of %zu queries %s no data in reach%s%s (see --empty)", empty, data->n,
                   empty == 1 ? "has" : "have",
                   data->weightless ? ", as every case weight is 0" : "",
                   data->weightless && data->single ? " in float32" : "");
}

/* A sum may overflow where no value does. */
static void warn_infinite(const struct regress_data *data, const struct regress_result *result)
{
    size_t infinite = 0;
    for (size_t i = 0; i < data->n * data->v; i++)
        infinite += isinf(real_get(result->fit, data->single, i)) != 0;
    if (infinite > 0)
        error_warn("%zu of %zu fits are infinite: sums of y are outside the range of float%d",
                   infinite, data->n * data->v, data->single ? 32 : 64);
}

/* Minutes of work are not lost to a name that cannot be written. */
static int check_files(const struct regress_options *o, struct error *e)
{
    struct files files = { 0 };
    files_input(&files, "DATA", o->data);
    files_input(&files, "--at", o->at);
    files_output(&files, "-o", o->output);
    files_output(&files, "--json", o->common.json);
    files_output(&files, "--weights", o->weights);
    files_picture(&files, "--plot", o->plot, o->keep_scripts);
    files_picture(&files, "--heatmap", o->heatmap, o->keep_scripts);
    int st = files_check(&files, e);
    return st == CMD_OK && (o->plot != NULL || o->heatmap != NULL) ? find_gnuplot(e) : st;
}

static int regress(const struct regress_options *o, struct report *r, struct error *e)
{
    struct regress_data data = { 0 };
    struct regress_result result = { 0 };
    if (o->x.count > 1 && o->bandwidths.count == 1 && o->kernels.name[0] != ATTPOOL_CONSTANT)
        error_warn("one bandwidth for %zu columns, as if all were in one unit", o->x.count);
    int st = check_files(o, e);
    if (st == CMD_OK)
        st = regress_read(o, &data, e);
    if (st == CMD_OK)
        st = regress_fit(o, &data, &result, r, e);
    if (result.whole) {
        warn_empty(o, &data, &result);
        warn_infinite(&data, &result);
        /* The error has the first failure; the rest is written all the same. */
        write_result(o, &data, &result, e);
        st = regress_draw(o, &data, &result, e);
        if (st == CMD_OK)
            st = regress_report(o, &data, &result, r, e);
    }
    regress_result_free(&result);
    regress_data_free(&data);
    return st;
}

int command_regress(int argc, char **argv, struct error *e)
{
    struct regress_options o = { 0 };
    struct report r;
    bool done;
    report_begin(&r, "regress");
    int st = read_arguments(argc, argv, &o, &done, e);
    if (st == CMD_OK && !done)
        st = regress(&o, &r, e);
    st = report_close(&r, done ? NULL : o.common.json, st, e);
    list_free(&o.x);
    list_free(&o.y);
    table_format_free(&o.format);
    free(o.kernels.name);
    free(o.bandwidths.value);
    return st;
}

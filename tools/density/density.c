/* SPDX-License-Identifier: Apache-2.0 */
/* attpool density: the kernel density of the columns of a table. */
#include "tools/density/density.h"

#include "tools/command/command.h"
#include "tools/command/output.h"
#include "tools/command/packages.h"
#include "tools/plot/run_gnuplot.h"
#include "tools/regress/table_command.h"

#include <math.h>
#include <stdlib.h>

/* Coordinates of the points of a grid: 2 GiB of them. */
#define MOST_GRID_NUMBERS 0x1p28

static const char help[] =
    "Usage: attpool density DATA --x COL[,COL..] [OPTION]...\n"
    "Kernel density: how densely the rows of a table lie at a point. It integrates to 1.\n"
    "DATA is a CSV or NPY file, '-' is stdin.\n"
    "\n"
    "Columns, by name or by number from 1 (one with a comma in its name: by number):\n"
    "  --x COL[,COL..]      one density over all of them\n"
    "  --case-weights COL   the weight of each row, not negative; rows of weight 0 are ignored\n"
    "  --by COL             a separate density for each group of rows with the same text in COL\n"
    "\n"
    "Kernel:\n"
    "  --kernel NAME[,NAME..]  a kernel (default: gaussian) or, in product form, one for each\n"
    "                       x column, under one of these names or what other packages call\n"
    "                       it (normal, quartic, tophat ..):\n" KERNEL_LIST
    "                       constant cannot be used; cauchy needs one column, silverman one\n"
    "                       or two, or the product form.\n"
    "  --form radial|product   of the distance (default), or a product over the columns\n"
    "  --bandwidth H[,H..]  one, or one for each x column, in the unit of the column\n"
    "  --bandwidth [cv:]START:STOP:N, cv   found for each x column by the leave-one-out\n"
    "                       likelihood, from a grid as for regress\n"
    "  --bandwidth-from PACKAGE:H[,H..]   what another package's number means here;\n"
    "                       --bandwidth-from list shows the packages\n"
    "  --cv-rows N|all      rows for cv, drawn at random if there are more (default: 20000)\n"
    "  --seed N             for the rows drawn and the starts of searches (default: 0)\n"
    "  --bandwidth silverman|scott   one for each x column by a rule of thumb (default:\n"
    "                       silverman)\n"
    "  --adaptive abramson  a bandwidth for each row of the data, narrower where rows are dense\n"
    "\n"
    "Several densities: --kernel and --bandwidth may be repeated, as for regress (with one x\n"
    "column --kernel may be a list, too).\n"
    "\n"
    "Points (default: the data's own):\n"
    "  --at FILE            a table with all x columns by name, or just that many, in order\n"
    "  --grid N[,N..]       N points along each x column, from 3 bandwidths (1 for a kernel of\n"
    "                       bounded support) below the smallest to as many above the largest x\n"
    "  --loo                leave each point out of its own density; for the data's own points\n"
    "\n"
    "Results: the x columns, density and its natural logarithm log_density, which is right\n"
    "where the density is too small for a number:\n"
    "  -o, --output FILE    .npy, or CSV (default: CSV on stdout)\n"
    "  --plot FILE          the density of one or two x columns, .svg or .png\n"
    "  --keep-scripts       keep gnuplot's script beside the picture, as FILE.gp\n"
    "\n" TABLE_HELP;

static const char examples[] =
    "  attpool density faithful.csv --x eruptions --grid 200 --plot density.svg -o density.csv\n"
    "  attpool density faithful.csv --x eruptions,waiting --bandwidth 0.3,4 --plot map.png\n";

/* ---- options ---- */

static int density_option(void *options, int option, struct error *e)
{
    struct density_options *o = options;
    return option == OPTION_GRID ? integers_read("--grid", optarg, 1, &o->grid, e)
                                 : regress_option(&o->table, option, e);
}

/* A grid over many columns is soon larger than any machine. */
static int check_grid(const struct option_reader *r, const struct density_options *o,
                      struct error *e)
{
    const size_t columns = o->table.x.count;
    const double most = (double)MOST_GRID_NUMBERS / (double)columns;
    double points = 1;
    for (size_t c = 0; c < columns && o->grid.count > 0; c++)
        points *= (double)o->grid.value[o->grid.count > 1 ? c : 0];
    if (points > most)
        return usage_error(r, e, "--grid makes %.3g points of %zu x column%s, at most %.3g fit",
                           points, columns, columns == 1 ? "" : "s", floor(most));
    return CMD_OK;
}

static int check_points(const struct option_reader *r, const struct density_options *o,
                        struct error *e)
{
    const struct regress_options *t = &o->table;
    if (o->grid.count > 1 && o->grid.count != t->x.count)
        return usage_error(r, e, "--grid has %zu values for %zu x column%s", o->grid.count,
                           t->x.count, t->x.count == 1 ? "" : "s");
    if (t->plot != NULL && t->x.count > 2)
        return usage_error(r, e, "--plot shows one or two x columns, not %zu", t->x.count);
    if (t->keep_scripts && t->plot == NULL)
        return usage_error(r, e, "--keep-scripts needs --plot");
    return check_grid(r, o, e);
}

static int check_kernels(const struct option_reader *r, const struct fit_choices *c,
                         struct error *e)
{
    for (size_t i = 0; i < c->kernel_count; i++)
        for (size_t k = 0; k < c->kernels[i].count; k++)
            if (c->kernels[i].name[k] == ATTPOOL_CONSTANT)
                return usage_error(r, e, "--kernel: constant has no density");
    return CMD_OK;
}

static int density_check(const struct option_reader *r, struct density_options *o, struct error *e)
{
    struct regress_options *t = &o->table;
    int st = check_kernels(r, &t->choices, e);
    if (st == CMD_OK && t->adaptive.method == ADAPTIVE_KNN)
        return usage_error(r, e, "a density takes --adaptive abramson");
    t->cv = ATTPOOL_CRITERION_LIKELIHOOD;
    if (st == CMD_OK && t->choices.bandwidth_count == 0)
        st = choices_add_bandwidths(&t->choices, "silverman", e);
    if (st == CMD_OK)
        st =
            table_command_check(r, t, o->grid.count > 0, "y, a density has cv", PACKAGE_DENSITY, e);
    return st == CMD_OK ? check_points(r, o, e) : st;
}

static int density_arguments(int argc, char **argv, struct density_options *o, bool *done,
                             struct error *e)
{
    struct option_reader r = {
        .command = "density",
        .help = help,
        .examples = examples,
        .precision_help = "default: f64",
        .repeats = table_command_repeats,
    };
    const int st = table_command_read(TABLE_DENSITY, NULL, &r, argc, argv, density_option, o,
                                      &o->table, done, e);
    return st == CMD_OK && !*done ? density_check(&r, o, e) : st;
}

/* ---- the whole ---- */

static int density_check_files(const struct regress_options *o, struct error *e)
{
    struct files files = { 0 };
    files_input(&files, "DATA", o->data);
    files_input(&files, "--at", o->at);
    files_output(&files, "-o", o->output);
    files_output(&files, "--json", o->common.json);
    files_picture(&files, "--plot", o->plot, o->keep_scripts);
    int st = files_check(&files, e);
    return st == CMD_OK && o->plot != NULL ? find_gnuplot(e) : st;
}

/* Of NaN, for which a missing point is no reason. */
static void warn_nan(const struct regress_options *o, const struct regress_fits *fits,
                     const struct density *f)
{
    size_t nan = 0, all = 0;
    for (size_t k = 0; k < fits->count; k++) {
        const struct density_points *at = &f[k].at;
        for (size_t i = 0; i < at->n; i++)
            nan += (at->missing == NULL || !at->missing[i]) &&
                   isnan(real_get(f[k].value, fits->item[k].group->single, i));
        all += at->n;
    }
    if (nan > 0)
        error_warn("%zu of %zu densities %s not defined: no %srow%s%s", nan, all,
                   nan == 1 ? "is" : "are", o->loo ? "other " : "",
                   o->by != NULL ? " of the group" : "",
                   o->case_weights != NULL ? " has a case weight" : " is left");
}

static int density(const struct density_options *o, struct report *r, struct error *e)
{
    struct regress_tables tables = { .single = false };
    struct regress_groups groups = { .count = 0 };
    struct regress_fits fits = { .count = 0 };
    struct density *densities = NULL;
    regress_warn_bandwidth(&o->table);
    int st = density_check_files(&o->table, e);
    if (st == CMD_OK)
        st = regress_read(&o->table, &tables, e);
    if (st == CMD_OK)
        st = regress_group(&o->table, &tables, &groups, e);
    if (st == CMD_OK)
        st = regress_list(&o->table, &groups, &fits, e);
    if (st == CMD_OK)
        st = regress_draw_check(&o->table, fits.count, e);
    if (st == CMD_OK)
        st = density_compute(o, &tables, &fits, &densities, r, e);
    if (fits.whole) {
        warn_nan(&o->table, &fits, densities);
        /* The error has the first failure; the rest is written all the same. */
        density_write(o, &tables, &groups, &fits, densities, e);
        density_draw(o, &tables, &fits, densities, e);
        density_report(o, &tables, &fits, densities, r);
        st = e->code;
    }
    density_free(densities, fits.count);
    regress_fits_free(&fits);
    regress_groups_free(&groups);
    regress_tables_free(&tables);
    return st;
}

int command_density(int argc, char **argv, struct error *e)
{
    struct density_options o = { .table = { .data = NULL } };
    struct report r;
    bool done;
    report_begin(&r, "density");
    int st = density_arguments(argc, argv, &o, &done, e);
    if (st == CMD_OK && !done)
        st = density(&o, &r, e);
    st = report_close(&r, done ? NULL : o.table.common.json, st, e);
    regress_options_free(&o.table);
    free(o.grid.value);
    return st;
}

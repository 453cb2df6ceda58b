/* SPDX-License-Identifier: Apache-2.0 */
/* attpool classify: kernel classification of a table. */
#include "tools/classify/classify.h"

#include "tools/command/command.h"
#include "tools/command/output.h"
#include "tools/command/packages.h"
#include "tools/regress/table_command.h"

#include <stdlib.h>

static const char help[] =
    "Usage: attpool classify DATA --x COL[,COL..] --y COL [OPTION]...\n"
    "Kernel classification: the probability of a class at a query point is the weight of its\n"
    "rows there, by a kernel of the distance. DATA is a CSV or NPY file, '-' is stdin.\n"
    "\n"
    "Columns, by name or by number from 1 (one with a comma in its name: by number):\n"
    "  --x COL[,COL..]      the predictors\n"
    "  --y COL              the class, any text\n"
    "  --case-weights COL   the weight of each row, not negative; rows of weight 0 are ignored\n"
    "  --by COL             separately for each group of rows with the same text in COL\n"
    "\n"
    "Kernel:\n"
    "  --kernel NAME[,NAME..]  a kernel (default: gaussian) or, in product form, one for each\n"
    "                       x column, under one of these names or what other packages call\n"
    "                       it (normal, quartic, tophat ..):\n" KERNEL_LIST
    "  --form radial|product   of the distance (default), or a product over the columns\n"
    "  --bandwidth H[,H..]  one, or one for each x column, in the unit of the column\n"
    "  --bandwidth cv|silverman|scott   found for each x column: by the leave-one-out Brier\n"
    "                       score (default), or by a rule of thumb\n"
    "  --bandwidth [cv:]START:STOP:N   from a grid, as for regress\n"
    "  --bandwidth-from PACKAGE:H[,H..]   what another package's number means here;\n"
    "                       --bandwidth-from list shows the packages\n"
    "  --cv-rows N|all      rows for cv, drawn at random if there are more (default: 20000)\n"
    "  --seed N             for the rows drawn and the starts of searches (default: 0)\n"
    "\n"
    "--kernel and --bandwidth may be repeated, as for regress (with one x column --kernel may\n"
    "be a list, too).\n"
    "\n"
    "Query points (default: the data's own points):\n"
    "  --at FILE            a table with all x columns by name, or just that many, in order\n"
    "  --grid N             N points from the smallest to the largest x; for one x column\n"
    "  --loo                leave each point out of its own class; for the data's own points\n"
    "  --empty POLICY       where no data is in reach: nan (default), zero, mean, nearest,\n"
    "                       error\n"
    "\n"
    "Results: the x columns, class (the most probable one, of several the first in the data)\n"
    "and p_LABEL, the probability of each class:\n"
    "  -o, --output FILE    .npy, where the class is a number from 0, or CSV (default: CSV on\n"
    "                       stdout)\n"
    "The summary and the report have the confusion matrix and the accuracy by leave-one-out.\n"
    "\n" TABLE_HELP;

static const char examples[] =
    "  attpool classify iris.csv --x Petal.Length,Petal.Width --y Species --verbose -o out.csv\n"
    "  attpool classify train.csv --x 1,2,3 --y 4 --bandwidth 0.5 --at new.csv\n";

/* ---- options ---- */

static int classify_check(const struct option_reader *r, struct regress_options *o, struct error *e)
{
    if (o->y.count > 1)
        return usage_error(r, e, "--y takes one column, that of the classes");
    if (o->x.count > 0 && o->y.count == 0)
        return usage_error(r, e, "--y is missing");
    o->cv = ATTPOOL_CRITERION_BRIER;
    return table_command_check(r, o, o->grid > 0, "numbers, classes have cv", PACKAGE_FIT, e);
}

static int classify_arguments(int argc, char **argv, struct regress_options *o, bool *done,
                              struct error *e)
{
    struct option_reader r = {
        .command = "classify",
        .help = help,
        .examples = examples,
        .precision_help = "default: f64",
        .repeats = table_command_repeats,
    };
    const int st =
        table_command_read(TABLE_CLASSIFY, NULL, &r, argc, argv, regress_option, o, o, done, e);
    return st == CMD_OK && !*done ? classify_check(&r, o, e) : st;
}

/* ---- the whole ---- */

static int classify_check_files(const struct regress_options *o, struct error *e)
{
    struct files files = { 0 };
    files_input(&files, "DATA", o->data);
    files_input(&files, "--at", o->at);
    files_output(&files, "-o", o->output);
    files_output(&files, "--json", o->common.json);
    return files_check(&files, e);
}

static void warn_classless(const struct regress_options *o, const struct regress_fits *fits,
                           const struct classification *results)
{
    size_t none = 0, all = 0;
    for (size_t k = 0; k < fits->count; k++) {
        const struct regress_group *g = fits->item[k].group;
        for (size_t i = 0; i < g->n; i++)
            none += (g->missing == NULL || !g->missing[i]) && results[k].class[i] < 0;
        all += g->n;
    }
    if (none > 0 && o->empty == ATTPOOL_EMPTY_DEFAULT)
        error_warn("%zu of %zu queries %s no data in reach (see --empty)", none, all,
                   none == 1 ? "has" : "have");
}

static int classify(const struct regress_options *o, struct report *r, struct error *e)
{
    struct regress_tables tables = { .single = false };
    struct regress_groups groups = { .count = 0 };
    struct regress_fits fits = { .count = 0 };
    struct classes classes = { .count = 0 };
    struct classification *results = NULL;
    regress_warn_bandwidth(o);
    int st = classify_check_files(o, e);
    if (st == CMD_OK)
        st = regress_read(o, &tables, e);
    if (st == CMD_OK)
        st = regress_group(o, &tables, &groups, e);
    if (st == CMD_OK)
        st = classify_classes(&tables, &groups, &classes, e);
    if (st == CMD_OK)
        st = regress_list(o, &groups, &fits, e);
    if (st == CMD_OK)
        st = classify_compute(o, &tables, &classes, &fits, &results, r, e);
    if (fits.whole) {
        warn_classless(o, &fits, results);
        classify_write(o, &tables, &groups, &classes, &fits, results, e);
        classify_report(o, &tables, &classes, &fits, results, r);
        st = e->code;
    }
    classify_free(results, fits.count);
    regress_fits_free(&fits);
    classify_classes_free(&classes);
    regress_groups_free(&groups);
    regress_tables_free(&tables);
    return st;
}

int command_classify(int argc, char **argv, struct error *e)
{
    struct regress_options o = { .classes = true };
    struct report r;
    bool done;
    report_begin(&r, "classify");
    int st = classify_arguments(argc, argv, &o, &done, e);
    if (st == CMD_OK && !done)
        st = classify(&o, &r, e);
    st = report_close(&r, done ? NULL : o.common.json, st, e);
    regress_options_free(&o);
    return st;
}

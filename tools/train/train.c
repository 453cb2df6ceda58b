/* SPDX-License-Identifier: Apache-2.0 */
/* attpool train: learn the parameters of a kernel or a score from a table. */
#include "tools/train/train.h"

#include "tools/command/command.h"
#include "tools/command/output.h"
#include "tools/plot/picture.h"
#include "tools/plot/run_gnuplot.h"
#include "tools/regress/table_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: attpool train DATA --x COL[,COL..] --y COL[,COL..] [OPTION]...\n"
    "Learn the parameters of a kernel or a score by predicting each row of a table from all\n"
    "other rows. DATA is a CSV or NPY file, '-' is stdin.\n"
    "\n"
    "  --x COL[,COL..] --y COL[,COL..]   columns, by name or by number from 1\n"
    "  --param KIND         what is learned:\n"
    "                       w             an inverse bandwidth w = 1/h (default)\n"
    "                       w-coordinate  one for each x column\n"
    "                       w-key         one for each row\n"
    "                       additive      W_q, W_k and w_v of additive attention\n"
    "                       projection    W_q and W_k of dot-product attention on projections;\n"
    "                                     these two are for attend --params, not for regress\n"
    "  --kernel NAME[,NAME..]  of the first three (default: gaussian) or, in product form, one\n"
    "                       for each x column:\n" KERNEL_LIST
    "  --form radial|product   of a kernel\n"
    "  --hidden P           rows of W_q and W_k (default: 8)\n"
    "  --init W[,W..]       where w begins: one value, or one for each (default: random, 0 to\n"
    "                       1); for additive and projection random numbers from -W to W\n"
    "\n"
    "  --epochs N           passes over the rows (default: 5); with lbfgs the most\n"
    "                       evaluations of the loss (default: 100)\n"
    "  --rate R             of gradient descent (default: 0.5); the right one depends on the\n"
    "                       unit of y and, except with --loss mean, on the number of rows\n"
    "  --batch N            rows of a step, in a random order (default: all)\n"
    "  --loss half|sum|mean   half the sum of squared errors (default), the sum, or the mean\n"
    "  --optimizer sgd|lbfgs   gradient descent (default), or L-BFGS with all rows\n"
    "  --seed N             of random numbers (default: 0)\n"
    "  --params FILE        go on from parameters that --params-out wrote, with their kind,\n"
    "                       kernel, precision and, unless given here, seed, rate and batch\n"
    "\n"
    "Results:\n"
    "  -o, --output FILE    epoch, loss before the step, and w after it (w_X for columns), or\n"
    "                       the norm of the parameters (.npy, or CSV; default: stdout)\n"
    "  --params-out FILE    the parameters, as JSON, for train and attend --params and, of w,\n"
    "                       w-coordinate and w-key, for regress --params\n"
    "  --plot FILE          loss, fit (of one x column) and weights, .svg or .png\n"
    "  --keep-scripts       keep gnuplot's script beside the picture, as FILE.gp\n"
    "\n" TABLE_HELP;

static const char examples[] =
    "  attpool train mcycle.csv --x times --y accel --init 0.5 --rate 1e-7 --epochs 50\n"
    "  attpool train iris.csv --x 1,2,3 --y 4 --param w-coordinate --optimizer lbfgs --init 1\n";

enum {
    OPTION_PARAM = OPTION_KEEP_SCRIPTS + 1,
    OPTION_HIDDEN,
    OPTION_INIT,
    OPTION_EPOCHS,
    OPTION_RATE,
    OPTION_BATCH,
    OPTION_LOSS,
    OPTION_OPTIMIZER,
    OPTION_PARAMS_OUT
};

static const struct option own_options[] = {
    { "param", required_argument, NULL, OPTION_PARAM },
    { "hidden", required_argument, NULL, OPTION_HIDDEN },
    { "init", required_argument, NULL, OPTION_INIT },
    { "epochs", required_argument, NULL, OPTION_EPOCHS },
    { "rate", required_argument, NULL, OPTION_RATE },
    { "batch", required_argument, NULL, OPTION_BATCH },
    { "loss", required_argument, NULL, OPTION_LOSS },
    { "optimizer", required_argument, NULL, OPTION_OPTIMIZER },
    { "params-out", required_argument, NULL, OPTION_PARAMS_OUT },
    { NULL, 0, NULL, 0 },
};

static const struct option_repeat repeats[] = {
    { OPTION_X, "list the columns as --x A,B" },
    { OPTION_Y, "list the columns as --y A,B" },
    { OPTION_KERNEL, "list the kernels of a product as --kernel A,B" },
    { OPTION_INIT, "list the values as --init A,B" },
    { OPTION_MISSING, "list the texts as --missing A,B" },
    { 0, NULL },
};

/* ---- options ---- */

static int read_choices(struct train_options *o, int option, struct error *e)
{
    int choice, st;
    switch (option) {
    case OPTION_PARAM:
        o->kind_given = true;
        st = choice_read("--param", optarg, params_kind_names, &choice, e);
        o->kind = (enum params_kind)choice;
        return st;
    case OPTION_LOSS:
        o->loss_given = true;
        st = choice_read("--loss", optarg, params_loss_names, &choice, e);
        o->loss = (attpool_loss)choice;
        return st;
    default:
        o->optimizer_given = true;
        st = choice_read("--optimizer", optarg, params_optimizer_names, &choice, e);
        o->lbfgs = choice == 1;
        return st;
    }
}

static int train_option(void *options, int option, struct error *e)
{
    struct train_options *o = options;
    switch (option) {
    case OPTION_PARAM:
    case OPTION_LOSS:
    case OPTION_OPTIMIZER:
        return read_choices(o, option, e);
    case OPTION_HIDDEN:
        o->hidden_given = true;
        return integer_read("--hidden", optarg, 1, INT32_MAX, &o->hidden, e);
    case OPTION_INIT:
        return numbers_read("--init", optarg, &o->init, e);
    case OPTION_EPOCHS:
        o->epochs_given = true;
        return integer_read("--epochs", optarg, 1, INT32_MAX, &o->epochs, e);
    case OPTION_RATE:
        o->rate_given = true;
        return number_read("--rate", optarg, &o->rate, e);
    case OPTION_BATCH:
        o->batch_given = true;
        return integer_read("--batch", optarg, 1, INT64_MAX, &o->batch, e);
    case OPTION_SEED:
        o->seed_given = true;
        return integer_read("--seed", optarg, 0, INT64_MAX, &o->seed, e);
    case OPTION_PARAMS:
        o->params_in = optarg;
        return CMD_OK;
    case OPTION_PARAMS_OUT:
        o->params_out = optarg;
        return CMD_OK;
    default:
        return regress_option(&o->table, option, e);
    }
}

/* ---- what goes with what ---- */

static int check_kind(const struct option_reader *r, const struct train_options *o, struct error *e)
{
    const bool kernel = o->kind <= PARAMS_W_KEY;
    const char *kind = params_kind_names[o->kind];
    if (o->params_in != NULL && (o->kind_given || o->hidden_given || o->init.count > 0))
        return usage_error(r, e, "%s and --params cannot be used together",
                           o->kind_given     ? "--param"
                           : o->hidden_given ? "--hidden"
                                             : "--init");
    if (o->params_in != NULL && (o->table.choices.kernel_count > 0 || o->table.form_given))
        return usage_error(r, e, "%s and --params cannot be used together",
                           o->table.form_given ? "--form" : "--kernel");
    if (!kernel && (o->table.choices.kernel_count > 0 || o->table.form_given))
        return usage_error(r, e, "%s does not apply to --param %s",
                           o->table.form_given ? "--form" : "--kernel", kind);
    if (kernel && o->hidden_given)
        return usage_error(r, e, "--hidden does not apply to --param %s", kind);
    if (o->init.count > 1 && o->kind != PARAMS_W_COORDINATE && o->kind != PARAMS_W_KEY)
        return usage_error(r, e, "--init takes one value for --param %s", kind);
    return CMD_OK;
}

static int train_check(const struct option_reader *r, struct train_options *o, struct error *e)
{
    struct regress_options *t = &o->table;
    if (t->x.count == 0 || t->y.count == 0)
        return usage_error(r, e, t->x.count == 0 ? "--x is missing" : "--y is missing");
    if (o->lbfgs && (o->rate_given || o->batch_given || o->params_in != NULL))
        return usage_error(r, e, "--optimizer lbfgs takes no %s",
                           o->rate_given    ? "--rate"
                           : o->batch_given ? "--batch"
                                            : "--params: it cannot be continued");
    if (t->choices.kernel_count > 1)
        return usage_error(r, e, "--kernel is given %zu times", t->choices.kernel_count);
    if (t->keep_scripts && t->plot == NULL)
        return usage_error(r, e, "--keep-scripts needs --plot");
    if (!o->epochs_given)
        o->epochs = o->lbfgs ? 100 : 5;
    int st = check_kind(r, o, e);
    return st == CMD_OK ? table_options_check(&t->format, e) : st;
}

static int train_arguments(int argc, char **argv, struct train_options *o, bool *done,
                           struct error *e)
{
    struct option_reader r = {
        .command = "train",
        .help = help,
        .examples = examples,
        .precision_help = "default: f64, or that of --params",
        .repeats = repeats,
    };
    const int st = table_command_read(TABLE_TRAIN, own_options, &r, argc, argv, train_option, o,
                                      &o->table, done, e);
    return st == CMD_OK && !*done ? train_check(&r, o, e) : st;
}

/* ---- the whole ---- */

static int train_check_files(const struct train_options *o, struct error *e)
{
    const struct regress_options *t = &o->table;
    struct files files = { 0 };
    files_input(&files, "DATA", t->data);
    files_input(&files, "--params", o->params_in);
    files_output(&files, "-o", t->output);
    files_output(&files, "--params-out",
                 o->params_out != NULL && o->params_in != NULL &&
                         strcmp(o->params_out, o->params_in) == 0
                     ? NULL
                     : o->params_out);
    files_output(&files, "--json", t->common.json);
    files_picture(&files, "--plot", t->plot, t->keep_scripts);
    int st = files_check(&files, e);
    return st == CMD_OK && t->plot != NULL ? find_gnuplot(e) : st;
}

/* What the parameters say and the command line does not. */
static int go_on(struct train_options *o, struct params *p, struct error *e)
{
    int st = params_read(o->params_in, p, e);
    if (st != CMD_OK)
        return st;
    if (p->lbfgs)
        return error_at(e, o->params_in, 0, 0, "L-BFGS cannot be continued");
    if (o->table.common.precision != PRECISION_DEFAULT &&
        o->table.common.precision != (p->single ? PRECISION_F32 : PRECISION_F64))
        return error_at(e, o->params_in, 0, 0, "its parameters are %s: --precision differs",
                        p->single ? "f32" : "f64");
    o->table.common.precision = p->single ? PRECISION_F32 : PRECISION_F64;
    o->loss = o->loss_given ? o->loss : p->loss;
    o->seed = o->seed_given ? o->seed : p->seed;
    o->batch = o->batch_given ? o->batch : p->batch;
    o->rate = o->rate_given ? o->rate : p->rate;
    return CMD_OK;
}

static int learn(struct train_run *run, struct error *e)
{
    const struct train_options *o = run->o;
    struct params *p = &run->params;
    p->seed = o->seed;
    p->batch = o->batch;
    p->rate = o->lbfgs ? 0 : o->rate;
    p->loss = o->loss;
    p->lbfgs = o->lbfgs;
    return o->lbfgs ? train_lbfgs(run, e) : train_descend(run, e);
}

static int train_compute(struct train_run *run, struct report *r, struct error *e)
{
    int st = train_init(run, e);
    if (st == CMD_OK)
        st = session_open(&run->session, "train", &run->o->table.common, e);
    if (st != CMD_OK)
        return st;
    report_context(r, run->session.context, run->params.single);
    snprintf(run->backend, sizeof run->backend, "%s", attpool_backend_name(run->session.context));
    st = learn(run, e);
    if (st == CMD_OK || run->stopped) {
        /* The error has the first failure; the rest is written all the same. */
        train_write(run, e);
        train_draw(run, e);
        train_report(run, r);
        st = e->code;
    }
    session_close(&run->session);
    return st;
}

static void run_free(struct train_run *run)
{
    const size_t columns = run->record.widths > 0 ? run->record.widths : 1;
    for (int k = 0; k < PARAMS_ARRAYS; k++) {
        free(run->value[k]);
        free(run->good[k]);
    }
    for (size_t c = 0; run->record.w != NULL && c < columns; c++)
        free(run->record.w[c]);
    free(run->record.w);
    free(run->record.epoch);
    if (run->group != NULL && run->x != run->group->x)
        free(run->x);
    free(run->record.loss);
    params_free(&run->params);
}

static int train(struct train_options *o, struct report *r, struct error *e)
{
    struct regress_tables tables = { .single = false };
    struct regress_groups groups = { .count = 0 };
    struct train_run run = { .o = o, .tables = &tables };
    int st = train_check_files(o, e);
    if (st == CMD_OK && o->params_in != NULL)
        st = go_on(o, &run.params, e);
    if (st == CMD_OK)
        st = regress_read(&o->table, &tables, e);
    if (st == CMD_OK)
        st = regress_group(&o->table, &tables, &groups, e);
    if (st == CMD_OK) {
        run.group = &groups.item[0];
        st = train_compute(&run, r, e);
    }
    run_free(&run);
    regress_groups_free(&groups);
    regress_tables_free(&tables);
    return st;
}

int command_train(int argc, char **argv, struct error *e)
{
    struct train_options o = { .rate = 0.5 };
    struct report r;
    bool done;
    report_begin(&r, "train");
    int st = train_arguments(argc, argv, &o, &done, e);
    if (st == CMD_OK && !done)
        st = train(&o, &r, e);
    st = report_close(&r, done ? NULL : o.table.common.json, st, e);
    regress_options_free(&o.table);
    free(o.init.value);
    return st;
}

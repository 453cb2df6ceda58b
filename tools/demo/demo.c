/* SPDX-License-Identifier: Apache-2.0 */
/* attpool demo: the experiments of two chapters of Dive into Deep Learning. */
#include "tools/demo/demo.h"

#include "tools/command/command.h"
#include "tools/command/progress.h"
#include "tools/plot/run_gnuplot.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] =
    "Usage: attpool demo [OPTION]...\n"
    "The experiments of Dive into Deep Learning's chapters on attention pooling, on built-in\n"
    "data: kernels, kernel regression and its attention weights, masked softmax, additive and\n"
    "scaled dot-product attention; then the same work on every backend, whose results must\n"
    "have the same bits. Tables go to stdout, data and pictures to a folder.\n"
    "\n"
    "  -o, --output DIR     the folder (default: attpool-demo)\n"
    "  --n N                number of data points (default: 50 and 40, as in the book)\n"
    "  --seed S             seed of the random numbers (default: 1)\n"
    "  --format svg|png     format of the pictures (default: svg)\n"
    "  --no-plots           no pictures, and without --output no files at all\n"
    "  --keep-scripts       keep gnuplot's script beside each picture, as FILE.gp\n"
    "\n"
    "The exit status is 1 if a number is wrong, or a device that promises the same bits gives\n"
    "different ones.\n";

static const char examples[] = "  attpool demo -o book --format png\n"
                               "  attpool demo --no-plots --backend scalar --n 1000\n";

enum { OPTION_N = OPTION_OWN, OPTION_SEED, OPTION_FORMAT, OPTION_NO_PLOTS, OPTION_KEEP_SCRIPTS };

static const struct option long_options[] = {
    { "output", required_argument, NULL, 'o' },
    { "n", required_argument, NULL, OPTION_N },
    { "seed", required_argument, NULL, OPTION_SEED },
    { "format", required_argument, NULL, OPTION_FORMAT },
    { "no-plots", no_argument, NULL, OPTION_NO_PLOTS },
    { "keep-scripts", no_argument, NULL, OPTION_KEEP_SCRIPTS },
    COMMON_OPTIONS(required_argument),
};

/* ---- experiments ---- */

/* One call for the queries and, without weights, the points of the curve. */
static int fit_one(struct demo *demo, const struct demo_data *data, struct demo_fit *fit,
                   struct error *e)
{
    enum { ALL = DEMO_QUERIES + DEMO_CURVE };
    bool single = demo->single;
    size_t n = data->n, size = real_size(single);
    int64_t rows[DEMO_QUERIES];
    void *memory, *weights;
    int st = array_new(&weights, DEMO_QUERIES * n, sizeof(double), e);
    fit->weights = weights;
    if (st == CMD_OK)
        st = array_new(&memory, 3 * ALL + 2 * n + DEMO_QUERIES * n, size, e);
    if (st != CMD_OK)
        return st;
    char *q = memory, *o = q + ALL * size, *n_eff = o + ALL * size;
    char *x = n_eff + ALL * size, *y = x + n * size, *w = y + n * size;
    for (size_t i = 0; i < ALL; i++)
        real_set(q, single, i, i < DEMO_QUERIES ? data->query[i] : data->curve_x[i - DEMO_QUERIES]);
    for (size_t j = 0; j < n; j++) {
        real_set(x, single, j, data->x[j]);
        real_set(y, single, j, data->y[j]);
    }
    for (int i = 0; i < DEMO_QUERIES; i++)
        rows[i] = i;
    struct operand tq, tx, ty, to, tn, tw;
    const int64_t queries[] = { ALL, 1 }, keys[] = { (int64_t)n, 1 };
    const attpool_kernel_options kernel = { .size = sizeof kernel,
                                            .kernel = fit->kernel,
                                            .bandwidth = fit->bandwidth };
    const attpool_pool_options options = {
        .size = sizeof options,
        .score = ATTPOOL_KERNEL,
        .kernel = &kernel,
        .n_eff = operand_real(&tn, n_eff, single, 1, queries),
        .weights = operand_real(&tw, w, single, 2, (const int64_t[]){ DEMO_QUERIES, (int64_t)n }),
        .rows = rows,
        .row_count = DEMO_QUERIES,
    };
    attpool_status status =
        attpool_pool(demo->session.context, operand_real(&tq, q, single, 2, queries),
                     operand_real(&tx, x, single, 2, keys), operand_real(&ty, y, single, 2, keys),
                     &options, operand_real(&to, o, single, 2, queries));
    st = session_status(&demo->session, status, NULL, 0, e);
    for (size_t i = 0; st == CMD_OK && i < DEMO_QUERIES; i++) {
        fit->fit[i] = real_get(o, single, i);
        fit->n_eff[i] = real_get(n_eff, single, i);
    }
    for (size_t i = 0; st == CMD_OK && i < DEMO_CURVE; i++)
        fit->curve[i] = real_get(o, single, DEMO_QUERIES + i);
    for (size_t i = 0; st == CMD_OK && i < DEMO_QUERIES * n; i++)
        fit->weights[i] = real_get(w, single, i);
    free(memory);
    return st;
}

/* The root of the mean squared distance to the truth, and the mean of n_eff, where there is a
 * fit; their number is returned. */
static int summarise(const struct demo_data *data, const struct demo_fit *fit, double *error,
                     double *n_eff)
{
    int count = 0;
    *error = *n_eff = 0;
    for (int i = 0; i < DEMO_QUERIES; i++)
        if (isfinite(fit->fit[i]) && isfinite(fit->n_eff[i])) {
            double d = fit->fit[i] - data->truth[i];
            *error += d * d;
            *n_eff += fit->n_eff[i];
            count++;
        }
    if (count > 0) {
        *error = sqrt(*error / count);
        *n_eff /= count;
    }
    return count;
}

int demo_fits(struct demo *demo, const struct demo_data *data, struct demo_fit *fits, size_t count,
              struct error *e)
{
    output_printf(&demo->out,
                  "\nKernel regression: %s, n = %zu, x in [0, 5), %s\n"
                  "  kernel        bandwidth  error    n_eff\n",
                  data->name, data->n, data->formula);
    for (size_t k = 0; k < count; k++) {
        double error, n_eff;
        int st = fit_one(demo, data, &fits[k], e);
        if (st != CMD_OK)
            return st;
        int queries = summarise(data, &fits[k], &error, &n_eff);
        char width[32] = "-";
        if (fits[k].kernel != ATTPOOL_CONSTANT)
            snprintf(width, sizeof width, "%g", fits[k].bandwidth);
        output_printf(&demo->out, "  %-12s  %-9s  %-7.4f  %-6.1f",
                      attpool_kernel_to_name(fits[k].kernel), width, error, n_eff);
        report_append(
            &demo->report, demo->fits,
            json_pack(
                "{s:s, s:s, s:o, s:o, s:o, s:i}", "data", data->name, "kernel",
                attpool_kernel_to_name(fits[k].kernel), "bandwidth",
                fits[k].kernel != ATTPOOL_CONSTANT ? report_number(fits[k].bandwidth) : json_null(),
                "error", report_number(error), "n_eff", report_number(n_eff), "queries", queries));
        if (queries < DEMO_QUERIES)
            output_printf(&demo->out, "  at the %d of %d queries with data in reach", queries,
                          DEMO_QUERIES);
        output_text(&demo->out, "\n");
    }
    return CMD_OK;
}

void demo_fits_free(struct demo_fit *fits, size_t count)
{
    for (size_t k = 0; k < count; k++)
        free(fits[k].weights);
}

static int experiment(struct demo *demo, enum demo_set set, struct demo_fit *fits, size_t count,
                      struct error *e)
{
    struct demo_data data;
    int st = demo_data_make(&data, set, (size_t)demo->n, (uint64_t)demo->seed, e);
    if (st == CMD_OK)
        st = demo_fits(demo, &data, fits, count, e);
    if (st == CMD_OK)
        st = demo_write_data(demo, &data, e);
    if (st == CMD_OK)
        st = demo_write_fits(demo, &data, fits, count, e);
    if (set == DEMO_CLASSIC) {
        if (st == CMD_OK)
            st = demo_draw_fits(demo, &data, fits, count, "classic", e);
    } else {
        if (st == CMD_OK)
            st = demo_draw_fits(demo, &data, fits, 4, "kernel", e);
        if (st == CMD_OK)
            st = demo_draw_fits(demo, &data, fits + 4, count - 4, "bandwidth", e);
    }
    demo_fits_free(fits, count);
    demo_data_free(&data);
    return st;
}

static int experiments(struct demo *demo, struct error *e)
{
    struct demo_fit classic[] = {
        { .name = "average",
          .title = "average pooling",
          .kernel = ATTPOOL_CONSTANT,
          .bandwidth = 1 },
        { .name = "gaussian",
          .title = "gaussian, bandwidth 1",
          .kernel = ATTPOOL_GAUSSIAN,
          .bandwidth = 1 },
    };
    struct demo_fit similarity[] = {
        { .name = "gaussian",
          .title = "gaussian, bandwidth 1",
          .kernel = ATTPOOL_GAUSSIAN,
          .bandwidth = 1 },
        { .name = "boxcar",
          .title = "boxcar, bandwidth 1",
          .kernel = ATTPOOL_BOXCAR,
          .bandwidth = 1 },
        { .name = "constant",
          .title = "constant: average pooling",
          .kernel = ATTPOOL_CONSTANT,
          .bandwidth = 1 },
        { .name = "triangular",
          .title = "triangular, bandwidth 1",
          .kernel = ATTPOOL_TRIANGULAR,
          .bandwidth = 1 },
        { .name = "gaussian_0.1",
          .title = "gaussian, bandwidth 0.1",
          .kernel = ATTPOOL_GAUSSIAN,
          .bandwidth = 0.1 },
        { .name = "gaussian_0.2",
          .title = "gaussian, bandwidth 0.2",
          .kernel = ATTPOOL_GAUSSIAN,
          .bandwidth = 0.2 },
        { .name = "gaussian_0.5",
          .title = "gaussian, bandwidth 0.5",
          .kernel = ATTPOOL_GAUSSIAN,
          .bandwidth = 0.5 },
        { .name = "gaussian_1",
          .title = "gaussian, bandwidth 1",
          .kernel = ATTPOOL_GAUSSIAN,
          .bandwidth = 1 },
    };
    int st = experiment(demo, DEMO_CLASSIC, classic, sizeof classic / sizeof classic[0], e);
    if (st == CMD_OK)
        st = experiment(demo, DEMO_SIMILARITY, similarity, sizeof similarity / sizeof similarity[0],
                        e);
    if (st == CMD_OK)
        output_text(&demo->out,
                    "  (error: root of the mean squared distance to the curve without noise;\n"
                    "  n_eff: mean effective number of data points behind a value; the book\n"
                    "  calls the triangular kernel Epanechikov)\n");
    return st;
}

/* ---- the whole ---- */

static int check_gnuplot(const struct demo *demo, struct error *e)
{
    struct error missing = { 0 };
    if (demo->format == NULL || find_gnuplot(&missing) == CMD_OK)
        return CMD_OK;
    return error_set(e, missing.code, "%s; or use --no-plots", missing.text);
}

static int make_folder(const struct demo *demo, struct error *e)
{
    struct stat st;
    if (demo->folder == NULL || mkdir(demo->folder, 0777) == 0)
        return CMD_OK;
    int number = errno;
    if (number == EEXIST && stat(demo->folder, &st) == 0 && S_ISDIR(st.st_mode))
        return CMD_OK;
    return error_set(e, CMD_FAILED, "cannot make the folder %s: %s", demo->folder,
                     strerror(number));
}

static int run(struct demo *demo, struct error *e)
{
    int st = check_gnuplot(demo, e);
    if (st == CMD_OK)
        st = make_folder(demo, e);
    if (st == CMD_OK)
        st = demo_check_files(demo, e);
    if (st == CMD_OK)
        st = session_open(&demo->session, "demo", &demo->common, e);
    if (st != CMD_OK)
        return st;
    report_context(&demo->report, demo->session.context, demo->single);
    output_printf(&demo->out, "attpool %s on %s (%s), seed %lld\n", attpool_version(),
                  attpool_backend_name(demo->session.context),
                  attpool_device_name(demo->session.context), (long long)demo->seed);
    st = demo_numbers(demo, e);
    if (st == CMD_OK)
        st = experiments(demo, e);
    if (st == CMD_OK)
        st = demo_draw_kernels(demo, e);
    session_close(&demo->session);
    if (st == CMD_OK)
        st = demo_backends(demo, e);
    if (st == CMD_OK && demo->folder != NULL)
        output_printf(&demo->out, "\nFiles are in %s.\n", demo->folder);
    return st;
}

static int read_arguments(int argc, char **argv, struct demo *demo, bool *done, struct error *e)
{
    static const char *const formats[] = { "svg", "png", NULL };
    const struct option_reader r = {
        .command = "demo",
        .help = help,
        .examples = examples,
        .precision_help = "for the experiments (default: f64)",
        .short_options = "o:",
        .long_options = long_options,
        .common = &demo->common,
    };
    bool plots = true;
    int option, choice = 0, st;
    for (;;) {
        st = options_next(&r, argc, argv, &option, e);
        *done = option == OPTION_DONE;
        if (st != CMD_OK || option == OPTION_END || *done)
            break;
        if (option == 'o')
            demo->folder = optarg;
        else if (option == OPTION_N)
            st = integer_read("--n", optarg, 1, 1000000, &demo->n, e);
        else if (option == OPTION_SEED)
            st = integer_read("--seed", optarg, 0, INT64_MAX, &demo->seed, e);
        else if (option == OPTION_FORMAT)
            st = choice_read("--format", optarg, formats, &choice, e);
        else if (option == OPTION_NO_PLOTS)
            plots = false;
        else
            demo->keep_scripts = true;
        if (st != CMD_OK)
            break;
    }
    if (st == CMD_OK && !*done && optind < argc)
        st = usage_error(&r, e, "demo takes no arguments besides its options: %s",
                         quoted_name(argv[optind]).text);
    if (st == CMD_OK && !*done && demo->keep_scripts && !plots)
        st = usage_error(&r, e, "--keep-scripts and --no-plots cannot be used together");
    demo->single = demo->common.precision == PRECISION_F32;
    demo->format = plots ? formats[choice] : NULL;
    if (plots && demo->folder == NULL)
        demo->folder = "attpool-demo";
    return st;
}

static void begin_report(struct demo *demo)
{
    struct report *r = &demo->report;
    report_begin(r, "demo");
    demo->numbers = json_array();
    demo->fits = json_array();
    demo->backends = json_array();
    report_put(r, r->root, "seed", json_integer(demo->seed));
    report_put(r, r->root, "numbers", demo->numbers);
    report_put(r, r->root, "fits", demo->fits);
    report_put(r, r->root, "backends", demo->backends);
}

int command_demo(int argc, char **argv, struct error *e)
{
    struct demo demo = { .seed = 1 };
    bool done = false;
    int st = read_arguments(argc, argv, &demo, &done, e);
    if (st != CMD_OK || done)
        return st;
    st = output_open(&demo.out, report_tables(demo.common.json), e);
    if (st != CMD_OK)
        return st;
    begin_report(&demo);
    st = run(&demo, e);
    progress_clear();
    /* What has been found out is shown also when something failed. */
    int closed = output_close(&demo.out, CMD_OK, e);
    report_put(&demo.report, demo.report.root, "differences", json_integer(demo.differences));
    st = report_close(&demo.report, demo.common.json, st, e);
    if (st == CMD_OK && closed == CMD_OK && demo.differences > 0)
        return error_set(e, CMD_FAILED, "demo: %d result%s not as expected", demo.differences,
                         demo.differences == 1 ? "" : "s");
    return st == CMD_OK ? closed : st;
}

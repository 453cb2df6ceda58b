/* SPDX-License-Identifier: Apache-2.0 */
/* attpool demo: the experiments of two chapters of Dive into Deep Learning. */
#include "tools/demo/demo.h"

#include "tools/command/command.h"
#include "tools/command/progress.h"
#include "tools/plot/run_gnuplot.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] =
    "Usage: attpool demo [OPTION]...\n"
    "The experiments of Dive into Deep Learning's chapters on attention pooling, on built-in\n"
    "data: kernels, kernel regression and its attention weights, a kernel that is trained,\n"
    "masked softmax, additive and scaled dot-product attention; then the same work on every\n"
    "backend, whose results must have the same bits. Tables go to stdout, data and pictures\n"
    "to a folder.\n"
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

static int run_demo(struct demo *demo, struct error *e)
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
        st = demo_train(demo, e);
    if (st == CMD_OK)
        st = demo_draw_kernels(demo, e);
    session_close(&demo->session);
    if (st == CMD_OK)
        st = demo_backends(demo, e);
    if (st == CMD_OK && demo->folder != NULL)
        output_printf(&demo->out, "\nFiles are in %s.\n", demo->folder);
    return st;
}

static int demo_arguments(int argc, char **argv, struct demo *demo, bool *done, struct error *e)
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
    demo->training = json_array();
    demo->backends = json_array();
    report_put(r, r->root, "seed", json_integer(demo->seed));
    report_put(r, r->root, "numbers", demo->numbers);
    report_put(r, r->root, "fits", demo->fits);
    report_put(r, r->root, "training", demo->training);
    report_put(r, r->root, "backends", demo->backends);
}

int command_demo(int argc, char **argv, struct error *e)
{
    struct demo demo = { .seed = 1 };
    bool done = false;
    int st = demo_arguments(argc, argv, &demo, &done, e);
    if (st != CMD_OK || done)
        return st;
    st = output_open(&demo.out, report_tables(demo.common.json), e);
    if (st != CMD_OK)
        return st;
    begin_report(&demo);
    st = run_demo(&demo, e);
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

/* SPDX-License-Identifier: Apache-2.0 */
/* attpool bench: the speed of each operation on each backend. */
#include "tools/bench/bench.h"
#include "tools/command/command.h"
#include "tools/command/output.h"
#include "tools/command/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: attpool bench [OPTION]...\n"
    "Time each operation on each backend, against what the processor and its memory can do.\n"
    "The first call is not counted; times are medians, the spread is half the distance\n"
    "between the quartiles. Arrays are on the host: a device's time includes the transfers.\n"
    "Limit: the share of what the processor or its memory can do; for a kernel or an option\n"
    "(x) the time relative to that without it.\n"
    "\n"
    "  --op TEXT            cases whose names contain TEXT\n"
    "  --quick              few cases and samples\n"
    "  --list               list the names of the cases\n"
    "\n"
    "A case that would take too long on a slow backend is left out (\"slow\").\n";

static const char examples[] = "  attpool bench --quick --backend all\n"
                               "  attpool bench --op 'attend 1024' --threads 1 --json times.json\n";

static const char backend_help[] =
    "  --backend NAME[,..]  what to time (default: auto); all: whatever is available\n";

static const char json_help[] =
    "  --json FILE          all samples, in seconds per call; '-' is stdout, in\n"
    "                       place of the table\n";

enum { OPTION_OP = OPTION_OWN, OPTION_QUICK, OPTION_LIST };

static const struct option long_options[] = {
    { "op", required_argument, NULL, OPTION_OP },
    { "quick", no_argument, NULL, OPTION_QUICK },
    { "list", no_argument, NULL, OPTION_LIST },
    COMMON_OPTIONS(required_argument),
};

enum { MOST_BACKENDS = 32, MOST_SAMPLES = 15 };

struct bench {
    struct common common;
    const char *text;
    bool quick, list;
    attpool_device_list *devices;
    struct list names;
    struct session session[MOST_BACKENDS];
    int backends;
    double rate[MOST_BACKENDS][BENCH_OPERATIONS]; /* of the latest case, 0 before */
    double rates[MOST_BACKENDS][BENCH_MOST_CASES];
    struct bench_limits limits;
    struct output out;
    struct report report;
    json_t *results; /* of the report */
};

static bool is_wanted(const struct bench *b, const struct bench_case *c)
{
    return (b->text == NULL || strstr(c->name, b->text) != NULL) &&
           (!b->quick || (c->with & BENCH_QUICK) != 0);
}

/* ---- Backends ---- */

static int open_backend(struct bench *b, const char *name, struct error *e)
{
    struct common common = b->common;
    if (b->backends == MOST_BACKENDS)
        return error_set(e, CMD_USAGE, "--backend: more than %d names", MOST_BACKENDS);
    common.backend = name;
    int st = session_open(&b->session[b->backends], "bench", &common, e);
    b->backends += st == CMD_OK;
    return st;
}

static int open_all(struct bench *b, struct error *e)
{
    const attpool_device *d;
    int st = CMD_OK;
    if (attpool_list_devices(&b->devices) != ATTPOOL_OK)
        return error_memory(e, 0);
    for (size_t i = 0; st == CMD_OK && (d = attpool_device_at(b->devices, i)) != NULL; i++)
        if (d->available)
            st = open_backend(b, d->backend, e);
    return st;
}

static int open_backends(struct bench *b, struct error *e)
{
    const char *backend = b->common.backend;
    if (backend == NULL)
        return open_backend(b, NULL, e);
    if (strcmp(backend, "all") == 0)
        return open_all(b, e);
    int st = list_read("--backend", backend, &b->names, e);
    for (size_t i = 0; st == CMD_OK && i < b->names.count; i++)
        st = open_backend(b, b->names.item[i], e);
    return st;
}

/* ---- Timing ---- */

static int call_often(struct session *s, struct bench_call *call, int calls, double *seconds,
                      struct error *e)
{
    attpool_status status = ATTPOOL_OK;
    double start = bench_clock();
    for (int i = 0; status == ATTPOOL_OK && i < calls; i++)
        status = bench_call_run(s->context, call);
    *seconds = (bench_clock() - start) / calls;
    return session_status(s, status, NULL, 0, e);
}

/* Samples of about 20 ms, for about half a second in all. */
static int take_samples(const struct bench *b, struct session *s, struct bench_call *call,
                        double *sample, int *count, struct error *e)
{
    double once = 0;
    int st = call_often(s, call, 1, &once, e);
    if (st == CMD_OK && once < 0.01)
        st = call_often(s, call, 3, &once, e);
    int calls = bench_calls(once, b->quick ? 0.005 : 0.02);
    *count = bench_calls(once * calls, b->quick ? 0.05 : 0.5);
    *count = *count < 3 ? 3 : *count > MOST_SAMPLES ? MOST_SAMPLES : *count;
    for (int i = 0; st == CMD_OK && i < *count; i++)
        st = call_often(s, call, calls, &sample[i], e);
    return st;
}

/* The rate of the case that this one is held against, 0 where it was not timed. */
static double plain_rate(const struct bench *b, int i, const struct bench_case *c)
{
    for (size_t k = 0; c->plain != NULL && k < bench_case_count; k++)
        if (strcmp(bench_cases[k].name, c->plain) == 0)
            return b->rates[i][k];
    return 0;
}

static void print_result(struct bench *b, int i, const struct bench_data *data,
                         struct bench_summary t)
{
    const struct bench_case *c = data->c;
    const double rate = b->rates[i][c - bench_cases], plain = plain_rate(b, i, c);
    const double limit = bench_limit(c, data->single, &b->limits);
    char part[16] = "";
    if (plain > 0)
        snprintf(part, sizeof part, "%.2f x", plain / rate);
    else if (!isnan(limit) && c->plain == NULL)
        snprintf(part, sizeof part, "%.0f %%", 100 * rate / limit);
    output_printf(&b->out, "%-42s %-8s %10.3f %-8s %4.1f %% %8s\n", c->name,
                  attpool_backend_name(b->session[i].context), rate, bench_unit(c),
                  50 * (t.high - t.low) / t.median, part);
}

static void keep_result(struct bench *b, const struct session *s, const struct bench_case *c,
                        bool single, const double *sample, int count)
{
    report_append(&b->report, b->results,
                  json_pack("{s:s, s:s, s:o, s:s, s:i, s:s, s:f, s:o}", "case", c->name, "backend",
                            attpool_backend_name(s->context), "device",
                            report_text(attpool_device_name(s->context)), "precision",
                            single ? "f32" : "f64", "threads", attpool_threads(s->context), "unit",
                            bench_unit(c), "work", bench_work(c, single), "seconds",
                            report_numbers(sample, (size_t)count)));
}

static int time_backend(struct bench *b, int i, struct bench_data *data, struct error *e)
{
    const struct bench_case *c = data->c;
    struct session *s = &b->session[i];
    struct bench_call call;
    double sample[MOST_SAMPLES];
    int count = 0;
    double *rate = &b->rate[i][c->operation];
    if (*rate > 0 && bench_work(c, data->single) / *rate > (b->quick ? 0.5 : 2)) {
        output_printf(&b->out, "%-42s %-8s %10s\n", c->name, attpool_backend_name(s->context),
                      "slow");
        return CMD_OK;
    }
    bench_call_new(&call, data);
    int st = take_samples(b, s, &call, sample, &count, e);
    if (st != CMD_OK)
        return st;
    keep_result(b, s, c, data->single, sample, count);
    struct bench_summary t = bench_summarise(sample, count);
    b->rates[i][c - bench_cases] = bench_rate(c, data->single, t.median);
    if (!(c->with & (BENCH_MEMORY | BENCH_CALL)))
        *rate = b->rates[i][c - bench_cases];
    print_result(b, i, data, t);
    return CMD_OK;
}

static int time_case(struct bench *b, const struct bench_case *c, struct error *e)
{
    struct bench_data data;
    int st = bench_data_new(&data, c, bench_single(c, b->common.precision), e);
    for (int i = 0; st == CMD_OK && i < b->backends; i++)
        st = time_backend(b, i, &data, e);
    bench_data_free(&data);
    return st;
}

/* The table is read as it is written; once its reader is gone, only JSON is worth going on for. */
static bool is_read(struct bench *b)
{
    return output_flush(&b->out) == CMD_OK || b->common.json != NULL;
}

/* ---- The command ---- */

static void begin_report(struct bench *b)
{
    b->results = json_array();
    report_put(&b->report, b->report.root, "limits",
               json_pack("{s:o, s:o, s:o}", "gflops_f32", report_number(b->limits.gflops[0]),
                         "gflops_f64", report_number(b->limits.gflops[1]), "read",
                         report_number(b->limits.read)));
    report_put(&b->report, b->report.root, "results", b->results);
}

static int run_benchmark(struct bench *b, struct error *e)
{
    int st = open_backends(b, e);
    if (st != CMD_OK)
        return st;
    int threads = attpool_threads(b->session[0].context);
    bench_measure(&b->limits, threads, (size_t)(b->quick ? 128 : 512) << 20);
    output_printf(&b->out,
                  "threads %d: multiply-adds %.1f GFLOP/s (f32), %.1f (f64), memory %.1f GB/s\n\n"
                  "%-42s %-8s %10s %-8s %6s %8s\n",
                  threads, b->limits.gflops[0], b->limits.gflops[1], b->limits.read, "case",
                  "backend", "median", "", "spread", "limit");
    begin_report(b);
    for (size_t i = 0; st == CMD_OK && i < bench_case_count && is_read(b); i++)
        if (is_wanted(b, &bench_cases[i]))
            st = time_case(b, &bench_cases[i], e);
    b->report.computed = st == CMD_OK;
    return st;
}

static int print_list(struct bench *b)
{
    for (size_t i = 0; i < bench_case_count; i++)
        if (is_wanted(b, &bench_cases[i]))
            output_printf(&b->out, "%s\n", bench_cases[i].name);
    return CMD_OK;
}

static const struct option_repeat repeats[] = {
    { OPTION_BACKEND, "list the backends as --backend A,B" },
    { 0, NULL },
};

static int read_options(struct bench *b, int argc, char **argv, int *option, struct error *e)
{
    const struct option_reader r = {
        .command = "bench",
        .help = help,
        .examples = examples,
        .precision_help = "default: f32, or f64 where a case says so",
        .backend_help = backend_help,
        .json_help = json_help,
        .short_options = "",
        .long_options = long_options,
        .repeats = repeats,
        .common = &b->common,
    };
    int st;
    while ((st = options_next(&r, argc, argv, option, e)) == CMD_OK && *option >= OPTION_OWN) {
        b->text = *option == OPTION_OP ? optarg : b->text;
        b->quick |= *option == OPTION_QUICK;
        b->list |= *option == OPTION_LIST;
    }
    if (st == CMD_OK && *option != OPTION_DONE && optind < argc)
        return usage_error(&r, e, "bench takes no arguments besides its options: %s",
                           quoted_name(argv[optind]).text);
    return st;
}

int command_bench(int argc, char **argv, struct error *e)
{
    struct bench b = { 0 };
    int option, st = read_options(&b, argc, argv, &option, e);
    if (st != CMD_OK || option == OPTION_DONE)
        return st;
    size_t wanted = 0;
    for (size_t i = 0; i < bench_case_count; i++)
        wanted += is_wanted(&b, &bench_cases[i]);
    if (wanted == 0)
        return error_set(e, CMD_USAGE, "--op %s: no case has that name; see --list",
                         quoted_name(b.text).text);
    struct files files = { 0 };
    report_files(&files, "the table", b.list ? NULL : b.common.json);
    st = files_check(&files, e);
    if (st == CMD_OK)
        st = output_open(&b.out, b.list ? NULL : report_tables(b.common.json), e);
    if (st != CMD_OK)
        return st;
    report_begin(&b.report, "bench");
    st = b.list ? print_list(&b) : run_benchmark(&b, e);
    st = output_close(&b.out, st, e);
    st = report_close(&b.report, b.list ? NULL : b.common.json, st, e);
    for (int i = 0; i < b.backends; i++)
        session_close(&b.session[i]);
    attpool_free_devices(b.devices);
    list_free(&b.names);
    return st;
}

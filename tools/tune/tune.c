/* SPDX-License-Identifier: Apache-2.0 */
/* attpool tune: measure the devices that "auto" may take. */
#include "tools/command/command.h"
#include "tools/command/output.h"
#include "tools/command/report.h"
#include "tools/command/session.h"

static const char help[] =
    "Usage: attpool tune [OPTION]...\n"
    "Measure the devices that give one answer and are not the processor, and the processor\n"
    "with its threads, and keep the figures: with the backend auto a large call then goes\n"
    "to the device where it will be faster there, transfers included.\n";

static const char examples[] = "  attpool tune --verbose\n"
                               "  attpool tune --threads 4 --json tuned.json\n";

static const struct option long_options[] = {
    COMMON_OPTIONS(required_argument),
};

static int print_result(const attpool_tune_result *t, const char *json, struct error *e)
{
    struct output out;
    int st = output_open(&out, report_tables(json), e);
    if (st != CMD_OK)
        return st;
    output_printf(&out,
                  "%s  %s\n"
                  "smallest call %.3g s, transfer %.3g GB/s\n"
                  "regression, 10^9 multiply-adds a second: float32 %.3g, the processor %.3g;"
                  " float64 %.3g, %.3g\n",
                  t->backend, t->device, t->launch, t->transfer / 1e9, t->rate[0] / 1e9,
                  t->cpu_rate[0] / 1e9, t->rate[1] / 1e9, t->cpu_rate[1] / 1e9);
    return output_close(&out, CMD_OK, e);
}

static void put_result(struct report *r, const attpool_tune_result *t)
{
    report_put(r, r->root, "backend", report_text(t->backend));
    report_put(r, r->root, "device", report_text(t->device));
    report_put(r, r->root, "launch", report_number(t->launch));
    report_put(r, r->root, "transfer", report_number(t->transfer));
    report_put(r, r->root, "rate", report_numbers(t->rate, 2));
    report_put(r, r->root, "cpu_rate", report_numbers(t->cpu_rate, 2));
    r->computed = true;
}

int command_tune(int argc, char **argv, struct error *e)
{
    struct common common = { 0 };
    const struct option_reader r = {
        .command = "tune",
        .help = help,
        .examples = examples,
        .precision_help = "accepted, but has no effect here",
        .short_options = "",
        .long_options = long_options,
        .common = &common,
    };
    int option, st = options_next(&r, argc, argv, &option, e);
    if (st != CMD_OK || option == OPTION_DONE)
        return st;
    if (optind < argc)
        return usage_error(&r, e, "tune takes no arguments besides its options: %s",
                           quoted_name(argv[optind]).text);
    struct files files = { 0 };
    report_files(&files, "the figures", common.json);
    if ((st = files_check(&files, e)) != CMD_OK)
        return st;
    struct report report;
    attpool_tune_result result;
    const attpool_options options = { .size = sizeof options,
                                      .threads = common.threads,
                                      .verbose = -1 };
    report_begin(&report, "tune");
    attpool_status status = attpool_tune(&options, &result);
    if (status == ATTPOOL_E_BACKEND)
        st = error_set(e, CMD_BACKEND,
                       "there is no device that gives one answer and is not the processor");
    else if (status != ATTPOOL_OK)
        st = error_set(e, CMD_FAILED, "tune: %s", attpool_status_name(status));
    if (st == CMD_OK) {
        put_result(&report, &result);
        st = print_result(&result, common.json, e);
    }
    return report_close(&report, common.json, st, e);
}

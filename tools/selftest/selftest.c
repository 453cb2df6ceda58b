/* SPDX-License-Identifier: Apache-2.0 */
/* attpool selftest: is a device's driver right? */
#include "tools/command/command.h"
#include "tools/command/output.h"
#include "tools/command/report.h"
#include "tools/command/session.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: attpool selftest [--full] [OPTION]...\n"
    "Compute each operation on each backend and device, compare with plain C, and say of each\n"
    "whether it gives the same bits, other bits within the bounds of rounding, or wrong\n"
    "numbers. The verdict is kept: a device that is wrong is not used from then on.\n"
    "\n"
    "  --full               every operation and kernel at the edges of tiles and blocks, and\n"
    "                       large sizes; without it a few sizes of each operation\n";

static const char examples[] = "  attpool selftest --full --backend opencl\n"
                               "  attpool selftest --json - | jq '.devices[].verdict'\n";

static const char backend_help[] =
    "  --backend NAME       the one to test (default: all that are available)\n";

enum { OPTION_FULL = OPTION_OWN };

static const struct option long_options[] = {
    { "full", no_argument, NULL, OPTION_FULL },
    COMMON_OPTIONS(required_argument),
};

struct selftest {
    struct common common;
    bool full;
    struct output out;
    struct report report;
    json_t *devices; /* of the report */
    int wrong;
};

static const char *const verdicts[] = { "same", "close", "wrong" };
static const char *const words[] = { "same bits", "other bits", "WRONG" };

static void print_verdict(struct selftest *s, const char *backend, const char *device,
                          const attpool_self_test_result *r)
{
    output_printf(&s->out, "%-18s %-10s %4d cases  %s%s%s\n", backend, words[r->verdict], r->cases,
                  device, r->first[0] != '\0' ? ": " : "", r->first);
    output_flush(&s->out);
    report_append(&s->report, s->devices,
                  json_pack("{s:o, s:o, s:s, s:i, s:i, s:i, s:i, s:o, s:o}", "backend",
                            report_text(backend), "device", report_text(device), "verdict",
                            verdicts[r->verdict], "cases", r->cases, "close", r->close, "wrong",
                            r->wrong, "failed", r->failed, "worst", report_number(r->worst),
                            "first", r->first[0] != '\0' ? report_text(r->first) : json_null()));
    s->wrong += r->verdict == ATTPOOL_VERDICT_WRONG;
}

static int test_one(struct selftest *s, const char *backend, struct error *e)
{
    struct session session;
    struct common common = s->common;
    attpool_self_test_result result;
    common.backend = backend;
    int st = session_open(&session, "selftest", &common, e);
    if (st != CMD_OK)
        return st;
    attpool_status status = attpool_self_test(session.context, s->full, &result);
    st = session_status(&session, status, NULL, 0, e);
    if (st == CMD_OK)
        print_verdict(s, backend, attpool_device_name(session.context), &result);
    session_close(&session);
    return st;
}

/* Scalar is what the others are compared with. */
static int test_all(struct selftest *s, struct error *e)
{
    attpool_device_list *list;
    const attpool_device *d;
    int st = CMD_OK;
    if (attpool_list_devices(&list) != ATTPOOL_OK)
        return error_memory(e, 0);
    for (size_t i = 0; st == CMD_OK && (d = attpool_device_at(list, i)) != NULL; i++)
        if (strcmp(d->backend, "scalar") == 0)
            continue;
        else if (d->available)
            st = test_one(s, d->backend, e);
        else
            output_printf(&s->out, "%-18s not available: %s\n", d->backend, d->reason);
    attpool_free_devices(list);
    return st;
}

static int run_selftest(struct selftest *s, struct error *e)
{
    const char *backend = s->common.backend;
    const bool all = backend == NULL || strcmp(backend, "all") == 0;
    report_begin(&s->report, "selftest");
    s->devices = json_array();
    report_put(&s->report, s->report.root, "full", json_boolean(s->full));
    report_put(&s->report, s->report.root, "devices", s->devices);
    int st = all ? test_all(s, e) : test_one(s, backend, e);
    s->report.computed = st == CMD_OK;
    return st;
}

int command_selftest(int argc, char **argv, struct error *e)
{
    struct selftest s = { 0 };
    const struct option_reader r = {
        .command = "selftest",
        .help = help,
        .examples = examples,
        .precision_help = "accepted, but has no effect here",
        .backend_help = backend_help,
        .short_options = "",
        .long_options = long_options,
        .common = &s.common,
    };
    int option, st;
    while ((st = options_next(&r, argc, argv, &option, e)) == CMD_OK && option >= OPTION_OWN)
        s.full |= option == OPTION_FULL;
    if (st != CMD_OK || option == OPTION_DONE)
        return st;
    if (optind < argc)
        return usage_error(&r, e, "selftest takes no arguments besides its options: %s",
                           quoted_name(argv[optind]).text);
    struct files files = { 0 };
    report_files(&files, "the verdicts", s.common.json);
    st = files_check(&files, e);
    if (st == CMD_OK)
        st = output_open(&s.out, report_tables(s.common.json), e);
    if (st != CMD_OK)
        return st;
    setenv("ATTPOOL_OPENCL_FORCE", "1", 1); /* a device that is wrong has to be opened for this */
    st = run_selftest(&s, e);
    st = output_close(&s.out, st, e);
    st = report_close(&s.report, s.common.json, st, e);
    if (st == CMD_OK && s.wrong > 0)
        st = error_set(e, CMD_FAILED, "%d device%s wrongly", s.wrong,
                       s.wrong == 1 ? " computes" : "s compute");
    return st;
}

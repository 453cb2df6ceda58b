/* SPDX-License-Identifier: Apache-2.0 */
/* attpool devices: what there is to compute on, what would be chosen and why. */
#include "config.h"

#include "tools/command/command.h"
#include "tools/command/output.h"
#include "tools/command/report.h"
#include "tools/command/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: attpool devices [--json] [OPTION]...\n"
    "List backends and devices: which are available, which one would be chosen and why, and\n"
    "which give one answer, that is the same bits as all others that do.\n";

static const char examples[] =
    "  attpool devices --backend opencl\n"
    "  attpool devices --json | jq -r '.[] | select(.available) | .backend'\n";

static const char json_help[] =
    "  --json               instead of the table an array of objects with backend,\n"
    "                       device, available, chosen, one_answer (null where it is not\n"
    "                       available), float64, reason\n";

static const struct option long_options[] = {
    COMMON_OPTIONS(no_argument),
};

/* What a name given by the user stands for; both empty where "auto" decides. */
struct choice {
    const char *by; /* "--backend" */
    char backend[100], device[200];
};

static int find_choice(const struct common *common, struct choice *choice, struct error *e)
{
    struct session s;
    const char *name = common->backend;
    choice->by = "--backend";
    if (name == NULL) {
        name = getenv("ATTPOOL_BACKEND");
        choice->by = "ATTPOOL_BACKEND";
    }
    /* Opened for "auto" as well: then a wrong ATTPOOL_* fails as it does everywhere. */
    int st = session_open(&s, "devices", common, e);
    if (st != CMD_OK)
        return st;
    if (name == NULL || *name == '\0' || strcmp(name, "auto") == 0) {
        session_close(&s);
        return CMD_OK;
    }
    snprintf(choice->backend, sizeof choice->backend, "%s", attpool_backend_name(s.context));
    snprintf(choice->device, sizeof choice->device, "%s", attpool_device_name(s.context));
    session_close(&s);
    return CMD_OK;
}

/* OpenCL's rows are named after platforms, and told apart by their devices' names. */
static bool is_choice(const struct attpool_device *d, const struct choice *choice)
{
    size_t length = strlen(choice->backend);
    if (strcmp(d->backend, choice->backend) == 0)
        return true;
    return strncmp(d->backend, choice->backend, length) == 0 && d->backend[length] == ':' &&
           strcmp(d->device, choice->device) == 0;
}

/* The row chosen, or the count of rows. */
static size_t find_chosen(const attpool_device_list *list, const struct choice *choice)
{
    size_t i = 0;
    const attpool_device *d;
    for (; (d = attpool_device_at(list, i)) != NULL; i++)
        if (choice->backend[0] != '\0' ? is_choice(d, choice) : d->chosen)
            break;
    return i;
}

static void reason_of(const attpool_device *d, const struct choice *choice, bool chosen, char *text,
                      size_t size)
{
    if (chosen && choice->backend[0] != '\0')
        snprintf(text, size, "%s; named by %s", d->reason, choice->by);
    else
        snprintf(text, size, "%s", d->reason);
}

static int print_json(const attpool_device_list *list, size_t chosen, const struct choice *choice,
                      struct error *e)
{
    json_t *array = json_array();
    const attpool_device *d;
    char reason[300];
    for (size_t i = 0; (d = attpool_device_at(list, i)) != NULL; i++) {
        reason_of(d, choice, i == chosen, reason, sizeof reason);
        json_t *one = d->one_answer < 0 ? json_null() : json_boolean(d->one_answer);
        json_array_append_new(array, json_pack("{s:o, s:o, s:b, s:b, s:o, s:b, s:o}", "backend",
                                               report_text(d->backend), "device",
                                               report_text(d->device), "available", d->available,
                                               "chosen", i == chosen, "one_answer", one, "float64",
                                               d->float64, "reason", report_text(reason)));
    }
    int st = json_array_size(array) == attpool_device_count(list) ? json_write(NULL, array, e)
                                                                  : error_memory(e, 0);
    json_decref(array);
    return st;
}

static int widest(const attpool_device_list *list, bool device, int least)
{
    const attpool_device *d;
    for (size_t i = 0; (d = attpool_device_at(list, i)) != NULL; i++) {
        int length = (int)strlen(device ? d->device : d->backend);
        least = length > least ? length : least;
    }
    return least;
}

static int print_table(const attpool_device_list *list, size_t chosen, const struct choice *choice,
                       struct error *e)
{
    struct output o;
    const attpool_device *d;
    char reason[300];
    int w1 = widest(list, false, 7), w2 = widest(list, true, 6);
    int st = output_open(&o, NULL, e);
    if (st != CMD_OK)
        return st;
    output_printf(&o, "  %-*s  %-*s  available  one answer  float64  reason\n", w1, "backend", w2,
                  "device");
    for (size_t i = 0; (d = attpool_device_at(list, i)) != NULL; i++) {
        reason_of(d, choice, i == chosen, reason, sizeof reason);
        output_printf(&o, "%s %-*s  %-*s  %-9s  %-10s  %-7s  %s\n", i == chosen ? "*" : " ", w1,
                      d->backend, w2, d->device, d->available ? "yes" : "no",
                      d->one_answer < 0 ? "-"
                      : d->one_answer   ? "yes"
                                        : "no",
                      !d->available ? "-"
                      : d->float64  ? "yes"
                                    : "no",
                      reason);
    }
    output_text(&o, "\nThe one with * would be chosen. One answer: the same bits as every other "
                    "one with it.\n");
    return output_close(&o, CMD_OK, e);
}

int command_devices(int argc, char **argv, struct error *e)
{
    struct common common = { 0 };
    struct choice choice = { 0 };
    const struct option_reader r = {
        .command = "devices",
        .help = help,
        .examples = examples,
        .precision_help = "accepted, changes nothing here",
        .json_help = json_help,
        .short_options = "",
        .long_options = long_options,
        .common = &common,
    };
    attpool_device_list *list = NULL;
    int option, st = options_next(&r, argc, argv, &option, e);
    if (st != CMD_OK || option == OPTION_DONE)
        return st;
    if (optind < argc)
        return usage_error(&r, e, "devices takes no %s", quoted_name(argv[optind]).text);
    st = find_choice(&common, &choice, e);
    if (st != CMD_OK)
        return st;
    if (attpool_list_devices(&list) != ATTPOOL_OK)
        return error_memory(e, 0);
    size_t chosen = find_chosen(list, &choice);
    st = common.json != NULL ? print_json(list, chosen, &choice, e)
                             : print_table(list, chosen, &choice, e);
    attpool_free_devices(list);
    return st;
}

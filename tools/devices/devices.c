/* SPDX-License-Identifier: Apache-2.0 */
/* attpool devices: the backends and devices, which would be chosen and why. */
#include "tools/command/command.h"
#include "tools/command/output.h"
#include "tools/command/report.h"
#include "tools/command/session.h"

#include <libsmartcols.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char help[] =
    "Usage: attpool devices [--json] [OPTION]...\n"
    "List the backends and devices: which are available, which would be chosen and why, and\n"
    "which give one answer: the bits of plain C.\n";

static const char examples[] =
    "  attpool devices --backend opencl\n"
    "  attpool devices --json | jq -r '.[] | select(.available) | .backend'\n";

static const char json_help[] =
    "  --json               print an array of objects instead: backend,\n"
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

static unsigned short terminal_width(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

enum { BACKEND, DEVICE, AVAILABLE, ONE_ANSWER, FLOAT64, REASON, COLUMNS };

/* Lines of at most `width` bytes: they end at a blank, which goes, or after a hyphen. What has
 * neither stays whole. */
static void break_lines(const char *text, size_t width, char *lines, size_t size)
{
    size_t used = 0, start = 0, end = 0;
    for (; *text != '\0' && used + 2 < size; text++) {
        lines[used++] = *text;
        lines[used] = '\0';
        if (*text == ' ')
            end = used - 1;
        else if (*text == '-' && used - start <= width)
            end = used;
        if (used - start <= width || end <= start)
            continue;
        if (lines[end] != ' ') {
            memmove(lines + end + 1, lines + end, used - end + 1);
            used++;
        }
        lines[end] = '\n';
        start = end + 1;
    }
}

/* Of the pieces that break_lines keeps whole. */
static size_t longest_piece(const char *text)
{
    size_t longest = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, " -");
        const size_t piece = length + (text[length] == '-');
        longest = piece > longest ? piece : longest;
        text += length + (text[length] != '\0');
    }
    return longest;
}

/* What the other columns leave of a terminal to device and reason: the device as much as it needs,
 * up to two parts of five, but no less than its longest piece. */
static size_t wrapped_width(const attpool_device_list *list, int column)
{
    const attpool_device *d;
    size_t backend = strlen("  backend"), device = strlen("device"), width = terminal_width();
    size_t piece = 0;
    for (size_t i = 0; (d = attpool_device_at(list, i)) != NULL; i++) {
        backend = strlen(d->backend) + 2 > backend ? strlen(d->backend) + 2 : backend;
        device = strlen(d->device) > device ? strlen(d->device) : device;
        piece = longest_piece(d->device) > piece ? longest_piece(d->device) : piece;
    }
    size_t used = backend + strlen("    available  one answer  f64  ");
    size_t left = width > used + 24 ? width - used : 24;
    device = device < 2 * left / 5 ? device : 2 * left / 5;
    device = device > piece || piece > left - 8 ? device : piece;
    return column == DEVICE ? device : left - device;
}

/* On a terminal long cells are broken into lines of its width; elsewhere each device is one line.
 */
static struct libscols_table *new_table(void)
{
    static const char *const names[COLUMNS] = { "  backend",  "device", "available",
                                                "one answer", "f64",    "reason" };
    struct libscols_table *table = scols_new_table();
    const bool terminal = isatty(STDOUT_FILENO) != 0;
    bool whole = table != NULL && scols_table_set_column_separator(table, "  ") == 0;
    for (int c = 0; c < COLUMNS && whole; c++) {
        bool wraps = terminal && (c == DEVICE || c == REASON);
        struct libscols_column *column =
            scols_table_new_column(table, names[c], 0, wraps ? SCOLS_FL_WRAP : 0);
        whole = column != NULL &&
                (!wraps || (scols_column_set_safechars(column, "\n") == 0 &&
                            scols_column_set_wrapfunc(column, scols_wrapnl_chunksize,
                                                      scols_wrapnl_nextchunk, NULL) == 0));
    }
    if (!whole) {
        scols_unref_table(table);
        return NULL;
    }
    scols_table_set_termforce(table, terminal ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
    scols_table_set_termwidth(table, terminal_width());
    return table;
}

static bool add_device(struct libscols_table *table, const attpool_device_list *list,
                       const attpool_device *d, bool chosen, const struct choice *choice)
{
    char backend[120], why[300], device[400] = "", reason[400] = "";
    struct libscols_line *line = scols_table_new_line(table, NULL);
    snprintf(backend, sizeof backend, "%s %s", chosen ? "*" : " ", d->backend);
    reason_of(d, choice, chosen, why, sizeof why);
    const bool terminal = isatty(STDOUT_FILENO) != 0;
    break_lines(d->device, terminal ? wrapped_width(list, DEVICE) : sizeof device, device,
                sizeof device);
    break_lines(why, terminal ? wrapped_width(list, REASON) : sizeof reason, reason, sizeof reason);
    const char *const cells[COLUMNS] = {
        [BACKEND] = backend,
        [DEVICE] = device,
        [AVAILABLE] = d->available ? "yes" : "no",
        [ONE_ANSWER] = d->one_answer < 0 ? "-"
                       : d->one_answer   ? "yes"
                                         : "no",
        [FLOAT64] = !d->available ? "-"
                    : d->float64  ? "yes"
                                  : "no",
        [REASON] = reason,
    };
    bool whole = line != NULL;
    for (size_t c = 0; c < COLUMNS && whole; c++)
        whole = scols_line_set_data(line, c, cells[c]) == 0;
    return whole;
}

static int print_table(const attpool_device_list *list, size_t chosen, const struct choice *choice,
                       struct error *e)
{
    struct output o;
    const attpool_device *d;
    char *text = NULL;
    setlocale(LC_CTYPE, "C.UTF-8"); /* names are UTF-8, and have a width */
    struct libscols_table *table = new_table();
    bool whole = table != NULL;
    for (size_t i = 0; whole && (d = attpool_device_at(list, i)) != NULL; i++)
        whole = add_device(table, list, d, i == chosen, choice);
    whole = whole && scols_print_table_to_string(table, &text) == 0;
    int st = whole ? output_open(&o, NULL, e) : error_memory(e, 0);
    if (st == CMD_OK) {
        output_text(&o, text);
        output_text(
            &o, "\n\nThe one marked * would be chosen.\nOne answer: the same bits as from every "
                "other one that has it.\n");
        st = output_close(&o, CMD_OK, e);
    }
    free(text);
    scols_unref_table(table);
    return st;
}

int command_devices(int argc, char **argv, struct error *e)
{
    struct common common = { 0 };
    struct choice choice = { 0 };
    const struct option_reader r = {
        .command = "devices",
        .help = help,
        .examples = examples,
        .precision_help = "accepted, but has no effect here",
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
        return usage_error(&r, e, "devices takes no arguments besides its options: %s",
                           quoted_name(argv[optind]).text);
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

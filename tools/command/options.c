/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tools/command/options.h"

#include "attpool.h"

#include "tools/command/command.h"
#include "tools/command/nearest.h"
#include "tools/io/number.h"
#include "tools/command/output.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_THREADS = 1024 };

/* ---- getopt_long ---- */

static const char backend_help[] =
    "  --backend NAME       auto, scalar, avx2, avx512, neon, opencl, or a\n"
    "                       name from 'attpool devices' (default: auto)\n";
static const char json_help[] =
    "  --json FILE          a report as JSON; '-' is stdout, which then has no tables\n";

int print_text(const char *text, struct error *e)
{
    struct output o;
    int st = output_open(&o, NULL, e);
    if (st != CMD_OK)
        return st;
    output_text(&o, text);
    return output_close(&o, CMD_OK, e);
}

/* The names of the kernels, in lines like those of an option. */
static void print_kernels(struct output *o)
{
    enum { INDENT = 23, WIDTH = 88 };
    const char *name;
    int at = WIDTH;
    for (int k = 0; (name = attpool_kernel_to_name((attpool_kernel_name)k)) != NULL; k++) {
        const int length = (int)strlen(name);
        if (k > 0)
            output_text(o, ",");
        if (at + length + 2 > WIDTH) {
            output_printf(o, "%s%*s%s", k > 0 ? "\n" : "", INDENT, "", name);
            at = INDENT + length;
        } else {
            output_printf(o, " %s", name);
            at += length + 2;
        }
    }
    output_text(o, "\n");
}

static int print_help(const struct option_reader *r, struct error *e)
{
    struct output o;
    int st = output_open(&o, NULL, e);
    if (st != CMD_OK)
        return st;
    const char *list = strstr(r->help, KERNEL_LIST), *rest = r->help;
    if (list != NULL) {
        output_printf(&o, "%.*s", (int)(list - r->help), r->help);
        print_kernels(&o);
        rest = list + strlen(KERNEL_LIST);
    }
    output_printf(
        &o,
        "%s%s\n"
        "Every command:\n"
        "%s"
        "  --threads N          threads of a CPU backend (default: one per available CPU)\n"
        "  --precision f32|f64  %s\n"
        "%s"
        "  --quiet              only errors on stderr: no warnings, notes or progress\n"
        "  --verbose            a summary on stderr even if it is not a terminal\n"
        "  -h, --help           this text\n"
        "  -V, --version        the version\n"
        "\n"
        "Examples:\n"
        "%s",
        rest, r->more_help != NULL ? r->more_help : "",
        r->backend_help != NULL ? r->backend_help : backend_help, r->precision_help,
        r->json_help != NULL ? r->json_help : json_help, r->examples);
    return output_close(&o, CMD_OK, e);
}

int print_version(struct error *e)
{
    char text[1000];
    snprintf(text, sizeof text,
             "attpool %s\n"
             "Copyright 2026 The attpool authors\n"
             "Licence: Apache-2.0\n"
             "%s%s%sReport bugs to %s.\n",
             attpool_version(), *ATTPOOL_HOME_PAGE ? "Home page: " : "", ATTPOOL_HOME_PAGE,
             *ATTPOOL_HOME_PAGE ? "\n" : "", ATTPOOL_BUG_ADDRESS);
    return print_text(text, e);
}

int usage_error(const struct option_reader *r, struct error *e, const char *format, ...)
{
    char text[1000];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    bool asks = length > 0 && (size_t)length < sizeof text && text[length - 1] == '?';
    return error_set(e, CMD_USAGE, "%s%s 'attpool %s --help'", text, asks ? " See" : "; see",
                     r->command);
}

/* "-kernel" is read as -k, but --kernel will have been meant. */
static struct nearest_hint near_option(const struct option_reader *r, const char *text,
                                       size_t length)
{
    enum { MOST = 64 };
    char typed[MOST + 1], names[MOST_OPTIONS][MOST + 1];
    struct nearest nearest = { .typed = typed };
    const char *dash = text[1] == '-' ? "" : "-";
    snprintf(typed, sizeof typed, "%s%.*s", dash, (int)length, text);
    for (size_t i = 0; r->long_options[i].name != NULL && i < MOST_OPTIONS; i++) {
        snprintf(names[i], sizeof names[i], "--%s", r->long_options[i].name);
        nearest_offer(&nearest, names[i]);
    }
    return nearest_hint(&nearest);
}

/* The option of this name, or NULL. */
static const struct option *long_option(const struct option_reader *r, const char *name,
                                        size_t length)
{
    const struct option *o = r->long_options;
    while (o->name != NULL && (strncmp(o->name, name, length) != 0 || o->name[length] != '\0'))
        o++;
    return o->name != NULL ? o : NULL;
}

/* getopt says only that it does not know. */
static int bad_option(const struct option_reader *r, const char *text, struct error *e)
{
    const size_t length = strcspn(text, "=");
    if (strncmp(text, "--", 2) != 0)
        return usage_error(r, e, "there is no option -%c%s", optopt,
                           length > 2 ? near_option(r, text, length).text : "");
    if (long_option(r, text + 2, length - 2) != NULL)
        return usage_error(r, e, "option %.*s takes no argument", (int)length, text);
    return usage_error(r, e, "there is no option %s%s", quoted(text, length).text,
                       near_option(r, text, length).text);
}

/* getopt takes the beginning of a name for the name, so --se for --seed where it is the only one:
 * what means one thing to a command would mean another to the next. NULL: it is written out. */
static const char *abbreviation(const struct option_reader *r, char **argv)
{
    const char *text = argv[optind - (optarg != NULL && optarg == argv[optind - 1] ? 2 : 1)];
    return strncmp(text, "--", 2) == 0 && long_option(r, text + 2, strcspn(text + 2, "=")) == NULL
               ? text
               : NULL;
}

/* The argument that getopt stopped at: in a group of short options optind stays where it is. */
static const char *bad_argument(char **argv)
{
    const char *last = argv[optind - 1];
    bool letter = optopt > 0 && optopt < 256;
    bool ended = last[0] == '-' && last[strlen(last) - 1] == optopt;
    return letter && !ended ? argv[optind] : last;
}

/* The second value would silently take the place of the first. */
static int check_once(const struct option_reader *r, int option, struct error *e)
{
    const struct option_repeat *repeat = r->repeats;
    size_t i = 0;
    while (r->long_options[i].name != NULL && r->long_options[i].val != option)
        i++;
    while (repeat != NULL && repeat->option != 0 && repeat->option != option)
        repeat++;
    bool known = repeat != NULL && repeat->option != 0;
    if (i >= MOST_OPTIONS || r->long_options[i].has_arg == no_argument ||
        (known && repeat->hint == NULL))
        return CMD_OK;
    if (r->common->given[i])
        return usage_error(r, e, "--%s is given twice%s%s", r->long_options[i].name,
                           known ? "; " : "", known ? repeat->hint : "");
    r->common->given[i] = true;
    return CMD_OK;
}

static int read_common(const struct option_reader *r, int option, struct error *e)
{
    static const char *const precisions[] = { "f32", "f64", NULL };
    int64_t threads = 0;
    int choice = 0, st = CMD_OK;
    switch (option) {
    case OPTION_BACKEND:
        r->common->backend = optarg;
        break;
    case OPTION_THREADS:
        st = integer_read("--threads", optarg, 1, MOST_THREADS, &threads, e);
        r->common->threads = (int)threads;
        break;
    case OPTION_JSON:
        r->common->json = optarg != NULL ? optarg : "-";
        break;
    case OPTION_QUIET:
        messages_show(MESSAGES_QUIET);
        break;
    case OPTION_VERBOSE:
        if (messages_shown() != MESSAGES_QUIET)
            messages_show(MESSAGES_VERBOSE);
        break;
    default:
        st = choice_read("--precision", optarg, precisions, &choice, e);
        r->common->precision = choice == 0 ? PRECISION_F32 : PRECISION_F64;
        break;
    }
    return st;
}

int options_next(const struct option_reader *r, int argc, char **argv, int *option, struct error *e)
{
    char letters[32];
    snprintf(letters, sizeof letters, ":hV%s", r->short_options);
    opterr = 0;
    for (;;) {
        int got = getopt_long(argc, argv, letters, r->long_options, NULL);
        const char *begun = got != OPTION_END && got != '?' ? abbreviation(r, argv) : NULL;
        *option = got;
        if (begun != NULL)
            return bad_option(r, begun, e);
        switch (got) {
        case '?':
            return bad_option(r, bad_argument(argv), e);
        case ':':
            return usage_error(r, e, "option %s needs an argument", argv[optind - 1]);
        case 'h':
        case OPTION_HELP:
            *option = OPTION_DONE;
            return print_help(r, e);
        case 'V':
        case OPTION_VERSION:
            *option = OPTION_DONE;
            return print_version(e);
        case OPTION_END:
            return CMD_OK;
        default: {
            int st = check_once(r, got, e);
            if (st != CMD_OK || got < OPTION_BACKEND || got >= OPTION_OWN)
                return st;
            st = read_common(r, got, e);
            if (st != CMD_OK)
                return st;
        }
        }
    }
}

/* ---- values ---- */

int list_read(const char *option, const char *text, struct list *list, struct error *e)
{
    return list_split(option, text, ',', list, e);
}

int list_split(const char *option, const char *text, char separator, struct list *list,
               struct error *e)
{
    const char separators[] = { separator, '\0' };
    size_t count = 1;
    list_free(list);
    for (const char *p = text; *p != '\0'; p++)
        count += *p == separator;
    list->text = strdup(text);
    list->item = calloc(count, sizeof *list->item);
    if (list->text == NULL || list->item == NULL)
        return error_memory(e, count * sizeof *list->item);
    char *rest = list->text;
    for (char *item; (item = strsep(&rest, separators)) != NULL;) {
        if (*item == '\0')
            return error_set(e, CMD_USAGE, "%s %s: the list has an empty item", option,
                             quoted_name(text).text);
        list->item[list->count++] = item;
    }
    return CMD_OK;
}

void list_free(struct list *list)
{
    free(list->text);
    free(list->item);
    *list = (struct list){ 0 };
}

int number_read(const char *option, const char *text, double *value, struct error *e)
{
    size_t length = strlen(text);
    enum number_kind kind = number_parse(text, length, value);
    if (number_underflows(text, length))
        return error_set(e, CMD_USAGE, "%s: %s underflows to 0 in float64", option,
                         quoted_name(text).text);
    if (kind == NUMBER_FINITE)
        return CMD_OK;
    if (kind == NUMBER_RANGE)
        return error_set(e, CMD_USAGE, "%s: %s overflows to infinity in float64", option,
                         quoted_name(text).text);
    return error_set(e, CMD_USAGE, "%s: %s is not a finite number", option, quoted_name(text).text);
}

int integer_read(const char *option, const char *text, int64_t least, int64_t most, int64_t *value,
                 struct error *e)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    bool whole = end != text && *end == '\0' && errno == 0;
    *value = number;
    if (whole && number >= least && number <= most)
        return CMD_OK;
    if (!whole || most == INT64_MAX)
        return error_set(e, CMD_USAGE, "%s: %s is not a whole number%s", option,
                         quoted_name(text).text,
                         least == 0   ? " from 0"
                         : least == 1 ? " from 1"
                                      : "");
    return error_set(e, CMD_USAGE, "%s: %s is not %s%" PRId64 " %s %" PRId64, option,
                     quoted_name(text).text, most == least + 1 ? "" : "between ", least,
                     most == least + 1 ? "or" : "and", most);
}

/* The items of a list, and room for their values. */
static int read_items(const char *option, const char *text, size_t size, struct list *list,
                      void **values, struct error *e)
{
    int st = list_read(option, text, list, e);
    *values = calloc(list->count + 1, size);
    return st == CMD_OK && *values == NULL ? error_memory(e, list->count * size) : st;
}

int numbers_read(const char *option, const char *text, struct numbers *numbers, struct error *e)
{
    struct list list = { 0 };
    void *values;
    int st = read_items(option, text, sizeof *numbers->value, &list, &values, e);
    free(numbers->value);
    *numbers = (struct numbers){ values, list.count };
    for (size_t i = 0; st == CMD_OK && i < list.count; i++)
        st = number_read(option, list.item[i], &numbers->value[i], e);
    list_free(&list);
    return st;
}

int integers_read(const char *option, const char *text, int64_t least, struct integers *integers,
                  struct error *e)
{
    struct list list = { 0 };
    void *values;
    int st = read_items(option, text, sizeof *integers->value, &list, &values, e);
    free(integers->value);
    *integers = (struct integers){ values, list.count };
    for (size_t i = 0; st == CMD_OK && i < list.count; i++)
        st = integer_read(option, list.item[i], least, INT64_MAX, &integers->value[i], e);
    list_free(&list);
    return st;
}

int choice_read(const char *option, const char *text, const char *const *names, int *choice,
                struct error *e)
{
    char all[200] = "";
    size_t used = 0;
    struct nearest nearest = { .typed = text };
    for (*choice = 0; names[*choice] != NULL; ++*choice) {
        if (strcmp(text, names[*choice]) == 0)
            return CMD_OK;
        nearest_offer(&nearest, names[*choice]);
        if (used < sizeof all)
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", *choice > 0 ? ", " : "",
                                     names[*choice]);
    }
    return error_set(e, CMD_USAGE, "%s: %s is not one of %s%s", option, quoted_name(text).text, all,
                     nearest_hint(&nearest).text);
}

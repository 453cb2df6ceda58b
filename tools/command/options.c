/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tools/command/options.h"

#include "tools/command/command.h"
#include "tools/io/number.h"
#include "tools/command/output.h"
#include "tools/io/source.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_THREADS = 1024 };

/* ---- getopt_long ---- */

int print_text(const char *text, struct error *e)
{
    struct output o;
    int st = output_open(&o, NULL, e);
    if (st != CMD_OK)
        return st;
    output_text(&o, text);
    return output_close(&o, CMD_OK, e);
}

int usage_error(const struct option_reader *r, struct error *e, const char *format, ...)
{
    char text[1000];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return error_set(e, CMD_USAGE, "%s; see 'attpool %s --help'", text, r->command);
}

/* getopt says only that it does not know, or that there are too many that it could be. */
static int bad_option(const struct option_reader *r, const char *text, struct error *e)
{
    const struct option *o;
    int like = 0;
    if (strncmp(text, "--", 2) != 0)
        return usage_error(r, e, "there is no option -%c", optopt);
    size_t length = strcspn(text + 2, "=");
    for (o = r->long_options; o->name != NULL; o++)
        if (strncmp(o->name, text + 2, length) == 0) {
            if (o->name[length] == '\0')
                return usage_error(r, e, "option --%s takes no argument", o->name);
            like++;
        }
    return usage_error(r, e, like > 1 ? "option %s is ambiguous" : "there is no option %s",
                       quoted(text, length + 2).text);
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
    default:
        st = choice_read("--precision", optarg, precisions, &choice, e);
        r->common->precision = choice == 0 ? PRECISION_F32 : PRECISION_F64;
        break;
    }
    return st;
}

int options_next(const struct option_reader *r, int argc, char **argv, int *option, struct error *e)
{
    opterr = 0;
    for (;;) {
        /* In a group of short options optind stays where it is. */
        int at = optind > 0 ? optind : 1;
        int got = getopt_long(argc, argv, r->short_options, r->long_options, NULL);
        *option = got;
        switch (got) {
        case '?':
            return bad_option(r, argv[optind > at ? optind - 1 : at], e);
        case ':':
            return usage_error(r, e, "option %s needs an argument", argv[optind - 1]);
        case OPTION_HELP:
            return print_text(r->help, e);
        case OPTION_BACKEND:
        case OPTION_THREADS:
        case OPTION_PRECISION: {
            int st = read_common(r, got, e);
            if (st != CMD_OK)
                return st;
            break;
        }
        default:
            return CMD_OK;
        }
    }
}

/* ---- values ---- */

int list_read(const char *option, const char *text, struct list *list, struct error *e)
{
    size_t count = 1;
    list_free(list);
    for (const char *p = text; *p != '\0'; p++)
        count += *p == ',';
    list->text = strdup(text);
    list->item = calloc(count, sizeof *list->item);
    if (list->text == NULL || list->item == NULL)
        return error_memory(e, count * sizeof *list->item);
    char *rest = list->text;
    for (char *item; (item = strsep(&rest, ",")) != NULL;) {
        if (*item == '\0')
            return error_set(e, CMD_USAGE, "%s %s: an item of the list is empty", option,
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
        return error_set(e, CMD_USAGE, "%s: %s is an underflow, 0 in float64", option,
                         quoted_name(text).text);
    if (kind == NUMBER_FINITE)
        return CMD_OK;
    if (kind == NUMBER_RANGE)
        return error_set(e, CMD_USAGE, "%s: %s is an overflow, infinite in float64", option,
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
    return error_set(e, CMD_USAGE, "%s: %s is not within %" PRId64 " to %" PRId64, option,
                     quoted_name(text).text, least, most);
}

int numbers_read(const char *option, const char *text, struct numbers *numbers, struct error *e)
{
    struct list list = { 0 };
    int st = list_read(option, text, &list, e);
    free(numbers->value);
    numbers->count = list.count;
    numbers->value = calloc(list.count + 1, sizeof *numbers->value);
    if (st == CMD_OK && numbers->value == NULL)
        st = error_memory(e, list.count * sizeof *numbers->value);
    for (size_t i = 0; st == CMD_OK && i < list.count; i++)
        st = number_read(option, list.item[i], &numbers->value[i], e);
    list_free(&list);
    return st;
}

int integers_read(const char *option, const char *text, int64_t least, struct integers *integers,
                  struct error *e)
{
    struct list list = { 0 };
    int st = list_read(option, text, &list, e);
    free(integers->value);
    integers->count = list.count;
    integers->value = calloc(list.count + 1, sizeof *integers->value);
    if (st == CMD_OK && integers->value == NULL)
        st = error_memory(e, list.count * sizeof *integers->value);
    for (size_t i = 0; st == CMD_OK && i < list.count; i++)
        st = integer_read(option, list.item[i], least, INT64_MAX, &integers->value[i], e);
    list_free(&list);
    return st;
}

int bandwidths_read(const char *text, struct numbers *bandwidths, struct error *e)
{
    int st = numbers_read("--bandwidth", text, bandwidths, e);
    for (size_t i = 0; st == CMD_OK && i < bandwidths->count; i++)
        if (!(bandwidths->value[i] > 0))
            st = error_set(e, CMD_USAGE, "--bandwidth: %g is not positive", bandwidths->value[i]);
    return st;
}

static int unknown_kernel(const char *option, const char *text, struct error *e)
{
    char all[400] = "";
    size_t used = 0;
    const char *name;
    for (int k = 0; (name = attpool_kernel_to_name((attpool_kernel_name)k)) != NULL; k++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", k > 0 ? ", " : "", name);
    return error_set(e, CMD_USAGE, "%s: there is no %s, but %s", option, quoted_name(text).text,
                     all);
}

int kernels_read(const char *option, const char *text, struct kernels *kernels, struct error *e)
{
    struct list list = { 0 };
    int st = list_read(option, text, &list, e);
    free(kernels->name);
    kernels->count = list.count;
    kernels->name = calloc(list.count + 1, sizeof *kernels->name);
    if (st == CMD_OK && kernels->name == NULL)
        st = error_memory(e, list.count * sizeof *kernels->name);
    for (size_t i = 0; st == CMD_OK && i < list.count; i++) {
        int name = attpool_kernel_from_name(list.item[i]);
        if (name < 0)
            st = unknown_kernel(option, list.item[i], e);
        else
            kernels->name[i] = (attpool_kernel_name)name;
    }
    list_free(&list);
    return st;
}

int choice_read(const char *option, const char *text, const char *const *names, int *choice,
                struct error *e)
{
    char all[200] = "";
    size_t used = 0;
    for (*choice = 0; names[*choice] != NULL; ++*choice) {
        if (strcmp(text, names[*choice]) == 0)
            return CMD_OK;
        if (used < sizeof all)
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", *choice > 0 ? ", " : "",
                                     names[*choice]);
    }
    return error_set(e, CMD_USAGE, "%s: %s is none of %s", option, quoted_name(text).text, all);
}

int empty_read(const char *text, attpool_empty *empty, struct error *e)
{
    static const char *const names[] = { "nan", "zero", "mean", "nearest", "error", NULL };
    int choice;
    int st = choice_read("--empty", text, names, &choice, e);
    *empty = (attpool_empty)(ATTPOOL_EMPTY_NAN + choice);
    return st;
}

int form_read(const char *text, attpool_form *form, struct error *e)
{
    static const char *const names[] = { "radial", "product", NULL };
    int choice;
    int st = choice_read("--form", text, names, &choice, e);
    *form = choice == 0 ? ATTPOOL_RADIAL : ATTPOOL_PRODUCT;
    return st;
}

/* "a" and "./a" are one file, whether it is there already or not. */
static bool same_file(const char *a, const char *b)
{
    struct stat one, other;
    if (strcmp(a, b) == 0)
        return true;
    if (name_is_stdio(a) || name_is_stdio(b))
        return false;
    if (stat(a, &one) == 0 && stat(b, &other) == 0)
        return S_ISREG(one.st_mode) && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
    const char *slash_a = strrchr(a, '/'), *slash_b = strrchr(b, '/');
    if (strcmp(slash_a != NULL ? slash_a + 1 : a, slash_b != NULL ? slash_b + 1 : b) != 0)
        return false;
    char folder_a[PATH_MAX], folder_b[PATH_MAX];
    snprintf(folder_a, sizeof folder_a, "%.*s.", (int)(slash_a != NULL ? slash_a + 1 - a : 0), a);
    snprintf(folder_b, sizeof folder_b, "%.*s.", (int)(slash_b != NULL ? slash_b + 1 - b : 0), b);
    return stat(folder_a, &one) == 0 && stat(folder_b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

int names_distinct(const char *const *name, size_t count, struct error *e)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            if (name[i] != NULL && name[j] != NULL && same_file(name[i], name[j]))
                return error_set(e, CMD_USAGE, "%s is asked for twice",
                                 strcmp(name[i], "-") == 0 ? "stdin or stdout"
                                                           : quoted_name(name[j]).text);
    return CMD_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The columns that parameters were learned from, by their names. */
#include "tools/command/params.h"
#include "tools/command/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int names_new(struct names *names, size_t count, struct error *e)
{
    *names = (struct names){ calloc(count + 1, sizeof *names->name), 0 };
    if (names->name == NULL)
        return error_memory(e, count * sizeof *names->name);
    names->count = count;
    return CMD_OK;
}

/* As JSON has it, or names in other encodings would not be the same when they are read. */
int names_set(struct names *names, size_t i, const char *text, struct error *e)
{
    json_t *value = report_text(text);
    names->name[i] = value != NULL ? strdup(json_string_value(value)) : NULL;
    json_decref(value);
    return names->name[i] != NULL ? CMD_OK : error_memory(e, strlen(text));
}

void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->name[i]);
    free(names->name);
    *names = (struct names){ NULL, 0 };
}

static bool same_order(const struct names *a, const struct names *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = strcmp(a->name[i], b->name[i]) == 0;
    return same;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static int sorted(const struct names *from, struct names *to, struct error *e)
{
    int st = names_new(to, from->count, e);
    if (st != CMD_OK)
        return st;
    memcpy(to->name, from->name, from->count * sizeof *to->name);
    qsort(to->name, to->count, sizeof *to->name, compare_names);
    return CMD_OK;
}

static int same_in_some_order(const struct names *a, const struct names *b, bool *same,
                              struct error *e)
{
    struct names left = { NULL, 0 }, right = { NULL, 0 };
    int st = sorted(a, &left, e);
    if (st == CMD_OK)
        st = sorted(b, &right, e);
    *same = st == CMD_OK && same_order(&left, &right);
    free(left.name); /* the names are not its own */
    free(right.name);
    return st;
}

/* "a", "b" */
struct names_text {
    char text[600];
};

static struct names_text text_of(const struct names *names)
{
    struct names_text all = { "" };
    size_t used = 0;
    for (size_t i = 0; i < names->count; i++) {
        const struct quoted name = quoted_name(names->name[i]);
        if (used + strlen(name.text) + sizeof ", .." > sizeof all.text) {
            snprintf(all.text + used, sizeof all.text - used, "..");
            break;
        }
        used += (size_t)snprintf(all.text + used, sizeof all.text - used, "%s%s", name.text,
                                 i + 1 < names->count ? ", " : "");
    }
    return all;
}

static void warn_others(const char *path, const char *kind, const struct names *learned,
                        const struct names *now)
{
    error_warn("%s: its parameters were learned from the %s column%s %s, not from %s", path, kind,
               learned->count == 1 ? "" : "s", text_of(learned).text, text_of(now).text);
}

int params_check_columns(const char *path, const struct params *learned, const struct params *now,
                         bool *others, struct error *e)
{
    const struct names *x = &learned->x_names, *y = &learned->y_names;
    bool same;
    *others = false;
    int st = same_in_some_order(x, &now->x_names, &same, e);
    if (st == CMD_OK && same && !same_order(x, &now->x_names))
        return error_at(e, path, 0, 0,
                        "its parameters are for the x columns %s in this order, not for %s",
                        text_of(x).text, text_of(&now->x_names).text);
    *others = st == CMD_OK && x->count > 0 && !same;
    if (*others)
        warn_others(path, "x", x, &now->x_names);
    if (st == CMD_OK)
        st = same_in_some_order(y, &now->y_names, &same, e);
    if (st == CMD_OK && y->count > 0 && !same)
        warn_others(path, "y", y, &now->y_names);
    return st;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command/bandwidth_options.h"

#include "tools/command/nearest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const method_names[] = {
    [BANDWIDTH_SILVERMAN] = "silverman",
    [BANDWIDTH_SCOTT] = "scott",
    [BANDWIDTH_CV] = "cv",
    [BANDWIDTH_AICC] = "aicc",
};
enum { METHODS = sizeof method_names / sizeof method_names[0] };

const char *bandwidth_choice_name(const struct bandwidth_choice *choice)
{
    return choice->method == BANDWIDTH_FROM ? choice->package->name : method_names[choice->method];
}

int bandwidths_read(const char *text, struct numbers *bandwidths, struct error *e)
{
    int st = numbers_read("--bandwidth", text, bandwidths, e);
    for (size_t i = 0; st == CMD_OK && i < bandwidths->count; i++)
        if (!(bandwidths->value[i] > 0))
            st = error_set(e, CMD_USAGE, "--bandwidth: %g is not positive", bandwidths->value[i]);
    return st;
}

static int unknown_method(const char *text, struct error *e)
{
    struct nearest nearest = { .typed = text };
    for (int m = BANDWIDTH_GIVEN + 1; m < METHODS; m++)
        nearest_offer(&nearest, method_names[m]);
    return error_set(e, CMD_USAGE,
                     "--bandwidth: %s is neither a number, START:STOP:N nor cv, aicc, silverman or "
                     "scott%s",
                     quoted_name(text).text, nearest_hint(&nearest).text);
}

/* START:STOP:N, which begins at `text` in what was typed. */
static int read_grid(const char *typed, const char *text, struct bandwidth_choice *choice,
                     struct error *e)
{
    enum { MOST_STEPS = 100000 };
    struct list parts = { 0 };
    const size_t name = text != typed; /* the first part */
    int st = *text != '\0' ? list_split("--bandwidth", typed, ':', &parts, e) : CMD_OK;
    if (st == CMD_OK && parts.count != name + 3)
        st = error_set(e, CMD_USAGE, "--bandwidth: %s should be %s%sSTART:STOP:N",
                       quoted_name(typed).text, name > 0 ? method_names[choice->method] : "",
                       name > 0 ? ":" : "");
    if (st == CMD_OK)
        st = number_read("--bandwidth", parts.item[name], &choice->start, e);
    if (st == CMD_OK)
        st = number_read("--bandwidth", parts.item[name + 1], &choice->stop, e);
    if (st == CMD_OK)
        st = integer_read("--bandwidth", parts.item[name + 2], 1, MOST_STEPS, &choice->steps, e);
    if (st == CMD_OK && !(choice->start > 0 && choice->stop >= choice->start))
        st = error_set(e, CMD_USAGE, "--bandwidth: %s should go up from above 0",
                       quoted_name(typed).text);
    if (st == CMD_OK && choice->steps == 1 && choice->stop > choice->start)
        st = error_set(e, CMD_USAGE, "--bandwidth: %s should have at least 2 bandwidths",
                       quoted_name(typed).text);
    list_free(&parts);
    return st;
}

/* cv:START:STOP:N or without the name. */
static int read_search(const char *text, const char *colon, struct bandwidth_choice *choice,
                       struct error *e)
{
    const size_t length = (size_t)(colon - text);
    choice->method = BANDWIDTH_CV;
    if (!isalpha((unsigned char)text[0]))
        return read_grid(text, text, choice, e);
    for (int m = BANDWIDTH_CV; m <= BANDWIDTH_AICC; m++)
        if (strlen(method_names[m]) == length && strncasecmp(text, method_names[m], length) == 0) {
            choice->method = (enum bandwidth_method)m;
            return read_grid(text, colon + 1, choice, e);
        }
    return error_set(e, CMD_USAGE, "--bandwidth: START:STOP:N follows cv or aicc, not %s",
                     quoted(text, length).text);
}

int bandwidth_choice_read(const char *text, struct bandwidth_choice *choice, struct error *e)
{
    const char *colon = strchr(text, ':');
    choice->typed = text;
    if (colon != NULL)
        return read_search(text, colon, choice, e);
    for (int m = BANDWIDTH_GIVEN + 1; m < METHODS; m++)
        if (strcasecmp(text, method_names[m]) == 0) {
            choice->method = (enum bandwidth_method)m;
            return CMD_OK;
        }
    return isalpha((unsigned char)text[0]) ? unknown_method(text, e)
                                           : bandwidths_read(text, &choice->given, e);
}

int bandwidth_from_read(const char *text, struct bandwidth_choice *choice, struct error *e)
{
    const char *colon = strchr(text, ':');
    if (colon == NULL)
        return error_set(e, CMD_USAGE, "--bandwidth-from: %s should be PACKAGE:VALUE, or list",
                         quoted_name(text).text);
    choice->method = BANDWIDTH_FROM;
    int st = package_find(text, (size_t)(colon - text), &choice->package, e);
    if (st == CMD_OK)
        st = numbers_read("--bandwidth-from", colon + 1, &choice->given, e);
    for (size_t i = 0; st == CMD_OK && i < choice->given.count; i++)
        if (!(choice->given.value[i] > 0))
            st = error_set(e, CMD_USAGE, "--bandwidth-from: %g is not positive",
                           choice->given.value[i]);
    return st;
}

bool bandwidth_choices_same(const struct bandwidth_choice *a, const struct bandwidth_choice *b)
{
    const struct numbers *x = &a->given, *y = &b->given;
    return a->method == b->method && a->package == b->package && a->start == b->start &&
           a->stop == b->stop && a->steps == b->steps && x->count == y->count &&
           (x->count == 0 || memcmp(x->value, y->value, x->count * sizeof *x->value) == 0);
}

void bandwidth_choice_free(struct bandwidth_choice *choice)
{
    free(choice->given.value);
    *choice = (struct bandwidth_choice){ .method = BANDWIDTH_GIVEN };
}

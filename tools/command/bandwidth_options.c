/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command/bandwidth_options.h"

#include "tools/command/nearest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const method_names[] = {
    [BANDWIDTH_SILVERMAN] = "silverman", [BANDWIDTH_SCOTT] = "scott"
};
enum { METHODS = sizeof method_names / sizeof method_names[0] };

const char *bandwidth_method_name(enum bandwidth_method method)
{
    return method_names[method];
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
    return error_set(e, CMD_USAGE, "--bandwidth: %s is neither a number nor silverman or scott%s",
                     quoted_name(text).text, nearest_hint(&nearest).text);
}

int bandwidth_choice_read(const char *text, struct bandwidth_choice *choice, struct error *e)
{
    for (int m = BANDWIDTH_GIVEN + 1; m < METHODS; m++)
        if (strcmp(text, method_names[m]) == 0) {
            choice->method = (enum bandwidth_method)m;
            return CMD_OK;
        }
    return isalpha((unsigned char)text[0]) ? unknown_method(text, e)
                                           : bandwidths_read(text, &choice->given, e);
}

bool bandwidth_choices_same(const struct bandwidth_choice *a, const struct bandwidth_choice *b)
{
    const struct numbers *x = &a->given, *y = &b->given;
    return a->method == b->method && x->count == y->count &&
           (x->count == 0 || memcmp(x->value, y->value, x->count * sizeof *x->value) == 0);
}

void bandwidth_choice_free(struct bandwidth_choice *choice)
{
    free(choice->given.value);
    *choice = (struct bandwidth_choice){ .method = BANDWIDTH_GIVEN };
}

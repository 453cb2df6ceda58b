/* SPDX-License-Identifier: Apache-2.0 */
/* Values of --bandwidth: numbers, or how they are to be found. */
#ifndef ATTPOOL_TOOLS_BANDWIDTH_OPTIONS_H
#define ATTPOOL_TOOLS_BANDWIDTH_OPTIONS_H

#include "tools/command/options.h"

enum bandwidth_method { BANDWIDTH_GIVEN, BANDWIDTH_SILVERMAN, BANDWIDTH_SCOTT };

struct bandwidth_choice {
    enum bandwidth_method method;
    struct numbers given; /* one, or one a column; none where no kernel has a bandwidth */
};

/* Bandwidths, which are positive. */
int bandwidths_read(const char *text, struct numbers *bandwidths, struct error *e);

/* These or a method. */
int bandwidth_choice_read(const char *text, struct bandwidth_choice *choice, struct error *e);
bool bandwidth_choices_same(const struct bandwidth_choice *a, const struct bandwidth_choice *b);
void bandwidth_choice_free(struct bandwidth_choice *choice);

/* "silverman"; NULL of numbers. */
const char *bandwidth_method_name(enum bandwidth_method method);

#endif

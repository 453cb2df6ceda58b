/* SPDX-License-Identifier: Apache-2.0 */
/* Values of --bandwidth: numbers, or how they are to be found. */
#ifndef TOOLS_COMMAND_BANDWIDTH_OPTIONS_H
#define TOOLS_COMMAND_BANDWIDTH_OPTIONS_H

#include "tools/command/options.h"
#include "tools/command/packages.h"

enum bandwidth_method {
    BANDWIDTH_GIVEN,
    BANDWIDTH_SILVERMAN,
    BANDWIDTH_SCOTT,
    BANDWIDTH_CV,
    BANDWIDTH_AICC,
    BANDWIDTH_FROM /* another package's */
};

struct bandwidth_choice {
    enum bandwidth_method method;
    struct numbers given;          /* one, or one a column; none where no kernel has a bandwidth */
    double start, stop;            /* of the bandwidths that cv and aicc look at, */
    int64_t steps;                 /* and their number; 0: as they like */
    const struct package *package; /* whose number `given` is */
    const char *typed;
};

/* Bandwidths, which are positive. */
int bandwidths_read(const char *text, struct numbers *bandwidths, struct error *e);

/* NAME:H[,H..], a name of packages.h with the package's numbers. */
int bandwidth_from_read(const char *text, struct bandwidth_choice *choice, struct error *e);

/* These, a method, or cv|aicc with START:STOP:N. */
int bandwidth_choice_read(const char *text, struct bandwidth_choice *choice, struct error *e);
bool bandwidth_choices_same(const struct bandwidth_choice *a, const struct bandwidth_choice *b);
void bandwidth_choice_free(struct bandwidth_choice *choice);

/* Is it by a score? */
static inline bool bandwidth_is_searched(const struct bandwidth_choice *choice)
{
    return choice->method == BANDWIDTH_CV || choice->method == BANDWIDTH_AICC;
}

/* "silverman", or the package's name; NULL of numbers. */
const char *bandwidth_choice_name(const struct bandwidth_choice *choice);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The options of attend: their values, and which of them go together. */
#ifndef TOOLS_ATTEND_ATTEND_OPTIONS_H
#define TOOLS_ATTEND_ATTEND_OPTIONS_H

#include "tools/attend/attend.h"

/* Values of the options. */
enum {
    OPTION_SCORE = OPTION_OWN,
    OPTION_FORM,
    OPTION_SCALE,
    OPTION_BANDWIDTH,
    OPTION_BANDWIDTH_PER,
    OPTION_CAUSAL,
    OPTION_LENGTHS_PER,
    OPTION_OFFSET,
    OPTION_WINDOW,
    OPTION_LOO,
    OPTION_EMPTY,
    OPTION_ROWS,
    OPTION_HEATMAP,
    OPTION_PARAMS,
    OPTION_DROPOUT,
    OPTION_SEED,
    OPTION_QUERY_ORIGIN,
    OPTION_KEY_ORIGIN,
    OPTION_BATCH_ORIGIN,
    OPTION_KEEP_SCRIPTS,
    OPTION_INPUT,                          /* the enum attend_input, added */
    OPTION_OUTPUT = OPTION_INPUT + INPUTS, /* the enum attend_output, added */
    OPTION_PAST = OPTION_OUTPUT + OUTPUTS
};

/* Which options were given, by their values. */
struct given {
    bool option[OPTION_PAST];
};

/* An option that has no meaning beside the others, or lacks one, is a mistake. Afterwards o says
 * whether the output goes to stdout. */
int attend_check(const struct option_reader *r, struct attend_options *o, const struct given *given,
                 struct error *e);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": of several names the nearest to the one that was typed. */
#ifndef TOOLS_COMMAND_NEAREST_H
#define TOOLS_COMMAND_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *typed;
    const char *name; /* NULL: none is near enough */
    size_t distance;  /* twice the letters that differ; 1: it was begun */
};

/* Of names as near as each other the first offered stays. They must live as long as *n. */
void nearest_offer(struct nearest *n, const char *name);

/* "; did you mean "gaussian"?", or nothing. Lives to the end of the full expression. */
struct nearest_hint {
    char text[128];
};
struct nearest_hint nearest_hint(const struct nearest *n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_COMMAND_CLOCK_H
#define TOOLS_COMMAND_CLOCK_H

#include <time.h>

/* Seconds since some moment before the command began. */
static inline double clock_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif

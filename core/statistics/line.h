/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_STATISTICS_LINE_H
#define CORE_STATISTICS_LINE_H

/* The least squares of a local line, from its moments. */

#include "backends/backend.h"

#include <stdbool.h>

enum { LINE_MOST = MOMENTS_MOST + 1 };

/* The normal matrix M = [1 f'; f S], scaled to a diagonal of ones and eliminated in an order that
 * takes the largest pivot that is left: factors below the diagonal, what they left on it and above.
 */
struct line {
    int size;                /* 1 + d */
    int order[LINE_MOST];    /* row and column k of the factors belong to this one of M */
    double scale[LINE_MOST]; /* 1 / sqrt of M's diagonal */
    double pivot;            /* the least */
    double a[LINE_MOST * LINE_MOST];
};

/* From the d numbers f and the d (d + 1) / 2 of the upper half of S, row by row. false: singular, a
 * pivot is below `least`. */
bool ap_line_factor(struct line *line, int d, const double *first, const double *second,
                    double least);

/* x = M^-1 x. */
void ap_line_solve(const struct line *line, double *x);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Other packages' bandwidths: --bandwidth-from, and attpool-packages(7) in numbers. */
#ifndef TOOLS_COMMAND_PACKAGES_H
#define TOOLS_COMMAND_PACKAGES_H

#include "attpool.h"
#include "tools/command/error.h"

#include <stdbool.h>

/* What a package's number is for. */
enum package_columns {
    PACKAGE_ONE,      /* one x column */
    PACKAGE_TWO,      /* two, one number for both */
    PACKAGE_RADIAL,   /* any; one number for the distance over all */
    PACKAGE_EACH,     /* any; a number each, of a product of kernels */
    PACKAGE_VARIANCES /* one column: a bandwidth; several: the diagonal of a matrix of squares */
};

enum { PACKAGE_FIT = 1, PACKAGE_DENSITY = 2 };

enum { PACKAGE_KERNELS = 14 };

struct package {
    const char *name; /* "r-ksmooth" */
    const char *call; /* the function, and its parameter */
    unsigned uses;    /* PACKAGE_FIT, PACKAGE_DENSITY */
    enum package_columns columns;
    bool deviations;        /* the number is in standard deviations of x; several columns are
                             * whitened by their covariance, which no bandwidths stand for */
    bool closed;            /* a row just one bandwidth away counts: shows for boxcar */
    const char *impossible; /* why there is no bandwidth; NULL: there is */
    const char *differs;    /* what makes its answers differ, or NULL */
    const char *no_reach;   /* its answer where nothing is in reach, or NULL */
    double factor[PACKAGE_KERNELS]; /* by attpool_kernel_name: theirs to ours; 0: it has none */
};

/* CMD_USAGE with what is near where there is no such package. */
int package_find(const char *name, size_t length, const struct package **package, struct error *e);

/* i from 0; NULL after the last. */
const struct package *package_at(size_t i);

/* All of them on stdout. */
int packages_print(struct error *e);

/* Our bandwidth for theirs, of a column with that standard deviation (divisor n - 1). */
double package_bandwidth(const struct package *p, attpool_kernel_name kernel, size_t columns,
                         double theirs, double deviation);

#endif

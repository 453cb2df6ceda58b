/* SPDX-License-Identifier: Apache-2.0 */
/* attpool classify. It reads and groups its table as regress does, and has probabilities of classes
 * where that has a fit. */
#ifndef TOOLS_CLASSIFY_CLASSIFY_H
#define TOOLS_CLASSIFY_CLASSIFY_H

#include "tools/regress/regress.h"

/* ---- classes (classify_classes.c) ---- */

/* The labels that the data's rows have, in the order of the data. */
struct classes {
    const char **label; /* [count], the table's */
    char **names;       /* [count], "p_LABEL" */
    size_t count;
    size_t *of_label; /* of a label of the table */
};

/* The values of the groups become one-hot, a column for each class. */
int classify_classes(const struct regress_tables *t, struct regress_groups *groups,
                     struct classes *classes, struct error *e);
void classify_classes_free(struct classes *classes);

/* The class of a row of the group. */
size_t classify_class_of(const struct regress_group *g, const struct classes *classes, size_t row);

/* ---- classifications (classify_fit.c) ---- */

struct classification {
    void *p;        /* column after column, (n, classes) */
    int32_t *class; /* (n), -1: none */
    bool validated; /* leave-one-out has been computed */
    double
        *confusion; /* [classes][classes + 1]: case weights of a class, given to each and to none */
    double right, all; /* case weights */
    double brier; /* the mean of the squared errors of the probabilities; NaN: some are missing */
};

/* One for each fit. */
int classify_compute(const struct regress_options *o, const struct regress_tables *t,
                     const struct classes *classes, struct regress_fits *fits,
                     struct classification **results, struct report *r, struct error *e);
void classify_free(struct classification *results, size_t count);

/* ---- results (classify_write.c) ---- */

int classify_write(const struct regress_options *o, const struct regress_tables *t,
                   const struct regress_groups *groups, const struct classes *classes,
                   const struct regress_fits *fits, const struct classification *results,
                   struct error *e);

void classify_report(const struct regress_options *o, const struct regress_tables *t,
                     const struct classes *classes, const struct regress_fits *fits,
                     const struct classification *results, struct report *r);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* attpool density. It reads and groups its table as regress does, and has a density where that has
 * a fit. */
#ifndef TOOLS_DENSITY_DENSITY_H
#define TOOLS_DENSITY_DENSITY_H

#include "tools/regress/regress.h"

struct density_options {
    struct regress_options table;
    struct integers grid; /* points along each x column; none: no grid */
};

/* ---- points (density_points.c) ---- */

/* Where a density is computed: n points of d columns. */
struct density_points {
    size_t n, d;
    double *const *columns;       /* [d] */
    const unsigned char *missing; /* [n]: a point with a missing value; NULL: none */
    void *q;                      /* (n, d) */
    size_t sides[2];              /* of a grid over two columns, the second one faster; else 0 */
    double **own;                 /* the memory of columns and q where they are not the group's */
    void *own_q;
};

/* Those asked for, and those of the picture: none where the others will do. */
int density_points(const struct density_options *o, const struct regress_fit *fit,
                   struct density_points *points, struct error *e);
int density_picture_points(const struct density_options *o, const struct regress_fit *fit,
                           struct density_points *points, struct error *e);
void density_points_free(struct density_points *points);

/* ---- densities (density_fit.c) ---- */

struct density {
    struct density_points at, picture;
    void *value, *log;     /* (at.n) */
    void *picture_value;   /* (picture.n) */
    double log_likelihood; /* mean of the logarithms at the data's own points, by case weight; NaN
                            * elsewhere */
};

/* One for each fit. */
int density_compute(const struct density_options *o, const struct regress_tables *t,
                    struct regress_fits *fits, struct density **densities, struct report *r,
                    struct error *e);
void density_free(struct density *densities, size_t count);

/* ---- results ---- */

int density_write(const struct density_options *o, const struct regress_tables *t,
                  const struct regress_groups *groups, const struct regress_fits *fits,
                  const struct density *densities, struct error *e);

int density_draw(const struct density_options *o, const struct regress_tables *t,
                 const struct regress_fits *fits, const struct density *densities, struct error *e);

void density_report(const struct density_options *o, const struct regress_tables *t,
                    const struct regress_fits *fits, const struct density *densities,
                    struct report *r);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the makers of groups share. */
#ifndef TOOLS_REGRESS_REGRESS_GROUP_H
#define TOOLS_REGRESS_REGRESS_GROUP_H

#include "tools/regress/regress.h"

/* The query points, once the group has its rows and, with --at, those of the file. */
int group_points(const struct regress_options *o, struct regress_group *g, struct error *e);

/* The rows of some columns: as they are, or from their places. */
int group_take(double *const *columns, size_t count, const size_t *rows, size_t n, double **taken,
               void **memory, struct error *e);

void group_free(struct regress_group *g);

/* Query points without a label: their places in the table. */
struct lost_points {
    const size_t *rows;
    size_t count;
};

/* Leaves out the groups for which no bandwidth can be chosen, with a warning, and keeps their query
 * points and those without a label in groups->lost (regress_lost.c). CMD_DATA: all of them. */
int group_lose(const struct regress_options *o, const struct regress_tables *t,
               struct regress_groups *groups, const struct lost_points *unlabelled,
               struct error *e);

/* n points from least to most. */
void group_grid(double least, double most, size_t n, double *grid);

/* Of column c of the data, its rows with a case weight. */
void group_range(const struct regress_group *g, size_t c, double *least, double *most);

/* Where the rows of some columns stand in a table: the i-th in rows[i]; NULL: in i. */
struct group_place {
    const struct table *table;
    const size_t *rows;
};

/* Columns into rows, of the precision. With `shift` they are taken, in float32, relative to the
 * group's first row, so that their digits are spent on differences; what does not fit then is bad
 * data at its place (NULL: known to fit). */
int group_pack(const struct regress_group *g, double *const *columns, size_t rows, bool shift,
               size_t count, void **packed, const struct group_place *place, struct error *e);

/* The same, but a column of the table that is the whole matrix is not copied. */
int group_share_or_pack(const struct regress_group *g, double *const *columns, size_t rows,
                        bool shift, size_t count, void **packed, const struct group_place *place,
                        struct error *e);

/* x, y or q of the group, which may be a column of its table. */
void group_free_packed(const struct regress_group *g, void *packed);

#endif

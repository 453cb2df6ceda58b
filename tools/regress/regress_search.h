/* SPDX-License-Identifier: Apache-2.0 */
/* The search for the bandwidths of a fit: the rows that it looks at, and what it asks of the
 * library.
 */
#ifndef TOOLS_REGRESS_REGRESS_SEARCH_H
#define TOOLS_REGRESS_REGRESS_SEARCH_H

#include "tools/regress/regress.h"

enum { LEAST_PART = 1000 }; /* of the range of a column: the least bandwidth of a search */

/* Rows of a group, or some of them, for the library. */
struct sample {
    size_t m;
    void *x, *y, *a; /* a NULL: no case weights */
    void *memory[3]; /* of those that are not the group's */
};

struct search {
    const struct regress_options *o;
    const struct regress_tables *t;
    struct regress_fit *fit;
    struct session *session;
    struct sample rows;   /* in the order of the group */
    struct sample sorted; /* of one column by x, which spares keys that are out of reach */
    double *range;        /* [d], of the columns */
    double done, share;   /* of the whole work: before the search, and by it */
    double planned;       /* pairs of rows */
    double found;         /* the score of what was found, if all rows have been looked at */
    bool far;             /* some values lie so far from the others that the range says little */
    bool raised;          /* a compact kernel's bandwidth had to be wider than what was found */
};

/* Those of positive case weight, at most `most` of them, drawn by the seed and the row's number
 * (regress_sample.c). All of few rows are the group's own. */
int sample_take(const struct regress_group *g, size_t most, int64_t seed, struct sample *sample,
                struct error *e);
int sample_sort(const struct regress_group *g, const struct sample *sample, struct sample *sorted,
                struct error *e);
void sample_free(struct sample *sample);

/* All rows, those of sample_take first if there are more: *count of them. */
int sample_first(const struct regress_group *g, size_t most, int64_t seed, struct sample *sample,
                 size_t *count, struct error *e);

/* The most rows that a score or residuals are made of. */
size_t search_most_rows(const struct regress_options *o);

/* The largest distance of a row from the nearest other one, of one column: a compact kernel has to
 * be wider. */
int sample_gap(const struct regress_group *g, const struct sample *sample, double *gap,
               struct error *e);

/* The least distance between two values of a column that differ. */
int sample_spacing(const struct regress_group *g, const struct sample *sample, size_t column,
                   double *spacing, struct error *e);

/* The least bandwidth of a column that is worth a look; more is needed for compact kernels. The
 * likelihood of rounded data, where rows are the same, grows without bound towards 0. */
int search_narrowest(const struct search *s, const struct sample *rows, size_t column, double *h,
                     struct error *e);

/* What the library says (regress_ask.c). Scores of the bandwidths factor times h, h one or one a
 * column, into the fit's curve; of a geometric grid of factors. */
int search_curve(struct search *s, const struct sample *rows, const struct numbers *h, size_t count,
                 const double *factors, struct error *e);
void search_geometric(double start, double stop, size_t count, double *h);
int search_grid(struct search *s, const struct sample *rows, const struct numbers *h, double start,
                double stop, size_t count, struct error *e);
/* Silverman's bandwidth of each column for the Gaussian, h[d]. */
int search_rule(const struct search *s, const struct sample *rows, double *h, struct error *e);
/* That of column c by itself, which looks at quartiles, of all rows looked at; infinite where there
 * is none, as of rows that are the same. column: memory for as many numbers. */
double search_rule_of(const struct search *s, size_t c, void *column);
/* The point of the least score that may be chosen, of equal ones the widest: where x is whole
 * numbers narrow kernels of bounded support all see the same rows, and nothing between them. */
size_t search_best(const struct regress_selection *selection);

/* The score of h; gradient, by the logarithms of h, may be NULL. */
int search_score(struct search *s, const struct sample *rows, const struct numbers *h,
                 double *score, size_t *without, double *gradient, struct error *e);

/* Bandwidths of several columns (regress_columns.c), and about how many pairs of rows that looks
 * at. */
int search_columns(struct search *s, double *h, struct error *e);
double search_columns_pairs(const struct regress_fit *fit, double rows);

#endif

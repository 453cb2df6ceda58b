/* SPDX-License-Identifier: Apache-2.0 */
/* attpool regress, in the order of its work: options, data, fit, pictures. */
#ifndef ATTPOOL_TOOLS_REGRESS_H
#define ATTPOOL_TOOLS_REGRESS_H

#include "tools/command/options.h"
#include "tools/command/report.h"
#include "tools/command/session.h"
#include "tools/command/table_options.h"

struct regress_options {
    struct common common;
    const char *data, *at; /* at NULL: the data's own points, or a grid */
    int64_t grid;          /* 0: none */
    struct list x, y;
    const char *case_weights;
    struct kernels kernels;
    attpool_form form;
    bool form_given;
    struct numbers bandwidths;
    attpool_empty empty;
    bool loo, keep_scripts;
    struct table_format format;
    const char *output; /* resolved: NULL when not wanted */
    const char *plot, *heatmap, *weights;
};

/* The tables, and what the library gets of them: row-major, of the precision. */
struct regress_data {
    struct table table, at;
    bool single;
    size_t m, n, d, v;
    void *x, *y, *a, *q; /* (m, d), (m, v), (m) or NULL, (n, d) */
    double **points;     /* [d], the query points as they were given */
    double *grid;
    unsigned char *missing; /* [n]: a query row with a missing value; NULL: none */
    bool weightless;        /* every case weight is 0, in this precision */
    double *curve_x;        /* [curve_n], where a picture has the fit too; NULL: nowhere */
    void *curve_q;          /* (curve_n, 1) */
    size_t curve_n;
    char **x_names, **y_names, **fit_names;
};

int regress_read(const struct regress_options *o, struct regress_data *data, struct error *e);
void regress_data_free(struct regress_data *data);

struct regress_result {
    void *fit;     /* column after column, (n, v) */
    void *n_eff;   /* (n) */
    void *heatmap; /* (n, m) or NULL */
    void *curve;   /* column after column, (curve_n, v) */
    bool whole;    /* all fits are there, whatever became of the weights */
};

/* What a fit leaves of a y at the data's own points. */
struct regress_error {
    double squared, variance; /* mean squared error, and that of the mean of y */
};

struct regress_score {
    bool at_data;    /* the query points are the data's own, else there are no errors */
    double relative; /* mean over the y of error by variance: R^2 is 1 minus it */
    double error;    /* squared, or with several y relative */
    struct regress_error *column; /* [v] */
    size_t without_fit;           /* rows */
    double n_eff_least, n_eff_median, n_eff_most;
};

int regress_score(const struct regress_options *o, const struct regress_data *data,
                  const struct regress_result *result, struct regress_score *score,
                  struct error *e);
void regress_score_free(struct regress_score *score);

/* What was computed, for --json and in a line on stderr. */
int regress_report(const struct regress_options *o, const struct regress_data *data,
                   const struct regress_result *result, struct report *r, struct error *e);

int regress_fit(const struct regress_options *o, const struct regress_data *data,
                struct regress_result *result, struct report *r, struct error *e);
void regress_result_free(struct regress_result *result);

/* All that is asked for; the code is that of the first failure, of this or before it. */
int regress_draw(const struct regress_options *o, const struct regress_data *data,
                 const struct regress_result *result, struct error *e);

#endif

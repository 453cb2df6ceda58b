/* SPDX-License-Identifier: Apache-2.0 */
/* attpool regress, in the order of its work: options, data, fit, pictures. */
#ifndef ATTPOOL_TOOLS_REGRESS_H
#define ATTPOOL_TOOLS_REGRESS_H

#include "tools/command/options.h"
#include "tools/command/session.h"
#include "tools/io/table.h"

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
    bool loo, no_header, keep_scripts;
    unsigned char delimiter;
    enum table_missing missing; /* of the data: error or omit */
    const char *output, *plot, *heatmap, *weights;
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

int regress_fit(const struct regress_options *o, const struct regress_data *data,
                struct regress_result *result, struct error *e);
void regress_result_free(struct regress_result *result);

/* All that is asked for; the code is that of the first failure, of this or before it. */
int regress_draw(const struct regress_options *o, const struct regress_data *data,
                 const struct regress_result *result, struct error *e);

#endif

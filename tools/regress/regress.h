/* SPDX-License-Identifier: Apache-2.0 */
/* attpool regress, in the order of its work: options, tables, groups of rows, fits, and their
 * results: a table, pictures, a report. */
#ifndef TOOLS_REGRESS_REGRESS_H
#define TOOLS_REGRESS_REGRESS_H

#include "tools/command/kernel_options.h"
#include "tools/command/params.h"
#include "tools/command/report.h"
#include "tools/command/session.h"
#include "tools/command/table_options.h"

/* How bandwidths differ by the row of the data (regress_adaptive.c). */
enum adaptive_method { ADAPTIVE_NONE, ADAPTIVE_ABRAMSON, ADAPTIVE_KNN };
struct regress_adaptive {
    enum adaptive_method method;
    int64_t neighbours; /* of ADAPTIVE_KNN */
};
int adaptive_read(const char *text, struct regress_adaptive *adaptive, struct error *e);

struct regress_options {
    struct common common;
    const char *data, *at; /* at NULL: the data's own points, or a grid */
    int64_t grid;          /* 0: none */
    struct list x, y;
    const char *case_weights, *by;
    struct fit_choices choices;
    attpool_form form; /* of a kernel that is not a product of several */
    bool form_given;
    attpool_empty empty;
    attpool_criterion cv; /* what --bandwidth cv means */
    int64_t cv_rows;      /* 0: the default; INT64_MAX: all */
    int64_t seed;         /* of the rows drawn, and of the starts of a search */
    struct regress_adaptive adaptive;
    int64_t degree; /* of the local polynomial */
    double level;   /* of the band */
    bool level_given, se, slope;
    bool loo, keep_scripts;
    bool classes; /* y are labels */
    struct table_format format;
    const char *params; /* a file, or NULL; then what it says is in `learned` */
    struct params learned;
    const char *output; /* resolved: NULL when not wanted */
    const char *plot, *heatmap, *weights;
    const char *curve, *curve_plot; /* of scores of bandwidths */
};

/* The long options, of which density and classify have some. */
enum {
    OPTION_X = OPTION_OWN,
    OPTION_Y,
    OPTION_CASE_WEIGHTS,
    OPTION_BY,
    OPTION_KERNEL,
    OPTION_FORM,
    OPTION_BANDWIDTH,
    OPTION_BANDWIDTH_FROM,
    OPTION_CV_ROWS,
    OPTION_SEED,
    OPTION_CURVE,
    OPTION_CURVE_PLOT,
    OPTION_ADAPTIVE,
    OPTION_DEGREE,
    OPTION_SE,
    OPTION_LEVEL,
    OPTION_SLOPE,
    OPTION_AT,
    OPTION_GRID,
    OPTION_LOO,
    OPTION_EMPTY,
    OPTION_WEIGHTS,
    OPTION_PLOT,
    OPTION_HEATMAP,
    OPTION_PARAMS,
    OPTION_KEEP_SCRIPTS
};
/* The command line (regress_options.c). An option: optarg is its argument. */
option_function regress_option; /* of a struct regress_options */
int regress_arguments(int argc, char **argv, struct regress_options *o, bool *done,
                      struct error *e);

void regress_options_free(struct regress_options *o);

/* Of one bandwidth for several columns. */
void regress_warn_bandwidth(const struct regress_options *o);

/* ---- tables (regress_data.c) ---- */

struct regress_tables {
    struct table data, at;
    bool single;
    size_t d, v; /* the columns of data are d of x, v of y, the case weights and the group */
    char **x_names, **y_names, **fit_names;
    char **more_names; /* of the columns after n_eff: band by band, then slopes */
    size_t more_count;
    char *by; /* the group's name; NULL: there is one group of all rows */
};

int regress_read(const struct regress_options *o, struct regress_tables *t, struct error *e);
void regress_tables_free(struct regress_tables *t);

/* ---- rows that are fitted together (regress_group.c) ---- */

struct regress_group {
    const char *label; /* NULL without --by */
    bool single;
    size_t m, n, d, v;
    char *const *x_names;         /* [d] */
    const size_t *rows, *queries; /* [m], [n]: their places in the tables; NULL: all, in order */
    double **columns;             /* [d + v and the case weights]: its rows of the data */
    double **points;              /* [d], the query points as they were given */
    void *memory[2];              /* of both, where they are not the tables' */
    double *grid;
    unsigned char *missing; /* [n]: a query row with a missing value; NULL: none */
    bool weightless;        /* every case weight is 0, in this precision, */
    bool underflow;         /* but not in float64 */
    void *x, *y, *a, *q;    /* (m, d), (m, v), (m) or NULL, (n, d): what the library gets */
};

static inline double case_weight(const struct regress_group *g, size_t j)
{
    return g->a != NULL ? real_get(g->a, g->single, j) : 1;
}

struct regress_groups {
    struct regress_group *item;
    size_t count;
    struct regress_group lost; /* query points without a fit: of no label, or of groups left out */
    size_t *rows, *queries;    /* of the tables, group after group */
    size_t *lost_queries;
    int32_t *lost_label; /* [lost.n], -1: none */
    const char *const *labels;
};

int regress_group(const struct regress_options *o, const struct regress_tables *t,
                  struct regress_groups *groups, struct error *e);
void regress_groups_free(struct regress_groups *groups);

/* Where a picture has the fit, beside the query points: n 0 is nowhere. */
struct regress_curve {
    size_t n;
    double *x;
    void *q;   /* (n, 1) */
    void *fit; /* column after column, (n, v) */
    void *se;  /* likewise, or NULL */
};
int regress_curve(const struct regress_options *o, const struct regress_group *group,
                  const struct numbers *bandwidths, struct regress_curve *curve, struct error *e);

/* ---- fits (regress_fit.c) ---- */

/* A bandwidth that was looked at. */
struct regress_point {
    double factor; /* of the base, for one column the bandwidth */
    double score;
    size_t without; /* rows that have no prediction */
};

/* How bandwidths were found by a score. */
struct regress_selection {
    struct regress_point *point; /* in ascending order: the curve, along the base */
    size_t points;
    struct numbers base; /* one a column */
    double least;        /* a narrower one of the curve is not chosen: some row has no prediction */
    double score;        /* of the bandwidths chosen, by these rows */
    double scale;        /* of bandwidths, from those of the rows looked at to those of all */
    size_t rows;         /* that they were chosen by; 0: there was no search */
    size_t evaluations;  /* of scores, */
    double pairs;        /* and how many pairs of rows these looked at */
};

/* A group with a kernel (or one a column) and a bandwidth (or one a column). */
struct regress_fit {
    const struct regress_group *group;
    const struct kernels *kernels;
    const struct bandwidth_choice *choice;
    const struct numbers *bandwidths; /* those given or chosen */
    struct numbers chosen;
    struct regress_selection selection;
    void *fit;   /* column after column, (n, v) */
    void *n_eff; /* (n) */
    void *se;    /* as fit, or NULL: standard errors and the ends of the band */
    void *lower, *upper;
    void *slope;   /* column after column, (n, v d), or NULL */
    void *heatmap; /* (n, m) or NULL */
    struct regress_curve curve;
    int64_t singular, missing; /* query points without a line, without a standard error */
    int64_t imprecise;         /* and those whose line has lost half of its digits */
    size_t residuals, lacking; /* rows that these come from, and those of them without one */
};

struct regress_fits {
    struct regress_fit *item;
    size_t count;
    bool whole; /* all are present, whatever happened to the weights */
};

/* Those that are asked for, of which nothing is computed yet: groups first, then kernels, the order
 * of the rows of the result. */
int regress_list(const struct regress_options *o, const struct regress_groups *groups,
                 struct regress_fits *fits, struct error *e);

int regress_fit(const struct regress_options *o, const struct regress_tables *t,
                const struct regress_groups *groups, struct regress_fits *fits, struct report *r,
                struct error *e);
void regress_fits_free(struct regress_fits *fits);

/* --empty error: no data is in reach of the query. */
int regress_no_data(const struct regress_options *o, const struct regress_tables *tables,
                    const struct regress_group *g, size_t query, struct error *e);

/* CMD_DATA: of one of the choices no bandwidth can come: x or y is constant in the group, or no row
 * has a case weight. */
int regress_check_group(const struct regress_options *o, const struct regress_tables *t,
                        const struct regress_group *g, struct error *e);

/* The bandwidths of a fit (regress_select.c). */
int regress_select(const struct regress_options *o, const struct regress_tables *t,
                   struct regress_fit *fit, struct session *session, struct error *e);
/* The same as a part of the session's work, of which the rest is left. */
int regress_select_part(const struct regress_options *o, const struct regress_tables *t,
                        struct regress_fit *fit, struct session *session, struct error *e);
/* What the score of a bandwidth found is called. */
const char *regress_score_name(const struct regress_options *o, const struct regress_fit *fit);
/* By another package's number (regress_from.c). */
int regress_from(struct regress_fit *fit, struct error *e);
/* By a score (regress_search.c). */
int regress_search(const struct regress_options *o, const struct regress_tables *t,
                   struct regress_fit *fit, struct session *session, struct error *e);
/* About how many pairs of rows that looks at. */
double regress_search_pairs(const struct regress_options *o, const struct regress_fit *fit);

/* Their kernel and bandwidths for the library (regress_kernel.c). Must stay where it is. */
struct regress_kernel {
    attpool_kernel_options options;
    struct operand inverse;
    void *memory; /* inverse bandwidths, one a coordinate, or NULL */
    struct operand factors;
    void *
        adaptive[2]; /* of the rows, factors and the weights of the sums of a regression; or NULL */
};
int regress_kernel(const struct regress_options *o, const struct regress_fit *fit,
                   struct regress_kernel *kernel, struct error *e);
/* Before choices_check: what goes with --adaptive, and its bandwidth. */
int adaptive_check(const struct option_reader *r, struct regress_options *o, struct error *e);
/* Bandwidths of the rows, if asked for, into the kernel. */
struct sample;
int regress_adapt(const struct regress_options *o, const struct regress_fit *fit,
                  const struct session *session, const struct sample *rows,
                  struct regress_kernel *kernel, struct error *e);
int regress_adapt_all(const struct regress_options *o, const struct regress_fit *fit,
                      const struct session *session, struct regress_kernel *kernel,
                      struct error *e);
void regress_kernel_free(struct regress_kernel *kernel);

/* Learned parameters (regress_params.c): from their file into the options; whether they are for the
 * data; and into a fit's kernel. */
int regress_params(const struct option_reader *r, struct regress_options *o, struct error *e);
int regress_params_check(const struct regress_options *o, const struct regress_tables *t,
                         const struct regress_groups *groups, struct error *e);
int regress_params_kernel(const struct regress_options *o, bool single,
                          struct regress_kernel *kernel, struct error *e);
/* The names of the columns of the data into parameters learned from them; and params_check_columns
 * of those that a file has. */
int regress_params_columns(const struct regress_options *o, const struct regress_tables *t,
                           struct params *p, struct error *e);
int regress_params_same(const char *path, const struct params *learned,
                        const struct regress_options *o, const struct regress_tables *t,
                        bool *others, struct error *e);

/* What a fit at some query points is made of (regress_call.c). */
struct regress_keys_of {
    size_t m;
    const void *x, *y, *a; /* (m, d), (m, v), (m) or NULL */
};

/* Query points of one call of the library, and where its results go: NULL where they do not. */
struct regress_batch {
    const void *q;
    int64_t n;
    void *fit, *se, *slope; /* column after column, `stride` apart */
    int64_t stride;
    void *n_eff, *weights;
    bool loo;
    int64_t origin; /* of the first query among the data's rows */
    attpool_empty empty;
    const void *residuals; /* (rows, v) of the first keys */
    int64_t rows;
    int64_t singular, imprecise, missing; /* counted */
};
attpool_status regress_call(const struct regress_options *o, const struct regress_fit *fit,
                            const struct regress_keys_of *keys,
                            const attpool_kernel_options *kernel, const struct session *session,
                            struct regress_batch *batch);

/* The words for what the library says, for a session (regress_explain.c). */
struct regress_explanation {
    const struct regress_options *o;
    const struct regress_tables *t;
    const struct regress_group *group; /* of the current call */
};
int regress_explain(const void *explanation, attpool_status status, const char *message,
                    struct error *e);

/* The residuals that standard errors come from (regress_band.c): of all rows, or of some, which
 * then are the first of `keys`. */
struct regress_residuals {
    struct regress_keys_of keys;
    size_t rows;
    void *values; /* (rows, v) */
    void *memory[3];
};
int regress_residuals(const struct regress_options *o, const struct regress_fit *fit,
                      const struct regress_kernel *kernel, const struct session *session,
                      struct regress_residuals *residuals, struct error *e);
void regress_residuals_free(struct regress_residuals *residuals);

/* The ends of a band that covers the mean of the fit with the probability of the level. */
double regress_quantile(double level);
void regress_band(const struct regress_options *o, struct regress_fit *fit);

/* Do the fits have bandwidths of their own? */
bool regress_bandwidths_vary(const struct regress_options *o);

/* "bandwidth 0.5", of several columns each with its name, and by which method. */
void regress_bandwidths_text(const struct regress_fit *fit, char *text, size_t size);

/* "local linear, gaussian kernel, bandwidth 0.5 by cv": of this what varies between the fits, or
 * what does not. */
struct regress_label {
    char text[500];
};
struct regress_label regress_label(const struct regress_options *o, const struct regress_fit *fit,
                                   bool varying);
/* Of what varies the group and the kernel. */
struct regress_label regress_label_without_bandwidths(const struct regress_options *o,
                                                      const struct regress_fit *fit);

/* ---- results ---- */

/* The columns that tell the fits apart, before those of x (regress_keys.c). */
struct regress_keys {
    size_t count;
    char **names; /* [count] */
    char **texts; /* [fits][count] */
};
int regress_keys(const struct regress_options *o, const struct regress_tables *t,
                 const struct regress_fits *fits, struct regress_keys *keys, struct error *e);
void regress_keys_free(struct regress_keys *keys, size_t fits);

/* The k-th key of fit i with its missing query points or, with lost, that of the points without a
 * fit. */
struct table_out regress_key(const struct regress_keys *keys, size_t k, size_t i,
                             const unsigned char *missing, const struct regress_groups *lost);

/* A column of x may be called fit, as after a regression. It can still be asked for by number. */
void regress_warn_names(const struct table_out *out, size_t count);

int regress_write(const struct regress_options *o, const struct regress_tables *t,
                  const struct regress_groups *groups, const struct regress_fits *fits,
                  struct error *e);

/* CMD_USAGE for more fits than a picture can show. */
int regress_draw_check(const struct regress_options *o, size_t fits, struct error *e);

/* Everything that is asked for; the code is that of the first failure, here or earlier. */
int regress_draw(const struct regress_options *o, const struct regress_tables *t,
                 const struct regress_fits *fits, struct error *e);

/* The scores that bandwidths were chosen by (regress_trace.c): what does not go together, the
 * files, and their writing, which ends as regress_draw does. */
int regress_trace_check(const struct option_reader *r, const struct regress_options *o,
                        struct error *e);
void regress_trace_files(const struct regress_options *o, struct files *files);
int regress_trace(const struct regress_options *o, const struct regress_tables *t,
                  const struct regress_fits *fits, struct error *e);

/* What a fit leaves of a y at the data's own points. */
struct regress_error {
    double squared, variance; /* mean squared error, and that of the mean of y */
};

struct regress_score {
    bool at_data;    /* the query points are the data's own, else there are no errors */
    double relative; /* mean over the y of error by variance: R^2 is 1 minus it */
    double error;    /* squared, or with several y relative */
    struct regress_error *column; /* [v] */
    size_t without_fit;           /* queries */
    double n_eff_least, n_eff_median, n_eff_most;
};

int regress_score(const struct regress_options *o, const struct regress_fit *fit,
                  struct regress_score *score, struct error *e);
void regress_score_free(struct regress_score *score);

/* The tables and columns that were read; what a fit is made of. */
void regress_report_input(const struct regress_options *o, const struct regress_tables *t,
                          struct report *r);
json_t *regress_report_choice(const struct regress_options *o, const struct regress_fit *fit,
                              struct report *r);

/* For --json and in a line on stderr. */
int regress_report(const struct regress_options *o, const struct regress_tables *t,
                   const struct regress_fits *fits, struct report *r, struct error *e);

#endif

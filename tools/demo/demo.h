/* SPDX-License-Identifier: Apache-2.0 */
/* attpool demo: its data, its experiments, its numbers that must come out, its pictures, and
 * the same work on every backend. */
#ifndef TOOLS_DEMO_DEMO_H
#define TOOLS_DEMO_DEMO_H

#include "tools/command/output.h"
#include "tools/command/report.h"
#include "tools/command/session.h"

/* ---- random numbers and data (demo_data.c): the same bits on every machine ---- */

struct random {
    uint64_t state;
};
struct random random_new(uint64_t seed, uint64_t stream);
double random_uniform(struct random *r); /* in [0, 1), 53 bits */
double random_normal(struct random *r);

enum demo_set { DEMO_CLASSIC, DEMO_SIMILARITY };
enum { DEMO_QUERIES = 50 }; /* 0, 0.1, .. 4.9 */
enum { DEMO_CURVE = 251 };  /* 0, 0.02, .. 5: what is drawn */

struct demo_data {
    enum demo_set set;
    const char *name, *formula;
    size_t n;
    double *x, *y;                                   /* [n], x ascending */
    double query[DEMO_QUERIES], truth[DEMO_QUERIES]; /* without noise */
    double curve_x[DEMO_CURVE], curve_truth[DEMO_CURVE];
};

/* n 0: as many as in the book. */
int demo_data_make(struct demo_data *data, enum demo_set set, size_t n, uint64_t seed,
                   struct error *e);
void demo_data_free(struct demo_data *data);

/* ---- the run ---- */

struct demo {
    struct common common;
    bool single;
    int64_t n;
    int64_t seed;
    const char *folder; /* NULL: nothing is written */
    const char *format; /* of pictures: "svg"; NULL: none */
    bool keep_scripts;
    struct session session;
    struct output out; /* the tables, on stdout */
    struct report report;
    json_t *numbers, *fits, *training, *backends; /* of the report */
    int differences;                              /* numbers and bits that are not as expected */
};

/* A kernel regression of a data set at its queries. */
struct demo_fit {
    const char *name;  /* in tables and files: "gaussian_0.1" */
    const char *title; /* in pictures */
    attpool_kernel_name kernel;
    double bandwidth;
    double fit[DEMO_QUERIES], n_eff[DEMO_QUERIES];
    double curve[DEMO_CURVE];
    double *weights; /* (DEMO_QUERIES, n) */
};

/* Work through fits[0..count); what they hold is to be freed by demo_fits_free. */
int demo_fits(struct demo *demo, const struct demo_data *data, struct demo_fit *fits, size_t count,
              struct error *e);
/* One of them, without a word. */
int demo_fit_one(struct demo *demo, const struct demo_data *data, struct demo_fit *fit,
                 struct error *e);
void demo_fits_free(struct demo_fit *fits, size_t count);

/* Each prints its table and counts differences. */
int demo_numbers(struct demo *demo, struct error *e);
int demo_backends(struct demo *demo, struct error *e);

/* The parametric kernel, as the book trains it. */
int demo_train(struct demo *demo, struct error *e);

/* Whether all files that go into the folder, which exists, can be written. */
int demo_check_files(const struct demo *demo, struct error *e);

/* Pictures and tables in the folder; nothing without one. `stem` begins the names. */
int demo_draw_kernels(struct demo *demo, struct error *e);
int demo_draw_fits(struct demo *demo, const struct demo_data *data, const struct demo_fit *fits,
                   size_t count, const char *stem, struct error *e);
int demo_write_data(struct demo *demo, const struct demo_data *data, struct error *e);
int demo_write_fits(struct demo *demo, const struct demo_data *data, const struct demo_fit *fits,
                    size_t count, struct error *e);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Learned parameters: what `train` writes as JSON and other commands read. */
#ifndef TOOLS_COMMAND_PARAMS_H
#define TOOLS_COMMAND_PARAMS_H

#include "tools/command/kernel_options.h"

enum params_kind {
    PARAMS_W,            /* one inverse bandwidth, */
    PARAMS_W_COORDINATE, /* one for each column, */
    PARAMS_W_KEY,        /* one for each row of the data */
    PARAMS_ADDITIVE,     /* W_q (p, d), W_k (p, d), w_v (p) */
    PARAMS_PROJECTION    /* W_q (p, d), W_k (p, d) */
};
extern const char *const params_kind_names[];
extern const char *const params_loss_names[];      /* by attpool_loss */
extern const char *const params_optimizer_names[]; /* by `lbfgs` */

enum params_array { PARAMS_W_ARRAY, PARAMS_WQ, PARAMS_WK, PARAMS_WV, PARAMS_ARRAYS };

/* Of columns; none: they are not known. */
struct names {
    char **name;
    size_t count;
};
int names_new(struct names *names, size_t count, struct error *e);
int names_set(struct names *names, size_t i, const char *text, struct error *e);
void names_free(struct names *names);

/* Zero-initialise. */
struct params {
    enum params_kind kind;
    struct kernels kernels; /* of the first three kinds: one, or one a column */
    attpool_form form;
    bool single;                   /* computed in float32 */
    int64_t rows, d, p;            /* of the data; p of the last two kinds */
    struct names x_names, y_names; /* of the data's columns, without a header their numbers */
    char checksum[17];             /* of the data's x, in hexadecimal */
    attpool_loss loss;             /* these as train has them */
    bool lbfgs;
    int64_t seed, epoch, batch;
    double rate;
    double *value[PARAMS_ARRAYS]; /* NULL: the kind has none */
};

static inline bool params_have_kernel(const struct params *p)
{
    return p->kind <= PARAMS_W_KEY;
}

/* How many numbers an array has: 0, the kind has none. */
int64_t params_count(const struct params *p, enum params_array array);
const char *params_array_name(enum params_array array); /* "w", "wq" .. */

/* Memory for the arrays, once kind and sizes are there. */
int params_new(struct params *p, struct error *e);
void params_free(struct params *p);

/* CMD_DATA with the file and the member that is wrong. */
int params_read(const char *path, struct params *p, struct error *e);
int params_write(const char *path, const struct params *p, struct error *e);

/* Whether parameters are used with the columns that they were learned from: the same x in another
 * order are CMD_DATA, others (*others for x) a warning. Older files do not name them. */
int params_check_columns(const char *path, const struct params *learned, const struct params *now,
                         bool *others, struct error *e);

/* The checksum of columns of numbers. */
void params_checksum(double *const *columns, size_t count, size_t rows, char text[17]);

#endif

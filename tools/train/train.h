/* SPDX-License-Identifier: Apache-2.0 */
/* attpool train, in the order of its work: options, parameters, epochs, and their results: a
 * table, parameters, a picture, a report. */
#ifndef TOOLS_TRAIN_TRAIN_H
#define TOOLS_TRAIN_TRAIN_H

#include "tools/command/params.h"
#include "tools/regress/regress.h"

struct train_options {
    struct regress_options table; /* of these tables, kernel, output and plot */
    enum params_kind kind;
    attpool_loss loss;
    int64_t epochs, batch, seed, hidden;
    double rate;
    struct numbers init;
    bool lbfgs;
    const char *params_in, *params_out;
    bool kind_given, loss_given, epochs_given, batch_given, seed_given, hidden_given, rate_given,
        optimizer_given;
};

/* What is known of each epoch, or each evaluation of lbfgs. */
struct train_record {
    size_t count, room, widths; /* widths: columns of w, 0: the norm instead */
    double *epoch, *loss;       /* [count] */
    double **w;                 /* [widths][count], or the norm alone */
};

struct train_run {
    const struct train_options *o;
    const struct regress_tables *tables;
    const struct regress_group *group;
    struct params params;        /* now */
    void *x;                     /* (m, d): the group's, or its x as it is in the table */
    void *value[PARAMS_ARRAYS];  /* in the precision: what the library learns */
    double *good[PARAMS_ARRAYS]; /* the last ones whose loss was a number, */
    int64_t good_epoch;          /* and the epochs that had been made */
    struct train_record record;
    struct session session;
    char backend[64];
    bool stepped;        /* by gradient descent: some loss was finite */
    bool stopped;        /* by what is not finite */
    bool converged;      /* of lbfgs, */
    double best;         /* its least loss, that of the parameters in the end, */
    int64_t evaluations; /* and all of them, also those without a loss */
};

/* A step takes less than all rows. */
static inline bool train_batches(const struct train_run *run)
{
    return run->o->batch > 0 && run->o->batch < (int64_t)run->group->m;
}

/* x relative to the first row, as groups have it in float32, is not for scores. */
static inline bool train_shifts(const struct train_run *run)
{
    return params_have_kernel(&run->params);
}

/* The parameters before the first epoch: of --params, or new ones (train_init.c). */
int train_init(struct train_run *run, struct error *e);

/* A call of the library for the rows of `x` and `y` (train_model.c). Must stay where it is. */
struct train_model {
    struct operand x, y, value[PARAMS_ARRAYS];
    DLTensor *X, *Y;
    attpool_kernel_options kernel;
    attpool_pool_options options;
    attpool_training training;
    attpool_parameters parameters;
};
void train_describe(const struct train_run *run, void *x, void *y, void *const *value,
                    struct train_model *model);

bool train_finite(const struct train_run *run, const struct train_model *model);

/* The gradient of the loss (train_gradient.c). Zero-initialise; must stay where it is. */
struct train_gradient {
    struct operand operand[PARAMS_ARRAYS];
    void *memory[PARAMS_ARRAYS]; /* in the precision */
    attpool_gradients tensors;
};
int train_gradient_new(const struct train_run *run, struct train_gradient *g, struct error *e);
void train_gradient_free(struct train_gradient *g);
/* What a change of the parameters as large as they are would do to the loss, at most. */
double train_change(const struct train_run *run, const struct train_gradient *g);
/* Whether it is 0, but for rounding, and the loss is not; then nothing is learned. */
bool train_is_flat(const struct train_run *run, double loss, const struct train_gradient *g);
void train_warn_flat(const struct train_run *run);

/* Between the precision and double. */
void train_take(struct train_run *run);
void train_put(struct train_run *run);

/* Of all parameters. */
double train_norm(const struct params *p);

/* Of the parameters, after an epoch; keep what is good. */
int train_note(struct train_run *run, double loss, struct error *e);
void train_keep(struct train_run *run, int64_t epoch);
void train_restore(struct train_run *run);
/* For a loss that is not finite or, where it is finite, for parameters that are not. */
int train_stop(struct train_run *run, double loss, struct error *e);

/* All epochs (train_descent.c, train_lbfgs.c). */
int train_descend(struct train_run *run, struct error *e);
int train_lbfgs(struct train_run *run, struct error *e);

int train_write(struct train_run *run, struct error *e);
int train_draw(struct train_run *run, struct error *e);
void train_report(const struct train_run *run, struct report *r);

#endif

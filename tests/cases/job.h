/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_CASES_JOB_H
#define TESTS_CASES_JOB_H

/* A row of the table with its data: a call that can be made again and again, cut and compared. */

#include "tests/cases/cases.h"

enum { JOB_OUTPUTS = 20, FIRST_GRADIENT = 9, MOST_ROWS = 3, MOST_MIXED = 300 };

struct job {
    const struct test_case *c;
    enum element element; /* ELEMENT_F32 or ELEMENT_F64 */
    int64_t batch, heads; /* of the output, 1 where it has none */

    /* Inputs; bmm: A is q, B is k; softmax: S is q. */
    struct tensor q, k, v, wq, wk, wv, inverse_bandwidths, factors, lengths, mask, bias,
        key_weights;
    struct tensor d_out, d_lse; /* of pool_grad */
    struct tensor residuals;    /* of a regression */
    /* Outputs; bmm: C is out; kernel: G; softmax: W. */
    struct tensor out, lse, n_eff, weights;
    struct tensor slope, equivalent, errors; /* of a regression */
    struct tensor max, sum;                  /* of pool_grad, from here on */
    struct tensor dq, dk, dv, dbias, dkey_weights, dscale, dinverse_bandwidths, dfactors, dwq, dwk,
        dwv;

    double scale;
    attpool_kernel_name kernels[MOST_MIXED];
    int64_t rows[MOST_ROWS];
    attpool_kernel_options kernel;
    attpool_masks masks;
    attpool_softmax_options softmax;
    attpool_pool_options pool;
    attpool_gradients gradients;
    attpool_regression_options regression;

    char message[256]; /* of the last call, where it failed */
};

/* The job of a case; inputs are made read-only. */
void job_new(struct job *job, const struct test_case *c, enum element element, enum place place);
void job_free(struct job *job);

/* The same job by views of its tensors, to be cut; freed by nothing. */
void job_view(struct job *view, const struct job *job);
/* Let the options point to the tensors of this job; job_new and job_view have done it. */
void job_wire(struct job *job);
void job_cut_queries(struct job *view, int64_t start, int64_t count);
/* Of the leading dimension: 0 is b, 1 is h, then of one batch item. */
void job_cut_leading(struct job *view, int dimension, int64_t start, int64_t count);
/* Lengths, which count from the first key of the part, are the caller's to replace. */
void job_cut_keys(struct job *view, int64_t start, int64_t count);
void job_reverse_queries(struct job *view);

/* Part of job_new: its tensors. */
void job_make(struct job *job, enum place place);

/* Part of job_new: the values of the inputs; and the largest number of the type. */
void job_fill(struct job *job);
void job_fill_cut(struct job *job); /* of SPECIAL_CUT */
double job_largest(const struct job *job);

/* Outputs get their initial values: C those that beta C needs, the others NaN. */
void job_reset(struct job *job);
attpool_status job_run(attpool_context *context, struct job *job);
/* Of pool_grad the second of its two calls alone. */
attpool_status job_run_grad(attpool_context *context, struct job *job);
/* Ask no more for the gradient that is output number i. */
void job_drop_gradient(struct job *job, int i);
/* Pool into a state. */
attpool_status job_state(attpool_context *context, struct job *job, attpool_state **state);

/* Output number i, NULL where it is not asked for; its name in *name. */
struct tensor *job_output(struct job *job, int i, const char **name);

/* The dimensions of lengths, key weights and the like, "bhc" say, without h for WITH_ITEMS. */
const char *job_places(const struct job *job, const char *places);

bool tensor_present(const struct tensor *t);
const DLTensor *tensor_or_null(const struct tensor *t);
DLTensor *output_or_null(struct tensor *t);

#endif

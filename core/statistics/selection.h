/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_STATISTICS_SELECTION_H
#define CORE_STATISTICS_SELECTION_H

/* A call that judges bandwidths: its arguments, and what all of them share. */

#include "core/call/pool.h"

/* A bandwidth that is judged: the options of its pooling. */
struct candidate {
    attpool_kernel_options kernel;
    DLTensor inverse_bandwidths;
    void *scaled; /* its data, or NULL */
};

struct selection;

/* The options with bandwidths times f; free c->scaled whatever the result (candidate.c). */
attpool_status ap_candidate_begin(const struct selection *s, struct candidate *c, double f);

/* Numbers of each row: the logarithm of the density, what a gradient wants to know of pooling, and
 * the gradient by L. */
enum selection_row { ROW_LOG, ROW_MAX, ROW_SUM, ROW_GRADIENT, ROWS };

struct selection {
    const DLTensor *K, *V;
    attpool_selection_options options;
    attpool_pool_options pool;
    attpool_kernel_options kernel;
    attpool_masks masks;
    bool without_options;
    int64_t m, d, v;
    struct view *k, *value, *key_weights, *row_weights;
    double *a;             /* [m], of the rows */
    double *variance;      /* [v] of the values; 0: constant, or none is needed */
    double sum;            /* of a */
    int64_t rows;          /* of a > 0 */
    int64_t varying;       /* columns */
    void *out;             /* (m, v) */
    void *gradient;        /* of the score by it, */
    int gradient_exponent; /* in units of 2^this, as is the gradient by L */
    void *tilt;      /* (m, 1 + d), t of the equivalent weights of a line; NULL: none is needed */
    void *row[ROWS]; /* (m) each */
    struct arguments args; /* last: all before it begins as 0 */
};

/* What the sums over the rows come to. */
struct judged {
    double score;
    int64_t without;
    double trace; /* of the AICc */
};

struct selection_tensors {
    const DLTensor *K, *V;
    const attpool_pool_options *options;
    const attpool_selection_options *selection;
};

/* Check, read and reserve; ap_selection_end whatever the result. */
attpool_status ap_selection_begin(struct selection *s, struct engine *engine,
                                  const struct selection_tensors *tensors);
void ap_selection_end(struct selection *s);

/* The sums over rows of what a pooling has written (judge.c). */
struct judged ap_judge(const struct selection *s);

/* The gradients of a finite score: by the values predicted, if any, and by L where the criterion
 * has it. */
void ap_judge_grad(struct selection *s, const struct judged *judged);

static inline bool selection_reads_values(const struct selection *s)
{
    return s->options.criterion != ATTPOOL_CRITERION_LIKELIHOOD;
}

/* Does the score depend on the sums of weights? */
static inline bool selection_reads_sums(const struct selection *s)
{
    return s->options.criterion == ATTPOOL_CRITERION_LIKELIHOOD ||
           s->options.criterion == ATTPOOL_CRITERION_AICC;
}

/* An element of out or a row. */
static inline double selection_get(const struct selection *s, const void *data, int64_t i)
{
    return s->args.type == TYPE_F32 ? (double)((const float *)data)[i] : ((const double *)data)[i];
}

static inline void selection_set(const struct selection *s, void *data, int64_t i, double x)
{
    if (s->args.type == TYPE_F32)
        ((float *)data)[i] = (float)x;
    else
        ((double *)data)[i] = x;
}

static inline double selection_key_weight(const struct selection *s, int64_t j)
{
    return s->key_weights ? ap_view_real(s->key_weights, 0, 0, 0, j) : 1;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/problem.h"

#include <string.h>

double problem_plane(const double *x, int c)
{
    return c + 1 + 2 * x[0] - (c + 3) * x[1];
}

DLTensor problem_matrix(double *x, int64_t *shape, int64_t rows, int64_t cols)
{
    shape[0] = rows;
    shape[1] = cols;
    return tensor_of(x, ELEMENT_F64, 2, shape);
}

/* Values on a line, or with noise. */
void problem_new(struct problem *x, int degree, double noise)
{
    memset(x, 0, sizeof *x);
    for (int i = 0; i < N * D; i++)
        x->q[i] = random_at(1, (uint64_t)i);
    for (int i = 0; i < M * D; i++)
        x->k[i] = random_at(2, (uint64_t)i);
    for (int i = 0; i < M * V; i++)
        x->v[i] = problem_plane(x->k + i / V * D, i % V) + noise * random_at(3, (uint64_t)i);
    x->Q = problem_matrix(x->q, x->queries, N, D);
    x->K = problem_matrix(x->k, x->keys, M, D);
    x->value = problem_matrix(x->v, x->values, M, V);
    x->E = problem_matrix(x->e, x->values, M, V);
    x->O = problem_matrix(x->o, x->outputs, N, V);
    x->SE = problem_matrix(x->se, x->outputs, N, V);
    x->S = problem_matrix(x->slope, x->slopes, N, V * D);
    x->T = problem_matrix(x->t, x->ts, N, 1 + D);
    x->W = problem_matrix(x->w, x->ws, N, M);
    x->rows[0] = N;
    x->count = tensor_of(x->n_eff, ELEMENT_F64, 1, x->rows);
    x->kernel = (attpool_kernel_options){ .size = sizeof x->kernel, .bandwidth = 0.7 };
    x->masks = (attpool_masks){ .size = sizeof x->masks };
    x->pool = (attpool_pool_options){
        .size = sizeof x->pool, .score = ATTPOOL_KERNEL, .kernel = &x->kernel, .masks = &x->masks
    };
    x->options = (attpool_regression_options){ .size = sizeof x->options,
                                               .degree = degree,
                                               .pool = &x->pool,
                                               .slope = &x->S,
                                               .singular = &x->singular,
                                               .imprecise = &x->imprecise,
                                               .missing = &x->missing };
}

attpool_status problem_run(struct problem *x)
{
    return attpool_regression(context, &x->Q, &x->K, &x->value, &x->options, &x->O);
}

attpool_status problem_residuals(struct problem *x)
{
    attpool_regression_options o = { .size = sizeof o, .degree = x->options.degree };
    o.pool = &x->pool;
    return attpool_residuals(context, &x->K, &x->value, &o, &x->E);
}

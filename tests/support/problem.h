/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_PROBLEM_H
#define TESTS_SUPPORT_PROBLEM_H

/* A regression of two values on two coordinates, for the tests of attpool_regression. */

#include "tests/support/failing.h"

enum { N = 12, M = 90, D = 2, V = 2 };

struct problem {
    double q[N * D], k[M * D], v[M * V], o[N * V], slope[N * V * D], e[M * V], se[N * V];
    double t[N * (1 + D)], w[N * M], n_eff[N];
    DLTensor Q, K, value, O, S, E, SE, T, W, count;
    int64_t queries[2], keys[2], values[2], outputs[2], slopes[2], ts[2], ws[2], rows[1];
    attpool_kernel_options kernel;
    attpool_masks masks;
    attpool_pool_options pool;
    attpool_regression_options options;
    int64_t singular, imprecise, missing;
};

/* Value c of the plane that the data lies on. */
double problem_plane(const double *x, int c);

DLTensor problem_matrix(double *x, int64_t *shape, int64_t rows, int64_t cols);

/* The data with noise of this size. */
void problem_new(struct problem *x, int degree, double noise);

/* With the context of failing.h. */
attpool_status problem_run(struct problem *x);
attpool_status problem_residuals(struct problem *x);

#endif

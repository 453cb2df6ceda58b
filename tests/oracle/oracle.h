/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_ORACLE_ORACLE_H
#define TESTS_ORACLE_ORACLE_H

/* What the formulas of the public header say, in long double, one row at a time, with a bound of
 * the error that a correct answer may have. It shares nothing with the library. */

#include "tests/cases/job.h"

/* |answer - value| <= epsilon * terms for one number, where epsilon is that of the type and
 * `terms` has the constants of oracle.c in it; +Inf: nothing is promised. */
struct expected {
    long double value, terms;
};

/* One query of a softmax or of pooling. */
struct oracle_row {
    int64_t m, v;
    struct expected lse, n_eff;
    long double sum; /* of weights, relative to exp(max) */
    long double max;
    struct expected *weights; /* m */
    struct expected *out;     /* v */
    bool empty;
    bool uncertain; /* the type cannot tell on which side of a limit this row is */
};

void oracle_row_new(struct oracle_row *row, int64_t m, int64_t v);
void oracle_row_free(struct oracle_row *row);

/* Query i of (b, h) of a pooling, density or softmax job; the density is n_eff. */
void oracle_pool(const struct job *job, const int64_t index[3], struct oracle_row *row);
void oracle_density(const struct job *job, const int64_t index[3], struct oracle_row *row);
void oracle_softmax(const struct job *job, const int64_t index[3], struct oracle_row *row);

/* Element (b, h, i, j). */
struct expected oracle_bmm(const struct job *job, const int64_t index[4], long double c);
struct expected oracle_kernel(const struct job *job, const int64_t index[4]);

/* k(u) and |u k'(u)| + the sum of its absolute terms. */
long double oracle_kernel_value(attpool_kernel_name kernel, long double u, long double *terms);

/* The epsilon and the least normal number of a type. */
long double oracle_epsilon(enum element element);
long double oracle_least(enum element element);
long double oracle_most(enum element element);

/* Is x within the bound? NaN and infinities compare by class. */
bool oracle_accepts(struct expected expected, double x, enum element element);

#endif

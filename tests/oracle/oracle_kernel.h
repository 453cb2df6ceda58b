/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_ORACLE_ORACLE_KERNEL_H
#define TESTS_ORACLE_ORACLE_KERNEL_H

/* The weight of a pair as a logarithm and a factor, of which each may be trivial. */

#include "tests/oracle/oracle.h"

struct pair {
    long double log, log_terms;       /* log_terms: sum of the absolute terms of log */
    long double factor, factor_terms; /* likewise; log is 0 or factor is 1 where it has none */
    long double square;               /* || w * (q - k) ||^2 */
    bool outside;                     /* of a compact support */
    bool uncertain;                   /* at the edge of it */
};

/* |w| of coordinate c for query (b, h, i) and key j. */
long double oracle_width(const struct job *job, const int64_t index[4], int64_t c);

/* Query (b, h, i) and key j. */
void oracle_pair(const struct job *job, const int64_t index[4], struct pair *pair);

/* Is the sum of weights taken relative to a maximum? */
bool oracle_has_log(const struct job *job);
bool oracle_has_kernel(const struct job *job, attpool_kernel_name kernel);

/* Do far keys take no part in a row that has a near one? */
bool oracle_cuts(const struct job *job);

/* Neumaier's compensated sum. */
struct sum {
    long double plain, lost;
};
void sum_add(struct sum *sum, long double x);
long double sum_value(const struct sum *sum);

#endif

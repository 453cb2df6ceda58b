/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_ORACLE_ORACLE_REGRESSION_H
#define TESTS_ORACLE_ORACLE_REGRESSION_H

/* A row of a regression, from the weights of its pooling. */

#include "tests/oracle/oracle.h"

enum { ORACLE_MOST = 24 }; /* 1 + d, at most */

struct oracle_fit {
    struct expected fit[ORACLE_MOST], slope[ORACLE_MOST * ORACLE_MOST], errors[ORACLE_MOST];
    struct expected n_eff;
    struct expected *weights; /* m, the equivalent ones */
    bool uncertain, singular;
};

/* `row` is the pooling of the same query, with its values. */
void oracle_regression(const struct job *job, const int64_t index[3], const struct oracle_row *row,
                       struct oracle_fit *fit);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_ORACLE_ORACLE_ENTRY_H
#define TESTS_ORACLE_ORACLE_ENTRY_H

/* A key as a query sees it: the masks, the score or kernel, the bias and the key weight. */

#include "tests/oracle/oracle_kernel.h"

enum { INDEX = 4 }; /* b, h, i, j */

struct entry {
    struct pair pair;
    bool left;          /* by the masks */
    bool part;          /* takes part */
    bool dropped;       /* from O, by the row */
    bool scaled;        /* its key weight has a power of two that belongs to the score */
    long double reach;  /* log 2 of the score, with that power of two */
    long double weight; /* relative to the maximum; the row sets it */
};

/* Column c of row r. */
long double oracle_at(const struct tensor *t, const struct job *job, int64_t b, int64_t h,
                      int64_t r, int64_t c);

/* W_q q of a row and its absolute terms, p of each; to be freed. */
long double *oracle_query(const struct job *job, const int64_t x[3]);

/* All but the weight. */
void oracle_entry(const struct job *job, const long double *query, const int64_t x[INDEX],
                  struct entry *e);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_CASES_CASES_ADD_H
#define TESTS_CASES_CASES_ADD_H

/* What the parts of the table of cases are made with. */

#include "tests/cases/cases.h"

#define COUNT(array)   (sizeof(array) / sizeof(array)[0])
#define CYCLE(list, i) list[(i) % COUNT(list)]

#define BMM        .operation = OPERATION_BMM
#define KERNEL     .operation = OPERATION_KERNEL
#define SOFTMAX    .operation = OPERATION_SOFTMAX
#define POOL       .operation = OPERATION_POOL
#define DOT        .operation = OPERATION_POOL, .score = ATTPOOL_DOT
#define AVERAGE    .operation = OPERATION_POOL, .score = ATTPOOL_AVERAGE
#define ADDITIVE   .operation = OPERATION_POOL, .score = ATTPOOL_ADDITIVE
#define PROJECTION .operation = OPERATION_POOL, .score = ATTPOOL_PROJECTION
#define REGRESS    .operation = OPERATION_POOL, .score = ATTPOOL_KERNEL

/* Sizes around the seams of vectors, tiles, blocks and chunks. */
extern const int case_lanes[15], case_n[9], case_m[11], case_d[8];

/* The next row of the table, a copy of c with this name. */
struct test_case *cases_add(const struct test_case *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Every score `turns` times, numbered from 0; inverse bandwidths of every kind in turn. */
typedef void score_case(const struct test_case *score, const char *name, unsigned i);
void cases_each_score(size_t turns, score_case *add);

/* The twist with case i's score, widths and arrangements. */
struct test_case cases_cross(const struct test_case *score, const struct test_case *twist,
                             unsigned i);

/* The rows of OPERATION_POOL that loops make. */
void cases_of_pool(void);
void cases_of_cuts(void);
void cases_of_index(void);

/* Some of the table's rows with dropout. */
void cases_of_dropout(const struct test_case *table, size_t count);

/* Those of OPERATION_POOL_GRAD, OPERATION_DENSITY and OPERATION_REGRESSION. */
void cases_of_grad(void);
void cases_of_fused_grad(void);
void cases_of_density(void);
void cases_of_regression(void);

#endif

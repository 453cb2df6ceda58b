/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_ORACLE_ORACLE_DROPOUT_H
#define TESTS_ORACLE_ORACLE_DROPOUT_H

#include "tests/cases/job.h"

/* The words of Philox4x32-10 for a counter and a key. */
void oracle_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t words[4]);

/* Does dropout leave key x[3] of query x[2] of (x[0], x[1]) out of O? */
bool oracle_is_dropped(const struct job *job, const int64_t x[4]);

/* What the weights that are left are multiplied by. */
long double oracle_kept_scale(const struct job *job);

#endif

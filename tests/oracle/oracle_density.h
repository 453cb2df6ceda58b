/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_ORACLE_ORACLE_DENSITY_H
#define TESTS_ORACLE_ORACLE_DENSITY_H

/* What a density has beside the sum of weights. */

#include "tests/oracle/oracle_entry.h"

/* The weight of a key gets the inverse bandwidths that are its own. */
void oracle_density_entry(const struct job *job, const int64_t x[INDEX], struct entry *e);

/* The sum of the key weights that the masks leave to a query. */
long double oracle_density_total(const struct job *job, const int64_t x[3]);

/* One over the integral of the job's kernel, but for what is a key's own, by quadrature. */
long double oracle_constant(const struct job *job);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_STATISTICS_ADAPTIVE_H
#define CORE_STATISTICS_ADAPTIVE_H

#include "core/tensor/tensor.h"

/* The standard deviations of the columns of K (rule.c), by key weights or NULL. */
attpool_status ap_deviations(struct engine *engine, struct view *k, struct view *key_weights,
                             double *deviations);

/* The inverse distances of the keys from their k-th neighbours (neighbours.c). */
attpool_status ap_neighbours(struct engine *engine, const struct view *k,
                             const struct view *key_weights, const double *deviations,
                             int64_t neighbours, double *inverse);

#endif

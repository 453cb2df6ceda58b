/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_STATISTICS_DENSITY_H
#define CORE_STATISTICS_DENSITY_H

#include "core/call/pool.h"

/* attpool_density within a call. */
attpool_status ap_density(struct engine *engine, const struct pool_tensors *tensors,
                          const DLTensor *density, const DLTensor *log_density);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_OPENCL_LEAVES_H
#define BACKENDS_OPENCL_LEAVES_H

/* Pooling without memory for pairs on any device, of any score (cl/leaves.cl): one launch from
 * queries, keys and values to the states of super-blocks. */

#include "backends/opencl/pool.h"

/* How many rows of up to `rows` a slab has. */
int64_t ap_leaves_rows(const struct pooling *p, int64_t rows);

/* The leaves of a slab's tree; of tiles of `height` rows, those that cl/fused.cl has marked in
 * p->scores. */
attpool_status ap_leaves(const struct pooling *p, const struct slab *s);
attpool_status ap_leaves_rest(const struct pooling *p, const struct slab *s, int height);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_OPENCL_FUSED_H
#define BACKENDS_OPENCL_FUSED_H

/* Pooling without memory for pairs: one launch from queries, keys and values to the states of
 * super-blocks. */

#include "backends/opencl/pool.h"

/* Does cl/fused.cl do this call, of which all rows are pooled? */
bool ap_fused_takes(const struct pooling *p);

/* How many rows of up to `rows` a slab has; and words of scratch memory for its tiles. */
int64_t ap_fused_rows(const struct pooling *p, int64_t rows);
int64_t ap_fused_tile_words(const struct pooling *p, int64_t rows);

/* The leaves of a slab's tree. */
attpool_status ap_fused_leaves(const struct pooling *p, const struct slab *s);

#endif

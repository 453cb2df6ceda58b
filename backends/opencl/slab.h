/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_OPENCL_SLAB_H
#define BACKENDS_OPENCL_SLAB_H

/* The rows of a call, cut into pieces of bounded size. */

#include "backends/opencl/opencl.h"

/* All rows of batch * heads matrices of n rows. */
struct cut {
    int64_t batch, heads, n, m;
    int64_t most;    /* rows of a slab: of several whole matrices, or a part of one */
    int64_t queries; /* QUERIES_* */
    int64_t state_rows;
};

typedef attpool_status slab_step(void *arg, struct slab *s);
attpool_status ap_slab_each(const struct cut *cut, slab_step *step, void *arg);

#endif

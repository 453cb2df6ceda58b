/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CALL_PROJECTION_H
#define CORE_CALL_PROJECTION_H

#include "core/call/pool.h"

/* A projected tensor, b by h matrices of `rows` x p, in memory of the backend. */
struct projected {
    void *memory;
    struct array array;
};

/* Memory for one of x, Q or K, with `width` columns, in x's own leading dimensions; those that
 * broadcast still do. `group` is that of x. */
attpool_status ap_projected_take(const struct pool_call *call, const struct view *x, int64_t width,
                                 int64_t group, struct projected *to);
void ap_projected_give(struct engine *engine, const struct projected *projected);

/* x W^T for Q or K. */
attpool_status ap_project(const struct pool_call *call, const struct view *x,
                          const struct array *from, const struct array *w, struct projected *to);

#endif

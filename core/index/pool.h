/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_INDEX_POOL_H
#define CORE_INDEX_POOL_H

#include "backends/backend.h"

/* The backend's slots, with an index of the keys where it pays: `keys`, or where that is NULL one
 * that is made for this call. */
attpool_status ap_index_pool(struct engine *engine, int type, const struct pool_args *args,
                             const struct key_index *keys);
attpool_status ap_index_pool_squared(struct engine *engine, int type,
                                     const struct pool_squared_args *args,
                                     const struct key_index *keys);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CALL_POOL_PARTS_H
#define CORE_CALL_POOL_PARTS_H

#include "core/call/pool.h"

/* Pool on a device, in as many parts as its memory asks for: of items and of queries, whose results
 * do not depend on others; of keys, by partial states, where O and L are all that is wanted. `slot`
 * computes what is described in the call, with its arrays on the device. */
attpool_status ap_pool_parts(struct pool_call *call, attpool_status (*slot)(struct pool_call *));

#endif

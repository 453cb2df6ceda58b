/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CALL_DROPOUT_H
#define CORE_CALL_DROPOUT_H

#include "core/call/pool.h"

/* What dropout does to a call whose sizes are known. */
attpool_status ap_dropout_take(struct pool_call *call);

#endif

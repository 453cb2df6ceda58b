/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_SELFTEST_VERDICT_H
#define CORE_SELFTEST_VERDICT_H

/* What is known of a device: kept in the cache, and for the life of the process. */

#include "core/context.h"

/* As the engine's verdict; false: nothing is known. */
bool ap_verdict_find(attpool_context *context);

/* The engine's verdict, kept unless a call failed, which may have reasons that pass. */
void ap_verdict_keep(attpool_context *context, const attpool_self_test_result *result);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_SELFTEST_VERDICT_H
#define CORE_SELFTEST_VERDICT_H

/* What is known of a device: kept in the cache, and for the life of the process. */

#include "core/context.h"

/* As the engine's verdict; false: nothing is known. */
bool ap_verdict_find(attpool_context *context);

/* Is it of the whole short form? */
bool ap_verdict_is_whole(const struct verdict *verdict);

/* The engine's verdict from now on, and that of later contexts. */
void ap_verdict_keep(attpool_context *context, const struct verdict *verdict);

#endif

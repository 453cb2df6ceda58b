/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_SELFTEST_SELFTEST_H
#define CORE_SELFTEST_SELFTEST_H

#include "backends/backend.h"

/* Whether the context's device is right: as kept, else by the short form of the self-test.
 * ATTPOOL_E_BACKEND with a message where it is wrong and not `forced`. */
attpool_status ap_judge_device(attpool_context *context, bool forced);

#endif

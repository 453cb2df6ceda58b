/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_AUTOMATIC_OFFLOAD_H
#define CORE_AUTOMATIC_OFFLOAD_H

/* What "auto" hands to a device. A call that has been checked asks for a context there; it makes
 * itself again in that context, and goes on here where that did not succeed. */

#include "core/automatic/profile.h"
#include "core/tensor/tensor.h"

/* The device's context where the profile says that this call will be faster there. NULL: compute
 * here. `adds` is that of ap_engine_expect. Nothing is measured, compiled or tested. */
attpool_context *ap_offload(struct engine *engine, enum profile_work work,
                            const struct arguments *args, double adds);

/* Is the status that the device gave final? If not, the call is computed here. */
bool ap_offload_done(struct engine *engine, attpool_context *device, enum profile_work work,
                     attpool_status status);

#endif

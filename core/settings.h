/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_SETTINGS_H
#define CORE_SETTINGS_H

/* What the environment asks for. */

#include "core/attpool.h"

#include <stdbool.h>

/* When keys get an index. */
enum index_use { INDEX_WHERE_IT_PAYS, INDEX_NEVER, INDEX_ALWAYS };

/* Strings point into the environment; NULL and 0: not set. */
struct settings {
    const char *backend, *max_isa, *opencl_device;
    int threads;
    int verbose;
    enum index_use index;
};

/* Read ATTPOOL_*, except for what `options` settles. false: a value is wrong, and message says
 * which. */
bool ap_settings_read(struct settings *settings, const attpool_options *options, char *message,
                      size_t size);

/* Does ATTPOOL_OPENCL_FORCE say that a device may be used that computes wrongly? */
bool ap_settings_force(void);

/* ATTPOOL_MAX_ISA as it stands, NULL where it is not set. */
const char *ap_settings_max_isa(void);

#endif

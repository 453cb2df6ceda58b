/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_INDEX_HANDLE_H
#define CORE_INDEX_HANDLE_H

#include "core/index/build.h"

/* The tree of the caller's index of m keys of d coordinates; NULL where there is none. */
attpool_status ap_index_take(struct engine *engine, const attpool_index *index, int64_t m,
                             int64_t d, const struct key_index **keys);

#endif

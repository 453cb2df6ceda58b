/* SPDX-License-Identifier: Apache-2.0 */

/* What a row that has been pooled comes to. */
enum outcome_kind { WEIGHTED, NEAREST, BLANK };

#define TEMPLATE "backends/scalar/pool.h"
#include "backends/scalar/both_types.h"

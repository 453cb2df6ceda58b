/* SPDX-License-Identifier: Apache-2.0 */

/* Pooling: see pool.h. */
#include "backends/simd/isa.h"

#include "backends/simd/real_f64.h"
#include "backends/simd/pool.h"

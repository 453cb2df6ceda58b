/* SPDX-License-Identifier: Apache-2.0 */

/* Batched matrix product: see bmm.h. */
#include "backends/simd/isa.h"

#include "backends/simd/real_f32.h"
#include "backends/simd/bmm.h"

#include "backends/simd/real_f64.h"
#include "backends/simd/bmm.h"

/* SPDX-License-Identifier: Apache-2.0 */

/* Elementary functions: see elementwise.h. */
#include "backends/simd/isa.h"

#include "backends/simd/real_f32.h"
#include "backends/simd/elementwise.h"

#include "backends/simd/real_f64.h"
#include "backends/simd/elementwise.h"

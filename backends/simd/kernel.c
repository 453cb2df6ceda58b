/* SPDX-License-Identifier: Apache-2.0 */

/* Kernel evaluation: see kernel.h. */
#include "backends/simd/isa.h"

#include "backends/simd/real_f32.h"
#include "backends/simd/kernel.h"

#include "backends/simd/real_f64.h"
#include "backends/simd/kernel.h"

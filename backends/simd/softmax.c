/* SPDX-License-Identifier: Apache-2.0 */

/* Row softmax: see softmax.h. */
#include "backends/simd/isa.h"

#include "backends/simd/real_f32.h"
#include "backends/simd/softmax.h"

#include "backends/simd/real_f64.h"
#include "backends/simd/softmax.h"

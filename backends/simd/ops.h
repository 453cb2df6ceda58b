/* SPDX-License-Identifier: Apache-2.0 */

/* The operations, for the type whose real_*.h is in force. */
#include "backends/simd/bmm_plan.h"
#include "backends/simd/elementary.h"
#include "backends/simd/elementwise.h"
#include "backends/simd/kernel_plan.h"

#include "backends/simd/pair.h"
#include "backends/simd/powers.h"
#include "backends/simd/sight.h"

#include "backends/simd/bmm_tile.h"
#include "backends/simd/bmm_pack.h"
#include "backends/simd/bmm_vector.h"
#include "backends/simd/bmm.h"
#include "backends/simd/kernel.h"
#include "backends/simd/pool.h"
#include "backends/simd/softmax.h"

/* SPDX-License-Identifier: Apache-2.0 */
#define REAL_BITS 32
#include "backends/simd/pool/job.h"
#include "backends/simd/pool/squared.h"
#include "backends/simd/pool/bandwidths.h"

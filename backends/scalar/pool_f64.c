/* SPDX-License-Identifier: Apache-2.0 */
#define REAL_BITS 64
#include "backends/scalar/pool_squared.h"

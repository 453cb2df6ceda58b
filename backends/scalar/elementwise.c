/* SPDX-License-Identifier: Apache-2.0 */
#define TEMPLATE "backends/scalar/elementwise.h"
#include "backends/scalar/both_types.h"

/* SPDX-License-Identifier: Apache-2.0 */
#define TEMPLATE "backends/scalar/softmax.h"
#include "backends/scalar/both_types.h"

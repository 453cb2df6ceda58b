/* SPDX-License-Identifier: Apache-2.0 */

/* Includes TEMPLATE twice: with the names of real_f32.h, then with those of real_f64.h. A
 * template is written in T and its functions are FN(name), that is name_f32 and name_f64;
 * number.h is there before it, other templates that it builds on it includes itself. */
#include "backends/backend.h"
#include "backends/scalar/elementary.h"
#include "backends/scalar/scalar.h"

#include <float.h>
#include <math.h>

#include "backends/scalar/real_f32.h"
#include "backends/scalar/number.h"
#include TEMPLATE
#undef T
#undef FN
#undef T_BITS
#undef T_EXPONENT
#undef T_FRACTION
#undef T_ONE
#undef T_MAX
#undef T_MIN
#undef T_LIFT
#undef T_BIG
#undef T_INFINITY
#undef T_NAN
#undef T_LOG2E
#undef T_HALF_LOG2E
#undef T_LN2
#undef SOFTMAX_LANES
#undef FMA
#undef FABS
#undef SQRT

#include "backends/scalar/real_f64.h"
#include "backends/scalar/number.h"
#include TEMPLATE

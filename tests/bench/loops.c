/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/loops.h"

#include "attpool.h"

#include <math.h>
#include <stdlib.h>

#define T       float
#define FN(x)   x##_f32
#define EXP     expf
#define TANH    tanhf
#define LARGEST 3e38f
#include "tests/bench/loops_type.h"
#undef T
#undef FN
#undef EXP
#undef TANH
#undef LARGEST

#define T       double
#define FN(x)   x##_f64
#define EXP     exp
#define TANH    tanh
#define LARGEST 1e308
#include "tests/bench/loops_type.h"

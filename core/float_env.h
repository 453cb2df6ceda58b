/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_FLOAT_ENV_H
#define CORE_FLOAT_ENV_H

/* The floating-point environment that the bits depend on: round to nearest, subnormals kept, no
 * traps. The caller's, with its exception flags, is saved and put back: on x86 that of SSE, which
 * is all that the library's arithmetic knows. */

#if defined(__x86_64__)
#include <xmmintrin.h>

/* <fenv.h> would save the x87 state as well, which costs more than a small softmax. */
struct float_env {
    unsigned control;
};

static inline void float_env_enter(struct float_env *saved)
{
    saved->control = _mm_getcsr();
    _mm_setcsr(0x1f80);
}

static inline void float_env_leave(const struct float_env *saved)
{
    _mm_setcsr(saved->control);
}
#else
#include <fenv.h>

struct float_env {
    fenv_t env;
};

static inline void float_env_enter(struct float_env *saved)
{
    fegetenv(&saved->env);
    fesetenv(FE_DFL_ENV);
}

static inline void float_env_leave(const struct float_env *saved)
{
    fesetenv(&saved->env);
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/float_env.h"

#if defined(__x86_64__)
#include <immintrin.h>

static const struct {
    const char *name;
    unsigned control; /* MXCSR */
} environments[] = {
    { "flush to zero", 0x1f80 | 0x8040 },
    { "round down", 0x3f80 },
    { "round up", 0x5f80 },
    { "truncate, flush to zero", 0x7f80 | 0x8040 },
    { "every trap", 0x0000 },
    { "flags raised", 0x1f80 | 0x003f },
};

static void set(uint64_t control)
{
    _mm_setcsr((unsigned)control);
}

uint64_t float_environment_get(void)
{
    return _mm_getcsr();
}

void float_environment_default(void)
{
    _mm_setcsr(0x1f80);
}
#elif defined(__aarch64__)
static const struct {
    const char *name;
    uint64_t control; /* FPCR below, FPSR above 32 bits */
} environments[] = {
    { "flush to zero", 1u << 24 },
    { "round down", 2u << 22 },
    { "round up", 1u << 22 },
    { "truncate", 3u << 22 },
    { "flags raised", (uint64_t)0x1f << 32 },
};

static void set(uint64_t control)
{
    uint64_t status = control >> 32;
    control &= 0xffffffff;
    __asm__ volatile("msr fpcr, %0\n\tmsr fpsr, %1" : : "r"(control), "r"(status) : "memory");
}

uint64_t float_environment_get(void)
{
    uint64_t control, status;
    __asm__ volatile("mrs %0, fpcr\n\tmrs %1, fpsr" : "=r"(control), "=r"(status) : : "memory");
    return control | status << 32;
}

void float_environment_default(void)
{
    set(0);
}
#else
#include <fenv.h>

static const struct {
    const char *name;
    int control;
} environments[] = { { "round down", FE_DOWNWARD },
                     { "round up", FE_UPWARD },
                     { "truncate", FE_TOWARDZERO } };

static void set(uint64_t control)
{
    fesetround((int)control);
}

uint64_t float_environment_get(void)
{
    return (uint64_t)fegetround() << 32 | (uint64_t)fetestexcept(FE_ALL_EXCEPT);
}

void float_environment_default(void)
{
    fesetenv(FE_DFL_ENV);
}
#endif

const int float_environments = sizeof environments / sizeof environments[0];

const char *float_environment_name(int i)
{
    return environments[i].name;
}

void float_environment_set(int i)
{
    set((uint64_t)environments[i].control);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/kernels.h"
#include "core/attpool.h"

#include <string.h>

enum { MOST_NAMES = 7 };

#define KERNEL_NAMES(NAME, log, factor, compact, square, roughness, variance, ...)                 \
    [ATTPOOL_##NAME] = { __VA_ARGS__ },
static const char *const kernel_names[KERNEL_COUNT][MOST_NAMES + 1] = { KERNEL_TABLE(
    KERNEL_NAMES) };
#undef KERNEL_NAMES

const char *attpool_kernel_alias(attpool_kernel_name kernel, size_t i)
{
    return (int)kernel >= 0 && (int)kernel < KERNEL_COUNT && i < MOST_NAMES
               ? kernel_names[kernel][i + 1]
               : NULL;
}

const char *attpool_kernel_to_name(attpool_kernel_name kernel)
{
    return (int)kernel >= 0 && (int)kernel < KERNEL_COUNT ? kernel_names[kernel][0] : NULL;
}

int attpool_kernel_from_name(const char *name)
{
    for (int k = 0; name && k < KERNEL_COUNT; k++)
        for (int i = 0; kernel_names[k][i]; i++)
            if (strcmp(name, kernel_names[k][i]) == 0)
                return k;
    return -1;
}

const char *attpool_status_name(attpool_status status)
{
#define NAME(s)                                                                                    \
    case s:                                                                                        \
        return #s
    switch (status) {
        NAME(ATTPOOL_OK);
        NAME(ATTPOOL_E_CONTEXT);
        NAME(ATTPOOL_E_OPTIONS);
        NAME(ATTPOOL_E_BACKEND);
        NAME(ATTPOOL_E_DEVICE);
        NAME(ATTPOOL_E_MEMORY);
        NAME(ATTPOOL_E_CANCELLED);
        NAME(ATTPOOL_E_EMPTY);
        NAME(ATTPOOL_E_BUSY);
        NAME(ATTPOOL_E_QUERY);
        NAME(ATTPOOL_E_KEY);
        NAME(ATTPOOL_E_VALUE);
        NAME(ATTPOOL_E_OUTPUT);
        NAME(ATTPOOL_E_LSE);
        NAME(ATTPOOL_E_WEIGHTS);
        NAME(ATTPOOL_E_ROWS);
        NAME(ATTPOOL_E_N_EFF);
        NAME(ATTPOOL_E_BANDWIDTH);
        NAME(ATTPOOL_E_KEY_WEIGHTS);
        NAME(ATTPOOL_E_LENGTHS);
        NAME(ATTPOOL_E_MASK);
        NAME(ATTPOOL_E_BIAS);
        NAME(ATTPOOL_E_SCORES);
        NAME(ATTPOOL_E_KERNEL);
        NAME(ATTPOOL_E_A);
        NAME(ATTPOOL_E_B);
        NAME(ATTPOOL_E_C);
        NAME(ATTPOOL_E_WQ);
        NAME(ATTPOOL_E_WK);
        NAME(ATTPOOL_E_WV);
        NAME(ATTPOOL_E_STATE);
        NAME(ATTPOOL_E_MAX);
        NAME(ATTPOOL_E_SUM);
        NAME(ATTPOOL_E_GRADIENT);
        NAME(ATTPOOL_E_SLOPE);
        NAME(ATTPOOL_E_EQUIVALENT);
        NAME(ATTPOOL_E_RESIDUALS);
        NAME(ATTPOOL_E_STANDARD_ERRORS);
        NAME(ATTPOOL_E_CLASSES);
    }
#undef NAME
    return "unknown status";
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/attpool.h"

#include <string.h>

static const char *const kernel_name[] = {
    [ATTPOOL_GAUSSIAN] = "gaussian",
    [ATTPOOL_BOXCAR] = "boxcar",
    [ATTPOOL_CONSTANT] = "constant",
    [ATTPOOL_TRIANGULAR] = "triangular",
    [ATTPOOL_EPANECHNIKOV] = "epanechnikov",
    [ATTPOOL_BIWEIGHT] = "biweight",
    [ATTPOOL_TRIWEIGHT] = "triweight",
    [ATTPOOL_TRICUBE] = "tricube",
    [ATTPOOL_COSINE] = "cosine",
    [ATTPOOL_LAPLACIAN] = "laplacian",
    [ATTPOOL_LOGISTIC] = "logistic",
    [ATTPOOL_SIGMOID] = "sigmoid",
    [ATTPOOL_SILVERMAN] = "silverman",
    [ATTPOOL_CAUCHY] = "cauchy",
};

enum { KERNELS = sizeof kernel_name / sizeof kernel_name[0] };

const char *attpool_kernel_to_name(attpool_kernel_name kernel)
{
    return (int)kernel >= 0 && (int)kernel < KERNELS ? kernel_name[kernel] : NULL;
}

int attpool_kernel_from_name(const char *name)
{
    for (int i = 0; name && i < KERNELS; i++)
        if (strcmp(name, kernel_name[i]) == 0)
            return i;
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
    }
#undef NAME
    return "unknown status";
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTPOOL_SELFTEST_H
#define ATTPOOL_SELFTEST_H

/* Part of attpool.h: is a device's driver right? */

#include <attpool/context.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum attpool_verdict {
    ATTPOOL_VERDICT_SAME = 0,  /* the bits of the scalar backend in every case */
    ATTPOOL_VERDICT_CLOSE = 1, /* in some only numbers as good as those */
    ATTPOOL_VERDICT_WRONG = 2  /* other numbers in some, or a call failed; a driver may refuse what
                                * is large */
} attpool_verdict;

typedef struct attpool_self_test_result {
    int32_t verdict;
    int32_t cases;        /* computed */
    int32_t close, wrong; /* cases of that verdict, */
    int32_t failed;       /* and those of `wrong` that are calls that failed */
    double worst;         /* the largest difference, relative to the largest number of its case */
    char first[160];      /* the first case that is not the same and what is there, or "" */
} attpool_self_test_result;

/** Compute each operation in each type that the context's device has, and compare with the scalar
 *  backend: elementary functions and divisions, subnormal numbers, and sizes around the edges of
 *  tiles, blocks and groups.
 *
 *  full    0: the short form, which attpool_open runs on an OpenCL device that it does not know.
 *          1: every operation and kernel, and large sizes; seconds to minutes
 *  result  receives what was found
 *
 *  The verdict is kept, unless a call failed, which may have reasons that pass: attpool_open takes
 *  it for this device and driver from now on.
 *
 *  Returns ATTPOOL_OK whatever the verdict; ATTPOOL_E_CONTEXT (an argument is NULL), _BUSY,
 *  _MEMORY. */
ATTPOOL_API attpool_status attpool_self_test(attpool_context *context, int32_t full,
                                             attpool_self_test_result *result);

#ifdef __cplusplus
}
#endif

#endif

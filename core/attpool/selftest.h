/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTPOOL_SELFTEST_H
#define ATTPOOL_SELFTEST_H

/* Part of attpool.h: is a device's driver right, and is it faster? */

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
 *  full    0: the short form, a few sizes of each operation; up to a minute where a driver takes
 *          seconds to compile a program
 *          1: every operation and kernel, and large sizes; minutes
 *  result  receives what was found
 *
 *  An OpenCL device that is not known is tested by itself: attpool_open does so for the elementary
 *  functions, and the first call of each operation and type for that operation, before it
 *  computes. A device that is wrong in one is refused by all, with ATTPOOL_E_BACKEND, unless the
 *  environment has ATTPOOL_OPENCL_FORCE=1; one with other bits is used, with a line to the log.
 *
 *  The verdict is kept, unless a call failed, which may have reasons that pass: it is taken for
 *  this device and driver from now on.
 *
 *  Returns ATTPOOL_OK whatever the verdict; ATTPOOL_E_CONTEXT (an argument is NULL), _BUSY,
 *  _MEMORY. */
ATTPOOL_API attpool_status attpool_self_test(attpool_context *context, int32_t full,
                                             attpool_self_test_result *result);

/** What attpool_tune measured. */
typedef struct attpool_tune_result {
    char backend[96], device[160]; /* the device, as attpool_list_devices has it */
    double launch;                 /* seconds of the smallest call */
    double transfer;               /* bytes a second to the device or back */
    double rate[2], cpu_rate[2]; /* multiply-adds a second of a large pooling by a Gaussian kernel,
                                  * in float32 and float64 (0: it has none), there and on the CPU */
} attpool_tune_result;

/** Measure the devices that "auto" may take, and keep what the fastest one needs for attpool_bmm,
 *  attpool_kernel, attpool_softmax and attpool_pool, and the CPU as opened by `options`. A context
 *  opened by "auto" with as many threads then hands those calls to the device that will be faster
 *  there, transfers included; attpool_backend_name tells of the last call. Devices that do not give
 *  one answer are not looked at, nor those that are the CPU. Takes seconds.
 *
 *  options  threads; NULL for the defaults
 *  result   receives the fastest device's figures
 *
 *  Returns ATTPOOL_OK; ATTPOOL_E_BACKEND (there is no such device), _CONTEXT (result is NULL),
 *  _OPTIONS, _MEMORY, _DEVICE. */
ATTPOOL_API attpool_status attpool_tune(const attpool_options *options,
                                        attpool_tune_result *result);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_SELFTEST_TESTED_H
#define CORE_SELFTEST_TESTED_H

/* What a device is tested for before it computes it for the first time, as bits: each costs the
 * compilation of a few programs, so that nobody waits for those of other operations. */

#include "core/attpool.h"

#include <stdbool.h>

#define TESTED_ARITHMETIC 1u /* elementary functions and divisions; when the device is opened */
#define TESTED_BMM        2u
#define TESTED_SOFTMAX    4u
#define TESTED_KERNEL     8u
#define TESTED_MOMENTS    16u
#define TESTED_POLYNOMIAL 32u        /* pooling by kernels other than the Gaussian, */
#define TESTED_INTRICATE  64u        /* those that are more than a polynomial, products */
#define TESTED_POOL       (1u << 8)  /* shifted by the score: 0 to 3, for a projection is a dot */
#define TESTED_FEW        (1u << 12) /* likewise, few queries */
#define TESTED_MASKED     (1u << 16) /* likewise, with a mask, a bias or key weights */
#define TESTED_WIDE       (1u << 20) /* likewise, so many coordinates that sums go by tiles */
#define TESTED_GRADIENTS  (1u << 24) /* likewise */

/* Of a call with these options; NULL is that of dot-product attention. */
unsigned ap_tested_of_pool(const attpool_pool_options *options);
unsigned ap_tested_of_gradients(const attpool_pool_options *options);
/* Where NULL is a Gaussian kernel. */
unsigned ap_tested_of_kernel(const attpool_pool_options *options);
unsigned ap_tested_of_regression(const attpool_regression_options *options);
/* `tested` and the tests for few queries and for many coordinates, where Q, if it is not NULL, has
 * them. */
unsigned ap_tested_with_queries(unsigned tested, const DLTensor *Q);
unsigned ap_tested_of_selection(const attpool_pool_options *options,
                                const attpool_selection_options *selection, bool gradient);

#endif

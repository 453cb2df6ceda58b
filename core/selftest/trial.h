/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_SELFTEST_TRIAL_H
#define CORE_SELFTEST_TRIAL_H

/* One call on the context under test and on a judge, compared. */

#include "backends/backend.h"

/* What a trial computes; the rows of a table. Operations above TRIAL_POOL are poolings. */
enum trial_operation {
    TRIAL_ELEMENTARY, /* n numbers through function d */
    TRIAL_BMM,        /* (n, d) (d, m) */
    TRIAL_SOFTMAX,
    TRIAL_KERNEL,
    TRIAL_POOL,
    TRIAL_GRADIENTS,
    TRIAL_REGRESSION
};

enum {
    TRIAL_CAUSAL = 1,
    TRIAL_MASKED = 2,
    TRIAL_WEIGHTS = 4,
    TRIAL_SUBNORMAL = 8,
    TRIAL_MAY_FAIL = 16 /* it is so large that a driver may refuse it */
};

struct trial {
    enum trial_operation operation;
    int n, m, d, v;
    attpool_score score;
    attpool_kernel_name kernel;
    unsigned with;
};

/* Compare in one type, and count it in *result. ATTPOOL_E_MEMORY, _BUSY: not compared. */
attpool_status ap_trial_run(attpool_context *tested, attpool_context *judge, const struct trial *t,
                            int type, attpool_self_test_result *result);

#endif

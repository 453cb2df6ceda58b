/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUITES_GOLDEN_H
#define TESTS_SUITES_GOLDEN_H

/* Calls that succeed and numbers that must come out, in a context of the best backend. */

#include "tests/support/tensor.h"

#include <check.h>
#include <math.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SHAPE(...)                                                                                 \
    (int64_t[])                                                                                    \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/* Of the test that runs. */
static attpool_context *context;

static inline void open_context(void)
{
    ck_assert_int_eq(attpool_open(NULL, &context), ATTPOOL_OK);
}

static inline void close_context(void)
{
    attpool_close(context);
}

static inline void succeeds(attpool_status status)
{
    ck_assert_msg(status == ATTPOOL_OK, "%s", attpool_message(context));
}

static inline void is_refused(attpool_status status, const char *message, attpool_status got)
{
    ck_assert_msg(strstr(attpool_message(context), message), "%s", attpool_message(context));
    ck_assert_int_eq(got, status);
}

static inline void near(double x, double want, double tolerance, const char *what)
{
    ck_assert_msg(fabs(x - want) <= tolerance, "%s is %.17g, should be %.17g", what, x, want);
}

#endif

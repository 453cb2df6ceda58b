/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTPOOL_TESTS_SUITES_H
#define ATTPOOL_TESTS_SUITES_H

#include <check.h>

/* One a file; run.c lists them. */
Suite *suite_version(void);

#endif

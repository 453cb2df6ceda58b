/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_FLOAT_ENV_H
#define TESTS_SUPPORT_FLOAT_ENV_H

/* Floating-point environments that a caller may be in: other roundings, subnormals flushed to
 * zero, traps, exception flags. */

#include <stdint.h>

extern const int float_environments;
const char *float_environment_name(int i);
void float_environment_set(int i);
/* Every bit that a library could leave changed. */
uint64_t float_environment_get(void);
void float_environment_default(void);

#endif

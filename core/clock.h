/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

/* Seconds of a monotonic clock. */
double ap_clock_now(void);

#endif

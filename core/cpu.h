/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CPU_H
#define CORE_CPU_H

/* The processor this runs on. */

#include <stdbool.h>

/* CPUs that this process may use: its affinity and its cgroup's quota; at least 1. */
int ap_cpu_count(void);

/* The model, "CPU" where the system does not say, and whether it emulates another
 * instruction set. */
const char *ap_cpu_name(bool emulated);

#endif

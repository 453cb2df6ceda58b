/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_AUTOMATIC_PROFILE_H
#define CORE_AUTOMATIC_PROFILE_H

/* How fast a device and the CPU are, as attpool_tune has measured. */

#include "backends/backend.h"

enum profile_work { WORK_BMM, WORK_SOFTMAX, WORK_KERNEL, WORK_DOT, WORK_POOL, WORKS };

struct profile {
    char backend[96], device[160]; /* the device's, as attpool_list_devices has them */
    double launch;                 /* seconds of the smallest call */
    double transfer;               /* bytes a second, both ways */
    double rate[WORKS][TYPES];     /* multiply-adds a second of a large call, arrays there; 0: not
                                    * measured */
    double cpu_rate[WORKS][TYPES];
};

/* Of the CPU backend of this engine with its threads. false: there is none. */
bool ap_profile_read(struct engine *engine, struct profile *profile);
bool ap_profile_write(struct engine *engine, const struct profile *profile);

/* Seconds of a call on the device, transfers included, and on the CPU; Inf where it was not
 * measured. */
double ap_profile_on_device(const struct profile *p, enum profile_work work, int type, double adds,
                            double bytes);
double ap_profile_on_cpu(const struct profile *p, enum profile_work work, int type, double adds);

#endif

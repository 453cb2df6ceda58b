/* SPDX-License-Identifier: Apache-2.0 */
#include "core/automatic/profile.h"

#include "core/cache.h"
#include "core/context.h"
#include "core/cpu.h"
#include "core/threads.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_ROOM = 300 };

/* One profile, of the processor, backend and threads that auto had when it was measured. */
static void name_cpu(const struct engine *e, char key[KEY_ROOM])
{
    snprintf(key, KEY_ROOM, "%s %s %d %s", attpool_version(), e->backend->name,
             ap_threads_count(e->threads), ap_cpu_name(e->backend->emulated));
}

bool ap_profile_read(struct engine *e, struct profile *profile)
{
    char key[KEY_ROOM];
    const struct cache_place place = { "profile", "", key };
    size_t bytes;
    name_cpu(e, key);
    struct profile *kept = ap_cache_read(&place, &bytes);
    const bool found = kept && bytes == sizeof *kept;
    if (found) {
        *profile = *kept;
        profile->backend[sizeof profile->backend - 1] = '\0';
        profile->device[sizeof profile->device - 1] = '\0';
    }
    free(kept);
    return found;
}

bool ap_profile_write(struct engine *e, const struct profile *profile)
{
    char key[KEY_ROOM];
    const struct cache_place place = { "profile", "", key };
    name_cpu(e, key);
    return ap_cache_write(&place, profile, sizeof *profile);
}

static double seconds(double adds, double rate)
{
    return rate > 0 ? adds / rate : INFINITY;
}

double ap_profile_on_device(const struct profile *p, enum profile_work work, int type, double adds,
                            double bytes)
{
    return p->launch + seconds(bytes, p->transfer) + seconds(adds, p->rate[work][type]);
}

double ap_profile_on_cpu(const struct profile *p, enum profile_work work, int type, double adds)
{
    return seconds(adds, p->cpu_rate[work][type]);
}

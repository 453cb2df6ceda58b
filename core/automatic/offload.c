/* SPDX-License-Identifier: Apache-2.0 */
#include "core/automatic/offload.h"

#include "core/selftest/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No call shorter than this on the CPU looks at a device, and a device has to save a fifth. */
#define LEAST_SECONDS 2e-3
#define WORTH         0.8

static void give_up(struct engine *e, const char *why)
{
    ap_engine_log(e, 1, "attpool: auto takes no device: %s", why);
    free(e->profile);
    e->profile = NULL;
}

/* A device that is the one measured, and known to be right. */
static attpool_context *open_device(struct engine *e)
{
    char message[256] = "";
    const attpool_options options = { .size = sizeof options,
                                      .threads = 1,
                                      .backend = e->profile->backend,
                                      .verbose = -1,
                                      .progress = e->progress,
                                      .progress_data = e->progress_data };
    attpool_context *device;
    if (ap_context_open(&options, &device, OPEN_KEPT, message) != ATTPOOL_OK) {
        give_up(e, message);
        return NULL;
    }
    struct engine *d = &device->engine;
    if (strcmp(d->backend->device_name(d), e->profile->device) == 0 && ap_verdict_find(device) &&
        d->verdict.result.verdict == ATTPOOL_VERDICT_SAME && ap_verdict_is_whole(&d->verdict))
        return device;
    attpool_close(device);
    give_up(e, "it is not the one that was measured; see attpool tune");
    return NULL;
}

/* Bytes that go to a device and come back. false: what is updated in place cannot be computed again
 * where the device fails. */
static bool count_bytes(const struct arguments *args, double *bytes)
{
    *bytes = 0;
    for (int i = 0; i < args->count; i++) {
        const struct view *v = &args->view[i];
        if (v->role == ROLE_UPDATED)
            return false;
        for (int k = 0; k < i && v->role == ROLE_OUTPUT; k++)
            if (args->view[k].data == v->data)
                return false;
        *bytes += (double)(v->high - v->low);
    }
    return true;
}

attpool_context *ap_offload(struct engine *e, enum profile_work work, const struct arguments *args,
                            double adds)
{
    double bytes;
    if (!e->profile || (e->no_offload & 1u << work) || args->type < 0)
        return NULL;
    const double here = ap_profile_on_cpu(e->profile, work, args->type, adds);
    if (here < LEAST_SECONDS || !count_bytes(args, &bytes))
        return NULL;
    const double there = ap_profile_on_device(e->profile, work, args->type, adds, bytes);
    if (!(there < WORTH * here))
        return NULL;
    if (!e->device && !(e->device = open_device(e)))
        return NULL;
    ap_engine_log(e, 1, "attpool: auto takes %s (%s): %.3g s there by its profile, %.3g s here",
                  e->profile->backend, e->profile->device, there, here);
    return e->device;
}

bool ap_offload_done(struct engine *e, attpool_context *device, enum profile_work work,
                     attpool_status status)
{
    const struct engine *d = &device->engine;
    if (status == ATTPOOL_E_DEVICE || status == ATTPOOL_E_MEMORY || status == ATTPOOL_E_BACKEND) {
        ap_engine_log(e, 1, "attpool: computed here after all: %s", d->message);
        e->no_offload |= 1u << work;
        return false;
    }
    snprintf(e->message, sizeof e->message, "%s", d->message);
    e->last = device;
    return true;
}

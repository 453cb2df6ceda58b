/* SPDX-License-Identifier: Apache-2.0 */
#include "core/automatic/profile.h"
#include "core/call/options.h"
#include "core/context.h"
#include "core/float_env.h"
#include "core/selftest/selftest.h"
#include "core/settings.h"

#include <stdio.h>
#include <stdlib.h>

static void take_profile(struct engine *e)
{
    struct profile profile;
    if (!e->by_auto || !ap_profile_read(e, &profile) || !(e->profile = malloc(sizeof profile)))
        return;
    *e->profile = profile;
    ap_engine_log(e, 1, "attpool: %s (%s) for large calls, by its profile", profile.backend,
                  profile.device);
}

static attpool_status open_and_judge(const attpool_options *o, attpool_context **context,
                                     char message[256])
{
    attpool_status st = ap_context_open(o, context, OPEN_USUAL, message);
    if (st != ATTPOOL_OK)
        return st;
    st = ap_judge_device(*context, ap_settings_force());
    if (st == ATTPOOL_OK) {
        take_profile(&(*context)->engine);
        return st;
    }
    snprintf(message, 256, "%s", (*context)->engine.message);
    attpool_close(*context);
    *context = NULL;
    return st;
}

attpool_status attpool_open(const attpool_options *options, attpool_context **context)
{
    attpool_options o;
    struct engine e = { .verbose = -1 };
    struct float_env env;
    char message[256] = "";
    attpool_status st = ATTPOOL_E_OPTIONS;
    if (!context)
        return ATTPOOL_E_CONTEXT;
    *context = NULL;
    float_env_enter(&env);
    if (ap_take_options(&e, "attpool_options", &o, sizeof o, options))
        st = open_and_judge(&o, context, message);
    else
        snprintf(message, sizeof message, "%.*s", (int)sizeof message - 1, e.message);
    float_env_leave(&env);
    if (o.message && o.message_size > 0)
        snprintf(o.message, o.message_size, "%s", message);
    return st;
}

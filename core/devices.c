/* SPDX-License-Identifier: Apache-2.0 */

/* The list of what this machine has. */

#include "core/automatic/profile.h"
#include "core/context.h"
#include "core/cpu.h"
#include "core/float_env.h"
#include "core/registry.h"
#include "core/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 64 };

struct attpool_device_list {
    size_t count;
    attpool_device device[MOST_ROWS];
    struct device_row row[MOST_ROWS]; /* where the strings are */
};

static attpool_device *add_row(struct attpool_device_list *list)
{
    struct device_row *row = &list->row[list->count];
    attpool_device *d = &list->device[list->count];
    d->backend = row->name;
    d->device = row->device;
    d->reason = row->reason;
    list->count++;
    return d;
}

/* Several tables may share a name: the row is that of the first whose probe agrees, or else of
 * the first. */
static bool is_the_one(int place)
{
    const struct backend *b = ap_registry_at(place), *other;
    const char *why;
    bool available = b->probe(&why);
    for (int i = 0; (other = ap_registry_at(i)); i++) {
        if (i == place || !other->probe || strcmp(other->name, b->name) != 0)
            continue;
        bool taken = other->probe(&why);
        if (i < place ? taken || !available : taken && !available)
            return false;
    }
    return true;
}

static void add_cpu(struct attpool_device_list *list, int place, const struct backend *best)
{
    const struct backend *b = ap_registry_at(place);
    const char *why = "";
    if (list->count == MOST_ROWS || !is_the_one(place))
        return;
    attpool_device *d = add_row(list);
    struct device_row *row = &list->row[list->count - 1];
    d->available = b->probe(&why);
    d->chosen = b == best;
    d->one_answer = d->available ? 1 : -1;
    d->float64 = 1;
    snprintf(row->name, sizeof row->name, "%s", b->name);
    snprintf(row->device, sizeof row->device, "%s", ap_cpu_name(b->emulated));
    snprintf(row->reason, sizeof row->reason, "%s%s", why,
             d->chosen ? "; the best of this CPU" : "");
}

/* What the self-test says of a device; it runs where nothing is known yet. */
static void judge_device(struct device_row *row)
{
    char message[256] = "", *reason = row->reason;
    attpool_context *context;
    const attpool_options options = { .size = sizeof options,
                                      .threads = 1,
                                      .backend = row->name,
                                      .verbose = -1,
                                      .message = message,
                                      .message_size = sizeof message };
    row->available = attpool_open(&options, &context) == ATTPOOL_OK;
    if (!row->available) {
        snprintf(reason, sizeof row->reason, "%.150s", message);
        return;
    }
    const attpool_self_test_result *verdict = &context->engine.verdict.result;
    const size_t used = strlen(reason);
    if (verdict->verdict != ATTPOOL_VERDICT_SAME) {
        row->one_answer = false;
        snprintf(reason + used, sizeof row->reason - used, "; %s: %s",
                 verdict->verdict == ATTPOOL_VERDICT_WRONG ? "wrong" : "other bits",
                 verdict->first);
    }
    attpool_close(context);
}

static void add_listed(struct attpool_device_list *list, const struct backend *b)
{
    size_t first = list->count;
    int room = (int)(MOST_ROWS - first), count = b->list(&list->row[first], room);
    for (int i = 0; i < count && i < room; i++) {
        struct device_row *row = &list->row[first + (size_t)i];
        attpool_device *d = add_row(list);
        if (row->available && b->identify)
            judge_device(row);
        d->available = row->available;
        d->one_answer = row->available ? row->one_answer : -1;
        d->float64 = row->float64;
    }
}

/* The device that auto takes for large calls, by the profile of the threads that it has here. */
static void tell_profile(struct attpool_device_list *list)
{
    const attpool_options options = { .size = sizeof options, .backend = "auto", .verbose = -1 };
    attpool_context *context;
    if (attpool_open(&options, &context) != ATTPOOL_OK)
        return;
    const struct profile *p = context->engine.profile;
    for (size_t i = 0; p && i < list->count; i++) {
        struct device_row *row = &list->row[i];
        const size_t used = strlen(row->reason);
        if (strcmp(row->name, p->backend) == 0 && strcmp(row->device, p->device) == 0 &&
            row->one_answer)
            snprintf(row->reason + used, sizeof row->reason - used,
                     "; auto takes it for large calls (attpool tune)");
    }
    attpool_close(context);
}

attpool_status attpool_list_devices(attpool_device_list **result)
{
    const struct backend *b, *best;
    const char *device;
    char reason[200];
    struct float_env env;
    if (!result)
        return ATTPOOL_E_CONTEXT;
    struct attpool_device_list *list = *result = calloc(1, sizeof *list);
    if (!list)
        return ATTPOOL_E_MEMORY;
    float_env_enter(&env);
    best = ap_registry_choose("auto", ap_settings_max_isa(), &device, reason, sizeof reason);
    for (int i = 0; (b = ap_registry_at(i)); i++) {
        if (b->probe)
            add_cpu(list, i, best);
        else
            add_listed(list, b);
    }
    tell_profile(list);
    float_env_leave(&env);
    return ATTPOOL_OK;
}

size_t attpool_device_count(const attpool_device_list *list)
{
    return list ? list->count : 0;
}

const attpool_device *attpool_device_at(const attpool_device_list *list, size_t i)
{
    return list && i < list->count ? &list->device[i] : NULL;
}

void attpool_free_devices(attpool_device_list *list)
{
    free(list);
}

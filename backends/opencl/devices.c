/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/opencl.h"
#include "backends/opencl/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PLATFORMS = 32, MAX_DEVICES = 64 };

static const struct {
    const char *name;
    cl_device_type type;
} type_names[] = {
    { "gpu", CL_DEVICE_TYPE_GPU }, /* in the order of preference */
    { "accelerator", CL_DEVICE_TYPE_ACCELERATOR },
    { "cpu", CL_DEVICE_TYPE_CPU },
    { "custom", CL_DEVICE_TYPE_CUSTOM },
};
enum { TYPE_NAMES = sizeof type_names / sizeof *type_names };

/* A device may say that it is of several types, CL_DEVICE_TYPE_DEFAULT among them. */
static int type_rank(cl_device_type type)
{
    int rank = 0;
    while (rank < TYPE_NAMES - 1 && !(type & type_names[rank].type))
        rank++;
    return rank;
}

static void add_device(const struct cl_api *cl, struct cl_found *f, cl_device_id device)
{
    cl_bool has_compiler = CL_FALSE, available = CL_FALSE;

    f->device = device;
    cl->GetDeviceInfo(device, CL_DEVICE_TYPE, sizeof f->type, &f->type, NULL);
    ap_opencl_device_text(cl, device, CL_DEVICE_NAME, f->name, sizeof f->name);
    cl->GetDeviceInfo(device, CL_DEVICE_AVAILABLE, sizeof available, &available, NULL);
    cl->GetDeviceInfo(device, CL_DEVICE_COMPILER_AVAILABLE, sizeof has_compiler, &has_compiler,
                      NULL);
    f->available = available && has_compiler;
    if (!available)
        snprintf(f->reason, sizeof f->reason, "its driver says that it is not available");
    else if (!has_compiler)
        snprintf(f->reason, sizeof f->reason, "its driver has no compiler for OpenCL C");
}

/* Append the devices of a platform, or its one row without a device. */
static int add_platform(const struct cl_api *cl, struct cl_found *list, int count, int number,
                        cl_platform_id platform)
{
    cl_device_id devices[MAX_DEVICES];
    cl_uint n = 0;
    struct cl_found blank = { .platform = platform, .platform_number = number };
    int of_type[TYPE_NAMES] = { 0 };
    cl_int error = cl->GetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, MAX_DEVICES, devices, &n);

    ap_opencl_platform_text(cl, platform, CL_PLATFORM_NAME, blank.platform_name, CL_NAME_ROOM);
    if (error != CL_SUCCESS || n == 0) {
        char text[32];
        list[count] = blank;
        if (error == CL_SUCCESS || error == CL_DEVICE_NOT_FOUND)
            snprintf(list[count].reason, CL_NAME_ROOM, "the platform has no device");
        else
            snprintf(list[count].reason, CL_NAME_ROOM, "the platform lists no device: %s",
                     ap_opencl_error_name(error, text));
        return count + 1;
    }
    if (n > MAX_DEVICES)
        n = MAX_DEVICES;
    for (cl_uint i = 0; i < n; i++) {
        struct cl_found *f = &list[count++];
        *f = blank;
        add_device(cl, f, devices[i]);
        f->index = of_type[type_rank(f->type)]++;
    }
    return count;
}

int ap_opencl_find(const struct cl_api *cl, struct cl_found **found, const char **reason)
{
    static _Thread_local char why_none[CL_NAME_ROOM];
    cl_platform_id platforms[MAX_PLATFORMS];
    cl_uint n = 0;
    int count = 0;

    *found = NULL;
    *reason = why_none;
    if (cl->GetPlatformIDs(MAX_PLATFORMS, platforms, &n) != CL_SUCCESS || n == 0) {
        ap_opencl_explain(why_none);
        return 0;
    }
    if (n > MAX_PLATFORMS)
        n = MAX_PLATFORMS;
    for (cl_uint p = 0; p < n; p++) {
        struct cl_found *more = realloc(*found, sizeof *more * ((size_t)count + MAX_DEVICES));
        if (!more) {
            *reason = "out of memory";
            break;
        }
        *found = more;
        count = add_platform(cl, more, count, (int)p, platforms[p]);
    }
    return count;
}

/* ---- Choosing by name ---- */

struct wanted {
    char platform[CL_NAME_ROOM]; /* "": any */
    int platform_number;         /* -1: by platform */
    int rank;                    /* of type_names, -1: any */
    int index;                   /* -1: the best */
};

static bool parse_number(const char *text, int *number)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end || value > 9999)
        return false;
    *number = (int)value;
    return true;
}

static bool parse_wanted(const char *name, struct wanted *w, char reason[CL_NAME_ROOM])
{
    char text[CL_NAME_ROOM];
    char *type, *index = NULL;

    snprintf(text, sizeof text, "%s", name);
    *w = (struct wanted){ .platform_number = -1, .rank = -1, .index = -1 };
    if ((type = strchr(text, ':'))) {
        *type++ = '\0';
        if ((index = strchr(type, ':')))
            *index++ = '\0';
    }
    if (!parse_number(text, &w->platform_number))
        memcpy(w->platform, text, sizeof text);
    if (type && *type && strcmp(type, "any") != 0) {
        for (w->rank = 0; w->rank < TYPE_NAMES; w->rank++)
            if (strcmp(type, type_names[w->rank].name) == 0)
                break;
        if (w->rank == TYPE_NAMES) {
            snprintf(reason, CL_NAME_ROOM,
                     "\"%.40s\" is not a type of device: gpu, accelerator, cpu, custom, any", type);
            return false;
        }
    }
    if (index && *index && !parse_number(index, &w->index)) {
        snprintf(reason, CL_NAME_ROOM, "\"%.40s\" is not a device number", index);
        return false;
    }
    return true;
}

static bool contains(const char *text, const char *part)
{
    for (; *text; text++) {
        size_t i = 0;
        while (part[i] && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i]))
            i++;
        if (!part[i])
            return true;
    }
    return !*part;
}

static bool platform_matches(const struct cl_api *cl, const struct cl_found *f,
                             const struct wanted *w)
{
    char version[CL_NAME_ROOM];

    if (w->platform_number >= 0)
        return f->platform_number == w->platform_number;
    if (contains(f->platform_name, w->platform))
        return true;
    /* PoCL calls itself so in its version alone. */
    ap_opencl_platform_text(cl, f->platform, CL_PLATFORM_VERSION, version, sizeof version);
    return contains(version, w->platform);
}

static bool is_better(const struct cl_answer *a, const struct cl_answer *b)
{
    if (a->one_answer != b->one_answer)
        return a->one_answer;
    if (a->float64 != b->float64)
        return a->float64;
    return !a->soft_fma && b->soft_fma;
}

/* The devices of this name, in their order; those that cannot be used leave a reason. */
static int find_named(const struct cl_api *cl, const struct cl_found *found, int count,
                      const struct wanted *w, const struct cl_found *named[MAX_DEVICES],
                      char reason[CL_NAME_ROOM])
{
    int seen = 0, available = 0;

    for (int i = 0; i < count && available < MAX_DEVICES; i++) {
        const struct cl_found *f = &found[i];
        if (!platform_matches(cl, f, w))
            continue;
        if (f->device && w->rank >= 0 && type_rank(f->type) != w->rank)
            continue;
        if (f->device && w->index >= 0 && seen++ != w->index)
            continue;
        if (f->available)
            named[available++] = f;
        else
            snprintf(reason, CL_NAME_ROOM, "%.150s", f->reason);
    }
    return available;
}

const struct cl_found *ap_opencl_choose(const struct cl_api *cl, const struct cl_found *found,
                                        int count, const char *name, char reason[CL_NAME_ROOM])
{
    const struct cl_found *named[MAX_DEVICES], *best = NULL;
    struct cl_answer answer, of_best = { .works = false };
    struct wanted w;

    if (!parse_wanted(name, &w, reason))
        return NULL;
    snprintf(reason, CL_NAME_ROOM, "no OpenCL device is called \"%.80s\": see attpool devices",
             name);
    int available = find_named(cl, found, count, &w, named, reason);
    for (int rank = 0; rank < TYPE_NAMES && !best && available > 1; rank++)
        for (int i = 0; i < available; i++) {
            if (type_rank(named[i]->type) != rank)
                continue;
            ap_opencl_probe(cl, named[i]->device, false, &answer);
            if (answer.works && (!best || is_better(&answer, &of_best))) {
                best = named[i];
                of_best = answer;
            }
        }
    return best || available == 0 ? best : named[0];
}

/* ---- The rows of attpool_list_devices ---- */

static void fill_row(const struct cl_api *cl, const struct cl_found *f, struct device_row *row)
{
    struct cl_answer answer;

    *row = (struct device_row){ .available = f->available,
                                .on_cpu = (f->type & CL_DEVICE_TYPE_CPU) != 0 };
    snprintf(row->device, sizeof row->device, "%s", f->device ? f->name : f->platform_name);
    snprintf(row->reason, sizeof row->reason, "%s", f->reason);
    if (!f->device) {
        snprintf(row->name, sizeof row->name, "opencl:%d", f->platform_number);
        return;
    }
    snprintf(row->name, sizeof row->name, "opencl:%d:%s:%d", f->platform_number,
             type_names[type_rank(f->type)].name, f->index);
    if (!f->available)
        return;
    ap_opencl_probe(cl, f->device, false, &answer);
    row->available = answer.works;
    row->one_answer = answer.works && answer.one_answer;
    row->float64 = answer.works && answer.float64;
    if (answer.works)
        snprintf(row->reason, sizeof row->reason, "%.60s: %.90s", f->platform_name, answer.reason);
    else
        snprintf(row->reason, sizeof row->reason, "%s", answer.reason);
}

int ap_opencl_list(struct device_row *rows, int room)
{
    const char *reason;
    const struct cl_api *cl = ap_opencl_load(&reason);
    struct cl_found *found = NULL;
    int count = cl ? ap_opencl_find(cl, &found, &reason) : 0;

    for (int i = 0; i < count && i < room; i++)
        fill_row(cl, &found[i], &rows[i]);
    free(found);
    if (count == 0 && room > 0) {
        rows[0] = (struct device_row){ .name = "opencl" };
        snprintf(rows[0].reason, sizeof rows[0].reason, "%s", reason);
    }
    return count > 0 ? (count < room ? count : room) : (room > 0);
}

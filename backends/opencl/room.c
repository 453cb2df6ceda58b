/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/opencl.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How much of a device's memory the arrays of a call may take. */

/* For scratch memory and kept buffers, and for the driver. */
#define RESERVED ((cl_ulong)128 << 20)

/* "300", "64k", "1G". */
static bool parse_bytes(const char *text, cl_ulong *bytes)
{
    static const char units[] = "kmgt";
    char *end;
    errno = 0;
    const unsigned long long number = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)*text) || errno != 0 || number == 0)
        return false;
    const char *unit = *end ? strchr(units, tolower((unsigned char)*end)) : NULL;
    const int shift = unit ? 10 * (int)(unit - units + 1) : 0;
    *bytes = number << shift;
    return end[unit != NULL] == '\0' && *bytes >> shift == number;
}

static cl_ulong least_bytes(cl_ulong a, cl_ulong b)
{
    return a < b ? a : b;
}

static struct cl_room room_of(cl_ulong one, cl_ulong together)
{
    return (struct cl_room){ (size_t)least_bytes(one, SIZE_MAX / 2),
                             (size_t)least_bytes(together, SIZE_MAX / 2) };
}

attpool_status ap_opencl_room(struct engine *engine)
{
    struct opencl *o = ap_engine_state(engine);
    const char *text = getenv("ATTPOOL_OPENCL_MEM_LIMIT");
    cl_ulong memory = 0;

    o->cl->GetDeviceInfo(o->device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof memory, &memory, NULL);
    memory = memory > o->max_alloc ? memory : o->max_alloc;
    memory -= least_bytes(memory / 2, RESERVED + memory / 16);
    o->room = o->room_unlimited = room_of(o->max_alloc, memory);
    if (!text || !*text)
        return ATTPOOL_OK;
    if (!parse_bytes(text, &memory))
        return ap_engine_fail(engine, ATTPOOL_E_OPTIONS,
                              "ATTPOOL_OPENCL_MEM_LIMIT is \"%.40s\", it should be a number of "
                              "bytes, as 300000000, 64M or 2G",
                              text);
    o->room = room_of(least_bytes(o->max_alloc, memory), memory);
    return ATTPOOL_OK;
}

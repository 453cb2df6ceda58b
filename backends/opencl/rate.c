/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/opencl.h"

/* How long launches take. */

#define LONGEST_SECONDS  0.1
#define SHORTEST_SECONDS 1e-3 /* of a launch whose rate tells something */

/* A guess, and what a device can do in any case. */
#define FIRST_TERMS ((int64_t)1 << 30)
#define LEAST_TERMS ((int64_t)1 << 24)
#define MOST_TERMS  ((int64_t)1 << 50)

static struct cl_rate *find_rate(struct opencl *o, cl_kernel kernel)
{
    for (int i = 0; i < o->rates; i++)
        if (o->rate[i].kernel == kernel)
            return &o->rate[i];
    return NULL;
}

int64_t ap_opencl_most_terms(struct engine *engine, enum entry_id id, int type)
{
    struct opencl *o = ap_engine_state(engine);
    const struct cl_rate *rate = find_rate(o, o->kernel[id][type]);
    if (!rate)
        return FIRST_TERMS;
    const double most = rate->terms * LONGEST_SECONDS;
    return most >= (double)MOST_TERMS ? MOST_TERMS : max64(LEAST_TERMS, (int64_t)most);
}

void ap_opencl_note_time(struct opencl *o, cl_kernel kernel, double terms, cl_event event)
{
    o->timed[o->timed_count++] = (struct cl_timed_launch){ kernel, terms, event };
}

static double seconds_of(const struct opencl *o, cl_event event)
{
    cl_ulong start = 0, end = 0;
    if (o->cl->GetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof start, &start,
                                     NULL) != CL_SUCCESS ||
        o->cl->GetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL) !=
            CL_SUCCESS ||
        end < start)
        return 0;
    return (double)(end - start) * 1e-9;
}

/* All launches of a kernel together: the last one of a call may be small. */
static void take_rate(struct opencl *o, cl_kernel kernel)
{
    struct cl_rate *rate = find_rate(o, kernel);
    double seconds = 0, terms = 0;
    for (int i = 0; i < o->timed_count; i++)
        if (o->timed[i].kernel == kernel) {
            seconds += seconds_of(o, o->timed[i].event);
            terms += o->timed[i].terms;
        }
    if (seconds < SHORTEST_SECONDS)
        return;
    if (!rate && o->rates < RATES)
        rate = &o->rate[o->rates++];
    if (rate)
        *rate = (struct cl_rate){ kernel, terms / seconds };
}

void ap_opencl_take_times(struct opencl *o)
{
    for (int i = 0; i < o->timed_count; i++)
        take_rate(o, o->timed[i].kernel);
    ap_opencl_forget_times(o);
}

void ap_opencl_forget_times(struct opencl *o)
{
    while (o->timed_count > 0)
        o->cl->ReleaseEvent(o->timed[--o->timed_count].event);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/opencl.h"

#include <assert.h>

attpool_status ap_opencl_turns(struct engine *engine, int64_t turns)
{
    const struct opencl *o = ap_engine_state(engine);
    if (!o->short_loops || turns <= LOOP_TURNS)
        return ATTPOOL_OK;
    return ap_engine_fail(
        engine, ATTPOOL_E_DEVICE,
        "the driver of %s ends loops after %d iterations; this call needs up to %lld", o->name,
        LOOP_TURNS, (long long)turns);
}

bool ap_launch_begin(struct launch *l, struct engine *engine, enum entry_id id, int type)
{
    *l = (struct launch){
        .engine = engine, .opencl = ap_engine_state(engine), .id = id, .type = type
    };
    l->kernel = ap_opencl_function(engine, id, type);
    l->status = l->kernel ? ATTPOOL_OK : ATTPOOL_E_DEVICE;
    return l->kernel;
}

void ap_put(struct launch *l, size_t bytes, const void *value)
{
    if (l->error == CL_SUCCESS)
        l->error = l->opencl->cl->SetKernelArg(l->kernel, l->count++, bytes, value);
}

void ap_put_int(struct launch *l, int value)
{
    cl_int v = value;
    ap_put(l, sizeof v, &v);
}

void ap_put_long(struct launch *l, int64_t value)
{
    cl_long v = value;
    ap_put(l, sizeof v, &v);
}

void ap_put_real(struct launch *l, double value)
{
    float f32 = (float)value;
    if (l->type == TYPE_F32)
        ap_put(l, sizeof f32, &f32);
    else
        ap_put(l, sizeof value, &value);
}

void ap_put_buffer(struct launch *l, cl_mem buffer)
{
    if (!buffer)
        buffer = l->opencl->flags;
    ap_put(l, sizeof buffer, &buffer);
}

void ap_put_flags(struct launch *l, bool wanted)
{
    l->opencl->flags_used |= wanted;
    ap_put_buffer(l, l->opencl->flags);
}

int64_t ap_opencl_divisor(int64_t d)
{
    uint64_t divisor = (uint64_t)d, shift = 0;

    assert(0 < d && d <= MOST_ROWS);
    while ((uint64_t)1 << shift < divisor)
        shift++;
    return (int64_t)(shift << 32 | (((((uint64_t)1 << shift) - divisor) << 32) / divisor + 1));
}

void ap_put_bytes(struct launch *l, const struct array *a, size_t element)
{
    const struct array_place place = {
        .offset = a->offset / (int64_t)element,
        .batch = a->batch,
        .head = a->head,
        .row = a->row,
        .col = a->col,
        .group = ap_opencl_divisor(a->group > 0 ? a->group : 1),
    };
    assert(a->offset % (int64_t)element == 0);
    ap_put_buffer(l, a->data);
    ap_put(l, sizeof place, &place);
}

void ap_put_array(struct launch *l, const struct array *a)
{
    ap_put_bytes(l, a, type_bytes(l->type));
}

cl_int ap_opencl_order(struct opencl *o)
{
    return o->unordered ? o->cl->EnqueueBarrierWithWaitList(o->queue, 0, NULL, NULL) : CL_SUCCESS;
}

void ap_launch_run(struct launch *l, cl_uint dimensions, const int64_t *items, const size_t *local)
{
    const struct cl_api *cl = l->opencl->cl;
    struct opencl *o = l->opencl;
    const bool timed = l->terms > 0 && o->times_launches && o->timed_count < TIMED_LAUNCHES;
    cl_event event = NULL;
    size_t global[3];

    for (cl_uint i = 0; i < dimensions; i++) {
        if (items[i] <= 0)
            return;
        global[i] = (size_t)ceil_div(items[i], (int64_t)local[i]) * local[i];
    }
    if (l->error == CL_SUCCESS)
        l->error = ap_opencl_order(l->opencl);
    if (l->error == CL_SUCCESS)
        l->error = cl->EnqueueNDRangeKernel(o->queue, l->kernel, dimensions, NULL, global, local, 0,
                                            NULL, timed ? &event : NULL);
    if (event)
        ap_opencl_note_time(o, l->kernel, l->terms, event);
    if (l->error == CL_SUCCESS)
        ap_opencl_note_launch(l->opencl, l->id, l->type, dimensions, global, local);
    if (l->error == CL_SUCCESS)
        l->error = ap_opencl_order(l->opencl);
    if (l->error == CL_SUCCESS)
        l->error = cl->Flush(l->opencl->queue);
}

attpool_status ap_launch_end(struct launch *l)
{
    if (l->status == ATTPOOL_OK && l->error != CL_SUCCESS)
        l->status = ap_opencl_fail(l->engine, l->error, "a launch failed");
    return l->status;
}

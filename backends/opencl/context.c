/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/opencl.h"
#include "backends/opencl/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A context and its queue. */

/* ---- Opening ---- */

static void read_limits(struct opencl *o)
{
    const struct cl_api *cl = o->cl;
    cl_ulong local = 0;
    cl_bool unified = CL_FALSE;
    cl_device_type class = 0;
    cl_device_local_mem_type kind = CL_GLOBAL;

    cl->GetDeviceInfo(o->device, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof o->max_group, &o->max_group,
                      NULL);
    cl->GetDeviceInfo(o->device, CL_DEVICE_LOCAL_MEM_TYPE, sizeof kind, &kind, NULL);
    cl->GetDeviceInfo(o->device, CL_DEVICE_LOCAL_MEM_SIZE, sizeof local, &local, NULL);
    o->local_bytes = (size_t)local;
    cl->GetDeviceInfo(o->device, CL_DEVICE_HOST_UNIFIED_MEMORY, sizeof unified, &unified, NULL);
    o->unified = unified;
    cl->GetDeviceInfo(o->device, CL_DEVICE_TYPE, sizeof class, &class, NULL);
    o->cpu = class & CL_DEVICE_TYPE_CPU;
    cl->GetDeviceInfo(o->device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof o->units, &o->units, NULL);
    cl->GetDeviceInfo(o->device, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof(cl_uint),
                      &o->native[TYPE_F32], NULL);
    cl->GetDeviceInfo(o->device, CL_DEVICE_NATIVE_VECTOR_WIDTH_DOUBLE, sizeof(cl_uint),
                      &o->native[TYPE_F64], NULL);
    cl->GetDeviceInfo(o->device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof o->max_alloc, &o->max_alloc,
                      NULL);
    ap_opencl_device_text(cl, o->device, CL_DEVICE_NAME, o->name, sizeof o->name);
}

/* The caller's own context, device and queue. */
static attpool_status adopt(struct engine *engine, struct opencl *o, const attpool_options *options)
{
    const struct cl_api *cl = o->cl;
    cl_context context = NULL;
    cl_device_id device = NULL;
    cl_command_queue_properties properties = 0;
    cl_command_queue queue = options->opencl_queue;

    if (cl->GetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof context, &context, NULL) !=
            CL_SUCCESS ||
        cl->GetCommandQueueInfo(queue, CL_QUEUE_DEVICE, sizeof device, &device, NULL) != CL_SUCCESS)
        return ap_engine_fail(engine, ATTPOOL_E_OPTIONS, "opencl_queue is not a command queue");
    if (context != options->opencl_context || device != options->opencl_device)
        return ap_engine_fail(engine, ATTPOOL_E_OPTIONS,
                              "opencl_queue belongs to another context or device");
    cl->GetCommandQueueInfo(queue, CL_QUEUE_PROPERTIES, sizeof properties, &properties, NULL);
    o->unordered = properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE;
    o->times_launches = properties & CL_QUEUE_PROFILING_ENABLE;
    if (cl->RetainContext(context) == CL_SUCCESS)
        o->context = context;
    if (cl->RetainDevice(device) == CL_SUCCESS)
        o->device = device;
    if (cl->RetainCommandQueue(queue) == CL_SUCCESS)
        o->queue = queue;
    if (!o->context || !o->device || !o->queue)
        return ap_engine_fail(engine, ATTPOOL_E_OPTIONS, "opencl_context is not a context");
    return ATTPOOL_OK;
}

/* A device by name: what the caller asked for, else ATTPOOL_OPENCL_DEVICE. */
static attpool_status take_device(struct engine *engine, struct opencl *o, const char *name)
{
    const struct cl_api *cl = o->cl;
    struct cl_found *list;
    const struct cl_found *chosen = NULL;
    const char *why;
    char reason[CL_NAME_ROOM], text[32];
    cl_int error;
    int count = ap_opencl_find(cl, &list, &why);

    if (!name || !*name)
        name = getenv("ATTPOOL_OPENCL_DEVICE");
    if (count > 0)
        chosen = ap_opencl_choose(cl, list, count, name ? name : "", reason);
    else
        snprintf(reason, sizeof reason, "%s", why);
    if (chosen)
        o->device = chosen->device;
    free(list);
    if (!chosen)
        return ap_engine_fail(engine, ATTPOOL_E_BACKEND, "opencl: %s", reason);
    cl->RetainDevice(o->device);
    o->context = cl->CreateContext(NULL, 1, &o->device, NULL, NULL, &error);
    if (error == CL_SUCCESS)
        o->queue = cl->CreateCommandQueue(o->context, o->device, CL_QUEUE_PROFILING_ENABLE, &error);
    o->times_launches = true;
    if (error == CL_SUCCESS)
        return ATTPOOL_OK;
    return ap_engine_fail(engine, ATTPOOL_E_DEVICE, "opencl: the device cannot be opened: %s",
                          ap_opencl_error_name(error, text));
}

static attpool_status set_up(struct engine *engine, struct opencl *o,
                             const attpool_options *options, const char *name)
{
    static const cl_uint zero[FLAGS] = { 0 };
    attpool_status status;
    struct cl_answer answer;
    cl_int error;

    if (options && options->opencl_queue)
        status = adopt(engine, o, options);
    else
        status = take_device(engine, o, name);
    if (status != ATTPOOL_OK)
        return status;
    read_limits(o);
    status = ap_opencl_room(engine);
    if (status != ATTPOOL_OK)
        return status;
    o->kept_only = ap_engine_kept_only(engine);
    ap_opencl_probe(o->cl, o->device, o->kept_only, &answer);
    if (!answer.works)
        return ap_engine_fail(engine, ATTPOOL_E_BACKEND, "%s: %s", o->name, answer.reason);
    if (o->max_group < GROUP)
        return ap_engine_fail(engine, ATTPOOL_E_BACKEND,
                              "%s has work-groups of up to %zu, it should have %d", o->name,
                              o->max_group, GROUP);
    if (!answer.one_answer)
        ap_engine_log(engine, 0, "attpool: %s: %s", o->name, answer.reason);
    o->one_answer = answer.one_answer;
    o->float64 = answer.float64;
    o->soft_fma = answer.soft_fma;
    o->short_loops = answer.short_loops;
    memcpy(o->division, answer.division, sizeof o->division);
    o->flags = o->cl->CreateBuffer(o->context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
                                   sizeof zero, (void *)(uintptr_t)zero, &error);
    return error == CL_SUCCESS ? ATTPOOL_OK : ap_opencl_fail(engine, error, "the flags' buffer");
}

void ap_opencl_close(struct engine *engine)
{
    struct opencl *o = ap_engine_state(engine);
    const struct cl_api *cl = o->cl;

    if (o->queue && cl->Finish(o->queue) == CL_SUCCESS)
        ap_opencl_keep_programs(o);
    ap_opencl_forget_times(o);
    for (int type = 0; type < TYPES; type++) {
        for (int i = 0; i < ENTRIES; i++)
            if (o->kernel[i][type])
                cl->ReleaseKernel(o->kernel[i][type]);
        for (int i = 0; i < PROGRAMS; i++)
            if (o->program[i][type].program)
                cl->ReleaseProgram(o->program[i][type].program);
    }
    ap_opencl_release_all(o);
    if (o->flags)
        cl->ReleaseMemObject(o->flags);
    if (o->queue)
        cl->ReleaseCommandQueue(o->queue);
    if (o->context)
        cl->ReleaseContext(o->context);
    if (o->device)
        cl->ReleaseDevice(o->device);
    free(o);
    ap_engine_set_state(engine, NULL);
}

attpool_status ap_opencl_open(struct engine *engine, const attpool_options *options,
                              const char *device)
{
    const char *reason;
    attpool_status status;
    const struct cl_api *cl = ap_opencl_load(&reason);
    struct opencl *o;

    if (!cl)
        return ap_engine_fail(engine, ATTPOOL_E_BACKEND, "opencl: %s", reason);
    if (!(o = calloc(1, sizeof *o)))
        return ap_engine_fail(engine, ATTPOOL_E_MEMORY, "opencl: no memory for a context");
    o->cl = cl;
    ap_engine_set_state(engine, o);
    status = set_up(engine, o, options, device);
    if (status != ATTPOOL_OK)
        ap_opencl_close(engine);
    return status;
}

const char *ap_opencl_device_name(struct engine *engine)
{
    const struct opencl *o = ap_engine_state(engine);
    return o->name;
}

bool ap_opencl_has_type(struct engine *engine, int type)
{
    const struct opencl *o = ap_engine_state(engine);
    return type == TYPE_F32 || o->float64;
}

bool ap_opencl_tiles(struct engine *engine, int type)
{
    const struct opencl *o = ap_engine_state(engine);
    size_t slices = (size_t)2 * TILE_DEPTH * TILE_PITCH * type_bytes(type);
    return o->max_group >= TILE_SIDE * TILE_SIDE && o->local_bytes >= slices && !o->soft_fma;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/opencl.h"

static cl_mem new_buffer(struct engine *engine, cl_mem_flags flags, size_t bytes, const void *host)
{
    struct opencl *o = ap_engine_state(engine);
    cl_int error;
    cl_mem buffer;

    if (bytes > o->max_alloc) {
        ap_engine_fail(engine, ATTPOOL_E_MEMORY,
                       "%s: an array has %zu bytes, the largest possible is %llu", o->name, bytes,
                       (unsigned long long)o->max_alloc);
        return NULL;
    }
    buffer = o->cl->CreateBuffer(o->context, flags, bytes, (void *)(uintptr_t)host, &error);
    if (error != CL_SUCCESS) {
        ap_opencl_fail(engine, error, "a buffer");
        return NULL;
    }
    return buffer;
}

static attpool_status memory_alloc(struct engine *engine, size_t bytes, void **buffer)
{
    *buffer = new_buffer(engine, CL_MEM_READ_WRITE, bytes > 0 ? bytes : 1, NULL);
    return *buffer ? ATTPOOL_OK : ATTPOOL_E_MEMORY;
}

static void memory_release(struct engine *engine, void *buffer)
{
    ap_opencl_release(engine, buffer);
}

static attpool_status memory_upload(struct engine *engine, void *buffer, size_t offset,
                                    const void *host, size_t bytes)
{
    struct opencl *o = ap_engine_state(engine);
    cl_int error = bytes == 0 ? CL_SUCCESS
                              : o->cl->EnqueueWriteBuffer(o->queue, buffer, CL_TRUE, offset, bytes,
                                                          host, 0, NULL, NULL);
    return error == CL_SUCCESS ? ATTPOOL_OK : ap_opencl_fail(engine, error, "writing a buffer");
}

static attpool_status memory_download(struct engine *engine, void *buffer, size_t offset,
                                      void *host, size_t bytes)
{
    struct opencl *o = ap_engine_state(engine);
    cl_int error = bytes == 0 ? CL_SUCCESS
                              : o->cl->EnqueueReadBuffer(o->queue, buffer, CL_TRUE, offset, bytes,
                                                         host, 0, NULL, NULL);
    return error == CL_SUCCESS ? ATTPOOL_OK : ap_opencl_fail(engine, error, "reading a buffer");
}

static attpool_status memory_sync(struct engine *engine)
{
    struct opencl *o = ap_engine_state(engine);
    static const cl_uint zero[FLAGS] = { 0 };
    cl_uint flags[FLAGS] = { 0 };
    cl_int error = o->cl->Finish(o->queue);
    attpool_status status;

    if (error != CL_SUCCESS)
        return ap_opencl_fail(engine, error, "waiting");
    ap_opencl_keep_programs(o);
    if (!o->flags_used)
        return ATTPOOL_OK;
    o->flags_used = false;
    status = memory_download(engine, o->flags, 0, flags, sizeof flags);
    if (status == ATTPOOL_OK)
        status = memory_upload(engine, o->flags, 0, zero, sizeof zero);
    if (status != ATTPOOL_OK)
        return status;
    if (flags[FLAG_LENGTHS])
        return ap_engine_fail(engine, ATTPOOL_E_LENGTHS, "a length is outside 0..m");
    if (flags[FLAG_KEY_WEIGHTS])
        return ap_engine_fail(engine, ATTPOOL_E_KEY_WEIGHTS,
                              "a key weight is negative or not finite");
    if (flags[FLAG_EMPTY])
        ap_engine_note_empty(engine, flags[FLAG_EMPTY]);
    return ATTPOOL_OK;
}

cl_mem ap_opencl_scratch(struct engine *engine, enum scratch_id slot, size_t bytes)
{
    struct opencl *o = ap_engine_state(engine);

    if (o->scratch[slot] && o->scratch_bytes[slot] >= bytes)
        return o->scratch[slot];
    if (o->scratch[slot])
        o->cl->ReleaseMemObject(o->scratch[slot]);
    o->scratch_bytes[slot] = bytes > 0 ? bytes : 1;
    o->scratch[slot] = new_buffer(engine, CL_MEM_READ_WRITE, o->scratch_bytes[slot], NULL);
    return o->scratch[slot];
}

cl_mem ap_opencl_copy(struct engine *engine, const void *host, size_t bytes)
{
    return new_buffer(engine, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, bytes, host);
}

void ap_opencl_release(struct engine *engine, cl_mem buffer)
{
    struct opencl *o = ap_engine_state(engine);
    if (buffer)
        o->cl->ReleaseMemObject(buffer);
}

const struct device_memory ap_opencl_memory = {
    .alloc = memory_alloc,
    .release = memory_release,
    .upload = memory_upload,
    .download = memory_download,
    .sync = memory_sync,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/opencl.h"

/* Buffers, and what goes into them and out. */

/* ---- Buffers ---- */

/* A call gives its buffers back while commands that use them may still be queued: those of the next
 * call come after them in the queue. */
#define KEPT_BYTES ((size_t)32 << 20)

static void release_kept(struct opencl *o)
{
    while (o->kept_count > 0)
        o->cl->ReleaseMemObject(o->kept[--o->kept_count].buffer);
    o->kept_bytes = 0;
}

/* The smallest that is large enough and not too large. */
static cl_mem take_kept(struct opencl *o, size_t bytes)
{
    int best = -1;
    for (int i = 0; i < o->kept_count; i++) {
        const size_t has = o->kept[i].bytes;
        if (has >= bytes && has / 2 <= bytes && (best < 0 || has < o->kept[best].bytes))
            best = i;
    }
    if (best < 0)
        return NULL;
    cl_mem buffer = o->kept[best].buffer;
    o->kept_bytes -= o->kept[best].bytes;
    o->kept[best] = o->kept[--o->kept_count];
    return buffer;
}

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
    if (error != CL_SUCCESS && o->kept_count > 0) {
        release_kept(o);
        buffer = o->cl->CreateBuffer(o->context, flags, bytes, (void *)(uintptr_t)host, &error);
    }
    if (error != CL_SUCCESS) {
        ap_opencl_fail(engine, error, "a buffer");
        return NULL;
    }
    return buffer;
}

static attpool_status memory_alloc(struct engine *engine, size_t bytes, void **buffer)
{
    struct opencl *o = ap_engine_state(engine);

    if (bytes == 0)
        bytes = 1;
    if (!(*buffer = take_kept(o, bytes)))
        *buffer = new_buffer(engine, CL_MEM_READ_WRITE, bytes, NULL);
    return *buffer ? ATTPOOL_OK : ATTPOOL_E_MEMORY;
}

/* The memory of the host that a buffer is, NULL if it has its own. */
static cl_int memory_of_host(const struct opencl *o, cl_mem buffer, void **host)
{
    *host = NULL;
    return o->cl->GetMemObjectInfo(buffer, CL_MEM_HOST_PTR, sizeof *host, host, NULL);
}

/* End the mappings that were left, of one buffer or, NULL, of all; once they have been made. */
static void end_mappings(struct opencl *o, cl_mem buffer)
{
    int left = 0;
    for (int i = 0; i < o->mapping_count; i++) {
        const struct cl_mapping *x = &o->mappings[i];
        if (!buffer || x->buffer == buffer)
            o->cl->EnqueueUnmapMemObject(o->queue, x->buffer, x->host, 0, NULL, NULL);
        else
            o->mappings[left++] = *x;
    }
    o->mapping_count = left;
}

static void memory_release(struct engine *engine, void *buffer)
{
    struct opencl *o = ap_engine_state(engine);
    size_t bytes = 0;
    void *host;

    if (!buffer)
        return;
    end_mappings(o, buffer);
    o->cl->GetMemObjectInfo(buffer, CL_MEM_SIZE, sizeof bytes, &bytes, NULL);
    if (bytes == 0 || bytes > KEPT_BYTES || memory_of_host(o, buffer, &host) != CL_SUCCESS ||
        host) {
        o->cl->ReleaseMemObject(buffer);
        return;
    }
    if (o->kept_count == KEPT_BUFFERS || o->kept_bytes > KEPT_BYTES - bytes)
        release_kept(o);
    o->kept[o->kept_count++] = (struct cl_kept_buffer){ buffer, bytes };
    o->kept_bytes += bytes;
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

void ap_opencl_release_all(struct opencl *o)
{
    release_kept(o);
    for (int i = 0; i < SCRATCHES; i++)
        if (o->scratch[i])
            o->cl->ReleaseMemObject(o->scratch[i]);
}

/* ---- Transfers ---- */

static cl_int write_buffer(struct opencl *o, cl_mem buffer, cl_bool wait, size_t offset,
                           size_t bytes, const void *from)
{
    cl_int error = bytes == 0 ? CL_SUCCESS : ap_opencl_order(o);
    if (error == CL_SUCCESS && bytes > 0)
        error =
            o->cl->EnqueueWriteBuffer(o->queue, buffer, wait, offset, bytes, from, 0, NULL, NULL);
    return error == CL_SUCCESS && bytes > 0 && !wait ? ap_opencl_order(o) : error;
}

static cl_int read_buffer(struct opencl *o, cl_mem buffer, cl_bool wait, size_t offset,
                          size_t bytes, void *to)
{
    cl_int error = bytes == 0 ? CL_SUCCESS : ap_opencl_order(o);
    if (error == CL_SUCCESS && bytes > 0)
        error = o->cl->EnqueueReadBuffer(o->queue, buffer, wait, offset, bytes, to, 0, NULL, NULL);
    return error == CL_SUCCESS && bytes > 0 && !wait ? ap_opencl_order(o) : error;
}

static attpool_status memory_upload(struct engine *engine, void *buffer, size_t offset,
                                    const void *host, size_t bytes)
{
    cl_int error = write_buffer(ap_engine_state(engine), buffer, CL_TRUE, offset, bytes, host);
    return error == CL_SUCCESS ? ATTPOOL_OK : ap_opencl_fail(engine, error, "writing a buffer");
}

static attpool_status memory_download(struct engine *engine, void *buffer, size_t offset,
                                      void *host, size_t bytes)
{
    cl_int error = read_buffer(ap_engine_state(engine), buffer, CL_TRUE, offset, bytes, host);
    return error == CL_SUCCESS ? ATTPOOL_OK : ap_opencl_fail(engine, error, "reading a buffer");
}

static void memory_room(struct engine *engine, size_t *one, size_t *together)
{
    const struct opencl *o = ap_engine_state(engine);
    const struct cl_room *room = ap_engine_in_self_test(engine) ? &o->room_unlimited : &o->room;
    *one = room->one;
    *together = room->together;
}

static attpool_status memory_bring(struct engine *engine, void *host, size_t bytes, size_t element,
                                   enum bring use, void **buffer)
{
    struct opencl *o = ap_engine_state(engine);
    cl_mem_flags flags = use == BRING_INPUT ? CL_MEM_READ_ONLY : CL_MEM_READ_WRITE;
    attpool_status status;

    if (o->unified && (uintptr_t)host % element == 0) {
        *buffer = new_buffer(engine, flags | CL_MEM_USE_HOST_PTR, bytes, host);
        return *buffer ? ATTPOOL_OK : ATTPOOL_E_MEMORY;
    }
    status = memory_alloc(engine, bytes, buffer);
    if (status != ATTPOOL_OK || use == BRING_OUTPUT)
        return status;
    cl_int error = write_buffer(o, *buffer, CL_FALSE, 0, bytes, host);
    return error == CL_SUCCESS ? ATTPOOL_OK : ap_opencl_fail(engine, error, "writing a buffer");
}

/* End a mapping of which only the making was wanted. rusticl of Mesa 22.3 knows it only once it has
 * been made (CL_INVALID_VALUE): there it is ended after the next wait. */
static cl_int end_mapping(struct opencl *o, cl_mem buffer, void *mapped)
{
    cl_int error = o->cl->EnqueueUnmapMemObject(o->queue, buffer, mapped, 0, NULL, NULL);
    if (error != CL_INVALID_VALUE)
        return error;
    if (o->mapping_count == MOST_MAPPINGS) {
        if ((error = o->cl->Finish(o->queue)) != CL_SUCCESS)
            return error;
        end_mappings(o, NULL);
    }
    o->mappings[o->mapping_count++] = (struct cl_mapping){ buffer, mapped };
    return CL_SUCCESS;
}

/* A buffer in the host's memory need not have its bytes there but while it is mapped. */
static attpool_status memory_fetch(struct engine *engine, void *buffer, void *host, size_t bytes)
{
    struct opencl *o = ap_engine_state(engine);
    void *own;
    cl_int error = memory_of_host(o, buffer, &own);

    if (error == CL_SUCCESS && own != host) {
        error = read_buffer(o, buffer, CL_FALSE, 0, bytes, host);
    } else if (error == CL_SUCCESS && (error = ap_opencl_order(o)) == CL_SUCCESS) {
        void *mapped = o->cl->EnqueueMapBuffer(o->queue, buffer, CL_FALSE, CL_MAP_READ, 0, bytes, 0,
                                               NULL, NULL, &error);
        if (error == CL_SUCCESS)
            error = ap_opencl_order(o);
        if (error == CL_SUCCESS)
            error = end_mapping(o, buffer, mapped);
    }
    return error == CL_SUCCESS ? ATTPOOL_OK : ap_opencl_fail(engine, error, "reading a buffer");
}

/* ---- Waiting ---- */

static attpool_status memory_wait(struct engine *engine)
{
    struct opencl *o = ap_engine_state(engine);
    cl_int error = o->cl->Finish(o->queue);
    if (error != CL_SUCCESS)
        return ap_opencl_fail(engine, error, "waiting");
    end_mappings(o, NULL);
    ap_opencl_take_times(o);
    ap_opencl_keep_programs(o);
    return ATTPOOL_OK;
}

static attpool_status report(struct engine *engine, const cl_uint flags[FLAGS])
{
    if (flags[FLAG_LENGTHS])
        return ap_engine_fail(engine, ATTPOOL_E_LENGTHS, "a length is outside 0..m");
    if (flags[FLAG_KEY_WEIGHTS])
        return ap_engine_fail(engine, ATTPOOL_E_KEY_WEIGHTS,
                              "a key weight is negative or not finite");
    if (flags[FLAG_EMPTY])
        ap_engine_note_empty(engine, flags[FLAG_EMPTY]);
    return ATTPOOL_OK;
}

static attpool_status memory_sync(struct engine *engine)
{
    struct opencl *o = ap_engine_state(engine);
    static const cl_uint zero[FLAGS] = { 0 };
    cl_uint flags[FLAGS] = { 0 };
    cl_int error = CL_SUCCESS;
    attpool_status status;

    if (o->flags_used) {
        error = read_buffer(o, o->flags, CL_FALSE, 0, sizeof flags, flags);
        if (error == CL_SUCCESS)
            error = write_buffer(o, o->flags, CL_FALSE, 0, sizeof zero, zero);
    }
    o->flags_used = false;
    status = memory_wait(engine);
    if (error != CL_SUCCESS)
        return ap_opencl_fail(engine, error, "reading the flags");
    return status == ATTPOOL_OK ? report(engine, flags) : status;
}

const struct device_memory ap_opencl_memory = {
    .alloc = memory_alloc,
    .release = memory_release,
    .upload = memory_upload,
    .download = memory_download,
    .room = memory_room,
    .bring = memory_bring,
    .fetch = memory_fetch,
    .wait = memory_wait,
    .sync = memory_sync,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/opencl_faults.h"

#include "tests/support/opencl_faults_install.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each function here is that of the same name in OpenCL, and may fail in its stead. */

static cl_icd_dispatch inner; /* the rest of the layer, and the driver */
static struct layer_faults faults;

#define EXPORT __attribute__((visibility("default")))

EXPORT struct layer_faults *opencl_layer_faults(void)
{
    return &faults;
}

static bool strikes(void)
{
    faults.calls++;
    return faults.fail_at > 0 &&
           (faults.lost ? faults.calls >= faults.fail_at : faults.calls == faults.fail_at);
}

/* ---- Calls that return a status ---- */

#define FAILING(X)                                                                                 \
    X(GetPlatformIDs, (cl_uint n, cl_platform_id * ids, cl_uint * count), (n, ids, count))         \
    X(GetPlatformInfo,                                                                             \
      (cl_platform_id id, cl_platform_info what, size_t size, void *to, size_t *used),             \
      (id, what, size, to, used))                                                                  \
    X(GetDeviceIDs,                                                                                \
      (cl_platform_id id, cl_device_type type, cl_uint n, cl_device_id * ids, cl_uint * count),    \
      (id, type, n, ids, count))                                                                   \
    X(GetContextInfo,                                                                              \
      (cl_context context, cl_context_info what, size_t size, void *to, size_t *used),             \
      (context, what, size, to, used))                                                             \
    X(GetCommandQueueInfo,                                                                         \
      (cl_command_queue queue, cl_command_queue_info what, size_t size, void *to, size_t *used),   \
      (queue, what, size, to, used))                                                               \
    X(GetMemObjectInfo, (cl_mem buffer, cl_mem_info what, size_t size, void *to, size_t *used),    \
      (buffer, what, size, to, used))                                                              \
    X(GetProgramInfo,                                                                              \
      (cl_program program, cl_program_info what, size_t size, void *to, size_t *used),             \
      (program, what, size, to, used))                                                             \
    X(GetProgramBuildInfo,                                                                         \
      (cl_program program, cl_device_id id, cl_program_build_info what, size_t size, void *to,     \
       size_t *used),                                                                              \
      (program, id, what, size, to, used))                                                         \
    X(SetKernelArg, (cl_kernel kernel, cl_uint n, size_t size, const void *value),                 \
      (kernel, n, size, value))                                                                    \
    X(EnqueueNDRangeKernel,                                                                        \
      (cl_command_queue queue, cl_kernel kernel, cl_uint n, const size_t *offset,                  \
       const size_t *global, const size_t *local, cl_uint waits, const cl_event *wait,             \
       cl_event *event),                                                                           \
      (queue, kernel, n, offset, global, local, waits, wait, event))                               \
    X(EnqueueReadBuffer,                                                                           \
      (cl_command_queue queue, cl_mem buffer, cl_bool block, size_t offset, size_t size, void *to, \
       cl_uint waits, const cl_event *wait, cl_event *event),                                      \
      (queue, buffer, block, offset, size, to, waits, wait, event))                                \
    X(EnqueueWriteBuffer,                                                                          \
      (cl_command_queue queue, cl_mem buffer, cl_bool block, size_t offset, size_t size,           \
       const void *from, cl_uint waits, const cl_event *wait, cl_event *event),                    \
      (queue, buffer, block, offset, size, from, waits, wait, event))                              \
    X(EnqueueFillBuffer,                                                                           \
      (cl_command_queue queue, cl_mem buffer, const void *pattern, size_t length, size_t offset,   \
       size_t size, cl_uint waits, const cl_event *wait, cl_event *event),                         \
      (queue, buffer, pattern, length, offset, size, waits, wait, event))                          \
    X(EnqueueUnmapMemObject,                                                                       \
      (cl_command_queue queue, cl_mem buffer, void *mapped, cl_uint waits, const cl_event *wait,   \
       cl_event *event),                                                                           \
      (queue, buffer, mapped, waits, wait, event))                                                 \
    X(EnqueueBarrierWithWaitList,                                                                  \
      (cl_command_queue queue, cl_uint waits, const cl_event *wait, cl_event *event),              \
      (queue, waits, wait, event))                                                                 \
    X(Flush, (cl_command_queue queue), (queue))

#define DEFINE_FAILING(name, parameters, arguments)                                                \
    static cl_int CL_API_CALL fail_##name parameters                                               \
    {                                                                                              \
        return strikes() ? CL_OUT_OF_RESOURCES : inner.cl##name arguments;                         \
    }
FAILING(DEFINE_FAILING)

/* Those that wait have waited when they fail, as on a device that is lost meanwhile. */
static cl_int CL_API_CALL fail_Finish(cl_command_queue queue)
{
    cl_int error = inner.clFinish(queue);
    return strikes() ? CL_OUT_OF_RESOURCES : error;
}

static cl_int CL_API_CALL fail_WaitForEvents(cl_uint n, const cl_event *events)
{
    cl_int error = inner.clWaitForEvents(n, events);
    return strikes() ? CL_OUT_OF_RESOURCES : error;
}

/* ---- Calls that create and release ---- */

static void set_error(cl_int *to, cl_int error)
{
    if (to)
        *to = error;
}

#define CREATING(X)                                                                                \
    X(CreateContext, cl_context, CL_OUT_OF_HOST_MEMORY,                                            \
      (const cl_context_properties *properties, cl_uint n, const cl_device_id *ids,                \
       void(CL_CALLBACK * notify)(const char *, const void *, size_t, void *), void *data,         \
       cl_int *error),                                                                             \
      (properties, n, ids, notify, data, error))                                                   \
    X(CreateCommandQueue, cl_command_queue, CL_OUT_OF_RESOURCES,                                   \
      (cl_context context, cl_device_id id, cl_command_queue_properties properties,                \
       cl_int * error),                                                                            \
      (context, id, properties, error))                                                            \
    X(CreateBuffer, cl_mem, CL_MEM_OBJECT_ALLOCATION_FAILURE,                                      \
      (cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *error),            \
      (context, flags, size, host, error))                                                         \
    X(CreateSubBuffer, cl_mem, CL_MEM_OBJECT_ALLOCATION_FAILURE,                                   \
      (cl_mem buffer, cl_mem_flags flags, cl_buffer_create_type type, const void *region,          \
       cl_int *error),                                                                             \
      (buffer, flags, type, region, error))                                                        \
    X(CreateProgramWithBinary, cl_program, CL_INVALID_BINARY,                                      \
      (cl_context context, cl_uint n, const cl_device_id *ids, const size_t *lengths,              \
       const unsigned char **binaries, cl_int *status, cl_int *error),                             \
      (context, n, ids, lengths, binaries, status, error))                                         \
    X(CreateKernel, cl_kernel, CL_OUT_OF_RESOURCES,                                                \
      (cl_program program, const char *name, cl_int *error), (program, name, error))

#define DEFINE_CREATING(name, type, failure, parameters, arguments)                                \
    static type CL_API_CALL fail_##name parameters                                                 \
    {                                                                                              \
        if (strikes()) {                                                                           \
            set_error(error, failure);                                                             \
            return NULL;                                                                           \
        }                                                                                          \
        type object = inner.cl##name arguments;                                                    \
        faults.live += object != NULL;                                                             \
        return object;                                                                             \
    }
CREATING(DEFINE_CREATING)

static void *CL_API_CALL fail_EnqueueMapBuffer(cl_command_queue queue, cl_mem buffer, cl_bool block,
                                               cl_map_flags flags, size_t offset, size_t size,
                                               cl_uint waits, const cl_event *wait, cl_event *event,
                                               cl_int *error)
{
    if (!strikes())
        return inner.clEnqueueMapBuffer(queue, buffer, block, flags, offset, size, waits, wait,
                                        event, error);
    set_error(error, CL_MAP_FAILURE);
    return NULL;
}

#define RELEASING(X)                                                                               \
    X(Context, cl_context)                                                                         \
    X(CommandQueue, cl_command_queue)                                                              \
    X(MemObject, cl_mem)                                                                           \
    X(Program, cl_program)                                                                         \
    X(Kernel, cl_kernel)

#define DEFINE_RELEASING(name, type)                                                               \
    static cl_int CL_API_CALL count_Release##name(type object)                                     \
    {                                                                                              \
        faults.live--;                                                                             \
        return inner.clRelease##name(object);                                                      \
    }
RELEASING(DEFINE_RELEASING)

/* A failure of these leaves what was there. */
#define DEFINE_RETAINING(name, type)                                                               \
    static cl_int CL_API_CALL fail_Retain##name(type object)                                       \
    {                                                                                              \
        if (strikes())                                                                             \
            return CL_OUT_OF_RESOURCES;                                                            \
        faults.live++;                                                                             \
        return inner.clRetain##name(object);                                                       \
    }
DEFINE_RETAINING(Context, cl_context)
DEFINE_RETAINING(CommandQueue, cl_command_queue)

/* ---- Another device ---- */

static cl_int answer(const void *value, size_t bytes, size_t size, void *to, size_t *used)
{
    if (to && size < bytes)
        return CL_INVALID_VALUE;
    if (to)
        memcpy(to, value, bytes);
    if (used)
        *used = bytes;
    return CL_SUCCESS;
}

static cl_int CL_API_CALL fail_GetDeviceInfo(cl_device_id id, cl_device_info what, size_t size,
                                             void *to, size_t *used)
{
    static const cl_bool no = CL_FALSE;
    static const cl_device_fp_config none = 0;
    static const cl_device_type gpu = CL_DEVICE_TYPE_GPU;
    static const cl_uint zero = 0;

    if (strikes())
        return CL_OUT_OF_RESOURCES;
    if (what == CL_DEVICE_COMPILER_AVAILABLE && faults.no_compiler)
        return answer(&no, sizeof no, size, to, used);
    if (what == CL_DEVICE_DOUBLE_FP_CONFIG && faults.no_float64)
        return answer(&none, sizeof none, size, to, used);
    if (what == CL_DEVICE_NATIVE_VECTOR_WIDTH_DOUBLE && faults.no_float64)
        return answer(&zero, sizeof zero, size, to, used);
    if (what == CL_DEVICE_TYPE && faults.gpu)
        return answer(&gpu, sizeof gpu, size, to, used);
    if (what == CL_DEVICE_NAME && faults.name)
        return answer(faults.name, strlen(faults.name) + 1, size, to, used);
    return inner.clGetDeviceInfo(id, what, size, to, used);
}

/* A copy of the text, with `to` for `from`. */
static char *mistake(const char *text, size_t length)
{
    char *copy = calloc(1, length + 1), *at = copy;
    if (!copy)
        abort();
    memcpy(copy, text, length);
    while (faults.from && (at = strstr(at, faults.from)))
        memcpy(at, faults.to, strlen(faults.to));
    return copy;
}

static cl_program CL_API_CALL fail_CreateProgramWithSource(cl_context context, cl_uint count,
                                                           const char **texts,
                                                           const size_t *lengths, cl_int *error)
{
    enum { MOST = 64 };
    char *all[MOST];

    faults.sources++;
    if (strikes() || count >= MOST) {
        set_error(error, CL_OUT_OF_HOST_MEMORY);
        return NULL;
    }
    const char *prelude = faults.prelude ? faults.prelude : "";
    all[0] = mistake(prelude, strlen(prelude));
    for (cl_uint i = 0; i < count; i++)
        all[i + 1] = mistake(texts[i], lengths[i]);
    cl_program program =
        inner.clCreateProgramWithSource(context, count + 1, (const char **)all, NULL, error);
    for (cl_uint i = 0; i <= count; i++)
        free(all[i]);
    faults.live += program != NULL;
    return program;
}

static cl_int CL_API_CALL fail_BuildProgram(cl_program program, cl_uint count,
                                            const cl_device_id *ids, const char *options,
                                            void(CL_CALLBACK *notify)(cl_program, void *),
                                            void *data)
{
    char all[512];
    if (strikes())
        return CL_BUILD_PROGRAM_FAILURE;
    snprintf(all, sizeof all, "%s %s", options, faults.options ? faults.options : "");
    return inner.clBuildProgram(program, count, ids, all, notify, data);
}

/* ---- The layer ---- */

/* ATTPOOL_TEST_DEVICE_NAME: for scripts. */
void opencl_faults_install(cl_icd_dispatch *table, const cl_icd_dispatch *driver)
{
    if (!faults.name)
        faults.name = getenv("ATTPOOL_TEST_DEVICE_NAME");
    inner = *driver;
#define INSTALL(name, with)                                                                        \
    if (table->cl##name)                                                                           \
        inner.cl##name = table->cl##name;                                                          \
    table->cl##name = with##_##name;
#define INSTALL_FAILING(name, parameters, arguments)                 INSTALL(name, fail)
#define INSTALL_CREATING(name, type, failure, parameters, arguments) INSTALL(name, fail)
#define INSTALL_RELEASING(name, type)                                INSTALL(Release##name, count)
    FAILING(INSTALL_FAILING)
    CREATING(INSTALL_CREATING)
    RELEASING(INSTALL_RELEASING)
    INSTALL(Finish, fail)
    INSTALL(WaitForEvents, fail)
    INSTALL(EnqueueMapBuffer, fail)
    INSTALL(RetainContext, fail)
    INSTALL(RetainCommandQueue, fail)
    INSTALL(GetDeviceInfo, fail)
    INSTALL(CreateProgramWithSource, fail)
    INSTALL(BuildProgram, fail)
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/opencl_layer.h"

#include "tests/support/opencl_faults_install.h"

#include <string.h>

/* Each function here is that of the same name in OpenCL, and calls the driver's. */

static const cl_icd_dispatch *next;
static cl_icd_dispatch table;
static struct layer_counts counts;

#define EXPORT __attribute__((visibility("default")))

EXPORT struct layer_counts *opencl_layer_counts(void)
{
    return &counts;
}

static void count_blocking(cl_bool blocking)
{
    counts.waits += blocking != CL_FALSE;
}

/* ---- Buffers ---- */

static size_t own_bytes(cl_mem buffer)
{
    cl_mem_flags flags = 0;
    size_t bytes = 0;
    if (next->clGetMemObjectInfo(buffer, CL_MEM_FLAGS, sizeof flags, &flags, NULL) != CL_SUCCESS ||
        (flags & CL_MEM_USE_HOST_PTR) != 0 ||
        next->clGetMemObjectInfo(buffer, CL_MEM_SIZE, sizeof bytes, &bytes, NULL) != CL_SUCCESS)
        return 0;
    return bytes;
}

static cl_mem CL_API_CALL create_buffer(cl_context context, cl_mem_flags flags, size_t size,
                                        void *host, cl_int *error)
{
    cl_mem buffer = next->clCreateBuffer(context, flags, size, host, error);
    if (!buffer)
        return NULL;
    counts.buffers++;
    counts.held += own_bytes(buffer);
    if (counts.most_held < counts.held)
        counts.most_held = counts.held;
    return buffer;
}

static cl_int CL_API_CALL release_mem_object(cl_mem buffer)
{
    /* attpool has one reference to a buffer; a driver may have others. */
    counts.held -= own_bytes(buffer);
    return next->clReleaseMemObject(buffer);
}

static cl_int CL_API_CALL read_buffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
                                      size_t offset, size_t size, void *to, cl_uint waits,
                                      const cl_event *wait_list, cl_event *event)
{
    counts.copies++;
    count_blocking(blocking);
    return next->clEnqueueReadBuffer(queue, buffer, blocking, offset, size, to, waits, wait_list,
                                     event);
}

static cl_int CL_API_CALL write_buffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
                                       size_t offset, size_t size, const void *from, cl_uint waits,
                                       const cl_event *wait_list, cl_event *event)
{
    counts.copies++;
    count_blocking(blocking);
    return next->clEnqueueWriteBuffer(queue, buffer, blocking, offset, size, from, waits, wait_list,
                                      event);
}

static cl_int CL_API_CALL fill_buffer(cl_command_queue queue, cl_mem buffer, const void *pattern,
                                      size_t pattern_size, size_t offset, size_t size,
                                      cl_uint waits, const cl_event *wait_list, cl_event *event)
{
    counts.copies++;
    return next->clEnqueueFillBuffer(queue, buffer, pattern, pattern_size, offset, size, waits,
                                     wait_list, event);
}

static void *CL_API_CALL map_buffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
                                    cl_map_flags flags, size_t offset, size_t size, cl_uint waits,
                                    const cl_event *wait_list, cl_event *event, cl_int *error)
{
    counts.maps++;
    count_blocking(blocking);
    return next->clEnqueueMapBuffer(queue, buffer, blocking, flags, offset, size, waits, wait_list,
                                    event, error);
}

/* ---- Programs, launches, waits ---- */

static cl_int CL_API_CALL build_program(cl_program program, cl_uint count,
                                        const cl_device_id *devices, const char *options,
                                        void(CL_CALLBACK *notify)(cl_program, void *), void *data)
{
    counts.builds++;
    return next->clBuildProgram(program, count, devices, options, notify, data);
}

static cl_int CL_API_CALL launch(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                                 const size_t *offset, const size_t *global, const size_t *local,
                                 cl_uint waits, const cl_event *wait_list, cl_event *event)
{
    char name[128] = "";
    if (counts.only[0])
        next->clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof name, name, NULL);
    if (!counts.only[0] || strcmp(name, counts.only) == 0)
        counts.launches++;
    return next->clEnqueueNDRangeKernel(queue, kernel, dimensions, offset, global, local, waits,
                                        wait_list, event);
}

static cl_int CL_API_CALL profiling_info(cl_event event, cl_profiling_info name, size_t size,
                                         void *value, size_t *value_size)
{
    cl_int error = next->clGetEventProfilingInfo(event, name, size, value, value_size);
    const cl_ulong time =
        name == CL_PROFILING_COMMAND_END ? (cl_ulong)(counts.launch_seconds * 1e9) : 0;
    if (error == CL_SUCCESS && counts.launch_seconds > 0)
        memcpy(value, &time, sizeof time);
    return error;
}

static cl_int CL_API_CALL finish(cl_command_queue queue)
{
    counts.waits++;
    return next->clFinish(queue);
}

static cl_int CL_API_CALL wait_for_events(cl_uint number, const cl_event *events)
{
    counts.waits++;
    return next->clWaitForEvents(number, events);
}

/* ---- The layer ---- */

EXPORT cl_int CL_API_CALL clGetLayerInfo(cl_layer_info name, size_t size, void *value,
                                         size_t *value_size)
{
    static const char title[] = "attpool's tests";
    static const cl_layer_api_version version = CL_LAYER_API_VERSION_100;
    const void *from = name == CL_LAYER_NAME ? (const void *)title : &version;
    const size_t bytes = name == CL_LAYER_NAME ? sizeof title : sizeof version;
    if (name != CL_LAYER_NAME && name != CL_LAYER_API_VERSION)
        return CL_INVALID_VALUE;
    if (value && size < bytes)
        return CL_INVALID_VALUE;
    if (value)
        memcpy(value, from, bytes);
    if (value_size)
        *value_size = bytes;
    return CL_SUCCESS;
}

EXPORT cl_int CL_API_CALL clInitLayer(cl_uint entries, const cl_icd_dispatch *target,
                                      cl_uint *entries_of_layer, const cl_icd_dispatch **layer)
{
    if (entries * sizeof(void *) < sizeof table)
        return CL_INVALID_VALUE;
    next = target;
    memset(&table, 0, sizeof table); /* 0: the loader takes the driver's */
    table.clCreateBuffer = create_buffer;
    table.clReleaseMemObject = release_mem_object;
    table.clEnqueueReadBuffer = read_buffer;
    table.clEnqueueWriteBuffer = write_buffer;
    table.clEnqueueFillBuffer = fill_buffer;
    table.clEnqueueMapBuffer = map_buffer;
    table.clBuildProgram = build_program;
    table.clEnqueueNDRangeKernel = launch;
    table.clGetEventProfilingInfo = profiling_info;
    table.clFinish = finish;
    table.clWaitForEvents = wait_for_events;
    opencl_faults_install(&table, target);
    *entries_of_layer = sizeof table / sizeof(void *);
    *layer = &table;
    return CL_SUCCESS;
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_OPENCL_LOADER_H
#define BACKENDS_OPENCL_LOADER_H

/* The OpenCL functions in use: those that the process has already, else from libOpenCL.so.1, opened
 * when first needed: a machine without it is not an error. */

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#define CL_FUNCTIONS(X)                                                                            \
    X(GetPlatformIDs)                                                                              \
    X(GetPlatformInfo)                                                                             \
    X(GetDeviceIDs)                                                                                \
    X(GetDeviceInfo)                                                                               \
    X(CreateContext)                                                                               \
    X(GetContextInfo)                                                                              \
    X(RetainContext)                                                                               \
    X(ReleaseContext)                                                                              \
    X(RetainDevice)                                                                                \
    X(ReleaseDevice)                                                                               \
    X(CreateCommandQueue)                                                                          \
    X(GetCommandQueueInfo)                                                                         \
    X(RetainCommandQueue)                                                                          \
    X(ReleaseCommandQueue)                                                                         \
    X(CreateBuffer)                                                                                \
    X(ReleaseMemObject)                                                                            \
    X(GetMemObjectInfo)                                                                            \
    X(CreateProgramWithSource)                                                                     \
    X(CreateProgramWithBinary)                                                                     \
    X(BuildProgram)                                                                                \
    X(GetProgramInfo)                                                                              \
    X(GetProgramBuildInfo)                                                                         \
    X(ReleaseProgram)                                                                              \
    X(CreateKernel)                                                                                \
    X(ReleaseKernel)                                                                               \
    X(SetKernelArg)                                                                                \
    X(EnqueueNDRangeKernel)                                                                        \
    X(EnqueueReadBuffer)                                                                           \
    X(EnqueueWriteBuffer)                                                                          \
    X(EnqueueMapBuffer)                                                                            \
    X(EnqueueUnmapMemObject)                                                                       \
    X(EnqueueBarrierWithWaitList)                                                                  \
    X(GetEventProfilingInfo)                                                                       \
    X(ReleaseEvent)                                                                                \
    X(Flush)                                                                                       \
    X(Finish)

/* cl.CreateBuffer is clCreateBuffer, and so on. */
struct cl_api {
#define X(function) __typeof__(&cl##function) function;
    CL_FUNCTIONS(X)
#undef X
};

/* The table, or NULL and why. Thread-safe; the library is opened once and stays open. */
const struct cl_api *ap_opencl_load(const char **reason);

/* "CL_OUT_OF_RESOURCES" for the common codes, else "error -9999"; text is room for it. */
const char *ap_opencl_error_name(cl_int error, char text[32]);

#endif

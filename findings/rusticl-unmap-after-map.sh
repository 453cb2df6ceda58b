#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Mesa 22.3.6 (Debian's 22.3.6-1+deb12u2), rusticl on llvmpipe: on a queue that runs in order,
# clEnqueueUnmapMemObject right after a non-blocking clEnqueueMapBuffer returns CL_INVALID_VALUE
# (-30), although it gets the pointer that the map has returned. The driver notes a mapping when
# the command runs, not when it is enqueued. After a blocking map, or once the queue has
# finished, the same call succeeds. CL_MEM_MAP_COUNT does not tell: it is 0 all the time, also
# while a blocking map is open.
#
#     non-blocking map 0, unmap -30, mappings 0, unmap after clFinish 0
#     blocking map 0, mappings 0, unmap 0
#
# PoCL and Intel's runtime take the pair in one go. So a program that maps a buffer only to have
# its contents in the host's memory, and waits once for all, must end such a mapping later.
#
# usage: findings/rusticl-unmap-after-map.sh
# Unpacks Debian 12's packages (amd64) into a temporary folder; needs apt-get, gcc and libc6-dev.
# Exit status 0 while it behaves as said.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
apt-get download -q -o APT::Sandbox::User=root \
    mesa-opencl-icd=22.3.6-1+deb12u2 ocl-icd-libopencl1=2.3.1-1 \
    opencl-c-headers=3.0~2023.02.06-1 libclc-15 libclang-cpp15 libllvm15 libllvmspirvlib15 \
    libdrm-amdgpu1 libdrm-nouveau2 libdrm-radeon1 libdrm2 libelf1 libexpat1 libsensors5 libzstd1 \
    zlib1g libedit2 libbsd0 libmd0 libz3-4 libxml2 libicu72 libtinfo6 >/dev/null
for package in ./*.deb; do
    dpkg -x "$package" root
done
libraries=$tmp/root/usr/lib/x86_64-linux-gnu
echo "$libraries/libRusticlOpenCL.so.1" >rusticl.icd
cat >map.c <<'END'
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>

static cl_uint mappings(cl_mem buffer)
{
    cl_uint count = 0;
    clGetMemObjectInfo(buffer, CL_MEM_MAP_COUNT, sizeof count, &count, NULL);
    return count;
}

int main(void)
{
    static float numbers[4096];
    const size_t bytes = sizeof numbers;
    cl_platform_id platform;
    cl_device_id device;
    cl_int error, blocking, at_once, later;
    if (clGetPlatformIDs(1, &platform, NULL) != CL_SUCCESS ||
        clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL) != CL_SUCCESS) {
        puts("there is no device");
        return 2;
    }
    cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, &error);
    cl_command_queue queue = clCreateCommandQueue(context, device, 0, &error);
    cl_mem buffer =
        clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, bytes, numbers, &error);

    void *p = clEnqueueMapBuffer(queue, buffer, CL_FALSE, CL_MAP_READ, 0, bytes, 0, NULL, NULL, &error);
    at_once = clEnqueueUnmapMemObject(queue, buffer, p, 0, NULL, NULL);
    clFinish(queue);
    const cl_uint left = mappings(buffer);
    later = clEnqueueUnmapMemObject(queue, buffer, p, 0, NULL, NULL);
    clFinish(queue);
    printf("non-blocking map %d, unmap %d, mappings %u, unmap after clFinish %d\n", error, at_once,
           left, later);
    const int as_said = error == CL_SUCCESS && at_once == CL_INVALID_VALUE && left == 0 &&
                        later == CL_SUCCESS;

    p = clEnqueueMapBuffer(queue, buffer, CL_TRUE, CL_MAP_READ, 0, bytes, 0, NULL, NULL, &error);
    const cl_uint open = mappings(buffer);
    blocking = clEnqueueUnmapMemObject(queue, buffer, p, 0, NULL, NULL);
    clFinish(queue);
    printf("blocking map %d, mappings %u, unmap %d\n", error, open, blocking);
    return !(as_said && error == CL_SUCCESS && open == 0 && blocking == CL_SUCCESS);
}
END
gcc -O1 -Iroot/usr/include map.c -o map "$libraries/libOpenCL.so.1"
export LD_LIBRARY_PATH="$libraries:$tmp/root/lib/x86_64-linux-gnu:$tmp/root/usr/lib/llvm-15/lib"
OCL_ICD_VENDORS=$tmp/rusticl.icd RUSTICL_ENABLE=llvmpipe ./map
echo "as described"

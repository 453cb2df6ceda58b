#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Intel's OpenCL runtime for processors (intel-opencl-rt and intel-cmplr-lib-rt 2026.2.0) adds up the numbers of
# a loop in another order than the program says where a work-group has one work-item, although no option
# allows that: the loop is made vectors of, as if sums could be taken apart. It keeps the order in groups of
# eight work-items, which are made vectors of themselves; where the sum is made by fma; and after
# `#pragma clang loop vectorize(disable)`. Of 32 sums of float32, those with other bits than the same loop on the
# host, on an AMD Zen 3:
#
#     groups of 1: 27 of 32
#     groups of 8: 0 of 32
#     groups of 1, fma: 0 of 32
#     groups of 1, no vectors: 0 of 32
#
# usage: findings/intel-sum-order.sh
# Installs the runtime from PyPI (x86-64) and the loader of Debian 12 into a temporary folder; needs python3-venv,
# apt-get, gcc and libc6-dev. Exit status 0 while it behaves as said.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
python3 -m venv venv
venv/bin/pip install -q intel-opencl-rt==2026.2.0 intel-cmplr-lib-rt==2026.2.0
apt-get download -q -o APT::Sandbox::User=root ocl-icd-libopencl1=2.3.1-1 \
    opencl-c-headers=3.0~2023.02.06-1 >/dev/null
for package in ./*.deb; do
    dpkg -x "$package" root
done
rm -f venv/lib/libOpenCL.so*
mkdir vendors
echo "$tmp/venv/lib/libintelocl.so" >vendors/intel.icd
cat >kernel.cl <<'END_OF_KERNEL'
#pragma OPENCL FP_CONTRACT OFF

__kernel void sums(__global const float *x, __global const int *in, int count, __global float *out)
{
    int row = (int)get_global_id(0);
    float sum = 0;
#ifdef NO_VECTORS
    _Pragma("clang loop vectorize(disable)")
#endif
    for (int j = 0; j < count; j++)
        if (in[row * count + j])
            sum = ADD(x[row * count + j], sum);
    out[row] = sum;
}
END_OF_KERNEL
cat >run.c <<'END_OF_HOST'
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 32, COUNT = 128, ALL = ROWS * COUNT };

static float x[ALL], out[ROWS];
static cl_int in[ALL];

int main(int count, char **arguments)
{
    static char text[1 << 16];
    const char *source = text;
    const cl_int turns = COUNT;
    const size_t global = ROWS, local = count > 2 ? (size_t)atoi(arguments[2]) : 0;
    cl_platform_id platform;
    cl_device_id device;
    unsigned state = 1;
    FILE *file = fopen("kernel.cl", "r");
    int other = 0;

    if (local == 0 || !file || fread(text, 1, sizeof text - 1, file) == 0 ||
        clGetPlatformIDs(1, &platform, NULL) != CL_SUCCESS ||
        clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL) != CL_SUCCESS)
        return 2;
    for (int i = 0; i < ALL; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = (float)(state >> 8) / 16777216 - 0.5f;
        in[i] = state >> 28 != 0;
    }
    cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, NULL);
    cl_command_queue queue = clCreateCommandQueue(context, device, 0, NULL);
    cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, NULL);
    if (clBuildProgram(program, 1, &device, arguments[1], NULL, NULL) != CL_SUCCESS)
        return 2;
    cl_kernel kernel = clCreateKernel(program, "sums", NULL);
    cl_mem numbers = clCreateBuffer(context, CL_MEM_COPY_HOST_PTR, sizeof x, x, NULL);
    cl_mem marks = clCreateBuffer(context, CL_MEM_COPY_HOST_PTR, sizeof in, in, NULL);
    cl_mem result = clCreateBuffer(context, CL_MEM_READ_WRITE, sizeof out, NULL, NULL);
    clSetKernelArg(kernel, 0, sizeof numbers, &numbers);
    clSetKernelArg(kernel, 1, sizeof marks, &marks);
    clSetKernelArg(kernel, 2, sizeof turns, &turns);
    clSetKernelArg(kernel, 3, sizeof result, &result);
    if (clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, &local, 0, NULL, NULL) != CL_SUCCESS ||
        clEnqueueReadBuffer(queue, result, CL_TRUE, 0, sizeof out, out, 0, NULL, NULL) != CL_SUCCESS)
        return 2;
    for (int row = 0; row < ROWS; row++) {
        volatile float sum = 0;
        for (int j = 0; j < COUNT; j++)
            if (in[row * COUNT + j])
                sum = sum + x[row * COUNT + j];
        other += sum != out[row];
    }
    printf("%d\n", other);
    return 0;
}
END_OF_HOST
libraries=$tmp/root/usr/lib/x86_64-linux-gnu
gcc -O1 -Iroot/usr/include run.c -o run "$libraries/libOpenCL.so.1"
export LD_LIBRARY_PATH="$libraries:$tmp/venv/lib"

# try NAME SIZE OPTIONS: how many sums are others.
try()
{
    other=$(OCL_ICD_VENDORS=$tmp/vendors ./run "-cl-std=CL1.2 $3" "$2")
    echo "$1: $other of 32"
}

plain='-DADD(x,sum)=(sum+x)'
try 'groups of 1' 1 "$plain"
[ "$other" -gt 0 ]
try 'groups of 8' 8 "$plain"
[ "$other" = 0 ]
try 'groups of 1, fma' 1 '-DADD(x,sum)=fma(x,1.0f,sum)'
[ "$other" = 0 ]
try 'groups of 1, no vectors' 1 "$plain -DNO_VECTORS"
[ "$other" = 0 ]
echo "as described"

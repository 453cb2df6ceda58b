#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# PoCL 3.1 (Debian's 3.1-3+deb12u1, LLVM 15): a __local array of a kernel may become one variable of the
# process instead of one for each thread, so that work-groups which run at the same time write into each
# other's local memory, and sums are wrong now and then, silently. Here that takes a function, called
# twice, which fills two parts of the array by one of two ways. The object file that PoCL makes has
# the array in .bss:
#
#     twice, 2 threads: variables of the process: 1, wrong sums: 1
#     alone, 1 threads: variables of the process: 1, wrong sums: 0
#     once, 2 threads: variables of the process: 0, wrong sums: 0
#
# So tests with one thread do not see it, and oclgrind has nothing to report. The same memory as an argument
# of the kernel, or one call in a loop of two turns, is right with any number of threads.
#
# usage: findings/pocl-local-shared-by-threads.sh
# Unpacks Debian 12's packages (amd64) into a temporary folder; needs apt-get, gcc, binutils and libc6-dev.
# Exit status 0 while it behaves as said.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
apt-get download -q -o APT::Sandbox::User=root \
    libpocl2=3.1-3+deb12u1 libpocl2-common=3.1-3+deb12u1 ocl-icd-libopencl1=2.3.1-1 \
    opencl-c-headers=3.0~2023.02.06-1 libhwloc15 libclang-cpp15 libllvm15 libudev1 \
    zlib1g libedit2 libbsd0 libmd0 libz3-4 libxml2 libicu72 libtinfo6 >/dev/null
for package in ./*.deb; do
    dpkg -x "$package" root
done
libraries=$tmp/root/usr/lib/x86_64-linux-gnu
echo "$libraries/libpocl.so.2" >pocl.icd
cat >kernel.cl <<'END'
static void fill(__local float *to, int width, int item, __global const float *from, long x_step, long t_step)
{
    bool along = t_step == 1;
    int x = along ? item / 8 : item % width, dx = along ? 8 : 0;
    int t = along ? item % 8 : item / width, dt = along ? 0 : 64 / width;
    for (; x < width && t < 8; x += dx, t += dt)
        to[t * width + x] = from[x * x_step + t * t_step];
}

static float sums(__local float4 *slices, int item, __global const float *from, long x_step, long t_step, int turns)
{
    __local float *a = (__local float *)slices, *b = a + 8 * 32;
    float4 sum = 0;
    for (int turn = 0; turn < turns; turn++) {
        barrier(CLK_LOCAL_MEM_FENCE);
        fill(a, 32, item, from, x_step, t_step);
        fill(b, 64, item, from, x_step, t_step);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int t = 0; t < 8; t++)
            sum += a[t * 32 + item % 8] * *(__local const float4 *)(b + t * 64 + item / 8 * 4);
    }
    return sum.x + sum.y + sum.z + sum.w;
}

/* A group has a number of its own, and every sum is 32 times its square a turn. */
__kernel __attribute__((reqd_work_group_size(64, 1, 1))) void
kernel_of_two(__global const float *numbers, long x_step, long t_step, int turns, __global float *wrong)
{
    __local float4 slices[(8 * 32 + 8 * 64) / 4];
    __global const float *own = numbers + get_group_id(0);
    int item = get_local_id(0);
    float sum = sums(slices, item, own, x_step, t_step, turns);
#ifdef TWICE
    sum += sums(slices, item, own, t_step, x_step, turns);
    sum /= 2;
#endif
    wrong[get_global_id(0)] = sum != 32 * turns * own[0] * own[0];
}
END
cat >run.c <<'END'
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>

enum { GROUPS = 4096, ITEMS = 64 * GROUPS };

static float numbers[GROUPS], wrong[ITEMS];

int main(int count, char **arguments)
{
    static char text[1 << 16];
    const char *source = text;
    cl_platform_id platform;
    cl_device_id device;
    const cl_long none = 0;
    const cl_int turns = 40;
    const size_t global = ITEMS, local = 64;
    FILE *file = fopen("kernel.cl", "r");
    long sum = 0;

    if (count < 2 || !file || fread(text, 1, sizeof text - 1, file) == 0 ||
        clGetPlatformIDs(1, &platform, NULL) != CL_SUCCESS ||
        clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL) != CL_SUCCESS)
        return 2;
    for (int group = 0; group < GROUPS; group++)
        numbers[group] = (float)(group % 7);
    cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, NULL);
    cl_command_queue queue = clCreateCommandQueue(context, device, 0, NULL);
    cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, NULL);
    if (clBuildProgram(program, 1, &device, arguments[1], NULL, NULL) != CL_SUCCESS)
        return 2;
    cl_kernel kernel = clCreateKernel(program, "kernel_of_two", NULL);
    cl_mem in = clCreateBuffer(context, CL_MEM_COPY_HOST_PTR, sizeof numbers, numbers, NULL);
    cl_mem out = clCreateBuffer(context, CL_MEM_READ_WRITE, sizeof wrong, NULL, NULL);
    clSetKernelArg(kernel, 0, sizeof in, &in);
    clSetKernelArg(kernel, 1, sizeof none, &none);
    clSetKernelArg(kernel, 2, sizeof none, &none);
    clSetKernelArg(kernel, 3, sizeof turns, &turns);
    clSetKernelArg(kernel, 4, sizeof out, &out);
    for (int call = 0; call < 20; call++) {
        if (clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, &local, 0, NULL, NULL) != CL_SUCCESS ||
            clEnqueueReadBuffer(queue, out, CL_TRUE, 0, sizeof wrong, wrong, 0, NULL, NULL) != CL_SUCCESS)
            return 2;
        for (int i = 0; i < ITEMS; i++)
            sum += wrong[i] != 0;
    }
    return sum > 0;
}
END
gcc -O1 -Iroot/usr/include run.c -o run "$libraries/libOpenCL.so.1"
export LD_LIBRARY_PATH="$libraries:$tmp/root/lib/x86_64-linux-gnu:$tmp/root/usr/lib/llvm-15/lib"

# try NAME OPTIONS THREADS: what the object file has, and whether sums are wrong.
try()
{
    mkdir "cache-$1"
    status=0
    OCL_ICD_VENDORS=$tmp/pocl.icd POCL_CACHE_DIR=$tmp/cache-$1 POCL_MAX_PTHREAD_COUNT=$3 \
        ./run "-cl-std=CL1.2 $2" || status=$?
    [ $status -lt 2 ] || exit 2
    variable=$(find "cache-$1" -name '*.so' -exec nm {} + | grep -c ' b .*slices') || :
    echo "$1, $3 threads: variables of the process: $variable, wrong sums: $status"
}

try twice -DTWICE 2
[ "$variable" -gt 0 ] && [ $status = 1 ]
try alone -DTWICE 1
[ "$variable" -gt 0 ] && [ $status = 0 ]
try once '' 2
[ "$variable" = 0 ] && [ $status = 0 ]
echo "as described"

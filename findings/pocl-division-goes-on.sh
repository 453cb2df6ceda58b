#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# PoCL 3.1 (Debian's 3.1-3+deb12u1) handles SIGFPE for the whole process once its devices are asked for: an
# integer division by 0 in the host's own code, which ends a process on x86, is passed over and the program
# goes on with what is in the registers. So a division by 0 that tests under PoCL do not notice ends
# the program with other drivers.
#
#     before: ended by signal 8
#     after clGetDeviceIDs: went on
#     with the default handler again: ended by signal 8
#
# A test that uses PoCL sets the handler back after it has opened the device.
#
# usage: findings/pocl-division-goes-on.sh
# Unpacks Debian 12's packages (amd64) into a temporary folder; needs apt-get, gcc and libc6-dev.
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
cat >divide.c <<'END'
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int zero, quotient;

/* The signal that a division by 0 ends a child with, or 0. */
static int divide(const char *when)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        quotient = 8 / zero;
        _exit(0);
    }
    waitpid(child, &status, 0);
    const int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (number)
        printf("%s: ended by signal %d\n", when, number);
    else
        printf("%s: went on\n", when);
    return number;
}

int main(void)
{
    cl_platform_id platform;
    cl_device_id device;
    const int before = divide("before");
    if (clGetPlatformIDs(1, &platform, NULL) != CL_SUCCESS ||
        clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL) != CL_SUCCESS) {
        puts("there is no device");
        return 2;
    }
    const int after = divide("after clGetDeviceIDs");
    signal(SIGFPE, SIG_DFL);
    const int again = divide("with the default handler again");
    return !(before == SIGFPE && after == 0 && again == SIGFPE);
}
END
gcc -O1 -Iroot/usr/include divide.c -o divide "$libraries/libOpenCL.so.1"
export LD_LIBRARY_PATH="$libraries:$tmp/root/lib/x86_64-linux-gnu:$tmp/root/usr/lib/llvm-15/lib"
OCL_ICD_VENDORS=$tmp/pocl.icd POCL_CACHE_DIR=$tmp/cache ./divide
echo "as described"

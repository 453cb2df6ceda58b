#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The library may be unloaded by a program whose threads have used it: what it keeps for a thread
# is freed when that thread ends, which may be later.
. "$srcdir/tests/scripts/lib.sh"

so=$(pwd)/.libs/libattpool.so
test -f "$so" || skip "there is no shared library"
scratch

cat >"$tmp/a.c" <<'C'
#include <attpool.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static pthread_barrier_t used, unloaded;
static void *library;

static void *use(void *arg)
{
    static double x[20000], fit[200];
    __typeof__(attpool_regress_f64) *regress;
    *(void **)&regress = dlsym(library, "attpool_regress_f64");
    *(int *)arg = regress(NULL, 200, 20000, 1, 1, x, x, x, ATTPOOL_GAUSSIAN, 1, fit);
    pthread_barrier_wait(&used);
    pthread_barrier_wait(&unloaded);
    return NULL;
}

int main(int argc, char **argv)
{
    int status = 1;
    pthread_t thread;
    library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
    if (!library)
        return fprintf(stderr, "%s\n", dlerror()), 1;
    pthread_barrier_init(&used, NULL, 2);
    pthread_barrier_init(&unloaded, NULL, 2);
    pthread_create(&thread, NULL, use, &status);
    pthread_barrier_wait(&used);
    dlclose(library);
    pthread_barrier_wait(&unloaded);
    pthread_join(thread, NULL);
    return status;
}
C
# shellcheck disable=SC2086
$CC $CFLAGS -I"$srcdir/core" "$tmp/a.c" -o "$tmp/a" -pthread -ldl || fail "does not compile"
# shellcheck disable=SC2086
ATTPOOL_NUM_THREADS=3 $TEST_RUNNER "$tmp/a" "$so" || fail "the program ended with $?"

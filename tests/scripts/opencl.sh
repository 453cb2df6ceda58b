#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where OpenCL comes from, which of its devices is taken, and what is said where there is none.
. "$srcdir/tests/scripts/command-lib.sh"
$ATTPOOL devices --json >all || fail "devices: exit status $?"
grep -q '"opencl' all || skip "built without OpenCL"
test "${ATTPOOL_TEST_OPENCL-}" != no || skip "ATTPOOL_TEST_OPENCL is no"
drivers=/etc/OpenCL/vendors
vendors=${OCL_ICD_VENDORS-$drivers}
seq 12 | sed '1i x' >x.csv
printf 'x,y\n1,2\n2,3\n4,1\n' >d.csv

# reason PATTERN: what is said where there is no platform
reason()
{
    fails 4 "opencl: $1" regress d.csv --x x --y y --bandwidth 1 --backend opencl
    $ATTPOOL devices --json >all
    grep -q -E "\"reason\": \"$1" all || fail "devices has no '$1': $(cat all)"
}

# ---- No platform -------------------------------------------------------------------------

mkdir empty broken
echo /nonexistent/libdriver.so >broken/a.icd
: >nameless.icd
OCL_ICD_VENDORS=$tmp/empty reason "no OpenCL driver is installed: no \.icd file in $tmp/empty"
OCL_ICD_VENDORS=$tmp/broken reason "the library of $tmp/broken/a\.icd cannot be loaded: /nonexistent"
OCL_ICD_VENDORS=$tmp/broken/a.icd reason "the library of $tmp/broken/a\.icd cannot be loaded"
OCL_ICD_VENDORS=$tmp/nameless.icd reason "$tmp/nameless\.icd names no library"
OCL_ICD_VENDORS=$tmp/none reason "OCL_ICD_VENDORS is $tmp/none, which does not exist"

# A loader that finds nothing in a file, as Khronos' one does: all its functions fail.
if test -z "${TEST_RUNNER-}" && have "${CC%% *}"; then
    mkdir loader
    sed -n 's/^    X(\([A-Za-z]*\)).*/int cl\1(void) { return -1001; }/p' \
        "$srcdir/backends/opencl/loader.h" >loader.c
    grep -q clGetPlatformIDs loader.c || fail "loader.h has another form"
    # shellcheck disable=SC2086
    $CC -w -shared -fPIC -o loader/libOpenCL.so.1 -x c loader.c || fail "the loader was not built"
    libc=$(ldd "${program-/bin/sh}" | sed -n 's/.*libc\.so\.6 => \([^ ]*\).*/\1/p')
    echo "${libc:-libc.so.6}" >loads.icd
    (
        LD_LIBRARY_PATH=$tmp/loader${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
        export LD_LIBRARY_PATH
        OCL_ICD_VENDORS=$tmp/loads.icd \
            reason "no platform from the file $tmp/loads\.icd: some .* want a folder"
        sed 1d loader.c >older.c
        # shellcheck disable=SC2086
        $CC -w -shared -fPIC -o loader/libOpenCL.so.1 -x c older.c &&
            OCL_ICD_VENDORS=$vendors reason "libOpenCL\.so\.1 is older than OpenCL 1\.2: no clGet"
        # What the process has already is used, and no other loader.
        # shellcheck disable=SC2086
        $CC -w -shared -fPIC -o tracer.so -x c loader.c || exit
        LD_PRELOAD=$tmp/tracer.so OCL_ICD_VENDORS=$tmp/empty reason "no OpenCL driver is installed"
        # shellcheck disable=SC2086
        sed -n 1p loader.c | $CC -w -shared -fPIC -o tracer.so -x c - || exit
        LD_PRELOAD=$tmp/tracer.so \
            reason "the OpenCL of this process is older than OpenCL 1\.2: no clGetPlatformInfo"
    ) || exit
fi

# ---- A simulator in the process ------------------------------------------------------------

if test -z "${TEST_RUNNER-}" && have oclgrind; then
    command="$ATTPOOL"
    ATTPOOL="oclgrind $command"
    ok devices --backend opencl --json
    grep '"chosen": true' -B 3 out | grep -q Oclgrind || fail "oclgrind is not chosen: $(cat out)"
    ok regress d.csv --x x --y y --bandwidth 1 --backend opencl -o by-oclgrind.csv
    ATTPOOL=$command
    ok regress d.csv --x x --y y --bandwidth 1 --backend scalar -o by-scalar.csv
    same by-oclgrind.csv by-scalar.csv
fi

# ---- A device whose name is no text --------------------------------------------------------

layer=${program%/.libs/*}/tests/.libs/opencl_layer.so
if test -z "${TEST_RUNNER-}" && test -e "$layer"; then
    name=$(printf 'Gr\303\266\337e \001\n\377')
    (
        OPENCL_LAYERS=$layer ATTPOOL_TEST_DEVICE_NAME=$name
        export OPENCL_LAYERS ATTPOOL_TEST_DEVICE_NAME
        ok devices --json
        if grep -q 'Gr.*?e ?"' out; then
            ok bench --op 'bmm nn 128' --quick --backend opencl --json bench.json
            grep -q '"device": "Grö?e ?"' bench.json || fail "another name: $(cat bench.json)"
        fi
    ) || exit
fi

# ---- The choice among devices ------------------------------------------------------------

# Two processors: the one with float64 is better, whatever the order of the drivers.
if test -e $drivers/pocl.icd && test -e $drivers/rusticl.icd; then
    RUSTICL_ENABLE=llvmpipe
    export RUSTICL_ENABLE
    for order in 'pocl rusticl' 'rusticl pocl'; do
        rm -rf both
        mkdir both
        n=0
        for driver in $order; do
            n=$((n + 1))
            cp "$drivers/$driver.icd" both/$n.icd
        done
        OCL_ICD_VENDORS=$tmp/both run 0 devices --backend opencl --json # Mesa warns
        test "$(grep -c '"backend": "opencl:.:' out)" = 2 || skip "not both drivers work here"
        grep '"chosen": true' -A 2 out | grep -q '"float64": true' ||
            fail "with $order the device without float64 is taken: $(cat out)"
    done
fi

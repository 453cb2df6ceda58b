#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# On x86 no object uses an instruction set that its backend was not chosen for: VEX
# (AVX, AVX2, FMA, BMI) stands only in the objects of such backends, EVEX (AVX-512) only
# in the native AVX-512 ones.
. "$srcdir/tests/scripts/lib.sh"

test "$host_cpu" = x86_64 || skip "not an x86-64 host"
have "$OBJDUMP" || skip "no objdump"
# shellcheck disable=SC2086
! echo | $CC $CFLAGS -dM -E - | grep -q -w __AVX__ || skip "CFLAGS ask for AVX everywhere"
scratch

# In 64-bit code an instruction whose first byte after the prefixes is c4 or c5 is VEX,
# 62 is EVEX and nothing else.
prefixes='((26|2e|36|3e|64|65|67) )*'
vex='(c4|c5|62)'
evex='62'

instructions()
{
    $OBJDUMP -dw "$2" >"$tmp/all" || fail "cannot read $2"
    # tools/bench/bench_time.c calls these only where the processor can run them.
    sed '/<fma_peak_[^>]*>:$/,/^$/d' "$tmp/all" >"$tmp/code"
    grep -E "^ *[0-9a-f]+:	$prefixes$1 " "$tmp/code"
}

# The check must see what it looks for.
echo 'void f(float *a, const float *b) { for (int i = 0; i < 64; i++) a[i] += b[i]; }' \
    >"$tmp/planted.c"
for flags in '-O2 -mavx' '-O3 -mavx512f -mprefer-vector-width=512'; do
    # shellcheck disable=SC2086
    $CC $flags -c "$tmp/planted.c" -o "$tmp/planted.o" || fail "cannot compile with $flags"
    instructions "$vex" "$tmp/planted.o" >/dev/null || fail "$flags was not seen"
done
instructions "$evex" "$tmp/planted.o" >/dev/null || fail "EVEX was not seen"

# Of the command its own objects: linked statically it has the backends too.
for lib in $baseline_libs libcommand; do
    ! instructions "$vex" "$(archive "$lib")" || fail "VEX or EVEX instructions in $lib"
done
for lib in $vex_libs; do
    ! instructions "$evex" "$(archive "$lib")" || fail "EVEX instructions in $lib"
done

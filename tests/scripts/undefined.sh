#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The functions of other libraries that the library calls. It never prints, exits or aborts; and of
# libm it uses only what is correctly rounded or exact, as the rest differs between machines.
. "$srcdir/tests/scripts/lib.sh"
scratch

$NM "$(archive libattpool_all.la)" >"$tmp/symbols"
grep -q ' T attpool_version$' "$tmp/symbols" || fail "the library could not be read"
awk '$1 == "U" { print $2 }' "$tmp/symbols" | sort -u >"$tmp/undefined"

loud='_exit|_Exit|exit|quick_exit|abort|raise|kill|err|errx|warn|warnx|error|perror|psignal'
loud="$loud|(__)?v?printf(_chk)?|puts|putchar|_IO_putc|stdout|stderr|__stack_chk_fail_local"
test "$enable_debug" = yes || loud="$loud|__assert_fail|__assert"
! grep -x -E "$loud" "$tmp/undefined" || fail "the library prints, exits or aborts"

libm=$($CC -print-file-name=libm.so.6)
test -f "$libm" || skip "no libm.so.6 to read the names from"
$NM -D --defined-only "$libm" | awk '{ sub(/@.*/, "", $NF); print $NF }' | sort -u >"$tmp/libm"
grep -q -x sin "$tmp/libm" || fail "$libm has no sin: was it read?"

exact='(fma|sqrt|floor|ceil|rint|nearbyint|trunc|fabs|copysign|ldexp|scalbn|frexp)f?|fe[a-z]+'
! comm -12 "$tmp/undefined" "$tmp/libm" | grep -v -x -E "$exact" ||
    fail "not the same on every machine"

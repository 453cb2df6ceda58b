#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --disable-emulation keeps emulated instruction sets out of the installed library, but not out of
# the one that the tests are linked with.
. "$srcdir/tests/scripts/lib.sh"
scratch

# count LIBRARY: sets emulated to the number of such backends in it
count()
{
    $NM "$1" >"$tmp/symbols" || fail "cannot read $1"
    grep -q ' T attpool_version$' "$tmp/symbols" || fail "$1 was not understood"
    emulated=$(grep -c ' ap_backend_[a-z0-9]*_emulated$' "$tmp/symbols")
}

count "$(archive libattpool_all.la)"
test "$emulated" -gt 0 || skip "no instruction set is emulated on $host_cpu"
for library in .libs/libattpool.so .libs/libattpool.a; do
    test -f "$library" || continue
    count "$library"
    case $enable_emulation in
    yes) test "$emulated" -gt 0 || fail "$library emulates nothing" ;;
    *) test "$emulated" = 0 || fail "$library emulates, despite --disable-emulation" ;;
    esac
done

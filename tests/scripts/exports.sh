#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shared library exports what attpool.h declares and nothing else.
. "$srcdir/tests/scripts/lib.sh"

so=.libs/libattpool.so
test -f $so || skip "there is no shared library"
scratch

$NM -D --defined-only $so | awk '{ print $NF }' |
    grep -v -E '^(_init|_fini|_edata|_end|__bss_start)$' | sort >"$tmp/exported"

awk 'BEGIN { RS = ";" }
     /ATTPOOL_API/ && match($0, /attpool_[a-z0-9_]+[ \n]*\(/) {
         print substr($0, RSTART, RLENGTH - 1)
     }' "$srcdir/core/attpool.h" | sort >"$tmp/declared"

grep -q '^attpool_version$' "$tmp/declared" || fail "attpool.h was not understood"
! grep -v '^attpool_' "$tmp/exported" || fail "exported without attpool_"
diff "$tmp/declared" "$tmp/exported" || fail "< declared, > exported"

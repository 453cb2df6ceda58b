#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shared library exports what attpool.h declares and nothing else. In an archive all names
# that cross a file are a program's too: there each begins with attpool_ or ap_.
. "$srcdir/tests/scripts/lib.sh"
scratch

awk 'BEGIN { RS = ";" }
     /ATTPOOL_API/ && match($0, /attpool_[a-z0-9_]+[ \n]*\(/) {
         print substr($0, RSTART, RLENGTH - 1)
     }' "$srcdir"/core/attpool/*.h | sort >"$tmp/declared"
grep -q '^attpool_version$' "$tmp/declared" || fail "attpool.h was not understood"

# The second is there only where it was asked for (--enable-static).
for a in "$(archive libattpool_all.la)" .libs/libattpool.a; do
    test -f "$a" || continue
    $NM -g --defined-only "$a" | awk 'NF == 3 { print $3 }' | sort -u >"$tmp/defined"
    ! grep -v -E '^(attpool|ap)_' "$tmp/defined" || fail "in $a without attpool_ or ap_"
    grep '^attpool_' "$tmp/defined" | diff "$tmp/declared" - || fail "< declared, > in $a"
done
test -s "$tmp/defined" || fail "no archive was found"

so=.libs/libattpool.so
test -f $so || skip "there is no shared library"
$NM -D --defined-only $so | awk '{ print $NF }' |
    grep -v -E '^(_init|_fini|_edata|_end|__bss_start)$' | sort >"$tmp/exported"
! grep -v '^attpool_' "$tmp/exported" || fail "exported without attpool_"
diff "$tmp/declared" "$tmp/exported" || fail "< declared, > exported"

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first C program of README.md has at most 20 lines, compiles without a warning against
# what was built, and runs.
. "$srcdir/tests/lib.sh"
scratch

awk '/^```c$/ && !done { inside = 1; next }
     /^```$/ && inside { inside = 0; done = 1 }
     inside' "$srcdir/README.md" >"$tmp/program.c"

lines=$(wc -l <"$tmp/program.c")
test "$lines" -gt 3 || fail "README.md has no program in C"
test "$lines" -le 20 || fail "the program of README.md has $lines lines"

if test -f .libs/libattpool.so; then
    library=.libs/libattpool.so
else
    library=$(archive libattpool.la)
fi
# shellcheck disable=SC2086
$CC $CFLAGS -std=c11 -Wall -Wextra -Werror -I"$srcdir/core" "$tmp/program.c" "$library" -lm \
    -lpthread -ldl -o "$tmp/program" || fail "it does not compile"
# shellcheck disable=SC2154
$TEST_RUNNER "$tmp/program" >"$tmp/out" || fail "it fails with status $?"
test -s "$tmp/out" || fail "it prints nothing"
cat "$tmp/out"

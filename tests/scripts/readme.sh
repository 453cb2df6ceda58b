#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first C program of README.md has at most 20 lines; all compile without a warning against
# what was built, and run.
. "$srcdir/tests/scripts/lib.sh"
scratch

awk -v tmp="$tmp" '/^```c$/ { name = tmp "/program" ++n ".c"; next }
     /^```$/ { name = "" }
     name { print >name }' "$srcdir/README.md"

test -f "$tmp/program1.c" || fail "README.md has no program in C"
lines=$(wc -l <"$tmp/program1.c")
test "$lines" -gt 3 || fail "the first program of README.md has $lines lines"
test "$lines" -le 20 || fail "the first program of README.md has $lines lines"

if test -f .libs/libattpool.so; then
    library=.libs/libattpool.so
else
    library=$(archive libattpool.la)
fi
for program in "$tmp"/program*.c; do
    # shellcheck disable=SC2086
    $CC $CFLAGS -std=c11 -Wall -Wextra -Werror -I"$srcdir/core" "$program" "$library" -lm \
        -lpthread -ldl -o "$tmp/program" || fail "${program##*/} does not compile"
    # shellcheck disable=SC2154
    $TEST_RUNNER "$tmp/program" >"$tmp/out" || fail "${program##*/} fails with status $?"
    test -s "$tmp/out" || fail "${program##*/} prints nothing"
    cat "$tmp/out"
done

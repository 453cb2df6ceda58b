#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The programs of examples/ have at most 60 lines, compile without a warning against what was built,
# and run; the manual shows the one that trains, which learns.
. "$srcdir/tests/scripts/lib.sh"
scratch

if test -f .libs/libattpool.so; then
    library=.libs/libattpool.so
else
    library=$(archive libattpool.la)
fi
for program in "$srcdir"/examples/*.c; do
    name=$(basename "$program" .c)
    test "$(wc -l <"$program")" -le 60 || fail "$name.c has more than 60 lines"
    # shellcheck disable=SC2086
    $CC $CFLAGS -std=c11 -Wall -Wextra -Werror -I"$srcdir/core" "$program" "$library" -lm \
        -lpthread -ldl -o "$tmp/$name" || fail "$name.c does not compile"
    # shellcheck disable=SC2154
    $TEST_RUNNER "$tmp/$name" >"$tmp/$name.out" || fail "$name.c fails with status $?"
    cat "$tmp/$name.out"
done

test "$(wc -l <"$tmp/train.out")" = 5 || fail "train.c does not make five epochs"
awk '{ loss = $4 + 0; if (NR > 1 && !(loss < last)) exit 1; last = loss }' "$tmp/train.out" ||
    fail "the loss of train.c does not fall"

sed -n '/^\.SH TRAINING FROM C$/,/^\.SH/p' "$srcdir/man/attpool.1" |
    sed -n '/^\.EX$/,/^\.EE$/p' | sed -e '/^\.E[XE]$/d' -e 's/\\e/\\/g' -e 's/\\-/-/g' -e 's/^\\&//' \
    >"$tmp/shown.c"
cmp "$tmp/shown.c" "$srcdir/examples/train.c" || fail "the manual shows another train.c"

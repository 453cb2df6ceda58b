#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The programs of examples/ have at most 110 lines, compile without a warning against what was built,
# and run; the manual shows them, the one that trains learns, the devices of the other agree.
. "$srcdir/tests/scripts/lib.sh"
scratch

if test -f .libs/libattpool.so; then
    library=.libs/libattpool.so
else
    library=$(archive libattpool.la)
fi
# Tests that are not to touch OpenCL
test "${ATTPOOL_TEST_OPENCL:-}" != no || export OCL_ICD_VENDORS="$tmp"
for program in "$srcdir"/examples/*.c; do
    name=$(basename "$program" .c)
    test "$(wc -l <"$program")" -le 110 || fail "$name.c has more than 110 lines"
    # shellcheck disable=SC2086
    $CC $CFLAGS -std=c11 -Wall -Wextra -Werror -I"$srcdir/core" "$program" "$library" -lm \
        -lpthread -ldl -o "$tmp/$name" || fail "$name.c does not compile"
    # shellcheck disable=SC2154
    $TEST_RUNNER "$tmp/$name" >"$tmp/$name.out" || fail "$name.c fails with status $?"
    cat "$tmp/$name.out"
done

tail -n 1 "$tmp/devices.out" | grep -q 'OpenCL devices: the same bits$' ||
    fail "devices.c does not say that its devices agree"
test "${ATTPOOL_TEST_OPENCL:-}" != require || ! tail -n 1 "$tmp/devices.out" | grep -q '^0 ' ||
    fail "devices.c finds no device, ATTPOOL_TEST_OPENCL is require"

test "$(wc -l <"$tmp/train.out")" = 5 || fail "train.c does not make five epochs"
awk '{ loss = $4 + 0; if (NR > 1 && !(loss < last)) exit 1; last = loss }' "$tmp/train.out" ||
    fail "the loss of train.c does not fall"

# shown SECTION PROGRAM
shown() {
    sed -n "/^\\.SH $1\$/,/^\\.SH/p" "$srcdir/man/attpool.1" |
        sed -n '/^\.EX$/,/^\.EE$/p' |
        sed -e '/^\.E[XE]$/d' -e 's/\\e/\\/g' -e 's/\\-/-/g' -e 's/^\\&//' >"$tmp/shown.c"
    cmp "$tmp/shown.c" "$srcdir/examples/$2" || fail "the manual shows another $2"
}
shown "TRAINING FROM C" train.c
shown "SEVERAL DEVICES" devices.c

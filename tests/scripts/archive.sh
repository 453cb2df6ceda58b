#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A program whose own functions have common names links with every object of the library, and both
# compute what they should.
. "$srcdir/tests/scripts/lib.sh"
scratch

names='add append apply array band begin block bmm call check clear close context copy count data
    describe device distance done each empty end error fail fill find finish fold
    get grid head init join kernel key keys launch length lengths list load log_line look mask
    masks max max64 merge message min min64 name nearest new next node open options output plan
    pool pop project push put put_int put_long put_real query range read_line refuse regress
    release report reset row rows run scale score settings shape size slot softmax sort stage
    start state step stop store sum sums swap table take task tensor text thread threads tile
    to_type tree update value view visible wait weight weights window work worker zero'

{
    echo '#include <attpool.h>'
    echo '#include <math.h>'
    for name in $names; do
        echo "int $name(void);"
        echo "int $name(void) { return 1; }"
    done
    echo 'int main(void)'
    echo '{'
    echo '    double x[3] = { 0, 1, 2 }, y[3] = { 1, 2, 3 }, fit[3];'
    echo '    int called = 0;'
    echo '    if (attpool_regress_f64(0, 3, 3, 1, 1, x, x, y, ATTPOOL_GAUSSIAN, 1, fit))'
    echo '        return 1;'
    for name in $names; do
        echo "    called += $name();"
    done
    echo "    return fabs(fit[1] - 2) > 1e-15 || called != $(echo "$names" | wc -w);"
    echo '}'
} >"$tmp/a.c"

# The second is there only where it was asked for (--enable-static).
for a in "$(archive libattpool_all.la)" .libs/libattpool.a; do
    test -f "$a" || continue
    # shellcheck disable=SC2086
    $CC $CFLAGS -fno-builtin -I"$srcdir/core" "$tmp/a.c" -o "$tmp/a" -Wl,--whole-archive "$a" \
        -Wl,--no-whole-archive -lm -pthread -ldl || fail "does not link with $a"
    # shellcheck disable=SC2086
    env -u LD_LIBRARY_PATH $TEST_RUNNER "$tmp/a" || fail "with $a it computes something else"
done
test -x "$tmp/a" || fail "no archive was found"

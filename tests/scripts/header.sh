#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attpool.h stands alone, in C11 and in C++17, for every compiler found.
. "$srcdir/tests/scripts/lib.sh"
scratch

printf '#include "attpool.h"\nint main(void) { return !attpool_version(); }\n' >"$tmp/a.c"
cp "$tmp/a.c" "$tmp/a.cc"

compiles()
{
    echo "$*"
    "$@" -pedantic -Wall -Wextra -Werror -fsyntax-only -I"$srcdir/core" ||
        fail "the header does not compile alone"
}

for cc in "$CC" gcc clang; do
    # shellcheck disable=SC2086
    ! have ${cc%% *} || compiles $cc -std=c11 "$tmp/a.c"
done
for cxx in ${CXX:+"$CXX"} g++ clang++; do
    # shellcheck disable=SC2086
    ! have ${cxx%% *} || compiles $cxx -std=c++17 "$tmp/a.cc"
done

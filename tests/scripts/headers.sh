#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every header compiles on its own: those of the scalar and SIMD backends for each type, those of
# vectors for each instruction set. Two in tests/bench are templates or need another library. A file
# that uses a macro of config.h includes it before anything else, others do not. All are listed, so
# that a tarball has them.
. "$srcdir/tests/scripts/lib.sh"
scratch

compiles()
{
    header=$1
    shift
    printf '#include "%s"\ntypedef int not_empty;\n' "$header" >"$tmp/alone.c"
    # shellcheck disable=SC2086
    $CC $CPPFLAGS "$@" -fsyntax-only -Werror=implicit-function-declaration \
        -I"$srcdir" -I"$srcdir/core" -I. "$tmp/alone.c" ||
        fail "$header does not compile on its own ($*)"
}

vectors()
{
    compiles "$1" "-DREAL_BITS=$2" "-DSIMD_NAME=$3" "-DSIMD_VECTORS=\"backends/simd/vec/$3.h\""
}

# Only a header that lacks something can fail.
for body in 'size_t f(void) { return 0; }' 'int f(void) { return g(); }'; do
    echo "static inline $body" >"$tmp/lacks.h"
    ! (compiles "$tmp/lacks.h") >/dev/null 2>&1 || fail "a header without its includes was not seen"
done

(cd "$srcdir" && find backends core tests tools -name '*.h') | sort >"$tmp/headers"
while read -r header; do
    case $header in
    tests/bench/loops_type.h | tests/bench/peer_blas.h) ;;
    backends/simd/vec/*)
        for bits in 32 64; do
            for set in avx2 avx512 neon; do
                vectors "$header" $bits $set
            done
        done
        ;;
    backends/simd/* | backends/scalar/* | backends/real.h | backends/grad_real.h)
        for bits in 32 64; do
            vectors "$header" $bits avx2
        done
        ;;
    *) compiles "$header" ;;
    esac
done <"$tmp/headers"

while read -r header; do
    grep -q -w -F -e "$header" "$srcdir/sources.am" "$srcdir/tests/sources.am" \
        "$srcdir/Makefile.am" || fail "$header is in no list of sources"
done <"$tmp/headers"

macros=$(sed -n 's/^#undef \([A-Z0-9_]*\)$/\1/p' "$srcdir/config.h.in" | paste -s -d '|' -)
test -n "$macros" || fail "config.h.in has no macros"
# config_fault FILE: says what is wrong, or nothing.
config_fault()
{
    # a text may have the word, and is no use of the macro
    if grep -v '^#include' "$1" | sed 's/"[^"]*"//g' | grep -q -w -E "$macros"; then
        grep -m 1 '^#include' "$1" | grep -q -x '#include "config.h"' ||
            echo "$1 does not begin with config.h"
    elif grep -q '^#include "config.h"' "$1"; then
        echo "$1 includes config.h for nothing"
    fi
}
printf '#include "config.h"\nint x;\n' >"$tmp/none.c"
printf '#include <stdio.h>\n#include "config.h"\nint x = sizeof VERSION;\n' >"$tmp/late.c"
for file in none late; do
    test -n "$(config_fault "$tmp/$file.c")" || fail "$file.c was not seen"
done
find "$srcdir/backends" "$srcdir/core" "$srcdir/tests" "$srcdir/tools" -name '*.[ch]' >"$tmp/files"
while read -r file; do
    fault=$(config_fault "$file")
    test -z "$fault" || fail "$fault"
done <"$tmp/files"

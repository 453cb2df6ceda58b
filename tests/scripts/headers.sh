#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every header compiles on its own: those of the scalar and SIMD backends for each type, those of
# vectors for each instruction set. Two in tests/bench are templates or need another library.
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
    backends/simd/* | backends/scalar/* | backends/real.h)
        for bits in 32 64; do
            vectors "$header" $bits avx2
        done
        ;;
    *) compiles "$header" ;;
    esac
done <"$tmp/headers"

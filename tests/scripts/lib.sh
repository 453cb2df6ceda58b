# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Read by the test scripts. They run in the build folder with what Makefile.am exports
# (AM_TESTS_ENVIRONMENT); exit 77 is a skipped test.

skip()
{
    echo "skipped: $*"
    exit 77
}

fail()
{
    echo "FAILED: $*"
    exit 1
}

have()
{
    command -v "$1" >/dev/null 2>&1
}

# A folder of our own, removed at the end.
scratch()
{
    tmp=$(mktemp -d) || exit 99
    trap 'rm -rf "$tmp"' EXIT
}

# The names of the kernels, from a help.
kernels()
{
    $ATTPOOL regress --help | sed -n '/^  --kernel /,/^[^ ]/p' | tr -d '\n' |
        grep -o 'gaussian,[a-z, ]*' | tr -d ','
}

# The archive behind a library of libtool's.
archive()
{
    if test -f ".libs/${1%.la}.a"; then
        echo ".libs/${1%.la}.a"
    else
        echo "${1%.la}.a"
    fi
}

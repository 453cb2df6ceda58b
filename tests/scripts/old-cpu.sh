#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command runs on a processor from before AVX.
. "$srcdir/tests/scripts/lib.sh"

test "$host_cpu" = x86_64 || skip "not an x86-64 host"
have qemu-x86_64 || skip "no qemu-x86_64"

version=$(qemu-x86_64 -cpu Nehalem "$program" --version) || fail "exit status $?"
case $version in
*"$PACKAGE_VERSION"*) ;;
*) fail "it printed: $version" ;;
esac

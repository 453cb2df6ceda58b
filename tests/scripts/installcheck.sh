#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Run by `make installcheck`: a program finds the installed library through pkg-config,
# shared and static, the installed command runs, and no installed page links to what is not.
. "$srcdir/tests/scripts/lib.sh"
scratch

pc()
{
    PKG_CONFIG_PATH=$pkgconfigdir${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH} \
        PKG_CONFIG_SYSROOT_DIR=$DESTDIR $PKG_CONFIG "$@" attpool || fail "$PKG_CONFIG $*"
}

# Print what the program says when it is built with the flags given.
says()
{
    # shellcheck disable=SC2046,SC2086
    $CC $CPPFLAGS $CFLAGS $(pc --cflags) "$tmp/a.c" -o "$tmp/a" $LDFLAGS "$@" ||
        fail "does not link: $*"
    # shellcheck disable=SC2086
    LD_LIBRARY_PATH=$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} $TEST_RUNNER "$tmp/a"
}

cat >"$tmp/a.c" <<'C'
#include <attpool.h>
#include <stdio.h>

int main(void)
{
    puts(attpool_version());
    return 0;
}
C

test "$(pc --modversion)" = "$PACKAGE_VERSION" || fail "attpool.pc has another version"
if test -e "$libdir/libattpool.so"; then
    # shellcheck disable=SC2046
    test "$(says $(pc --libs))" = "$PACKAGE_VERSION" || fail "the shared library"
fi
if test -e "$libdir/libattpool.a"; then
    libs=$(pc --static --libs | sed 's/-lattpool\>/-l:libattpool.a/')
    # shellcheck disable=SC2086
    test "$(says $libs)" = "$PACKAGE_VERSION" || fail "the static library"
    ! $OBJDUMP -p "$tmp/a" | grep 'NEEDED.*attpool' || fail "not linked statically"
fi

# shellcheck disable=SC2086
LD_LIBRARY_PATH=$libdir $TEST_RUNNER "$bindir/attpool" --version |
    grep -q -F "$PACKAGE_VERSION" || fail "the command"

# links FILE: what it links to, relative to its folder
links()
{
    tr '\n' ' ' <"$1" | grep -o ']([^)]*)' | sed 's/^](//; s/[)#].*//' | grep -v -E '^$|^https?:'
}
test -n "$(links "$docdir/README.md")" || fail "README.md was not understood"
for page in "$docdir"/*.md; do
    for link in $(links "$page"); do
        test -e "$docdir/$link" || fail "${page##*/} links to $link, which is not installed"
    done
done

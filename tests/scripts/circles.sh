#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No files call or include each other in a circle.
. "$srcdir/tests/scripts/lib.sh"
have tsort || skip "no tsort"
scratch

# loop_free WHAT: pairs on stdin
loop_free()
{
    tsort >/dev/null 2>"$tmp/loop" || fail "$1: $(cat "$tmp/loop")"
}

# Which object of an archive calls which, on stdout.
calls()
{
    $NM -A "$1" | awk '
        { name = $NF; type = $(NF - 1); member = $1
          sub(/^[^:]*:/, "", member); sub(/:.*/, "", member)
          if (type == "U") { wanted[++n] = name; by[n] = member }
          else if (type ~ /[A-TV-Z]/) home[name] = member }
        END { for (i = 1; i <= n; i++)
                  if (wanted[i] in home && home[wanted[i]] != by[i])
                      print by[i], home[wanted[i]] }'
}

# The check must see what it looks for.
! printf '%s\n' 'a b' 'b c' 'c a' | tsort >/dev/null 2>&1 || fail "tsort does not see a loop"

for lib in $baseline_libs libcommand; do
    calls "$(archive "$lib")" >"$tmp/calls"
    test -s "$tmp/calls" || fail "no calls were found in $lib"
    loop_free "calls in $lib" <"$tmp/calls"
done

(cd "$srcdir" && grep -r -E --include='*.[ch]' '^#include ("|<attpool/)' core backends tools tests) |
    sed -e 's/:#include "\(.*\)"/ \1/' -e 's/:#include <\(.*\)>/ core\/\1/' | sed 's/ attpool\.h$/ core\/attpool.h/' >"$tmp/includes"
test -s "$tmp/includes" || fail "no includes were found"
loop_free "includes" <"$tmp/includes"

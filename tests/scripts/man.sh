#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual pages have this version and are well formed: neither mandoc nor groff complains, and no
# table is wider than a terminal. attpool(1) has each kernel. attpool-packages(7)
# names no option that attpool(1) does not know, and has each factor that the tests of its numbers
# use.
. "$srcdir/tests/scripts/lib.sh"
scratch

for page in "$srcdir"/man/*.[17]; do
    grep -q "^\.TH .* \"attpool $PACKAGE_VERSION\"" "$page" || fail "$page is of another version"
    if have mandoc; then
        mandoc -T lint -W warning "$page" >"$tmp/mandoc" 2>&1
        test ! -s "$tmp/mandoc" || fail "$(cat "$tmp/mandoc")"
    fi
    if have groff; then
        LC_ALL=C groff -t -man -T utf8 -ww -rLL=78n -P -c -P -b -P -u \
            "$page" 2>"$tmp/groff" >"$tmp/text"
        test ! -s "$tmp/groff" || fail "$page: $(cat "$tmp/groff")"
        wide=$(LC_ALL=C tr -d '\200-\277' <"$tmp/text" | awk 'length > 80')
        test -z "$wide" || fail "$page is wider than a terminal: $wide"
    fi
done

# Other names of kernels are looked for by test_failures.c.
kernels=$(kernels)
test -n "$kernels" || fail "the help lists no kernels"
for kernel in $kernels; do
    grep -q "^$kernel	[a-z0-9(]" "$srcdir/man/attpool.1" || fail "attpool(1) has no $kernel"
done

dates=$(sed -n 's/^\.TH [^ ]* [17] \([^ ]*\) .*/\1/p' "$srcdir"/man/*.[17] | sort -u)
test "$(echo "$dates" | wc -w)" = 1 || fail "the dates of the pages differ: $dates"

page=$srcdir/man/attpool-packages.7
grep -o '\\-\\-[a-z][-\\a-z]*' "$page" | sort -u >"$tmp/options"
test -s "$tmp/options" || fail "$page names no options"
while read -r option; do
    grep -q -F -e "$option" "$srcdir/man/attpool.1" || fail "attpool(1) does not know $option"
done <"$tmp/options"

# The second line of each row begins with the factor; sd(x) of faithful is no constant.
sed -n 's/^ *\([0-9.]*\), { .* }, [0-9.e-]*,$/\1/p' "$srcdir/tests/packages/packages.inc" |
    sort -u | grep -v '^1\.14137125110520' >"$tmp/factors"
test "$(wc -l <"$tmp/factors")" -gt 10 || fail "packages.inc was not understood"
while read -r factor; do
    grep -q -w -F -e "$factor" "$page" || fail "$page does not have the factor $factor"
done <"$tmp/factors"

have mandoc || have groff || skip "neither mandoc nor groff"

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attpool bench: its cases run on each backend. No test judges how fast.
. "$srcdir/tests/scripts/command-lib.sh"

ok bench --list
grep -q '^softmax 2x4 call$' out || fail "no small softmax in: $(cat out)"
mv out all
ok bench --list --quick --op attend
test -s out || fail "no quick case of attend"
! grep -v '^attend ' out || fail "not only attend"
while read -r name; do
    grep -q -x -F -e "$name" all || fail "$name is in no full list"
done <out

ok bench --quick --op 'softmax 2x4' --backend scalar,auto --threads 1 --precision f64 --json times.json
test "$(grep -c '^softmax 2x4 call .* us ' out)" = 2 || fail "not two backends in: $(cat out)"
perl -e '
    local $/; my $text = <STDIN>;
    my @cases = $text =~ /"case": "(.*?)"/g;
    my @lists = $text =~ /"seconds": \[(.*?)\]/gs;
    my @wrong = grep { !/^[-\s\d.e,]+$/ } @lists;
    @cases == 2 && @lists == 2 && !@wrong or die "$text\n";
    $text =~ /"precision": "f64"/ && $text =~ /"backend": "scalar"/ or die "$text\n"' <times.json ||
    fail "no samples"

ok bench --quick --op 'regress gaussian' --threads 1
grep -q '^regress gaussian one query .* [0-9.]* x$' out || fail "no time by the plain case in: $(cat out)"

fails 2 '--op "no such case": no case' bench --op 'no such case'
fails 2 'bench takes no arguments besides its options: "x"' bench x
fails 1 'cannot write nowhere/x' bench --json nowhere/x
ok bench --quick --op 'softmax 2x4' --threads 1 --backend scalar --json -
json_is '"bench"' out command
json_is '"softmax 2x4 call"' out results.0.case
json_is '"scalar"' out results.0.backend
json_is '[]' out warnings
json out limits.read >/dev/null
json out seconds >/dev/null
fails 4 '.*no backend "vax"' bench --quick --op softmax --backend scalar,vax
fails 2 '--backend ",": the list has' bench --backend ,

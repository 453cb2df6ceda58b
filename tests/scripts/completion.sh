#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Completion in bash: commands, options and their values, from --help.
. "$srcdir/tests/scripts/lib.sh"
have bash || skip "no bash"
scratch

cat >"$tmp/complete" <<'BASH'
. "$srcdir/tools/completion/attpool" || exit
program() { $ATTPOOL "$@"; }

# expect WORDS TYPED...: the last word typed is completed to the words
expect()
{
    local expected=$1 got
    shift
    COMP_WORDS=(attpool "$@") COMP_CWORD=$#
    _attpool program
    got=$(printf '%s\n' "${COMPREPLY[@]}" | sort -u | tr '\n' ' ')
    [[ $got == "$expected " ]] || echo "attpool $*: completed to '$got', not '$expected'"
}
expect 'demo density devices' de
expect 'regress' help reg
expect '--version' --v
expect '--case-weights' regress data.csv --ca
expect '--causal' attend --ca
expect 'error omit' regress data.csv --na ''
expect 'batch' attend --lengths-per b
expect '--grad-q' attend --grad-q
expect 'f32 f64' devices --precision ''
expect '' regress data.csv --at ''
expect '--keep-scripts --kernel' density data.csv --k
expect '--rate' train data.csv --ra
expect 'half mean sum' train data.csv --loss ''
expect 'product radial' density data.csv --form ''
expect '' regress ''
BASH
bash "$tmp/complete" >"$tmp/out" 2>&1 || fail "it cannot be read: $(cat "$tmp/out")"
test ! -s "$tmp/out" || fail "$(cat "$tmp/out")"

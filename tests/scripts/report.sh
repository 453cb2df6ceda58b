#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attpool regress: --json, --quiet, --verbose, and what they say of a fit.
. "$srcdir/tests/scripts/command-lib.sh"

printf 'x,y,z,w\n1,10,5,1\n2,20,6,2\n4,0,7,0\n' >d.csv
printf '9\n' >far.csv
base='regress d.csv --x x --y y'

# shellcheck disable=SC2086
{
    # fits of y = 10, 20, 0 with equal weights: 10 everywhere, and 10, 5 and 15 without the point itself
    ok $base --kernel constant --json about.json -o fit.csv
    ok $base --kernel constant --json -
    for file in about.json out; do
        json_is '"regress"' $file command
        json_is "\"$PACKAGE_VERSION\"" $file version
        json_is '"d.csv"' $file data
        json_is '["x"]' $file x
        json_is '"f64"' $file precision
        json_is '[]' $file warnings
        json_is '"constant"' $file fits.0.kernel
        json_is null $file fits.0.bandwidth
        json_is 3 $file fits.0.m
        json_is 3 $file fits.0.n
        json_is '{"least":3,"median":3,"most":3}' $file fits.0.n_eff
        json_is 0 $file fits.0.r_squared
        json_is null $file fits.0.leave_one_out_error
        json_is 66.6666666666667 $file fits.0.columns.0.variance
        json $file seconds >/dev/null
        json $file backend >/dev/null
    done
    ok $base --kernel boxcar --bandwidth 2.5 --loo --json -
    json_is 241.666666666667 out fits.0.leave_one_out_error
    json_is null out fits.0.r_squared
    json_is '{"least":1,"median":1,"most":2}' out fits.0.n_eff
    # by the case weights: errors 10 and 10 of weights 1 and 2
    ok $base --kernel constant --loo --case-weights w --json -
    json_is 100 out fits.0.leave_one_out_error
    json_is 22.2222222222222 out fits.0.columns.0.variance
    run 0 $base --kernel boxcar --bandwidth 1.5 --loo --json -
    json_is null out fits.0.leave_one_out_error
    json_is 1 out fits.0.rows_without_fit
    json_is '["1 of 3 queries has no data in reach (see --empty)"]' out warnings
    ok $base --kernel boxcar --bandwidth 0.5 --json -
    json_is 1 out fits.0.r_squared
    ok regress d.csv --x x --y y,z --kernel constant --loo --json -
    json_is 2.25 out fits.0.leave_one_out_error
    ok $base --kernel constant --grid 5 --json -
    json_is 5 out fits.0.n
    json_is 5 out grid
    json_is null out fits.0.r_squared
    json_is '[]' out fits.0.columns
    fails 2 '--json "f.csv" would overwrite -o "f.csv"$' $base --bandwidth 1 -o f.csv --json f.csv
    fails 2 '-o and --json are both stdout$' $base --bandwidth 1 -o - --json -
    fails 1 'cannot write no/such.json' $base --bandwidth 1 --json no/such.json -o kept.csv

    run 0 $base --kernel constant --verbose
    test "$(cat err)" = 'attpool: R^2 0, n 3, n_eff 3 (3 to 3)' || fail "the summary is $(cat err)"
    run 0 $base --kernel boxcar --bandwidth 2.5 --loo --verbose
    test "$(cat err)" = 'attpool: leave-one-out error 241.7, n 3, n_eff 1 (1 to 2)' ||
        fail "the summary is $(cat err)"
    run 0 $base --kernel boxcar --bandwidth 0.5 --grid 4 --verbose
    grep -q '^attpool: n 3 at 4 query points, n_eff 1 (1 to 1)$' err || fail "the summary is $(cat err)"
    ok $base --kernel boxcar --bandwidth 0.5 --grid 7 --quiet
    ok $base --kernel boxcar --bandwidth 0.5 --grid 7 --quiet --verbose
    ok $base --kernel boxcar --bandwidth 0.5 --grid 7 --verbose --quiet
    # names of kernels in any case
    ok $base --kernel Box,EPAN --bandwidth 5 --json -
    json_is '"epanechnikov"' out fits.1.kernel
    ATTPOOL_VERBOSE=2 ok $base --kernel boxcar --bandwidth 0.5 --grid 7 --quiet
    ok $base --kernel boxcar --bandwidth 0.5 --grid 7 --quiet --json -
    json_is '["4 of 7 queries have no data in reach (see --empty)"]' out warnings
    fails 3 'far.csv:1: no data is in reach' $base --kernel boxcar --bandwidth 1 --at far.csv \
        --empty error --quiet
    # of several y, or without a fit anywhere, it says so
    run 0 regress d.csv --x x --y y,z --kernel constant --loo --verbose
    grep -q '^attpool: leave-one-out error 2.25 (in units of the variances), n 3,' err ||
        fail "the summary is $(cat err)"
    run 0 $base --kernel boxcar --bandwidth 0.5 --bandwidth 0.4 --loo --verbose --json -
    grep -q '^attpool: 2 fits, leave-one-out error inf to inf, no fit predicts every row, n 3,' err ||
        fail "the summary is $(cat err)"
    # the least of each group
    printf 'x,y,g\n1,5,a\n2,6,a\n3,9,a\n1,2,b\n9,7,b\n5,1,b\n1,2,c\n99,2,c\n' >groups.csv
    run 0 regress groups.csv --x x --y y --by g --kernel boxcar --bandwidth 1.5 --bandwidth 9 --loo \
        --verbose
    for line in 'a, bandwidth 1.5: 3.667, the least leave-one-out error of the group' \
        'b, bandwidth 9: 15.5, the least leave-one-out error of the group' \
        'group c: no fit predicts every row'; do
        grep -q -x "attpool: $line" err || fail "no '$line' in: $(cat err)"
    done
    # queries without a fit, with nothing in reach and without x
    printf 'x\n1\nNA\n9\n' >gap.csv
    ok $base --kernel boxcar --bandwidth 1 --at gap.csv --na omit --json - --quiet
    json_is 2 out fits.0.rows_without_fit
    ok $base --kernel boxcar --bandwidth 0.5 --grid 7 --json - --quiet
    json_is 4 out fits.0.rows_without_fit
    # a constant y has no R^2
    printf 'x,y\n1,5\n2,5\n' >constant.csv
    run 0 regress constant.csv --x x --y y --bandwidth 1 --verbose --json -
    grep -q '^attpool: n 2, n_eff ' err || fail "the summary is $(cat err)"
    json_is null out fits.0.r_squared
    if have script; then
        on_a_terminal $base --kernel constant
        grep -q '^attpool: R^2 0, n 3, ' err || fail "no summary on a terminal: $(cat err)"
        on_a_terminal $base --kernel constant --quiet
        test ! -s err || fail "not quiet on a terminal: $(cat err)"
    fi
}

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attpool regress: several fits in one run, in one table and one picture.
. "$srcdir/tests/scripts/command-lib.sh"

printf 'x,y,z,w\n1,10,5,1\n2,20,6,2\n4,0,7,0\n7,5,9,1\n' >d.csv
printf '1.5\n6\n' >at.csv
base='regress d.csv --x x --y y'

# one_by_one PREFIX ARGUMENT...: a fit alone, its rows after PREFIX, at the end of `expected`
one_by_one()
{
    prefix=$1
    shift
    run 0 "$@"
    sed "1d; s/^/$prefix/" out >>expected
}

# shellcheck disable=SC2086
{
    # ---- every kernel with every bandwidth has the rows of each alone, bit for bit ----

    for more in '' '--loo' '--grid 5' '--at at.csv' '--case-weights w' '--precision f32' \
        '--backend scalar --threads 2' '--empty nearest'; do
        echo kernel,bandwidth,x,fit,n_eff >expected
        for kernel in gaussian boxcar; do
            for bandwidth in 1.5 0.25; do
                one_by_one "$kernel,$bandwidth," $base --kernel $kernel --bandwidth $bandwidth $more
            done
        done
        run 0 $base --kernel gaussian --bandwidth 1.5 --kernel boxcar --bandwidth 0.25 $more
        same out expected
        run 0 $base --kernel normal,box --bandwidth 1.5 --bandwidth 0.25 $more
        same out expected
    done

    # only what varies has a column
    echo bandwidth,x,fit,n_eff >expected
    for bandwidth in 3 0.1; do
        one_by_one "$bandwidth," $base --bandwidth $bandwidth
    done
    ok $base --bandwidth 3 --bandwidth 0.1
    same out expected
    echo kernel,x,fit,n_eff >expected
    for kernel in cauchy constant; do
        one_by_one "$kernel," $base --kernel $kernel --bandwidth 2
    done
    ok $base --kernel cauchy,constant --bandwidth 2
    same out expected

    # several x columns: a list is a product, and a bandwidth has a column for each
    two='regress d.csv --x x,z --y y,w'
    echo kernel,bandwidth_x,bandwidth_z,x,z,fit_y,fit_w,n_eff >expected
    for kernel in boxcar,constant gaussian; do
        one_by_one "\"$kernel\",1.5,1.5," $two --kernel $kernel --bandwidth 1.5
        one_by_one "\"$kernel\",2,9," $two --kernel $kernel --bandwidth 2,9
    done
    sed 's/^"gaussian"/gaussian/' expected >unquoted
    run 0 $two --kernel boxcar,constant --kernel gaussian --bandwidth 1.5 --bandwidth 2,9
    same out unquoted
    test "$(cat err)" = 'attpool: warning: one bandwidth for 2 columns, as if all had the same unit' ||
        fail "the warning is $(cat err)"

    # the warning counts the queries of all fits
    run 0 $base --kernel boxcar --bandwidth 0.4 --bandwidth 0.5 --loo
    test "$(cat err)" = 'attpool: warning: 8 of 8 queries have no data in reach (see --empty)' ||
        fail "the warning is $(cat err)"
    fails 3 'd.csv:2: no data is in reach' $base --kernel boxcar --bandwidth 9 --bandwidth 0.5 \
        --loo --empty error

    # ---- --json and the summary ----

    run 0 $base --kernel boxcar --bandwidth 2.5 --loo --json one.json
    run 0 $base --kernel boxcar,constant --bandwidth 2.5 --bandwidth 4 --loo --json all.json \
        --verbose
    grep -q '^attpool: 4 fits, leave-one-out error [0-9.]* to inf, the least with boxcar kernel, bandwidth 4, n 4, n_eff 1 to 3$' err ||
        fail "the summary is $(cat err)"
    test "$(json all.json fits.0)" = "$(json one.json fits.0)" || fail "another fit: $(json all.json fits.0)"
    test "$(json all.json fits | grep -o '"kernel":"[a-z]*"' | tr '\n' ' ')" = \
        '"kernel":"boxcar" "kernel":"boxcar" "kernel":"constant" "kernel":"constant" ' ||
        fail "the kernels are $(json all.json fits)"
    json_is 4 all.json fits.3.bandwidth
    run 0 $base --bandwidth 2.5 --bandwidth 4 --grid 3 --verbose
    grep -q '^attpool: 2 fits, n 4 at 3 query points, n_eff [0-9.]* to [0-9.]*$' err ||
        fail "the summary is $(cat err)"

    # ---- one picture ----

    if have gnuplot; then
        ok $base --kernel gaussian,boxcar --bandwidth 1 --bandwidth 3 -o fits.csv --plot p.svg \
            --keep-scripts
        for label in 'gaussian kernel, bandwidth 1' 'gaussian kernel, bandwidth 3' \
            'boxcar kernel, bandwidth 1' 'boxcar kernel, bandwidth 3' data; do
            grep -q "title '$label'" p.svg.gp || fail "no '$label' in the legend"
            grep -q ">$label<" p.svg || fail "no '$label' in the picture"
        done
        test "$(grep -c ' with points ' p.svg.gp)" = 2 || fail "the data is not there once"
        ok $base --bandwidth 1 --bandwidth 3 --at at.csv -o fits.csv --plot p.svg --keep-scripts
        grep -q "label 1 'gaussian kernel'" p.svg.gp || fail "no title"
        grep -q "title 'bandwidth 3'" p.svg.gp || fail "no legend of bandwidths"
        ok $base --kernel gaussian,boxcar --bandwidth 1 -o fits.csv --plot p.svg --keep-scripts
        grep -q "label 1 'bandwidth 1'" p.svg.gp || fail "the bandwidth is not the title"
        grep -q "title 'boxcar kernel'" p.svg.gp || fail "no legend of kernels"
        ok $two --bandwidth 1,1 --bandwidth 3,1 -o fits.csv --plot p.svg --keep-scripts
        grep -q "title 'bandwidths 3 of \"x\", 1 of \"z\"'" p.svg.gp || fail "no legend of bandwidths"
        many=$(for h in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24; do
            echo "--bandwidth $h"
        done)
        ok $base $many -o fits.csv --plot p.svg
        fails 2 '--plot has room for 24 fits, there are 25' $base $many --bandwidth 25 --plot p.svg
    fi

    # ---- usage ----

    fails 2 '--weights takes one fit, not 2' $base --bandwidth 1 --bandwidth 2 --weights w.npy
    fails 2 '--heatmap takes one fit, not 2' $base --bandwidth 1 --bandwidth 2 --heatmap h.svg
    fails 2 'a result in NPY takes one fit, not 2' $base --kernel gaussian,boxcar \
        --bandwidth 1 -o fit.npy
    ok $base --bandwidth 1 -o fit.npy --weights w.npy
    fails 2 '--kernel: gaussian is given twice' $base --kernel normal --kernel gauss \
        --bandwidth 1
    fails 2 '--bandwidth: 0.5 is given twice' $base --bandwidth 0.5 --bandwidth 5e-1
    fails 2 '--bandwidth has 2 values for 1 x column; to fit with each of them, repeat the option' $base \
        --bandwidth 1,2
    # a constant kernel has no unit of x
    awk 'BEGIN { print "x,y"; for (i = 0; i < 8; i++) print (i + 3) * 1e30 "," 2 * i + 1 }' >big.csv
    ok regress big.csv --x x --y y --kernel constant --degree 1 --precision f32
    test "$(cut -d , -f 2 out | awk 'NR > 1 { printf "%.3f ", $1 }')" = \
        '1.000 3.000 5.000 7.000 9.000 11.000 13.000 15.000 ' || fail "constant: $(cat out)"
    fails 2 '--kernel has 3 names for 2 x columns' $two --kernel cauchy,boxcar,cosine --bandwidth 1
    fails 2 '--form radial takes one kernel, not 2' $two --kernel cauchy --kernel cauchy,boxcar \
        --bandwidth 1 --form radial
}

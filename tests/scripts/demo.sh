#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attpool demo: its numbers, its data, the same bits from every backend.
. "$srcdir/tests/scripts/command-lib.sh"

ok demo --no-plots
! grep -E 'DIFFERS|DIFFERENT' out || fail "something did not come out"
grep -q '^One answer: ' out || fail "no answer in: $(cat out)"
test "$(grep -c ' ok$' out)" = 13 || fail "not 13 numbers in: $(cat out)"
test ! -e attpool-demo || fail "files without --output"
grep -q '2.2622e-05 *2.2619e-05 *within 1e-08 *ok$' out || fail "no tolerance in: $(cat out)"

# The data is the same on every machine.
ok demo --no-plots --output folder
test "$(echo folder/*)" = \
    'folder/classic-fits.csv folder/classic.csv folder/similarity-fits.csv folder/similarity.csv' ||
    fail "files: $(echo folder/*)"
test "$(wc -l <folder/classic.csv) $(wc -l <folder/similarity.csv)" = '51 41' || fail "their sizes"
sum=$(cat folder/classic.csv folder/similarity.csv | cksum)
test "$sum" = '2368873607 3372' || fail "the data has the sum $sum"

# What it fits is what regress fits.
cut -d , -f 1 folder/similarity-fits.csv >at.csv
cut -d , -f 1,8 folder/similarity-fits.csv | sed 's/gaussian_0.2/fit/' >expected.csv
ok regress folder/similarity.csv --x x --y y --bandwidth 0.2 --at at.csv
cut -d , -f 1,2 out >fit.csv
same fit.csv expected.csv

# What it learns is what train learns.
ok demo --no-plots --output folder --json demo.json
for loss in half sum mean; do
    i=$((${i:--1} + 1))
    json_is "\"$loss\"" demo.json training.$i.loss
    ok train folder/classic.csv --x x --y y --rate 0.5 --epochs 5 --loss $loss \
        --init "$(json demo.json training.$i.init)"
    tail -n +2 out | cut -d , -f 2,3 | tr , '\n' >got
    for k in 0 1 2 3 4; do
        json demo.json training.$i.losses.$k
        json demo.json training.$i.w.$k
    done >expected
    cp got out
    # shellcheck disable=SC2046
    near 1e-9 $(cat expected)
done
json demo.json training.0.losses.4 >last
perl -e '$ARGV[0] < $ARGV[1] or exit 1' "$(cat last)" "$(json demo.json training.0.losses.0)" ||
    fail "the demo does not learn"

run 0 demo --no-plots --n 7 --seed 5 -o folder --precision f32 --backend scalar --threads 2
test "$(wc -l <folder/classic.csv)" = 8 || fail "not 7 points"
grep -q '^attpool .* on scalar .*, seed 5$' out || fail "the first line is $(head -n 1 out)"

if have gnuplot; then
    ok demo --format png --keep-scripts
    for name in kernels classic-fits classic-weights kernel-fits kernel-weights bandwidth-fits \
        bandwidth-weights parametric-fits parametric-weights; do
        test -s attpool-demo/$name.png || fail "no $name.png"
        test -s attpool-demo/$name.png.gp || fail "no script of $name.png"
    done
    ok demo -o svg
    grep -q '<svg' svg/kernels.svg || fail "kernels.svg is no SVG"
fi

ok demo --no-plots --backend scalar --json demo.json
ok demo --no-plots --backend scalar --json -
for file in demo.json out; do
    json_is '"demo"' $file command
    json_is '"scalar"' $file backend
    json_is 0 $file differences
    test "$(json $file numbers | grep -o '"ok":true' | wc -l)" = 13 || fail "not 13 numbers in $file"
    json_is '"constant"' $file fits.0.kernel
    json_is null $file fits.0.bandwidth
    json_is 50 $file fits.1.queries
    json_is true $file backends.0.same_bits
done
fails 1 'cannot write no/such.json' demo --no-plots --json no/such.json

fails 2 '--n: "0" is not between 1 and 1000000' demo --n 0
fails 2 '--seed: "-1" is not a whole number' demo --seed -1
fails 2 '--format: "pdf" is not one of svg, png' demo --format pdf
fails 2 '--keep-scripts and --no-plots cannot be used' demo --no-plots --keep-scripts
fails 2 'demo takes no arguments besides its options: "x"' demo x
fails 4 '.*no backend "vax"' demo --no-plots --backend vax
: >file
fails 1 'cannot make the folder file: ' demo --no-plots -o file
# known before the work
mkdir full full/classic.csv
no_gnuplot demo -o no-folder
case $ATTPOOL in
/*) grep -q '; or use --no-plots$' err || fail "no way out in: $(cat err)" ;;
esac
test ! -e no-folder || fail "a folder for no pictures"
fails 1 'cannot write full/classic.csv: Is a directory' demo --no-plots -o full
if have gnuplot; then
    for file in attpool-demo/*; do
        rm -rf full
        mkdir -p "full/${file#*/}"
        fails 1 "cannot write full/${file#*/}: Is a directory" demo --format png --keep-scripts -o full
    done
fi

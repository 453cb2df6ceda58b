#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the pictures of regress, attend and demo show, read from the scripts that gnuplot is given.
. "$srcdir/tests/scripts/command-lib.sh"

# A gnuplot that draws its script.
mkdir script
# shellcheck disable=SC2016
printf '#!/bin/sh\nexec cat "$2"\n' >script/gnuplot
chmod +x script/gnuplot

# drawn ARGUMENT...: the script of p.png
drawn()
{
    rm -f p.png
    PATH=$tmp/script:$PATH ok "$@"
}

# block N: the lines of a block of its data
block()
{
    sed -n "/^\\\$d$1 << EOD/,/^EOD/p" p.png | sed '1d;$d'
}

# has TEXT: in the script
has()
{
    grep -q -F -e "$1" p.png || fail "no $1 in: $(cat p.png)"
}

printf 'x,y,z\n1,10,5\n2,20,6\n4,0,7\n' >d.csv
base='regress d.csv --x x --y y --bandwidth 1 -o fit.csv'
# shellcheck disable=SC2016,SC2086
{
    # the fit is a curve of 200 points and what is computed at the data's own, the ends once
    drawn $base --plot p.png
    block 0 >data
    printf '1 10\n2 20\n4 0\n' >expected
    same data expected
    test "$(block 2 | wc -l)" = 201 || fail "the curve has $(block 2 | wc -l) points"
    sed 1d fit.csv | cut -d , -f 1,2 | tr , ' ' >fits
    block 2 | sort >curve
    has "title '95 % band'"
    test "$(block 1 | wc -l)" = 201 || fail "the band has $(block 1 | wc -l) points"
    sort fits | comm -23 - curve >missing
    test ! -s missing || fail "not on the curve: $(cat missing)"
    ok regress d.csv --x x --y y --bandwidth 1 --grid 200 -o grid.csv
    drawn $base --grid 200 --plot p.png
    sed 1d grid.csv | cut -d , -f 1,2 | tr , ' ' >expected
    block 2 >curve
    same curve expected
    # the model is in the title
    drawn $base --degree 1 --adaptive abramson --plot p.png
    has "set label 1 'local linear, gaussian kernel, bandwidth 1, adaptive abramson'"
    drawn $base --adaptive knn:1 --plot p.png
    has "set label 1 'gaussian kernel, bandwidth 1, adaptive knn:1'"
    drawn regress d.csv --x x --y y --bandwidth scott -o fit.csv --plot p.png
    grep -q "^set label 1 'gaussian kernel, bandwidth [0-9.]* by scott'" p.png || fail "the title: $(cat p.png)"
    # over the query points too, which are points
    printf 'x\n-1\n2\n' >at.csv
    drawn $base --at at.csv --plot p.png
    sed 1d fit.csv | cut -d , -f 1,2 | tr , ' ' >expected
    block 3 >points
    same points expected
    has "title 'fit at points given'"
    test "$(block 2 | wc -l)" = 200 || fail "the curve has $(block 2 | wc -l) points"
    test "$(block 2 | head -n 1)" = "$(head -n 1 expected)" || fail "it begins at $(block 2 | head -n 1)"
    # and so are leave-one-out fits
    drawn $base --loo --plot p.png
    sed 1d fit.csv | cut -d , -f 1,2 | tr , ' ' >expected
    block 3 >points
    same points expected
    has "title 'leave-one-out'"
    ok regress d.csv --x x --y y --bandwidth 1 --grid 200 -o grid.csv
    sed 1d grid.csv | cut -d , -f 1,2 | tr , ' ' >expected
    block 2 >curve
    same curve expected
    # the band is the table's, of the level asked for
    ok regress d.csv --x x --y y --bandwidth 1 --grid 200 --se --level 0.5 -o band.csv
    sed 1d band.csv | cut -d , -f 1,5,6 | tr , ' ' >expected
    drawn $base --grid 200 --level 0.5 --plot p.png
    has "title '50 % band'"
    block 1 >band
    same band expected
    # float32 draws what it computes
    drawn $base --precision f32 --plot p.png
    test "$(block 2 | wc -l)" = 201 || fail "in float32 the curve has $(block 2 | wc -l) points"
    # a quote at the beginning, and two of them
    printf "x,y,'s town\n1,10,''\n2,20,''\n4,0,a''b\n" >quotes.csv
    drawn regress quotes.csv --x x --y y --by "'s town" --bandwidth 1 --plot p.png -o fit.csv
    has "'' . \"'\" . '' . \"'\" . ''"
    has "'a' . \"'\" . '' . \"'\" . 'b'"
    # values with no neighbours are dots, and have no band
    drawn regress d.csv --x x --y y --kernel boxcar --bandwidth 1e-9 --plot p.png -o fit.csv
    block 1 >points
    printf '1 10\n2 20\n4 0\n' >expected
    same points expected
    has '$d1 using 1:2 with points pointtype 7'
    # a curve has points closer than the bandwidth, up to 2000
    drawn regress d.csv --x x --y y --bandwidth 0.03 -o fit.csv --grid 9 --plot p.png
    test "$(block 2 | wc -l)" = 407 || fail "the curve has $(block 2 | wc -l) points"
    drawn regress d.csv --x x --y y --bandwidth 1e-300 -o fit.csv --plot p.png
    # what is an error in the table is not one in the picture
    drawn $base --kernel boxcar --bandwidth 0.5 --empty error --plot p.png
    # a panel for each y
    drawn regress d.csv --x x --y y,z --bandwidth 1 --plot p.png -o fit.csv
    has "set ylabel 'y'"
    has "set ylabel 'z'"
    # what was observed over its fit
    drawn regress d.csv --x x,z --y y --bandwidth 1,2 --plot p.png -o fit.csv
    has "set label 1 'gaussian kernel, bandwidths 1 of \"x\", 2 of \"z\"'"
    has "set xlabel 'fit'"
    sed 1d fit.csv | cut -d , -f 3 >fits
    printf '10\n20\n0\n' | paste -d ' ' fits - >expected
    block 1 >points
    same points expected
    # in two lines where one has no room
    printf 'a column with a long name,another one with an even longer name,z\n1,10,5\n2,20,6\n4,0,7\n' >long.csv
    drawn regress long.csv --x 1,2 --y z --bandwidth 1,2 --plot p.png -o long-fit.csv
    has "set label 1 'gaussian kernel, bandwidths 1 of \"a column with a long name\",'"
    has "set label 2 '2 of \"another one with an even longer name\"'"
    # the scores of each method have an axis
    drawn regress "$srcdir/tests/data/mcycle.csv" --x times --y accel --bandwidth cv:0.5:4:9 \
        --bandwidth aicc:0.5:4:9 --curve-plot p.png -o fit.csv
    has "set ylabel 'leave-one-out mean squared error'"
    has "set ylabel 'AICc'"
    test "$(for k in 0 1 2 3; do block $k | wc -l; done | tr '\n' ' ')" = '9 1 9 1 ' ||
        fail "not two curves of 9 points, each with a ring: $(cat p.png)"
    for k in 0 2; do # at the least score
        test "$(block $k | sort -g -k 2 | head -n 1)" = "$(block $((k + 1)))" || fail "rings: $(cat p.png)"
    done
    # heat maps by x, both ways
    printf 'x,y\n3,40\n0,10\n1,20\n' >unsorted.csv
    drawn regress unsorted.csv --x x --y y --bandwidth 1 --heatmap p.png -o fit.csv --weights w.npy
    unnpy w.npy
    perl -e '@w = split " ", <>; printf "%.5g %.5g %.5g \n", @w[$_ + 1, $_ + 2, $_] for 3, 6, 0' \
        <out >expected
    block 0 >cells
    same cells expected
    has "set xlabel 'x of the data'"
    has "set ylabel 'x of the query'"
    has "set xtics nomirror ('0' 0, '1' 1, '3' 2)"
    has "set cblabel 'weight'"
    # by rows, from 1 at the top
    drawn regress d.csv --x x,z --y y --bandwidth 1,1 --heatmap p.png -o fit.csv
    has "set ytics nomirror ('1' 0, '2' 1, '3' 2)"
    has 'set yrange [2.5:-0.5]'
    fails 2 '--plot with 2 x columns shows the data against its fit, which --at does not compute' \
        regress d.csv --x x,z --y y --bandwidth 1,1 --plot p.svg --at d.csv
}

# ---- attend ----

npy q.npy '<f8' '(2, 3, 1)' 0 1 2 2 1 0
npy k.npy '<f8' '(2, 4, 1)' 0 1 2 3 0 1 2 3
ok attend -q q.npy -k k.npy -v k.npy --causal -o o.npy --weights w.npy
unnpy w.npy
mv out weights
drawn attend -q q.npy -k k.npy -v k.npy --causal -o o.npy --heatmap p.png
for batch in 0 1; do
    perl -e '@w = split " ", <STDIN>; for $i (0 .. 2) {
            print map(sprintf("%.5g ", $_), @w[$ARGV[0] * 12 + $i * 4 .. $ARGV[0] * 12 + $i * 4 + 3]), "\n";
        }' $batch <weights >expected
    block $batch >cells
    same cells expected
    has "set title 'batch $batch'"
done
has "set xlabel 'key'"
has "set ylabel 'query'"
has "set cblabel 'weight'"
has "set xtics nomirror ('0' 0, '1' 1, '2' 2, '3' 3)"
has 'set yrange [2.5:-0.5]'
# the queries of --rows by their numbers
drawn attend -q q.npy -k k.npy -v k.npy -o o.npy --rows 2,0 --heatmap p.png
has "set ytics nomirror ('0' 0, '2' 1)"

# ---- demo ----

PATH=$tmp/script:$PATH ok demo --format png -o folder
cp folder/bandwidth-fits.png p.png
for k in 1 2 4 5 7 8 10 11; do
    test "$(block $k | wc -l)" = 251 || fail "a curve of the demo has $(block $k | wc -l) points"
done
test "$(grep -c "title 'fit'" p.png)" = 1 || fail "not one legend"
cp folder/bandwidth-weights.png p.png
test "$(block 3 | wc -l)" = 50 || fail "not 50 queries"
has "set xlabel 'x of the data'"
has "set ytics nomirror ('0' 0, '1' 10, '2' 20, '3' 30, '4' 40)"

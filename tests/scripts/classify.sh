#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attpool classify: classes, probabilities, leave-one-out, groups and report.
. "$srcdir/tests/scripts/command-lib.sh"

iris=$srcdir/tests/data/iris.csv

# A tie is of the first label of the data; rows of other weights, and labels with commas.
cat >d.csv <<'END'
x,y,w,g
0,"b, c",1,u
1,a,1,u
2,a,1,u
9,"b, c",2,v
10,"b, c",0,v
11,a,1,v
END
base='classify d.csv --x x --y y --kernel boxcar'

# ---- classes and probabilities ----

# shellcheck disable=SC2086
{
    ok $base --bandwidth 1.5
    cat >expected <<'END'
x,class,"p_b, c",p_a
0,"b, c",0.5,0.5
1,a,0.3333333333333333,0.6666666666666666
2,a,0,1
9,"b, c",1,0
10,"b, c",0.6666666666666666,0.3333333333333333
11,"b, c",0.5,0.5
END
    same out expected
    ok $base --bandwidth 1.5 --case-weights w
    test "$(sed -n 7p out)" = "11,a,0,1" || fail "weights: $(sed -n 7p out)"
    ok $base --bandwidth 2.5 --case-weights w
    test "$(sed -n 7p out)" = '11,"b, c",0.6666666666666666,0.3333333333333333' ||
        fail "weights: $(sed -n 7p out)"
    ok $base --bandwidth 1.5 --grid 2
    test "$(sed 1d out | tr '\n' ' ')" = '0,"b, c",0.5,0.5 11,"b, c",0.5,0.5 ' || fail "grid: $(cat out)"
    printf 'x\n5\n2\nNA\n' >at.csv
    run 0 $base --bandwidth 1.5 --at at.csv --na omit
    test "$(sed 1d out | tr '\n' ' ')" = '5,,NaN,NaN 2,a,0,1 ,,, ' || fail "at: $(cat out)"
    grep -q 'warning: 1 of 3 queries has no data in reach (see --empty)' err || fail "$(cat err)"
    sed '2,$s/,[0-9]*,\([uv]\)$/,0,\1/' d.csv >weightless.csv
    run 0 classify weightless.csv --x x --y y --kernel boxcar --bandwidth 1.5 --case-weights w --verbose
    ! grep -q nan err || fail "without weights: $(cat err)"
    ok $base --bandwidth 1.5 --at at.csv --na omit --empty zero
    test "$(sed -n 2p out)" = '5,,0,0' || fail "zero: $(cat out)"
    ok $base --bandwidth 1.5 --at at.csv --na omit --empty nearest
    test "$(sed -n 2p out)" = '5,a,0,1' || fail "nearest: $(cat out)"

    # ---- leave-one-out ----

    run 0 $base --bandwidth 1.5 --verbose --json report.json
    grep -q 'leave-one-out accuracy 0.5 (3 of 6)' err || fail "accuracy: $(cat err)"
    grep -q 'of 3 a: 2 b, c, 1 a$' err || fail "matrix: $(cat err)"
    json_is '["b, c","a"]' report.json classes
    json_is '[[2,1],[2,1]]' report.json fits.0.confusion
    json_is '[0,0]' report.json fits.0.without_class
    json_is 0.5 report.json fits.0.accuracy
    run 0 $base --bandwidth 1.5 --loo --json report.json
    test "$(cut -d, -f2- out | sed -n 2p)" = 'a,0,1' || fail "loo: $(cat out)"
    json_is '[[2,1],[2,1]]' report.json fits.0.confusion
    run 0 $base --bandwidth 1.5 --case-weights w --json report.json
    json_is '[[0,1],[1,1]]' report.json fits.0.confusion
    json_is '[2,1]' report.json fits.0.without_class
    json_is null report.json fits.0.brier

    # ---- groups, several fits, NPY ----

    ok $base --by g --bandwidth 1.5
    test "$(head -n 1 out)" = 'g,x,class,"p_b, c",p_a' || fail "by: $(head -n 1 out)"
    ok $base --bandwidth 1.5 --bandwidth 100
    test "$(sed -n 8p out)" = '100,0,"b, c",0.5,0.5' || fail "several: $(cat out)"
    ok $base --bandwidth 1.5 --at at.csv --na omit --empty nearest -o c.npy
    unnpy c.npy
    shape '<f8 (3, 4)'
    near 1e-15 5 1 0 1 2 1 0 1 NaN NaN NaN NaN
    # a label that only a row left out has is no class; a row of weight 0 need not be in reach
    printf 'x,y,w\n1,b,1\n2,b,1\nNA,c,1\n3,a,1\n99,a,0\n' >some.csv
    run 0 classify some.csv --x x --y y --bandwidth 1.5 --kernel boxcar --na omit --case-weights w \
        --json report.json
    test "$(head -n 1 out)" = x,class,p_b,p_a || fail "a label left out: $(cat out)"
    { json report.json fits.0.accuracy; json report.json fits.0.brier; } >out
    near 1e-14 0.6666666666666666 0.8333333333333334
    printf 'x,y\n1,\n2,b\n3,a\n' >gap.csv
    run 0 classify gap.csv --x x --y y --bandwidth 1 --na omit
    test "$(head -n 1 out)" = x,class,p_b,p_a || fail "a missing label: $(cat out)"
    run 0 classify gap.csv --x x --y x --bandwidth 1
    test "$(head -n 1 out)" = x,class,p_1,p_2,p_3 || fail "numbers: $(cat out)"
}

# ---- scikit-learn's numbers (tests/packages/classes.py) ----

run 0 classify "$iris" --x Petal.Length,Petal.Width --y Species --bandwidth 0.3,0.3 --json report.json \
    -o iris.csv
json_is '[[50,0,0],[0,47,3],[0,5,45]]' report.json fits.0.confusion
{ json report.json fits.0.brier; json report.json fits.0.accuracy; } >out
near 1e-14 0.057770641003200091 0.94666666666666666
ok classify "$iris" --x 3,4 --y 5 --bandwidth silverman --json -
json_is '"silverman"' out fits.0.bandwidth_method
brier=$(json out fits.0.brier)

# ---- the bandwidth of the least Brier score ----

ok classify "$iris" --x 3,4 --y 5 --json report.json --loo
json_is '"cv"' report.json fits.0.bandwidth_method
awk -v a="$(json report.json fits.0.brier)" -v b="$brier" 'BEGIN { exit !(a < b) }' ||
    fail "cv has $(json report.json fits.0.brier), silverman $brier"
# the score that it reports is that of leave-one-out
test "$(json report.json fits.0.brier)" = "$(json report.json fits.0.selection.score)" ||
    awk -v a="$(json report.json fits.0.brier)" -v b="$(json report.json fits.0.selection.score)" \
        'BEGIN { d = a - b; exit !(d < 1e-14 && -d < 1e-14) }' || fail "the score is another one"
ok classify "$iris" --x 3 --y 5 --bandwidth 0.1:1:10 --json report.json
best=$(json report.json fits.0.bandwidth)
for h in 0.1 0.4641588833612779 1; do
    ok classify "$iris" --x 3 --y 5 --bandwidth $h --json other.json
    awk -v a="$(json report.json fits.0.brier)" -v b="$(json other.json fits.0.brier)" \
        'BEGIN { exit !(a <= b + 1e-4) }' || fail "$h is better than $best"
done

# ---- what is wrong ----

fails 2 '--y is missing; see' classify "$iris" --x 1
fails 2 '--x is missing; see' classify "$iris" --y 5
fails 2 '--y takes one column' classify "$iris" --x 1 --y 4,5
fails 2 '--bandwidth aicc is for numbers' classify "$iris" --x 1 --y 5 --bandwidth aicc
fails 2 '--grid takes one x column, not 2' classify "$iris" --x 1,2 --y 5 --grid 3
fails 2 '--loo works at the data' classify "$iris" --x 1 --y 5 --loo --at at.csv
fails 2 'a result in NPY takes one fit' classify "$iris" --x 1 --y 5 --by 5 -o c.npy
fails 3 '.*gap.csv:2:2: column "y": .*missing' classify gap.csv --x x --y y --bandwidth 1
run 0 classify "$iris" --x 1 --y 5 --by 5 --bandwidth 1
printf 'x,y\n1,b\n2,b\n' >same.csv
run 0 classify same.csv --x x --y y --bandwidth 1
grep -q 'warning: .*all rows are of one class, "b"' err || fail "one class: $(cat err)"

# ---- numbers as classes ----

perl -e 'print "x,y\n"; printf "%d,%g\n", $_, $_ % 21 / 2 for 1 .. 84' >numbers.csv
run 0 classify numbers.csv --x x --y y --bandwidth 1 -o classes.csv
grep -q '^attpool: note: numbers.csv: each of the 21 numbers of column "y" is a class of its own; attpool regress' err ||
    fail "numbers: $(cat err)"
sed 's/,10$/,ten/' numbers.csv >texts.csv
ok classify texts.csv --x x --y y --bandwidth 1 -o classes.csv
grep -v ',10$' numbers.csv >digits.csv
ok classify digits.csv --x x --y y --bandwidth 1 -o classes.csv

# ---- no row in reach ----

printf 'x,y\n0,1\n10,2\n20,3\n20.5,5\n' >apart.csv
printf 'x\n20\n5\n' >at.csv
base='classify apart.csv --x x --y y --kernel boxcar --bandwidth 1'
# shellcheck disable=SC2086
{
    fails 3 'at.csv:3: no data is in reach of this row$' $base --empty error --at at.csv
    fails 3 'apart.csv:2: no data is in reach of this row$' $base --empty error --loo
    ok $base --empty error --grid 3
}

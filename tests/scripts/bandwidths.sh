#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attpool regress --bandwidth: bandwidths that are found.
. "$srcdir/tests/scripts/command-lib.sh"

data=$srcdir/tests/data

# chosen PATH TOLERANCE NUMBER...: bandwidths in report.json
chosen()
{
    path=$1
    shift
    json report.json "$path" >out
    near "$@"
}

# ---- rules ----

# bw.nrd0 and bw.nrd of R 4.2.2; times the canonical ratio of the kernel
for rule in 'silverman 0.33477703446394325' 'scott 0.39429295170197759'; do
    h=${rule#* }
    rule=${rule% *}
    ok regress "$data/faithful.csv" --x eruptions --y waiting --bandwidth "$rule" --json report.json
    cp out fit.csv
    chosen fits.0.bandwidth 1e-14 "$h"
    json_is "\"$rule\"" report.json fits.0.bandwidth_method
    ok regress "$data/faithful.csv" --x eruptions --y waiting \
        --bandwidth "$(sed -n 's/.*"bandwidth": \(.*\),/\1/p' report.json)"
    same out fit.csv
done
ok regress "$data/faithful.csv" --x eruptions --y waiting --bandwidth silverman --kernel tricube --json report.json
chosen fits.0.bandwidth 1e-4 0.87369
ok regress "$data/faithful.csv" --x eruptions --y waiting --bandwidth silverman --precision f32 --json report.json
chosen fits.0.bandwidth 1e-6 0.33477703446394325

# of several columns, by case weights: scipy's gaussian_kde
ok regress "$data/iris.csv" --x 1,2 --y 3 --case-weights 4 --bandwidth scott --json report.json
chosen fits.0.bandwidth 1e-14 0.33246142182828886 0.16581326590467418

# of each group and kernel, in columns; a kernel without a bandwidth has none
ok regress "$data/iris.csv" --x 1 --y 3 --by 5 --bandwidth silverman --bandwidth 0.5 --kernel gaussian,constant \
    --json report.json
test "$(head -n 1 out)" = Species,kernel,bandwidth,Sepal.Length,fit,n_eff || fail "columns: $(head -n 1 out)"
cut -d , -f 1-3 out | sort -u | grep -c ',gaussian,0.5$' >count
test "$(cat count)" = 3 || fail "$(cat count) groups with the bandwidth 0.5"
cut -d , -f 1-3 out | sort -u | grep -c ',constant,""$' >count
test "$(cat count)" = 3 || fail "$(cat count) groups without a bandwidth"
sed -n '/setosa/p; 1p' "$data/iris.csv" >setosa.csv
json report.json fits.0.bandwidth >one
ok regress setosa.csv --x 1 --y 3 --bandwidth silverman --json report.json
json report.json fits.0.bandwidth >two
same one two
run 0 regress "$data/iris.csv" --x 1,2 --y 3 --by Species --bandwidth silverman --verbose
grep -q '^attpool: setosa: bandwidths [0-9.]* of "Sepal.Length", [0-9.]* of "Sepal.Width" by silverman$' err ||
    fail "said: $(cat err)"
test "$(head -n 1 out | cut -d , -f 1-3)" = Species,bandwidth_Sepal.Length,bandwidth_Sepal.Width ||
    fail "columns: $(head -n 1 out)"

printf 'x,y,g,w\n1,1,a,1\n2,3,a,1\n3,5,b,1\n3,6,b,1\n4,6,b,0\n' >d.csv
run 0 regress d.csv --x x --y y --by g --case-weights w --bandwidth silverman
grep -q '^attpool: warning: 1 of 2 groups is left without a fit: d.csv: column "x" is constant in group "b" where --case-weights are above 0: --bandwidth silverman' err ||
    fail "constant in a group: $(cat err)"
fails 2 'no rule has a bandwidth for the cauchy kernel' regress d.csv --x x --y y --kernel cauchy --bandwidth scott
fails 2 '--bandwidth: "sliverman" is neither .*; did you mean "silverman"' regress d.csv --x x --y y --bandwidth sliverman
fails 2 '--bandwidth: scott is given twice' regress d.csv --x x --y y --bandwidth Scott --bandwidth SCOTT
fails 2 '--bandwidth: scott is given twice' regress d.csv --x x --y y --bandwidth scott --bandwidth scott

# ---- scores ----

# loo ARGUMENT...: the leave-one-out error that a bandwidth has
loo()
{
    run 0 regress "$@" --loo --json loo.json -o loo.csv
    sed -n 's/.*"leave_one_out_error": \(.*\),/\1/p' loo.json
}

# raw NAME: a number of report.json with all its digits, the first one of that name
raw()
{
    sed -n "s/.*\"$1\": \([^,]*\),*$/\1/p" report.json | head -n 1
}

# within BOUND NUMBER NUMBER: relative
within()
{
    perl -e 'exit !(abs($ARGV[1] / $ARGV[2] - 1) <= $ARGV[0])' -- "$@" || fail "$2 is not $3"
}

# less NUMBER NUMBER
less()
{
    perl -e 'exit !($ARGV[0] < $ARGV[1])' -- "$@" || fail "$1 is not less than $2"
}

# cv is the default. Its score is the error that --loo has at that bandwidth, to the last digit, and
# those of bandwidths beside it are larger. statsmodels' search, with its own stopping rule, ends there.
for set in 'mcycle times accel 0.91384625' 'faithful eruptions waiting 0.26143027'; do
    # shellcheck disable=SC2086
    set -- $set
    ok regress "$data/$1.csv" --x "$2" --y "$3" --json report.json
    cp out fit.csv
    json_is '"cv"' report.json fits.0.bandwidth_method
    h=$(raw bandwidth)
    score=$(raw score)
    within 2e-3 "$h" "$4"
    perl -e 'exit !(sprintf("%.4g", $ARGV[0]) == $ARGV[0])' "$h" || fail "$h has not 4 digits"
    test "$(loo "$data/$1.csv" --x "$2" --y "$3" --bandwidth "$h")" = "$score" ||
        fail "$1: --loo has another error than $score"
    for factor in 0.97 1.03; do
        less "$score" "$(loo "$data/$1.csv" --x "$2" --y "$3" --bandwidth "$(perl -e "print $h * $factor")")"
    done
    ok regress "$data/$1.csv" --x "$2" --y "$3" --bandwidth "$h"
    same out fit.csv
done

# Each of several kernels is named, and what its score is.
run 0 regress "$data/mcycle.csv" --x times --y accel --kernel gaussian,tricube --bandwidth cv --bandwidth aicc \
    --verbose -o fit.csv
for text in 'gaussian kernel: bandwidth 0.9[0-9]* by cv, leave-one-out mean squared error 595.[0-9]*, of' \
    'tricube kernel: bandwidth [0-9.]* by aicc, AICc [0-9.]*, of'; do
    grep -q "^attpool: $text" err || fail "no $text: $(cat err)"
done

# AICc: statsmodels' aic
ok regress "$data/faithful.csv" --x 1 --y 2 --bandwidth aicc --json report.json
within 2e-3 "$(raw bandwidth)" 0.24121382
within 1e-5 "$(raw score)" 4.47930465

# lines: statsmodels' ll
ok regress "$data/mcycle.csv" --x 1 --y 2 --degree 1 --json report.json -o fit.csv
within 2e-3 "$(raw bandwidth)" 1.47580185
test "$(loo "$data/mcycle.csv" --x 1 --y 2 --degree 1 --bandwidth "$(raw bandwidth)")" = "$(raw score)" ||
    fail "lines: --loo has another error than $(raw score)"
run 0 regress "$data/iris.csv" --x 1,2 --y 4 --degree 1 --json report.json -o fit.csv
test "$(loo "$data/iris.csv" --x 1,2 --y 4 --degree 1 --bandwidth "$(json report.json fits.0.bandwidth | tr -d '[]')")" = \
    "$(raw score)" || fail "lines of two columns: --loo has another error than $(raw score)"

# several y, case weights, float32
run 0 regress "$data/iris.csv" --x 1 --y 2,3 --case-weights 4 --json report.json -o fit.csv
test "$(loo "$data/iris.csv" --x 1 --y 2,3 --case-weights 4 --bandwidth "$(raw bandwidth)")" = "$(raw score)" ||
    fail "several y: $(raw score)"
run 0 regress "$data/mcycle.csv" --x 1 --y 2 --precision f32 --json report.json -o fit.csv
within 5e-3 "$(raw bandwidth)" 0.91384625

# a grid of one's own: the best of its points, rounded up
ok regress "$data/mcycle.csv" --x 1 --y 2 --bandwidth 0.5:2:5 --json report.json
json_is '"cv"' report.json fits.0.bandwidth_method
test "$(raw bandwidth)" = 1 || fail "the best of 5 is $(raw bandwidth)"
test "$(grep -c '"rows_without_prediction"' report.json)" = 5 || fail "not 5 points"
ok regress "$data/mcycle.csv" --x 1 --y 2 --bandwidth aicc:0.5:4:7 --json report.json
json_is '"aicc"' report.json fits.0.bandwidth_method

# the widest says something of y, unless each is as good
perl -e 'srand 5; print "x,y\n"; printf "%d,%.4f\n", $_, rand for 1 .. 40' >noise.csv
run 0 regress noise.csv --x x --y y -o fit.csv
grep -q 'widest bandwidth looked at; y hardly depends on x$' err || fail "noise: $(cat err)"
perl -e 'srand 5; print "x,y\n"; printf "%d,%.4f\n", $_, 3 * $_ + rand for 1 .. 40' >line.csv
run 0 regress line.csv --x x --y y --degree 1 -o fit.csv
grep -q 'widest bandwidth looked at; the fit is close to one straight line$' err || fail "a line: $(cat err)"
printf 'x,y\n1,2\n2,4\n' >two.csv
run 0 regress two.csv --x x --y y -o fit.csv
! grep -q 'least score' err || fail "two rows: $(cat err)"

# a compact kernel reaches another row from each; the minimum at an end is a warning
run 0 regress "$data/mcycle.csv" --x 1 --y 2 --kernel epanechnikov --json report.json -o fit.csv
grep -q '^attpool: warning: the least score is that of the narrowest bandwidth looked at that predicts every row$' err ||
    fail "an end: $(cat err)"
test "$(loo "$data/mcycle.csv" --x 1 --y 2 --kernel epanechnikov --bandwidth "$(raw bandwidth)")" = "$(raw score)" ||
    fail "epanechnikov: $(raw score)"
run 0 regress "$data/mcycle.csv" --x 1 --y 2 --kernel epanechnikov --bandwidth 2.2:2.2:1 --verbose -o fit.csv
grep -q 'bandwidth 2.201 by cv' err || fail "not raised: $(cat err)"
grep -q 'warning: bandwidth 2.201 by cv is the narrowest that predicts every row; none from 2.2 to 2.2 does$' err ||
    fail "raised: $(cat err)"
# ... by AICc, which knows of none, too: the best of those is chosen, not the best raised to them
run 0 regress "$data/mcycle.csv" --x 1 --y 2 --kernel boxcar --bandwidth aicc:0.5:4:30 --verbose -o fit.csv
grep -q 'bandwidth 2.795 by aicc, AICc 7.55203' err || fail "aicc and boxcar: $(cat err)"
fails 3 '.*d.csv: --bandwidth aicc: no bandwidth looked at has a finite score' \
    regress d.csv --x x --y y --bandwidth aicc:0.001:0.002:3
printf 'x,y\n1,2\n2,2\n4,2\n' >same.csv
fails 3 'same.csv: column "y" is constant: --bandwidth cv' regress same.csv --x x --y y

# where rounding crosses a jump of the score, here where a row determines no line, there are more digits
awk 'BEGIN { print "x,y"; for (i = 0; i < 60; i++) printf "%g,%.6g\n", i / 10, sin(4 * i / 10) + i * 7 % 11 / 10 - 0.5
    print "10.4,5" }' >jump.csv
run 0 regress jump.csv --x x --y y --degree 1 --json report.json -o fit.csv
less "$(raw score)" 0.7719
less 0.7718 "$(raw score)"
test "$(loo jump.csv --x x --y y --degree 1 --bandwidth "$(raw bandwidth)")" = "$(raw score)" ||
    fail "a jump: $(raw score)"

# of equal scores the widest is taken: narrower kernels see the same rows, and nothing between them
perl -e 'srand 3; print "x,y\n"; printf "%d,%.3f\n", 10 * ($_ % 5), cos($_ % 5) + rand() / 5 for 0 .. 99' >whole.csv
ok regress whole.csv --x x --y y --kernel epanechnikov --grid 9 --json report.json -o fit.csv
less 9.9 "$(raw bandwidth)"
less "$(raw bandwidth)" 10.001
! grep -q -i -e nan -e ',,' fit.csv || fail "whole numbers: $(cat fit.csv)"

# a value far from the others hides them from a search, which says so
awk 'BEGIN { print "x,y,z"; for (i = 0; i < 300; i++) printf "%g,%.6f,%g\n", i / 100, sin(i / 20), i % 7
    print "100000,0,3" }' >far.csv
said='column "x" has values far from the others: no bandwidth below 100, its range / 1000,'
run 0 regress far.csv --x x --y y -o fit.csv
grep -q "^attpool: warning: $said" err || fail "far: $(cat err)"
! grep -q 'hardly depends' err || fail "far: $(cat err)"
run 0 regress far.csv --x z,x --y y -o fit.csv
grep -q "^attpool: warning: $said" err || fail "far, two columns: $(cat err)"
run 0 regress far.csv --x x --y y --bandwidth 0.01:1:9 -o fit.csv
! grep -q 'far from' err || fail "far, a grid: $(cat err)"

# where the score hangs on the last digit of a bandwidth, as of data that just determine a line
printf 'x,y\n0,1\n4,0.9\n3,0.5\n1,0.2\n0,0.7\n1,0.2\n2,0.8\n2,0.7\n' >jump.csv
ok regress jump.csv --x x --y y --degree 1 --json report.json -o fit.csv
less "$(raw score)" 0.0585

# what makes a column constant, and who minds
printf 'x,y,w\n1,1,1\n1,2,1\n2,3,0\n3,2,0\n' >weights.csv
fails 3 'weights.csv: column "x" is constant where --case-weights are above 0: --bandwidth cv finds' \
    regress weights.csv --x x --y y --case-weights w
fails 3 'weights.csv: column "x" is constant where --case-weights are above 0: --bandwidth silverman' \
    density weights.csv --x x --case-weights w
sed 's/,[01]$/,1e-60/' weights.csv >light.csv
fails 3 'light.csv: --case-weights "w": all are 0 in float32: no bandwidth' \
    regress light.csv --x x --y y --case-weights w --precision f32
sed 's/,[01]$/,0/' weights.csv >light.csv
fails 3 'light.csv: --case-weights "w": all are 0: no bandwidth' \
    density light.csv --x x --case-weights w
fails 3 'light.csv: --case-weights "w": all are 0: no bandwidth' \
    classify light.csv --x x --y y --case-weights w
fails 3 'same.csv: column "y" is constant: --adaptive knn finds nothing' \
    regress same.csv --x y --y x --adaptive knn:1
fails 3 'same.csv: column "y" is constant: --adaptive abramson finds nothing' \
    regress same.csv --x y --y x --adaptive abramson --bandwidth 1
fails 3 'same.csv: column "y" is constant: --bandwidth cv finds nothing' \
    regress same.csv --x y --y x --adaptive abramson

# the ends of the range of numbers
printf 'x,y\n-1.7e308,1\n1.7e308,2\n0,3\n1,2\n' >large.csv
fails 3 'large.csv: column "x": its range is too large for a search, divide' regress large.csv --x x --y y
printf 'x,y\n1e-320,1\n2e-320,3\n3e-320,2\n' >small.csv
fails 3 'small.csv: column "x": its range is too small for a search, multiply' regress small.csv --x x --y y
printf 'x,y\n1e38,100000000\n2e38,100000001\n3e38,100000002\n' >single.csv
fails 3 'single.csv: column "x": its range is too large for a search, divide' regress single.csv --x x --y y --precision f32
printf 'x,y\n1e-60,100000000\n2e-60,100000001\n4e-60,100000002\n' >single.csv
fails 3 'single.csv: column "x" has no digits left in float32: --precision f64 has more' density single.csv --x x \
    --precision f32
sed 's/e-60//' single.csv >y.csv
fails 3 'y.csv: column "y" has no digits left in float32: --precision f64 has more' regress y.csv --x x --y y \
    --precision f32
awk -F, '{ print $0 "," (NR == 1 ? "z" : $2) }' y.csv >two.csv
fails 3 'two.csv: column "y" has no digits left in float32: --precision f64 has more' regress two.csv --x x \
    --y y,z --precision f32
awk 'BEGIN { print "x,y"; for (i = 0; i < 300; i++) print i "," (i == 7) }' >rare.csv
run 3 regress rare.csv --x x --y y --cv-rows 9 --seed 1
grep -q 'rare.csv: column "y" is constant among the rows drawn (--cv-rows)' err || fail "rare: $(cat err)"
run 0 regress d.csv --x x --y y --bandwidth 1e-300:1e300:5 --curve curve.csv -o fit.csv
printf '%s\n' bandwidth 1e-300 1e-150 1 1e+150 1e+300 >want
awk -F , 'NR == 1 { print $1; next } { printf "%.3g\n", $1 }' curve.csv >got
same want got
fails 2 '--bandwidth: 1e-300 or its inverse is out of range' regress d.csv --x x --y y --precision f32 \
    --bandwidth 1e-300:1:5
run 0 regress d.csv --x x --y y --degree 1 --bandwidth 1e300 -o fit.csv
! grep -q 'determines no line' err || fail "a wide line: $(cat err)"

# ---- many rows ----

perl -e 'srand 3; print "x,y\n";
    for (1 .. 3000) { my $x = rand; printf "%.6f,%.6f\n", $x, sin(9 * $x) + rand }' >many.csv
ok regress many.csv --x x --y y --cv-rows all --json report.json -o all.csv
json_is 3000 report.json fits.0.selection.rows
h=$(raw bandwidth)
run 0 regress many.csv --x x --y y --cv-rows 500 --json report.json -o some.csv
json_is 500 report.json fits.0.selection.rows
grep -q '^attpool: note: --bandwidth cv looks at 500 of 3000 rows (see --cv-rows)$' err || fail "said: $(cat err)"
within 0.4 "$(raw bandwidth)" "$h"
cp report.json first.json
run 0 regress many.csv --x x --y y --cv-rows 500 --json report.json -o again.csv
same some.csv again.csv
# 0.01 of three times (500 / 3000)^(1/5); at the wide end it stays
run 0 regress many.csv --x x --y y --cv-rows 500 --bandwidth 0.01:1:3 --json report.json -o some.csv
within 1e-9 "$(raw bandwidth)" 0.006989
within 1e-9 "$(raw scale)" 0.6988271187715792
run 0 regress many.csv --x x --y y --cv-rows 500 --bandwidth 0.005:0.01:2 --json report.json -o some.csv
within 1e-9 "$(raw bandwidth)" 0.01
json_is 1 report.json fits.0.selection.scale
fails 2 '--cv-rows: 2 rows are too few' regress many.csv --x x --y y --cv-rows 2
# which rows are drawn: the 500 of the least first words of Philox4x32-10, the row being its counter
for seed in 0 5000000000; do
    perl -e 'my ($seed, @rows) = (shift); my $head = <STDIN>; my @lines = <STDIN>;
        sub word { my @c = ($_[0], 0, 0, 0); my @k = ($seed & 0xffffffff, $seed >> 32);
            for (1 .. 10) { my ($p, $q) = (0xD2511F53 * $c[0], 0xCD9E8D57 * $c[2]);
                @c = (($q >> 32) ^ $c[1] ^ $k[0], $q & 0xffffffff, ($p >> 32) ^ $c[3] ^ $k[1], $p & 0xffffffff);
                @k = (($k[0] + 0x9E3779B9) & 0xffffffff, ($k[1] + 0xBB67AE85) & 0xffffffff) }
            $c[0] }
        my @order = sort { word($a) <=> word($b) } 0 .. $#lines;
        print $head, @lines[sort { $a <=> $b } @order[0 .. 499]]' "$seed" <many.csv >drawn.csv
    run 0 regress many.csv --x x --y y --cv-rows 500 --seed "$seed" --bandwidth 0.01:1:30 --curve curve.csv \
        --json report.json -o fit.csv
    ok regress drawn.csv --x x --y y --bandwidth 0.01:1:30 --curve want.csv -o fit.csv
    same want.csv curve.csv
    json_is "$seed" report.json seed
done
fails 2 '--seed: "-1" is' regress many.csv --x x --y y --seed -1

# A search that is interrupted leaves nothing behind.
perl -e 'srand 4; print "x,z,y\n"; printf "%.6f,%.6f,%.6f\n", rand, rand, rand for 1 .. 20000' >large.csv
mkdir left
# shellcheck disable=SC2086
perl -e 'my $p = fork; if (!$p) { $SIG{INT} = "DEFAULT"; exec @ARGV or exit 1 } sleep 1; kill INT => $p; waitpid $p, 0;
    print $? & 127' -- $ATTPOOL regress large.csv --x x,z --y y --backend scalar --threads 1 -o left/fit.csv >out 2>err
test "$(cat out)" = 2 || fail "an interrupted search ended with $(cat out): $(cat err)"
test -z "$(ls left)" || fail "an interrupted search left $(ls left)"

# ---- several columns ----

# What statsmodels' searches find, whose bandwidth of a column that does not matter has no bound.
run 0 regress "$data/iris.csv" --x 1,2,3 --y 4 --json report.json -o fit.csv
grep -q '^attpool: warning: the bandwidth of column "Sepal.Length" is the widest looked at, twice its range; y hardly depends on it$' err ||
    fail "several columns: $(cat err)"
score=$(raw score)
less "$score" 0.03262
json report.json fits.0.bandwidth >out
near 2e-3 7.2 0.192501412 0.284562231
test "$(loo "$data/iris.csv" --x 1,2,3 --y 4 --bandwidth "$(json report.json fits.0.bandwidth | tr -d '[]')")" = "$score" ||
    fail "several columns: --loo has another error than $score"
run 0 regress "$data/iris.csv" --x 1,2,3 --y 4 --bandwidth aicc --json report.json -o fit.csv
less "$(raw score)" -2.40129
ok regress "$data/iris.csv" --x 1,2 --y 4 --json report.json -o fit.csv
less "$(raw score)" 0.08187

# A wave along a, a slope along b: from the coarse bandwidths alone a search ends where a is smoothed
# away, with a score of 0.32.
perl -e 'srand 2; print "a,b,y\n";
    for (1 .. 150) { my ($a, $b) = (rand, rand); my $e = 0.3 * (rand() - rand());
        printf "%.5f,%.5f,%.5f\n", $a, $b, 0.8 * sin(40 * $a) + 2 * $b * $b + $e }' >wave.csv
ok regress wave.csv --x a,b --y y --json report.json -o fit.csv
less "$(raw score)" 0.12

# Two columns of steps and one of nothing: many valleys, of which each seed finds the deepest.
perl -e 'srand 2; print "a,b,c,y\n";
    for (1 .. 100) { my ($a, $b, $c) = (int(10 * rand() + 0.5) / 10, rand, rand);
        my $z = sqrt(-2 * log(1 - rand)) * cos(6.2831853 * rand);
        printf "%.5f,%.6g,%.5f,%.5f\n", $a, $b, $c,
            (int(10 * $a + 0.5) % 2 ? -1 : 1) * ($b > 0.5 ? 1 : -1) + 0.6 * $z }' >steps.csv
for seed in 0 1 2 3; do
    run 0 regress steps.csv --x a,b,c --y y --seed $seed --json report.json -o fit.csv
    less "$(raw score)" 0.8774
done

run 0 regress "$data/iris.csv" --x 1,2 --y 4 --bandwidth cv:0.5:2:3 --json report.json -o fit.csv
test "$(grep -c '"factor"' report.json)" = 3 || fail "not 3 factors"
for kernel in epanechnikov tricube cauchy 'gaussian,boxcar'; do
    run 0 regress "$data/iris.csv" --x 1,2 --y 4 --kernel $kernel --json report.json -o fit.csv
    test "$(loo "$data/iris.csv" --x 1,2 --y 4 --kernel $kernel \
        --bandwidth "$(json report.json fits.0.bandwidth | tr -d '[]')")" = "$(raw score)" || fail "$kernel: $(raw score)"
done

# ---- groups ----

run 0 regress "$data/iris.csv" --x 1 --y 3 --by 5 --bandwidth cv --json report.json
test "$(head -n 1 out)" = Species,bandwidth,Sepal.Length,fit,n_eff || fail "columns: $(head -n 1 out)"
sed -n '/virginica/p; 1p' "$data/iris.csv" >virginica.csv
json report.json fits.2.selection.score >one
run 0 regress virginica.csv --x 1 --y 3 --json report.json
json report.json fits.0.selection.score >two
same one two

# ---- densities ----

# What statsmodels' KDEMultivariate finds by cv_ml; --loo has its likelihood.
ok density "$data/faithful.csv" --x 1 --bandwidth cv --json report.json -o fit.csv
within 2e-3 "$(raw bandwidth)" 0.10269651
score=$(raw score)
ok density "$data/faithful.csv" --x 1 --bandwidth "$(raw bandwidth)" --loo --json report.json -o fit.csv
within 1e-14 "$(raw leave_one_out_log_likelihood)" "-$score"
ok density "$data/faithful.csv" --x 1,2 --bandwidth cv --json report.json -o fit.csv
json report.json densities.0.bandwidth >out
near 1e-3 0.14695982 2.92599631
fails 2 '--bandwidth aicc is for y' density "$data/faithful.csv" --x 1 --bandwidth aicc

# Rows that are the same would have the most likelihood at 0: half of the least step is the narrowest.
printf 'x\n0\n0\n0\n1\n1\n1\n2\n2\n' >same.csv
run 0 density same.csv --x x --bandwidth cv --json report.json -o fit.csv
grep -q '^attpool: warning: the least score is that of the narrowest' err || fail "the same rows: $(cat err)"
within 1e-9 "$(raw bandwidth)" 0.5

# ---- curves ----

ok regress "$data/mcycle.csv" --x 1 --y 2 --bandwidth 0.5:2:5 --curve curve.csv -o fit.csv
test "$(head -n 1 curve.csv)" = bandwidth,score,rows_without_prediction || fail "the curve: $(cat curve.csv)"
test "$(wc -l <curve.csv)" = 6 || fail "the curve: $(cat curve.csv)"
line=$(sed -n 4p curve.csv)
score=${line#*,}
within 1e-12 "${score%,*}" "$(loo "$data/mcycle.csv" --x 1 --y 2 --bandwidth "${line%%,*}")"
run 0 regress "$data/iris.csv" --x 1,2 --y 3 --by 5 --kernel boxcar --kernel tricube --bandwidth 0.1:3:4 \
    --curve curve.csv -o fit.csv
test "$(head -n 1 curve.csv)" = Species,kernel,factor,bandwidth_Sepal.Length,bandwidth_Sepal.Width,score,rows_without_prediction ||
    fail "the curve: $(head -n 1 curve.csv)"
test "$(wc -l <curve.csv)" = 25 || fail "$(wc -l <curve.csv) lines"
grep -q '^setosa,boxcar,0.1,[0-9.]*,[0-9.]*,,[1-9][0-9]*$' curve.csv || fail "no rows without a prediction: $(cat curve.csv)"
# each of several searches has the name that it was given
run 0 regress "$data/mcycle.csv" --x 1 --y 2 --bandwidth cv:0.5:2:2 --bandwidth 1:3:3 --curve curve.csv -o fit.csv
test "$(cut -d , -f 1,2 curve.csv | tr '\n' ' ')" = \
    'method,bandwidth cv:0.5:2:2,0.5 cv:0.5:2:2,2 1:3:3,1 1:3:3,1.7320508075688774 1:3:3,3 ' ||
    fail "names of searches: $(cat curve.csv)"
fails 2 '--bandwidth: "1:3:1" should have at least 2 bandwidths' regress "$data/mcycle.csv" --x 1 --y 2 --bandwidth 1:3:1
printf 'x,y\n0,1\n1,3\n2,2\n' >three.csv
fails 3 'three.csv: --bandwidth aicc: no bandwidth looked at has a finite score; there are too few rows for it$' \
    regress three.csv --x x --y y --bandwidth aicc:100:200:3
fails 2 '--curve needs --bandwidth cv or aicc' regress "$data/iris.csv" --x 1 --y 3 --bandwidth 1 --curve curve.csv
fails 2 '--curve needs --bandwidth cv or aicc, and a kernel that has a bandwidth' regress "$data/iris.csv" --x 1 --y 3 \
    --kernel constant --bandwidth cv --curve curve.csv
if have gnuplot; then
    ok regress "$data/mcycle.csv" --x 1 --y 2 --curve-plot curve.svg --keep-scripts -o fit.csv
    grep -q '</svg>' curve.svg || fail "no picture"
    grep -q 'log10 of the bandwidth' curve.svg.gp || fail "no label: $(cat curve.svg.gp)"
fi

# ---- a bandwidth for each row ----

# The sums of the header, over six rows of which two are the same.
printf 'x,y,w\n0,1,1\n1,3,2\n1,2,1\n3,5,1\n4,4,1\n8,9,3\n' >six.csv
cat >sums.pl <<'END'
my ($kind, $weighted, $h) = @ARGV;
my @x = (0, 1, 1, 3, 4, 8); my @y = (1, 3, 2, 5, 4, 9); my @a = $weighted ? (1, 2, 1, 1, 1, 3) : (1) x 6;
sub k { exp(-$_[0]**2 / 2) }
my @h;
if ($kind eq "abramson") {
    my ($sum, $log) = (0, 0); my @f;
    for my $j (0 .. 5) { $f[$j] += $a[$_] * k(($x[$j] - $x[$_]) / $h) for 0 .. 5; $sum += $a[$j]; $log += $a[$j] * log $f[$j]; }
    $h[$_] = $h * sqrt(exp($log / $sum) / $f[$_]) for 0 .. 5;
} else {
    for my $j (0 .. 5) {
        my @d = sort { $a <=> $b } map { abs($x[$j] - $x[$_]) } grep { $_ != $j } 0 .. 5;
        my $k = $kind - 1; $k++ while $d[$k] == 0;
        $h[$j] = $h * $d[$k];
    }
}
for my $i (0 .. 5) {
    my ($s, $t, $o) = (0, 0, 0);
    for (0 .. 5) { my $k = $a[$_] / $h[$_] * k(($x[$i] - $x[$_]) / $h[$_]); $s += $k; $t += $k * $k; $o += $k * $y[$_]; }
    printf "%d\n%.17g\n%.17g\n", $x[$i], $o / $s, $s * $s / $t;
}
END
# shellcheck disable=SC2046
{
    ok regress six.csv --x x --y y --adaptive abramson --bandwidth 0.8
    near 1e-13 $(perl sums.pl abramson 0 0.8)
    ok regress six.csv --x x --y y --adaptive abramson --bandwidth 0.8 --case-weights w
    near 1e-13 $(perl sums.pl abramson 1 0.8)
    ok regress six.csv --x x --y y --adaptive knn:1
    near 1e-13 $(perl sums.pl 1 0 1)
    ok regress six.csv --x x --y y --adaptive knn:3 --bandwidth 0.5 --case-weights w
    near 1e-13 $(perl sums.pl 3 1 0.5)
    ok regress six.csv --x x --y y --adaptive knn:3 --precision f32
    near 1e-5 $(perl sums.pl 3 0 1)
}
for adaptive in abramson knn:12; do
    for more in '--x 1' '--x 1 --case-weights 2 --kernel epanechnikov' '--x 1,2'; do
        # shellcheck disable=SC2086
        run 0 regress "$data/iris.csv" --y 3 --adaptive $adaptive $more --bandwidth cv --json report.json -o fit.csv
        # shellcheck disable=SC2086
        set -- "$(raw score)" "$(loo "$data/iris.csv" --y 3 --adaptive $adaptive $more \
            --bandwidth "$(json report.json fits.0.bandwidth | tr -d '[]')")"
        test "$1" = "$2" || fail "--adaptive $adaptive $more: the score is $1, --loo finds $2"
    done
done
json_is '"knn:12"' report.json fits.0.adaptive
# the multiple is searched as finely as a bandwidth
ok regress "$data/mcycle.csv" --x 1 --y 2 --adaptive knn:5 --bandwidth cv --json report.json -o fit.csv
less "$(raw score)" 581.0645
fails 2 '--adaptive: "knn" is neither' regress six.csv --x x --y y --adaptive knn
fails 2 '--adaptive knn:6: a row has 5 other rows with a weight$' regress six.csv --x x --y y --adaptive knn:6
sed '$s/3$/0/' six.csv >five.csv
fails 2 '--adaptive knn:5: a row has 4 other rows with a weight$' regress five.csv --x x --y y \
    --case-weights w --adaptive knn:5
fails 2 '--adaptive knn multiplies' regress six.csv --x x --y y --adaptive knn:2 --bandwidth silverman
fails 2 'a density takes --adaptive abramson' density six.csv --x x --adaptive knn:2
ok density six.csv --x x --adaptive abramson --bandwidth 0.8 --grid 1000 -o fit.csv
perl -F, -lane 'next if $. < 2; $s += $F[1] * ($F[0] - $x) if defined $x; $x = $F[0]; END { print $s }' fit.csv >out
near 2e-2 1

# What the library says of its arguments is told of files, columns and options.
printf 'x,a,b\n1,1,1e308\n2,3,-1e308\n3,2,0\n' >huge.csv
fails 3 'huge.csv: column "b" has numbers too large to be squared: scale it$' regress huge.csv --x x --y a,b
tail -n +2 huge.csv >bare.csv
fails 3 'bare.csv: column 3 has numbers too large to be squared: scale it$' regress bare.csv --x 1 --y 3
fails 3 'huge.csv: column "b" has numbers too large or too small for a bandwidth: scale it$' regress \
    huge.csv --x a,b --y x --bandwidth silverman
sed 's/e308/e-200/' huge.csv >small.csv
fails 3 'small.csv: column "b" has numbers too small to be squared: scale it$' regress small.csv --x x --y b
perl -e 'srand 4; print join(",", 1 .. 65), ",y\n"; print join(",", map { rand } 0 .. 65), "\n" for 1 .. 3' >wide.csv
fails 2 '--degree 1 takes up to 64 x columns, not 65$' regress wide.csv --x "$(seq -s , 65)" --y y \
    --kernel constant --degree 1

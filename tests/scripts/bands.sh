#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Local lines, slopes, standard errors and bands of regress.
# $base is several words.
# shellcheck disable=SC2086
. "$srcdir/tests/scripts/command-lib.sh"
export LC_ALL=C

# column N FILE: its numbers
column()
{
    sed 1d "$2" | cut -d , -f "$1"
}

# close_to LEFT RIGHT TOLERANCE: two files of numbers, relative to 1 or their size
close_to()
{
    paste "$1" "$2" | perl -ane '$s = abs($F[0]) > 1 ? abs $F[0] : 1;
        exit 1 if !(@F == 2 && abs($F[0] - $F[1]) <= '"$3"' * $s); $n++; END { exit 1 if !$n }' ||
        fail "$1 and $2 differ: $(paste "$1" "$2" | head -n 5)"
}

mcycle=$srcdir/tests/data/mcycle.csv
base="regress $mcycle --x times --y accel --bandwidth 2"

# by the formulas, with all weights: the first argument is the degree, the second the kept rows
cat >reference.pl <<'EOF'
use strict;
my ($degree, $file) = @ARGV;
my (@x, @y);
open my $f, '<', $file or die; <$f>;
while (<$f>) { chomp; my @c = split /,/; push @x, $c[0]; push @y, $c[1]; }
sub weights {
    my ($q, $out) = @_;
    my (@w, @s, @z);
    for my $j (0 .. $#x) {
        my $u = ($q - $x[$j]) / 2;
        $w[$j] = $j == $out ? 0 : exp(-$u * $u / 2);
        $z[$j] = $x[$j] - $q;
        $s[$_] += $w[$j] * $z[$j] ** $_ for 0 .. 2;
    }
    my $det = $s[0] * $s[2] - $s[1] ** 2;
    return map { $degree ? $w[$_] * ($s[2] - $s[1] * $z[$_]) / $det : $w[$_] / $s[0] } 0 .. $#x;
}
sub dot { my ($a, $b) = @_; my $s = 0; $s += $a->[$_] * $b->[$_] for 0 .. $#$a; return $s; }
my @e;
for my $j (0 .. $#x) { my @w = weights($x[$j], $j); $e[$j] = $y[$j] - dot(\@w, \@y); }
for my $q (10, 20, 30.5, 57) {
    my @w = weights($q, -1);
    my $h = 1e-4;
    my @l = weights($q - $h, -1); my @r = weights($q + $h, -1);
    my $fit = dot(\@w, \@y);
    my $se = sqrt dot([ map { $w[$_] ** 2 } 0 .. $#x ], [ map { $e[$_] ** 2 } 0 .. $#x ]);
    my $z = 1.959963984540054;
    printf "%.15g,%.15g,%.15g,%.15g,%.15g,%.15g,%.15g\n", $q, $fit, 1 / dot(\@w, \@w), $se,
        $fit - $z * $se, $fit + $z * $se, (dot(\@r, \@y) - dot(\@l, \@y)) / (2 * $h);
}
EOF
printf 'times\n10\n20\n30.5\n57\n' >at.csv
for degree in 0 1; do
    ok $base --at at.csv --degree $degree --se --slope -o got.csv
    test "$(head -n 1 got.csv)" = times,fit,n_eff,se,lower,upper,slope_times ||
        fail "the columns are $(head -n 1 got.csv)"
    { echo; perl reference.pl $degree "$mcycle"; } >want.csv
    for c in 2 3 4 5 6; do
        column $c got.csv >got
        column $c want.csv >want
        close_to got want 1e-10
    done
    test $degree = 1 && continue # the slope of the line is not the derivative of its value
    column 7 got.csv >got
    column 7 want.csv >want
    close_to got want 1e-5
done

# a line, and its slope, everywhere
perl -e 'print "a,b,y\n"; for (0 .. 40) { ($a, $b) = ($_ % 7, $_ * 3 % 11);
    print "$a,$b,", 1 + 2 * $a - 3 * $b, "\n" }' >plane.csv
ok regress plane.csv --x a,b --y y --bandwidth 3,3 --degree 1 --slope -o fit.csv
column 3 fit.csv >got
column 3 plane.csv >want
close_to got want 1e-12
column 5 fit.csv >got
sed 's/.*/2/' got >want
close_to got want 1e-11
column 6 fit.csv >got
sed 's/.*/-3/' got >want
close_to got want 1e-11

# equivalent weights
ok $base --degree 1 --weights w.npy -o fit.csv
unnpy w.npy
perl -ne 'push @w, split; END { $n = sqrt @w; for $i (0 .. $n - 1) { $s = 0;
    $s += $w[$i * $n + $_] for 0 .. $n - 1; print "$s\n" } }' out >got
sed 's/.*/1/' got >want
close_to got want 1e-12

# the bits do not depend on whether weights, bands or slopes are asked for
for degree in 0 1; do
    ok $base --degree $degree -o plain.csv
    ok $base --degree $degree --se --slope -o more.csv
    cut -d , -f 1-3 more.csv | same - plain.csv
    ok $base --degree $degree --se --threads 3 --backend scalar -o scalar.csv
    cut -d , -f 1-6 more.csv | same - scalar.csv
done

# the level
for pair in 0.5:0.6744897501960817 0.9:1.6448536269514722 0.99:2.5758293035489004 \
    0.999999:4.891638475698808; do
    ok $base --grid 2 --se --level ${pair%:*} -o got.csv
    sed 1d got.csv | perl -F, -ane 'printf "%.15g\n", ($F[5] - $F[1]) / $F[3]' >got
    printf '%s\n' "${pair#*:}" "${pair#*:}" >want
    close_to got want 1e-11
done
# several y are each in units of their own, in float32 too
awk 'BEGIN { print "x,n,t"; for (i = 0; i < 12; i++) print i * .5 "," (i + i * 7 % 5) * 1e25 "," i + i * 5 % 7 }' >units.csv
ok regress units.csv --x x --y t --bandwidth 1 --se --precision f32
cut -d , -f 1,2,4- out >alone
ok regress units.csv --x x --y n,t --bandwidth 1 --se --precision f32
cut -d , -f 1,3,8- out | sed 's/_t//g' >both
same both alone
fails 2 '--level should lie between 0 and 1, not be 1' $base --se --level 1
fails 2 '--level needs --se or --plot' $base --level 0.9
fails 2 '--degree' $base --degree 2

# several y, names, groups, arrays
ok regress plane.csv --x a,b --y y,b --bandwidth 3,3 --degree 1 --se --slope -o fit.csv
test "$(head -n 1 fit.csv)" = a,b,fit_y,fit_b,n_eff,se_y,lower_y,upper_y,se_b,lower_b,upper_b,\
slope_y_a,slope_y_b,slope_b_a,slope_b_b || fail "the columns are $(head -n 1 fit.csv)"
sed '1s/a,b/se,b/' plane.csv >clash.csv
fails 2 '--se would add a column "se", but a column of --x has that name' regress clash.csv --x se --y y \
    --bandwidth 3 --se
sed '1s/a,b/slope_slope,b/' plane.csv >clash.csv
ok regress clash.csv --x slope_slope --y y --bandwidth 3 --slope
ok regress "$srcdir/tests/data/iris.csv" --x Sepal.Length --y Sepal.Width --by Species \
    --bandwidth 1 --degree 1 --se --loo -o by.csv --json by.json
test "$(head -n 1 by.csv)" = Species,Sepal.Length,fit,n_eff,se,lower,upper || fail "$(head -n 1 by.csv)"
if ! grep -q '"degree": 1' by.json || ! grep -q '"residual_rows": 50' by.json; then
    fail "$(cat by.json)"
fi
ok $base --se --slope --grid 5 -o fit.npy

# some rows have residuals: the formula with all of them gives what all rows give
run 0 $base --se --grid 9 --cv-rows 132 -o some.csv
grep -q 'standard errors from the residuals of 132 of 133 rows (see --cv-rows)' err || fail "$(cat err)"
run 0 $base --se --grid 9 --cv-rows 132 --adaptive knn:20 --bandwidth 1 -o rows.csv
grep -q 'residuals of all 133 rows: each has a bandwidth of its own, so --cv-rows does not apply' err ||
    fail "$(cat err)"
ok $base --se --grid 9 --cv-rows all -o all.csv
cut -d , -f 1-3 some.csv >left
cut -d , -f 1-3 all.csv | same - left
column 4 some.csv >got
column 4 all.csv >want
close_to got want 0.3
run 0 $base --se --cv-rows 1 --bandwidth 1 -o some.csv
grep -q 'have no standard error: none of the rows drawn (--cv-rows) is in reach$' err || fail "$(cat err)"

# what has no line, and what has no residual
printf 'x,y\n0,1\n1,2\n2,3\n50,7\n' >gap.csv
run 0 regress gap.csv --x x --y y --kernel boxcar --bandwidth 1.5 --degree 1 --se -o gap.out
grep -q 'at 1 of 4 query points the data in reach determines no line' err || fail "$(cat err)"
grep -q '1 of 4 query points have no standard error: a row with weight has no leave-one-out residual$' err || fail "$(cat err)"
test "$(sed -n 5p gap.out)" = 50,7,1,NaN,NaN,NaN || fail "$(sed -n 5p gap.out)"

# what is too large
printf 'x,y\n1,1e308\n2,-1e308\n3,1e308\n4,-1e308\n5,1\n' >huge.csv
run 0 regress huge.csv --x x --y y --bandwidth 1 --se --degree 1
grep -q '^attpool: warning: 5 of 5 standard errors or the ends of their bands are infinite: they are outside the range of float64$' err ||
    fail "$(cat err)"
test "$(wc -l <err)" = 1 || fail "$(cat err)"
ok regress huge.csv --x x --y y --bandwidth 1 --degree 1

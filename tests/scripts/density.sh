#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attpool density: its columns, points, groups, bandwidths, pictures and report.
. "$srcdir/tests/scripts/command-lib.sh"

faithful=$srcdir/tests/data/faithful.csv
iris=$srcdir/tests/data/iris.csv

# sum_of FILE COLUMN: of numbers from the second line on
sum_of()
{
    awk -F, -v c="$2" 'NR > 1 { s += $c } END { printf "%.12g\n", s }' "$1"
}

# nearly GOT WANT TOLERANCE WHAT
nearly()
{
    awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { d = a - b; exit !(d <= t && -d <= t) }' ||
        fail "$4 is $1, not $2"
}

# ---- numbers of scikit-learn's KernelDensity, gaussian, 0.2137 ----

printf 'eruptions\n1.75\n2.1\n2.9\n3.5\n4.15\n4.85\n' >at.csv
ok density "$faithful" --x eruptions --bandwidth 0.2137 --at at.csv
test "$(head -n 1 out)" = eruptions,density,log_density || fail "the header is $(head -n 1 out)"
i=1
for want in 0.35370848498476 0.39405814225631 0.04058628772196 0.13797738931558 0.48416416220345 \
    0.31290710534333; do
    i=$((i + 1))
    nearly "$(sed -n "${i}p" out | cut -d, -f2)" $want 1e-13 "row $i"
done
awk -F, 'NR > 1 { d = log($2) - $3; if (d > 1e-12 || d < -1e-12) exit 1 }' out ||
    fail "log_density is not the logarithm: $(cat out)"

# far away there is no density left, but a logarithm
printf 'eruptions\n1e5\n' >far.csv
ok density "$faithful" --x eruptions --bandwidth 0.2137 --at far.csv
test "$(sed -n 2p out | cut -d, -f2)" = 0 || fail "far away: $(cat out)"
nearly "$(sed -n 2p out | cut -d, -f3)" -109475.6e6 1e7 "the logarithm far away"

# ---- grids ----

ok density "$faithful" --x eruptions --bandwidth 0.25 --grid 1201
nearly "$(sum_of out 2)" "$(awk 'BEGIN { print 1200 / 5 }')" 0.15 "the integral"
test "$(sed -n 2p out | cut -d, -f1)" = 0.8500000000000001 || fail "it begins at $(sed -n 2p out)"
test "$(tail -n 1 out | cut -d, -f1)" = 5.85 || fail "it ends at $(tail -n 1 out)"
ok density "$faithful" --x eruptions --kernel boxcar --bandwidth 0.25 --grid 2
test "$(cut -d, -f1 out | tr '\n' ' ')" = "eruptions 1.35 5.35 " || fail "boxcar: $(cat out)"
ok density "$faithful" --x eruptions,waiting --bandwidth 0.3,4 --grid 3,2
test "$(cut -d, -f1,2 out | sed -n 2,4p | tr '\n' ' ')" = \
    "0.7000000000000002,31 0.7000000000000002,108 3.35,31 " || fail "two columns: $(cat out)"
ok density "$faithful" --x eruptions,waiting --bandwidth 0.3,4 --kernel biweight,gaussian --grid 90
test "$(sed -n 2p out | cut -d, -f1,2)" = 1.3,31 || fail "each its reach: $(sed -n 2p out)"
cells=$(awk 'BEGIN { print 89 / (3.5 + 0.6) * 89 / (53 + 24) }')
nearly "$(sum_of out 3)" "$cells" 0.05 "the integral over two columns"

# ---- bandwidths by a rule, which is the default ----

run 0 density "$faithful" --x eruptions --verbose --json report.json
grep -q 'bandwidth 0.334777 by silverman' err || fail "the default: $(cat err)"
json_is '"silverman"' report.json densities.0.bandwidth_method
nearly "$(json report.json densities.0.bandwidth)" 0.33477 1e-5 "R's bw.nrd0"
ok density "$faithful" --x eruptions --bandwidth scott --json report.json
nearly "$(json report.json densities.0.bandwidth)" 0.394293 1e-6 "R's bw.nrd"

# ---- groups, several densities, leave-one-out ----

run 0 density "$iris" --x Petal.Width --by Species --bandwidth 0.1 --loo --json report.json
mv out groups.csv
test "$(head -n 1 groups.csv)" = Species,Petal.Width,density,log_density || fail "$(head -n 1 groups.csv)"
{ head -n 1 "$iris"; grep ',virginica$' "$iris"; } >part.csv
ok density part.csv --x Petal.Width --bandwidth 0.1 --loo
grep '^virginica,' groups.csv | cut -d, -f2- >got
sed 1d out >expected
same got expected
nearly "$(awk -F, '$1 == "setosa" { s += $4 } END { print s / 50 }' groups.csv)" \
    "$(json report.json densities.0.leave_one_out_log_likelihood)" 1e-5 "the log-likelihood"
json_is null report.json densities.0.log_likelihood
ok density "$iris" --x Petal.Width --kernel gaussian,boxcar --bandwidth 0.1 --bandwidth 1
test "$(head -n 1 out)" = kernel,bandwidth,Petal.Width,density,log_density || fail "$(head -n 1 out)"
test "$(wc -l <out)" = 601 || fail "four densities have $(wc -l <out) lines"
printf 'x\n0\n1\n' >two.csv
ok density two.csv --x x --kernel laplacian --bandwidth 1 --loo
nearly "$(sed -n 2p out | cut -d, -f2)" 0.18393972058572117 1e-15 "the other row's density"
printf 'x,w\n1,2\n1,0\n3,2\n' >w.csv
ok density w.csv --x x --case-weights w --bandwidth 1 --kernel triangular
test "$(sed -n '2,4p' out | cut -d, -f2 | tr '\n' ' ')" = "0.5 0.5 0.5 " || fail "weights: $(cat out)"
printf 'x,w\n1,0\n2,0\n' >none.csv
run 0 density none.csv --x x --case-weights w --bandwidth 1
grep -q 'warning: 2 of 2 densities are not defined' err || fail "no weights: $(cat err)"

# ---- missing values ----

printf 'eruptions\n2\nNA\n' >gap.csv
ok density "$faithful" --x eruptions --bandwidth 1 --at gap.csv --na omit
test "$(sed -n 3p out)" = ,, || fail "a missing point: $(cat out)"

# ---- the same bits from another backend, and nearly in float32 ----

ok density "$iris" --x Sepal.Length,Sepal.Width --bandwidth 0.4,0.3 --kernel logistic --threads 1
mv out one
ok density "$iris" --x Sepal.Length,Sepal.Width --bandwidth 0.4,0.3 --kernel logistic \
    --backend scalar --threads 2
same one out
ok density "$iris" --x Sepal.Length,Sepal.Width --bandwidth 0.4,0.3 --kernel logistic --precision f32
nearly "$(sed -n 2p out | cut -d, -f4)" "$(sed -n 2p one | cut -d, -f4)" 1e-6 "in float32"
ok density "$iris" --x 1 --bandwidth 1 --grid 5 -o d.npy
test -s d.npy || fail "no NPY"

# ---- pictures ----

if have gnuplot; then
    ok density "$faithful" --x eruptions --bandwidth 0.3 --loo -o /dev/null --plot d.svg --keep-scripts
    grep -q 'leave-one-out' d.svg.gp || fail "no rings"
    grep -q 'density' d.svg.gp || fail "no density"
    ok density "$iris" --x 1,2 --by 5 --bandwidth 0.3,0.2 -o /dev/null --plot d.png --keep-scripts
    # a title that is wider than its panel
    ok density "$iris" --x 3,4 --by 5 -o /dev/null --plot t.png --keep-scripts
    grep -q '^set title .setosa, bandwidths 0.0904791 of "Petal.Length",. . "\\n" . .0.054906 of "Petal.Width" by silverman.$' \
        t.png.gp || fail "titles: $(grep '^set title' t.png.gp)"
    grep -q versicolor d.png.gp || fail "no panel of a group"
fi
no_gnuplot density "$faithful" --x eruptions --bandwidth 1 --plot none.svg

# ---- what is wrong ----

fails 2 '--x is missing; see' density "$faithful"
fails 2 '--at and --grid cannot' density "$faithful" --x 1 --at at.csv --grid 3
fails 2 '--loo works at the data' density "$faithful" --x 1 --loo --grid 3
fails 2 '--grid has 2 values for 1 x column' density "$faithful" --x 1 --grid 3,3
fails 2 '--grid: "0" is not' density "$faithful" --x 1 --grid 0
fails 2 '--plot shows one or two x columns, not 3' density "$iris" --x 1,2,3 --plot d.svg
fails 2 '--keep-scripts needs --plot' density "$iris" --x 1 --keep-scripts
fails 2 '--kernel: constant has no density' density "$iris" --x 1 --kernel constant
fails 2 '--kernel: constant has no density' density "$iris" --x 1,2 --kernel gaussian,constant \
    --bandwidth silverman
fails 2 'kernel: cauchy over 2 columns has no finite' density "$iris" --x 1,2 --kernel cauchy \
    --bandwidth 1,1
fails 2 'a result in NPY takes one fit' density "$iris" --x 1 --bandwidth 1 --bandwidth 2 -o d.npy
fails 2 '--grid makes 8e.09 points of 3 x columns, at most 8.95e.07 fit' density "$iris" --x 1,2,3 \
    --bandwidth 1,1,1 --grid 2000
fails 2 '--grid makes 3e.08 points of 1 x column, at most 2.68e.08 fit' density "$iris" --x 1 --grid 300000000
fails 2 '--grid goes inf beyond column "eruptions", outside the range of float64: a smaller --bandwidth' \
    density "$faithful" --x 1 --bandwidth 1e308 --grid 3
fails 2 '--grid goes 6e.38 beyond column "eruptions", outside the range of float32: a smaller --bandwidth' \
    density "$faithful" --x 1 --bandwidth 2e38 --grid 3 --precision f32
ok density "$faithful" --x 1 --bandwidth 1e307 --grid 3
printf 'x\n-1e308\n0\n1e308\n' >huge.csv
fails 3 'huge.csv: column "x" has numbers too large or too small for a bandwidth: scale it$' density \
    huge.csv --x x
printf 'x\n1\n1\n' >constant.csv
fails 3 'constant.csv: column "x" is constant: --bandwidth silverman' density constant.csv --x x

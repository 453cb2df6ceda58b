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
fails 3 'd.csv: column "x" is constant in group "b": --bandwidth silverman' \
    regress d.csv --x x --y y --by g --case-weights w --bandwidth silverman
fails 2 'no rule has a bandwidth for the cauchy kernel' regress d.csv --x x --y y --kernel cauchy --bandwidth scott
fails 2 '--bandwidth: "sliverman" is neither .*; did you mean "silverman"' regress d.csv --x x --y y --bandwidth sliverman
fails 2 '--bandwidth: scott is given twice' regress d.csv --x x --y y --bandwidth scott --bandwidth scott

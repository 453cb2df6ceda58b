#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --bandwidth-from: other packages' numbers become bandwidths, or an error says why not.
. "$srcdir/tests/scripts/command-lib.sh"

data=$srcdir/tests/data

# ---- numbers of tests/packages/packages.inc ----

printf 'times\n5.05\n14.25\n21.35\n30.15\n41.75\n55.55\n' >mcycle.csv
ok regress "$data/mcycle.csv" --x times --y accel --bandwidth-from r-ksmooth:40 --at mcycle.csv
sed 1d out | cut -d, -f2 >fit
cp fit out
near 1e-12 -35.571075083869431 -36.841561793788557 -34.549730635097745 -27.454313856773755 \
    -14.1787905718113 -2.5286689989902493
printf 'eruptions\n1.75\n2.1\n2.9\n3.5\n4.15\n4.85\n' >faithful.csv
ok regress "$data/faithful.csv" --x eruptions --y waiting --kernel epan --at faithful.csv \
    --bandwidth-from octave-econometrics-plain:0.4137
cut -d, -f2 out >all && sed 1d all >out
near 1e-12 53.291346802043343 54.224578542323393 60.197974110904454 76.365211540141942 \
    79.738145535672544 81.940341306813934
ok density "$data/faithful.csv" --x eruptions --bandwidth-from scipy-gaussian-kde:0.2 --at faithful.csv
cut -d, -f2 out >all && sed 1d all >out
near 1e-13 0.34440299484091003 0.38745909817249302 0.042680101199605754 0.13985681117382331 \
    0.48022767832620838 0.31264958765529216
ok density "$data/faithful.csv" --x eruptions --bandwidth-from kdepy:0.2137 --kernel tricube \
    --at faithful.csv --json report.json
json_is '"kdepy"' report.json densities.0.bandwidth_method
json report.json densities.0.bandwidth >out
near 1e-14 0.56308458309057
ok regress "$data/iris.csv" --x 1,2 --y 4 --bandwidth-from statsmodels-kernelreg:0.5,0.4 --json report.json
json_is '[0.5,0.4]' report.json fits.0.bandwidth
ok density "$data/iris.csv" --x 1,2 --bandwidth-from r-ks-kde:0.25,0.04 --json report.json
json_is '[0.5,0.2]' report.json densities.0.bandwidth
ok density "$data/iris.csv" --x 1 --bandwidth-from r-ks-kde:0.25 --json report.json
json_is 0.25 report.json densities.0.bandwidth
ok regress "$data/iris.csv" --x 1,2 --y 4 --bandwidth-from r-spatstat-smooth:0.4 --json report.json
json_is 0.4 report.json fits.0.bandwidth
ok classify "$data/iris.csv" --x 1 --y 5 --bandwidth-from r-np-npreg:0.5 --kernel epan --json report.json
json report.json fits.0.bandwidth >out
near 1e-14 1.118033988749895

# a closed boxcar takes in the edge; scikit-learn's and ours do not
printf 'x\n0\n1\n' >edge.csv
ok density edge.csv --x x --kernel boxcar --bandwidth-from r-kedd:1
test "$(sed -n 2p out | cut -d, -f2)" = 0.4999999995 || fail "closed: $(cat out)"
ok density edge.csv --x x --kernel boxcar --bandwidth-from scikit-learn-kerneldensity:1
test "$(sed -n 2p out | cut -d, -f2)" = 0.25 || fail "open: $(cat out)"

# groups have standard deviations of their own, and a fit beside one with a bandwidth of ours
ok density "$data/iris.csv" --x 1 --by 5 --bandwidth-from scipy-gaussian-kde:1 --bandwidth 2
test "$(head -n 1 out)" = Species,bandwidth,Sepal.Length,density,log_density || fail "$(head -n 1 out)"
test "$(cut -d, -f2 out | sed 1d | uniq | wc -l)" = 6 || fail "bandwidths: $(cut -d, -f1,2 out | uniq)"
run 0 regress "$data/mcycle.csv" --x 1 --y 2 --bandwidth-from r-ksmooth:8 --verbose
grep -q 'r-ksmooth: the gaussian is cut at 4 of our bandwidths' err || fail "no word of the cut: $(cat err)"

# ---- the list ----

ok regress --bandwidth-from list
grep -c '^[a-z]' out >count
test "$(cat count)" -ge 25 || fail "the list has $(cat count) packages"
page=$srcdir/man/attpool-packages.7
sed -n 's/^\([a-z0-9-]*\): .*/\1/p' out >names
while read -r name; do
    grep -q -F -e "$(echo "$name" | sed 's/-/\\-/g')" "$page" || fail "attpool-packages(7) has no $name"
done <names
cp out list
ok density --bandwidth-from list
same out list
ok classify --bandwidth-from list
same out list

# ---- what cannot be carried over ----

from="regress $data/iris.csv --x 1,2 --y 4 --bandwidth-from"
# shellcheck disable=SC2086
{
    fails 2 '--bandwidth-from: kernelsmooth whitens several columns.*ellipse' $from kernelsmooth:1
    fails 2 '--bandwidth-from: r-ksmooth takes one x column, not 2' $from r-ksmooth:1
    fails 2 '--bandwidth-from: r-sm takes 2 values, one a column, not 1' $from r-sm:1
    fails 2 '--bandwidth-from: r-locfit takes one value, not 2' $from r-locfit:1,2 --kernel tricube
    fails 2 '--bandwidth-from: r-np-npreg has a product of kernels: --form product' \
        $from r-np-npreg:1,1 --kernel epan
    fails 2 '--bandwidth-from: r-locfit has a kernel of the distance: --form radial' \
        $from r-locfit:1 --kernel tricube --form product
    fails 2 '--bandwidth-from: kdepy is for densities' $from kdepy:1
    fails 2 '--bandwidth-from: there is no package "r-sn"; did you mean "r-sm". See' $from r-sn:1,1
    fails 2 '--bandwidth-from: there is no package "wholly different"; see' $from 'wholly different:1'
    fails 2 '--bandwidth-from: "r-sm" should be PACKAGE:VALUE, or list' $from r-sm
    fails 2 '--bandwidth-from: 0 is not positive' $from r-sm:0,1
    fails 2 '--bandwidth-from: "x" is not a finite number' $from r-sm:x,1
}
fails 2 '--bandwidth-from: r-spatstat-smooth takes two x columns, not 1' regress "$data/iris.csv" \
    --x 1 --y 4 --bandwidth-from r-spatstat-smooth:1
fails 2 '--bandwidth-from: r-loess has no one bandwidth: a span' regress "$data/iris.csv" --x 1 --y 4 \
    --kernel tricube --bandwidth-from r-loess:0.5
fails 2 '--bandwidth-from: r-ksmooth has no tricube kernel, but gaussian, boxcar' regress \
    "$data/iris.csv" --x 1 --y 4 --kernel tricube --bandwidth-from r-ksmooth:1
fails 2 '--bandwidth-from: scipy-gaussian-kde whitens .*; see attpool-packages\(7\)$' density "$data/iris.csv" --x 1,2 \
    --bandwidth-from scipy-gaussian-kde:1
fails 2 '--bandwidth-from: r-sm is for fits' density "$data/iris.csv" --x 1 --bandwidth-from r-sm:1
printf 'x\n1\n1\n' >constant.csv
fails 3 'constant.csv: column "x" is constant: --bandwidth scipy-gaussian-kde' density constant.csv \
    --x x --bandwidth-from scipy-gaussian-kde:1

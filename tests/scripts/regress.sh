#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attpool regress: options, results, failures.
. "$srcdir/tests/scripts/command-lib.sh"

printf 'x,y,z,w\n1,10,5,1\n2,20,6,2\n4,0,7,0\n' >d.csv
base='regress d.csv --x x --y y'

# warned TEXT: the one line on stderr
warned()
{
    test "$(cat err)" = "attpool: warning: $1" || fail "the warning is $(cat err)"
}

# ---- the fit ----

# weights exp(-u^2/2): at 1: 1, e^-0.5, e^-4.5
# shellcheck disable=SC2046,SC2086
{
    ok $base --bandwidth 1
    test "$(head -n 1 out)" = x,fit,n_eff || fail "the header is $(head -n 1 out)"
    perl -e '
        my @x = (1, 2, 4); my @y = (10, 20, 0);
        for my $q (@x) {
            my ($s, $t, $o) = (0, 0, 0);
            for (0 .. 2) { my $k = exp(-($q - $x[$_])**2 / 2); $s += $k; $t += $k * $k; $o += $k * $y[$_]; }
            printf "%d\n%.17g\n%.17g\n", $q, $o / $s, $s * $s / $t;
        }' >expected
    near 1e-14 $(cat expected)
    ok $base --bandwidth 1 --precision f32
    near 3e-7 $(cat expected)

    # every kernel, at one key half a bandwidth away and one out of reach of the compact ones
    printf 'x,y\n0,1\n' >one.csv
    printf '1\n' >at.csv
    kernels=$(kernels)
    test -n "$kernels" || fail "the help lists no kernels"
    for kernel in $kernels; do
        ok regress one.csv --x x --y y --kernel $kernel --bandwidth 2 --at at.csv
        near 1e-15 1 1 1
    done
    ok $base --kernel boxcar --bandwidth 2.5 --loo
    near 1e-14 1 20 1 2 5 2 4 20 1
    ok $base --kernel constant
    near 1e-14 1 10 3 2 10 3 4 10 3
    ok $base --kernel triangular --bandwidth 1.5
    near 1e-14 1 12.5 1.6 2 17.5 1.6 4 0 1

    # case weights may have any size, in float32 too
    for size in 1e22 1e-22; do
        printf 'x,y,w\n1,10,1%s\n2,20,2%s\n4,0,3%s\n' ${size#1} ${size#1} ${size#1} >sized.csv
        for kernel in gaussian boxcar; do
            ok regress sized.csv --x x --y y --case-weights w --kernel $kernel --bandwidth 100000 \
                --precision f32 --grid 1
            near 1e-5 1 8.333333 2.571429
            test ! -s err || fail "case weights of $size: $(cat err)"
        done
    done

    # ---- query points ----

    ok $base --kernel constant --grid 4
    near 1e-14 1 10 3 2 10 3 3 10 3 4 10 3
    ok $base --kernel constant --grid 1
    near 0 1 10 3
    printf 'a,x\n0,2\n' >named.csv
    ok $base --kernel boxcar --bandwidth 0.5 --at named.csv
    near 0 2 20 1
    printf '2\n4\n' >order.csv
    ok $base --kernel boxcar --bandwidth 0.5 --at order.csv
    near 0 2 20 1 4 0 1
    ok $base --kernel boxcar --bandwidth 0.5 --at - <order.csv
    near 0 2 20 1 4 0 1
    ok regress - --x x --y y --kernel boxcar --bandwidth 0.5 --grid 1 <d.csv
    near 0 1 10 1

    # ---- columns ----

    ok regress d.csv --x 1 --y 2,z --kernel boxcar --bandwidth 0.5
    test "$(head -n 1 out)" = x,fit_y,fit_z,n_eff || fail "the header is $(head -n 1 out)"
    near 0 1 10 5 1 2 20 6 1 4 0 7 1
    ok regress d.csv --x x,z --y y --kernel boxcar --bandwidth 0.5,0.5
    test "$(head -n 1 out)" = x,z,fit,n_eff || fail "the header is $(head -n 1 out)"
    near 0 1 5 10 1 2 6 20 1 4 7 0 1
    run 0 regress d.csv --x x,z --y y --kernel boxcar --bandwidth 0.5
    grep -q 'attpool: warning: one bandwidth for 2 columns' err || fail "no warning"
    ok regress d.csv --x x,z --y y --kernel boxcar,constant --bandwidth 2.5,1
    near 1e-14 1 5 15 2 2 6 10 3 4 7 10 2
    ok regress d.csv --x x,z --y y --kernel triangular --form product --bandwidth 2,2
    near 1e-14 1 5 12 1.4705882352941175 2 6 18 1.4705882352941175 4 7 0 1
    ok $base --kernel constant --case-weights w
    near 1e-14 1 16.666666666666668 1.8 2 16.666666666666668 1.8 4 16.666666666666668 1.8
    sed 1d d.csv | tr , ';' >semi.csv
    ok regress semi.csv --delimiter ';' --no-header --x 1 --y 2,3 --kernel boxcar --bandwidth 0.5
    test "$(head -n 1 out)" = 'x;fit_y1;fit_y2;n_eff' || fail "the header is $(head -n 1 out)"
    tr , '\t' <d.csv >tab.csv
    ok regress tab.csv --delimiter tab --x x --y y --kernel boxcar --bandwidth 0.5
    near 0 1 10 1 2 20 1 4 0 1

    # ---- missing values ----

    printf 'x,y\n1,10\n2,NA\n4,0\n' >na.csv
    fails 3 'na.csv:3:2: column "y": "NA" is a missing value; --na omit leaves such rows out$' \
        regress na.csv --x x --y y --bandwidth 1
    fails 3 'na.csv:3:2: ' regress na.csv --x x --y y --bandwidth 1 --na error
    run 0 regress na.csv --x x --y y --kernel boxcar --bandwidth 0.5 --na omit
    near 0 1 10 1 4 0 1
    grep -q 'warning: na.csv: 1 row with a missing value left out' err || fail "no warning"
    printf 'x\n1\nNA\n4\n' >naq.csv
    fails 3 'naq.csv:3:1: .*; --na omit leaves the fit of such rows empty$' $base --bandwidth 1 \
        --at naq.csv
    ok $base --kernel boxcar --bandwidth 0.5 --at naq.csv --na omit
    test "$(cat out)" = "$(printf 'x,fit,n_eff\n1,10,1\n,,\n4,0,1')" || fail "got $(cat out)"
    ok $base --kernel constant --at naq.csv --na omit --empty mean
    test "$(sed -n 3p out)" = ,, || fail "got $(cat out)"

    # ---- empty rows ----

    printf 'x\n1\nNA\n1000\n' >reach.csv
    printf '9\n' >far.csv
    for case in nan:NaN:NaN zero:0:NaN mean:10:3 nearest:0:1; do
        ok $base --kernel boxcar --bandwidth 1 --at far.csv --empty "${case%%:*}"
        rest=${case#*:}
        near 1e-14 9 "${rest%:*}" "${rest#*:}"
    done
    run 0 $base --kernel boxcar --bandwidth 1 --at far.csv
    near 0 9 NaN NaN
    warned '1 of 1 queries has no data in reach (see --empty)'
    run 0 $base --kernel boxcar --bandwidth 0.5 --grid 7
    warned '4 of 7 queries have no data in reach (see --empty)'
    run 0 $base --kernel boxcar --bandwidth 0.5 --at reach.csv --na omit
    warned '1 of 3 queries has no data in reach (see --empty)'
    # mean and nearest: of the rows with a case weight that are not the query itself
    ok $base --case-weights w --kernel boxcar --bandwidth 0.5 --loo --empty mean
    near 0 1 20 1 2 10 1 4 15 2
    ok $base --case-weights w --kernel boxcar --bandwidth 0.5 --loo --empty nearest
    near 0 1 20 1 2 10 1 4 20 1
    printf 'x,y,w\n1,10,0\n2,20,0\n' >weightless.csv
    for policy in nan mean; do
        run 0 regress weightless.csv --x x --y y --case-weights w --bandwidth 1 --empty $policy
        near 0 1 NaN NaN 2 NaN NaN
        warned '2 of 2 queries have no data in reach, as every case weight is 0 (see --empty)'
    done
    fails 3 'far.csv:1: no data is in reach' $base --kernel boxcar --bandwidth 1 --at far.csv \
        --empty error
    fails 3 'd.csv:4: no data is in reach' $base --kernel boxcar --bandwidth 2 --loo --empty error
    fails 3 "d.csv: no data is in reach of the grid's point 3, 3" $base --kernel boxcar \
        --bandwidth 0.5 --grid 4 --empty error

    # ---- outputs ----

    ok $base --bandwidth 1
    mv out plain.csv
    ok $base --bandwidth 1 -o fit.csv
    same fit.csv plain.csv
    ok $base --bandwidth 1 --output=-
    same out plain.csv
    for threads in 1 3; do
        ok $base --bandwidth 1 --threads $threads
        same out plain.csv
    done
    ok $base --bandwidth 1 --backend scalar
    same out plain.csv
    ok $base --bandwidth 1 -o fit.npy
    unnpy fit.npy
    shape '<f8 (3, 3)'
    near 1e-14 $(cat expected)
    ok regress fit.npy --x 1 --y 2 --kernel boxcar --bandwidth 0.5 --precision f32 -o f32.csv
    ok $base --kernel boxcar --bandwidth 1.5 --weights w.npy -o fit.csv
    unnpy w.npy
    shape '<f8 (3, 3)'
    near 0 0.5 0.5 0 0.5 0.5 0 0 0 1
    ok $base --kernel boxcar --bandwidth 1.5 --weights w.npy --precision f32
    unnpy w.npy
    shape '<f4 (3, 3)'
    near 0 0.5 0.5 0 0.5 0.5 0 0 0 1

    # float32 works on differences from the first row, taken in float64
    printf 'x,y\n1700000000.25,1\n1700000000.5,3\n' >time.csv
    ok regress time.csv --x x --y y --kernel boxcar --bandwidth 0.2 --precision f32
    near 0 1700000000.25 1 1 1700000000.5 3 1
    printf 'x,y\n-3e38,1\n3e38,3\n' >wide.csv
    fails 3 'wide.csv:3:1: column "x": .*float32' regress wide.csv --x x --y y --bandwidth 1 \
        --precision f32
    ok regress wide.csv --x x --y y --bandwidth 1 --grid 3
    near 1e-14 -3e38 1 1 0 2 2 3e38 3 1
}

# ---- pictures ----

if have gnuplot; then
    ok regress d.csv --x x --y y --bandwidth 1 --plot p.svg --heatmap h.png -o fit.csv
    grep -q '<svg' p.svg || fail "p.svg is no SVG"
    grep -q '<title>gaussian kernel, bandwidth 1</title>' p.svg || fail "p.svg has no title"
    ! grep -i '<title>[^<]*plot' p.svg || fail "titles of gnuplot"
    test "$(head -c 4 h.png | tail -c 3)" = PNG || fail "h.png is no PNG"
    test ! -e p.svg.gp || fail "a script was kept"
    ok regress d.csv --x x --y y,z --bandwidth 1 --grid 9 --plot p.svg --keep-scripts -o fit.csv
    test -s p.svg.gp || fail "no script was kept"
    ok regress d.csv --x x --y y --bandwidth 1 --heatmap h.svg --weights w.npy -o fit.csv
    unnpy w.npy
    shape '<f8 (3, 3)'
fi
no_gnuplot regress d.csv --x x --y y --bandwidth 1 --plot p2.svg -o new.csv
test ! -e p2.svg || fail "a picture without gnuplot"
test ! -e new.csv || fail "gnuplot was missed only after the work"

# a gnuplot that fails takes nothing else with it
mkdir broken
printf '#!/bin/sh\necho "line 1: no fonts" >&2\nexit 1\n' >broken/gnuplot
chmod +x broken/gnuplot
PATH=$tmp/broken:$PATH run 1 regress d.csv --x x --y y --bandwidth 1 --plot p3.svg --heatmap h3.svg \
    --weights w3.npy -o fit3.csv
test "$(cat err)" = 'attpool: gnuplot failed: no fonts' || fail "the message is $(cat err)"
same fit3.csv plain.csv
test -s w3.npy || fail "the weights are lost"
test "$(echo ./*3.svg*)" = './*3.svg*' || fail "pictures: $(echo ./*3.svg*)"

# ---- warnings ----

printf 'fit,y\n1,10\n2,20\n' >fit.csv
run 0 regress fit.csv --x fit --y y --bandwidth 1
test "$(head -n 1 out)" = fit,fit,n_eff || fail "the header is $(head -n 1 out)"
test "$(cat err)" = 'attpool: warning: two columns of the result are called "fit", numbers 1 and 2' ||
    fail "two columns of one name: $(cat err)"
ok regress fit.csv --x fit --y y --bandwidth 1 -o fit.npy
printf 'x,y\n1,3e38\n1,3e38\n' >sum.csv
run 0 regress sum.csv --x x --y y --bandwidth 1 --precision f32
grep -q '^attpool: warning: 2 of 2 fits are infinite' err || fail "a sum overflows: $(cat err)"

# ---- usage ----

fails 2 'DATA is missing; see .attpool regress --help.' regress --x x --y y --bandwidth 1
fails 2 'there is more than one DATA: "e.csv"' regress d.csv e.csv --x x --y y --bandwidth 1
fails 2 'there is more than one DATA: "0.2"; several values of an option are joined by commas' \
    regress --bandwidth 0.3 0.2 d.csv --x x --y y
fails 2 '--degree: "2" is not 0 or 1' regress d.csv --x x --y y --degree 2
fails 2 '--bandwidth: "loocv" is neither a number, START:STOP:N nor cv' regress d.csv --x x --y y --bandwidth loocv
fails 2 '--x is missing' regress d.csv --y y --bandwidth 1
fails 2 '--y is missing' regress d.csv --x x --bandwidth 1
run 0 regress d.csv --x x --y y
fails 2 '--bandwidth: -1 is not positive' regress d.csv --x x --y y --bandwidth -1
fails 2 '--bandwidth: 0 is not positive' regress d.csv --x x --y y --bandwidth 0
fails 2 '--bandwidth: "1e-400" underflows' regress d.csv --x x --y y --bandwidth 1e-400
fails 2 '--bandwidth: "1e400" overflows' regress d.csv --x x --y y --bandwidth 1e400
fails 2 '--bandwidth: "cv:" should be cv:START:STOP:N$' regress d.csv --x x --y y --bandwidth cv:
fails 2 '--bandwidth: "aicc:1:2" should be aicc:START:STOP:N$' regress d.csv --x x --y y --bandwidth aicc:1:2
fails 2 '--bandwidth: "1:2" should be START:STOP:N$' regress d.csv --x x --y y --bandwidth 1:2
fails 2 '--bandwidth "cv::2:3": the list has an empty item$' regress d.csv --x x --y y --bandwidth cv::2:3
fails 2 '--bandwidth: "one" is neither a number, START:STOP:N nor cv' regress d.csv --x x --y y --bandwidth one
fails 2 '--bandwidth: .* or its inverse is out' regress d.csv --x x --y y --bandwidth 1e-320
fails 2 '--bandwidth: 1e-60 or its inverse' regress d.csv --x x --y y --bandwidth 1e-60 \
    --precision f32
fails 2 '--bandwidth has 2 values for 1 x column' regress d.csv --x x --y y --bandwidth 1,2
fails 2 '--kernel: there is no kernel "gausian"; the kernels are gaussian, ' regress d.csv --x x --y y --kernel gausian
fails 2 '--kernel: boxcar is given twice' regress d.csv --x x --y y --bandwidth 1 \
    --kernel boxcar,boxcar
fails 2 '--form radial takes one kernel' regress d.csv --x x,z --y y --bandwidth 1,1 \
    --kernel boxcar,boxcar --form radial
fails 2 '--form: "square" is not one of radial, product' regress d.csv --x x --y y --form square
fails 2 '--x "x,": the list has an empty item' regress d.csv --x x, --y y --bandwidth 1
fails 2 '--at and --grid' regress d.csv --x x --y y --bandwidth 1 --at at.csv --grid 3
fails 2 '--loo works at' regress d.csv --x x --y y --bandwidth 1 --at at.csv --loo
fails 2 '--loo works at' regress d.csv --x x --y y --bandwidth 1 --grid 3 --loo
fails 2 '--grid: "0" is not between' regress d.csv --x x --y y --bandwidth 1 --grid 0
fails 2 '--grid: "1.5" is not a whole number' regress d.csv --x x --y y --bandwidth 1 --grid 1.5
fails 2 '--keep-scripts needs --plot, --heatmap or --curve-plot' regress d.csv --x x --y y --bandwidth 1 \
    --keep-scripts
fails 2 '--grid takes one x column' regress d.csv --x x,z --y y --bandwidth 1,1 --grid 3
fails 2 'a plot is an .svg or .png file' regress d.csv --x x --y y --bandwidth 1 --plot p.gif
fails 2 'a plot is an .svg or .png file' regress d.csv --x x --y y --bandwidth 1 --heatmap p
fails 2 '--weights should be an .npy file' regress d.csv --x x --y y --bandwidth 1 --weights w.csv
fails 2 'DATA and --at are both stdin' regress - --x x --y y --bandwidth 1 --at -
fails 2 '--empty: "none" is not one of nan, zero, ' regress d.csv --x x --y y --empty none
fails 2 '--na: "drop" is not one of error, omit' regress d.csv --x x --y y --na drop
fails 2 '--delimiter: "ab" is not a single character' regress d.csv --x x --y y --delimiter ab
fails 2 '--precision: "f16" is not one of f32, f64' regress d.csv --x x --y y --precision f16
fails 2 '--threads: "0" is not between 1 and 1024' regress d.csv --x x --y y --threads 0
fails 2 'there is no option "--none-such"; see' regress d.csv --none-such
fails 2 'there is no option -z' regress d.csv -z
fails 2 'there is no option "--n"; did you mean "--no-header"?' regress d.csv --n
fails 2 'there is no option "--se"; did you mean "--seed"?' density d.csv --x x --se 3
fails 2 'there is no option "--se"; did you mean "--seed"?' density d.csv --x x --se=3
fails 2 'there is no option "--se"; did you mean "--seed"?' density d.csv --x x --se
fails 2 'there is no option "--slop"; did you mean "--slope"?' regress d.csv --x x --y y --slop
fails 2 'option --loo takes no argument' regress d.csv --loo=1
fails 2 'option --x needs an argument' regress d.csv --x
fails 2 '--x names column "x" twice' regress d.csv --x x,y,x --y y --bandwidth 1,1,1
fails 2 '--y names column "y" twice' regress d.csv --x x --y y,y --bandwidth 1
fails 2 'option -o needs an argument' regress d.csv -o
fails 2 'there is no column 0' regress d.csv --x 0 --y y --bandwidth 1

# ---- bad data ----

printf 'x,y\n0,1\n1e308,2\n' >far.csv
ok regress far.csv --x x --y y --bandwidth 1e308 --grid 5
test "$(cut -d , -f 1 out | tr '\n' ' ')" = "x 0 2.5e+307 5e+307 7.5e+307 1e+308 " ||
    fail "another grid: $(cat out)"

printf '"age, in years",y\n1,2\n' >age.csv
fails 3 'age.csv:1: no column "age"; did you mean "age, in years". The first row is "age, in years", "y"; give a column with a comma' \
    regress age.csv --x 'age, in years' --y y --bandwidth 1,1
ok regress age.csv --x 1 --y y --bandwidth 1
printf '"x";"a ""b"""\n1;2\n' >quotes.csv
fails 3 'quotes.csv:1:1: a quote inside a cell .*; did you mean --delimiter ";".$' regress quotes.csv --x 1 \
    --y 2 --bandwidth 1
ok regress quotes.csv --delimiter ';' --x 1 --y 'a "b"' --bandwidth 1
fails 3 'd.csv:1: no column "t"' regress d.csv --x t --y y --bandwidth 1
fails 3 'd.csv: no column 9' regress d.csv --x 9 --y y --bandwidth 1
printf 'x,y\n1,2\n3,abc\n' >text.csv
fails 3 'text.csv:3:2: column "y": "abc" is not a number' regress text.csv --x x --y y --bandwidth 1
printf 'x,y\n1,2\n3,inf\n' >inf.csv
fails 3 'inf.csv:3:2: ' regress inf.csv --x x --y y --bandwidth 1
printf 'x,y\n1,2\n3,1e60\n' >big.csv
fails 3 'big.csv:3:2: ' regress big.csv --x x --y y --bandwidth 1 --precision f32
printf 'x,y,w\n1,2,1\n3,1,-2\n' >negative.csv
fails 3 'negative.csv:3:3: column "w": a case weight is negative' regress negative.csv --x x --y y \
    --bandwidth 1 --case-weights w
printf 'x,y,w\n1,2,1e308\n3,1,1e308\n' >heavy.csv
fails 3 'heavy.csv:3:3: column "w": the sum of the case weights is outside' regress heavy.csv --x x \
    --y y --bandwidth 1 --case-weights w
fails 3 'reach.csv:4: no data is in reach' regress d.csv --x x --y y --kernel boxcar --bandwidth 1 \
    --at reach.csv --na omit --empty error
# a row without weight is no end of a grid
printf 'x,y,w\n-9,1,0\n1,1,1\n3,2,1\n1000,3,0\n' >ends.csv
ok regress ends.csv --x x --y y --bandwidth 1 --case-weights w --grid 3
test "$(cut -d , -f 1 out | tr '\n' ' ')" = 'x 1 2 3 ' || fail "ends of a grid: $(cat out)"
ok density ends.csv --x x --bandwidth 1 --case-weights w --grid 3
test "$(cut -d , -f 1 out | tr '\n' ' ')" = 'x -2 2 6 ' || fail "ends of a grid: $(cat out)"
printf 'x,y,w\n0,1,1e-50\n' >light.csv
run 0 regress light.csv --x x --y y --bandwidth 1 --case-weights w --precision f32
grep -q 'no data in reach, as every case weight is 0 in float32 (see' err ||
    fail "no word about the weights: $(cat err)"
printf 'a,b\n1,2\n' >two.csv
fails 3 'two.csv:1: neither a column "x" nor exactly 1 column' regress d.csv --x x --y y \
    --bandwidth 1 --at two.csv
: >empty.csv
fails 3 'empty.csv: ' regress empty.csv --x x --y y --bandwidth 1
fails 1 'cannot .*none.csv' regress none.csv --x x --y y --bandwidth 1
fails 1 'cannot open "": ' regress '' --x x --y y --bandwidth 1
fails 3 '<stdin>:3:2: ' regress - --x x --y y --bandwidth 1 <text.csv
npy nan.npy '<f8' '(2, 2)' 1 2 3 nan
fails 3 'nan.npy:2:2: ' regress nan.npy --x 1 --y 2 --bandwidth 1
fails 3 'nan.npy: no column "x"' regress nan.npy --x x --y 2 --bandwidth 1
cp d.csv csv.npy
fails 3 'csv.npy: ' regress csv.npy --x 1 --y 2 --bandwidth 1

# ---- backends ----

fails 4 '.*no backend "vax"' regress d.csv --x x --y y --bandwidth 1 --backend vax
ATTPOOL_BACKEND=vax
export ATTPOOL_BACKEND
fails 4 'ATTPOOL_BACKEND: .*no backend "vax"; it has auto, .*scalar' regress d.csv --x x --y y \
    --bandwidth 1
unset ATTPOOL_BACKEND
ATTPOOL_VERBOSE=2 run 0 regress d.csv --x x --y y --bandwidth 1
same out plain.csv
test "$(grep -c '^attpool: ' err)" = 2 || fail "the log is: $(cat err)"
ATTPOOL_NUM_THREADS=many
export ATTPOOL_NUM_THREADS
fails 2 'ATTPOOL_NUM_THREADS is "many"' regress d.csv --x x --y y --bandwidth 1
ok regress d.csv --x x --y y --bandwidth 1 --threads 2
unset ATTPOOL_NUM_THREADS

# ---- whole or not at all ----

mkdir killed.d kept.svg.gp
echo old >kept.csv
fails 3 'text.csv:3:2: ' regress text.csv --x x --y y --bandwidth 1 -o kept.csv
fails 3 'd.csv:4: ' regress d.csv --x x --y y --kernel boxcar --bandwidth 2 --loo --empty error \
    -o kept.csv --weights kept.npy
test "$(cat kept.csv)" = old || fail "a failure has changed kept.csv"
test ! -e kept.npy || fail "a failure has left kept.npy"
fails 1 'cannot write no/such.csv' regress d.csv --x x --y y --bandwidth 1 -o no/such.csv
fails 1 'cannot write no/such.npy' regress d.csv --x x --y y --bandwidth 1 --weights no/such.npy
# known before the work, and so before a query out of reach of all data
early='regress d.csv --x x --y y --kernel boxcar --bandwidth 2 --loo --empty error'
# shellcheck disable=SC2086
{
    fails 1 'cannot write no/such.csv: No such file' $early -o no/such.csv
    fails 1 'cannot write killed.d: Is a directory' $early -o killed.d
    fails 1 'cannot write "": No such file' $early -o ''
    if have gnuplot; then
        fails 1 'cannot write no/such.svg' $early --plot no/such.svg -o kept.csv
        fails 1 'cannot write no/such.png' $early --heatmap no/such.png -o kept.csv
        fails 1 'cannot write kept.svg.gp: Is a directory' $early --plot kept.svg --keep-scripts
    fi
    no_gnuplot $early --heatmap kept.png
}
if test -w /dev/full; then
    # shellcheck disable=SC2086
    $ATTPOOL regress d.csv --x x --y y --bandwidth 1 >/dev/full 2>err
    test $? = 1 || fail "a full disk is not noticed"
    ln -s /dev/full full.npy
    run 1 regress d.csv --x x --y y --bandwidth 1 --weights full.npy -o rest.csv
    grep -q '^attpool: cannot write full.npy: No space' err || fail "the message is $(cat err)"
    same rest.csv plain.csv
fi
# a closed stream's number is not given to a file
# shellcheck disable=SC2086
ATTPOOL_VERBOSE=2 $ATTPOOL regress d.csv --x x --y y --bandwidth 1 -o closed.csv \
    --weights closed.npy >&- 2>&-
same closed.csv plain.csv
ok regress d.csv --x x --y y --bandwidth 1 -o open.csv --weights open.npy
same closed.npy open.npy
# links are followed, to what is not there yet as well, and a file under stdout keeps its text
mkdir far
ln -s far/new.csv link.csv
ok regress d.csv --x x --y y --bandwidth 1 -o link.csv
same far/new.csv plain.csv
test -h link.csv || fail "the link is replaced"
if test -e /dev/stdout; then
    echo old >log
    # shellcheck disable=SC2086
    $ATTPOOL regress d.csv --x x --y y --bandwidth 1 -o /dev/stdout >>log
    { echo old && cat plain.csv; } >expected
    same log expected
fi
perl -e 'print "x,y\n"; printf "%.6f,%d\n", $_ / 100, $_ % 7 for 1 .. 40000' >long.csv

# kill_at_work PID: end it once there is a file in killed.
kill_at_work()
{
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        test -z "$(ls killed)" || break
        sleep 0.2
    done
    kill "$1"
    wait "$1" 2>/dev/null && fail "not killed"
}
mkdir killed
# shellcheck disable=SC2086
$ATTPOOL regress long.csv --x x --y y --bandwidth 1 --weights killed/w.npy -o killed/fit.csv &
kill_at_work $!
test -z "$(ls killed)" || fail "killed, it left: $(ls killed)"
mkdir stuck
printf '#!/bin/sh\nexec sleep 3\n' >stuck/gnuplot
chmod +x stuck/gnuplot
# shellcheck disable=SC2086
PATH=$tmp/stuck:$PATH TMPDIR=$tmp/killed $ATTPOOL regress d.csv --x x --y y --bandwidth 1 \
    --plot p.svg >out &
kill_at_work $!
test -z "$(ls killed)" || fail "killed while gnuplot drew, it left: $(ls killed)"

# A limit of the size is an error like any other.
mkdir limited
(
    ulimit -f 1
    fails 1 'cannot write limited/f.csv: File too large' regress d.csv --x x --y y --bandwidth 1 \
        --grid 10000 -o limited/f.csv
) || exit
test -z "$(ls limited)" || fail "without room it left: $(ls limited)"

# What stands in a descriptor already stays.
ok regress d.csv --x x --y y --bandwidth 1 -o fit.csv
(cat "$srcdir/tests/data/iris.csv" fit.csv) >expected
for name in /dev/stderr /dev/fd/2 /dev/fd/5 /proc/self/fd/5; do
    cp "$srcdir/tests/data/iris.csv" kept
    # shellcheck disable=SC2086
    $ATTPOOL regress d.csv --x x --y y --bandwidth 1 -o "$name" 2>>kept 5>>kept
    same expected kept
done

# chunks of queries give the bits of all at once
head -n 3001 long.csv >part.csv
ok regress part.csv --x x --y y --bandwidth 1 -o whole.csv
ln -s /dev/null null.npy
ok regress part.csv --x x --y y --bandwidth 1 -o chunks.csv --weights null.npy
same whole.csv chunks.csv

# ---- the manual's way to a bandwidth works ----

# the manual's way to a bandwidth
cp "$srcdir/tests/data/mcycle.csv" .
sed -n '/^Choosing a bandwidth/,/^\.fi/p' "$srcdir/man/attpool.1" | grep -A 9 '^attpool' |
    sed '/^\.fi/d; s/\\e$/\\/; s/\\-/-/g' >choose.sh
grep -q loo choose.sh || fail "no way to a bandwidth in the manual"
attpool()
{
    # shellcheck disable=SC2086
    $ATTPOOL "$@" --json loo.json
}
# shellcheck source=/dev/null
. ./choose.sh 2>err || fail "choose.sh"
perl -e '
    open my $f, "<", "mcycle.csv" or die; <$f>;
    my @d = map { chomp; [split /,/] } <$f>;
    for my $h (0.5, 1, 1.5, 2, 3) {
        my $sum = 0;
        for my $i (0 .. $#d) {
            my ($s, $t) = (0, 0);
            for my $j (0 .. $#d) {
                next if $i == $j;
                my $k = exp(-(($d[$i][0] - $d[$j][0]) / $h)**2 / 2);
                $s += $k; $t += $k * $d[$j][1];
            }
            $sum += ($d[$i][1] - $t / $s)**2;
        }
        printf "%g\n%.17g\n", $h, $sum / @d;
    }' >expected
for fit in 0 1 2 3 4; do
    json loo.json fits.$fit.bandwidth
    json loo.json fits.$fit.leave_one_out_error
done >out
# shellcheck disable=SC2046
near 1e-12 $(cat expected)
best=$(paste -d ' ' - - <expected | sort -g -k 2 | head -n 1 | cut -d ' ' -f 1)
grep -q "^attpool: 5 fits, .*, the least with bandwidth $best, n 133, " err ||
    fail "another bandwidth than $best: $(cat err)"

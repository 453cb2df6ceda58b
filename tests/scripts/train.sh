#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attpool train: losses, steps, batches, going on, optimizers, results, failures.
. "$srcdir/tests/scripts/command-lib.sh"

perl -e 'print "a,b,y,z\n"; srand 3;
    for (1 .. 40) { my ($a, $b) = (5 * rand, rand); printf "%.6f,%.6f,%.6f,%.6f\n", $a, $b,
        2 * sin($a) + $b + 0.3 * rand, $a - $b }' >d.csv

# loss W: half of the sum of squared leave-one-out errors, by regress
loss()
{
    run 0 regress d.csv --x a --y y --loo --bandwidth "$(perl -e 'printf "%.17g", 1 / $ARGV[0]' "$1")"
    paste -d , out d.csv |
        perl -F, -ane 'next if $. == 1; $s += ($F[1] - $F[5]) ** 2; END { printf "%.15g\n", $s / 2 }'
}

# column NUMBER: of out, without the header
column()
{
    tail -n +2 out | cut -d , -f "$1" | tr '\n' ' '
}

# alike X Y: but for the digits that a table leaves out
alike()
{
    perl -e 'abs($ARGV[0] / $ARGV[1] - 1) < 1e-12 or exit 1' "$1" "$2" || fail "$2 is not $1"
}

base='d.csv --x a --y y'

# shellcheck disable=SC2046,SC2086
{
    # ---- what a step is ----

    before=$(loss 2)
    slope=$(perl -e 'printf "%.12g", ($ARGV[0] - $ARGV[1]) / 2e-5' $(loss 2.00001) $(loss 1.99999))
    ok train $base --init 2 --rate 0.01 --epochs 1
    test "$(head -n 1 out)" = epoch,loss,w || fail "the header is $(head -n 1 out)"
    near 1e-7 1 $before $(perl -e 'printf "%.12g", 2 - 0.01 * $ARGV[0]' -- "$slope")
    first=$(column 3)
    ok train $base --init 2 --rate 0.01 --epochs 3
    after=$(column 2)
    test "$(column 1)" = '1 2 3 ' || fail "the epochs are $(column 1)"
    perl -e '$ARGV[0] > $ARGV[1] && $ARGV[1] > $ARGV[2] or exit 1' $after || fail "it does not learn"
    ok train $base --init 2 --rate 0.005 --epochs 1 --loss sum
    near 1e-7 1 $(perl -e 'print 2 * $ARGV[0]' $before) $first
    ok train $base --init 2 --rate 0.2 --epochs 1 --loss mean
    near 1e-7 1 $(perl -e 'print $ARGV[0] / 20' $before) $first

    # The default is five epochs from a random w.
    ok train $base --rate 0.001
    test "$(column 1)" = '1 2 3 4 5 ' || fail "the epochs are $(column 1)"
    cp out one.csv
    ok train $base --rate 0.001 --seed 0 --param w --optimizer sgd --kernel gaussian
    same one.csv out
    ok train $base --rate 0.001 --seed 1
    ! cmp -s one.csv out || fail "another seed begins with the same w"

    # ---- kinds ----

    ok train d.csv --x a,b --y y,z --param w-coordinate --init 2,1 --rate 0.001
    test "$(head -n 1 out)" = epoch,loss,w_a,w_b || fail "the header is $(head -n 1 out)"
    for kind in w-key 'additive --hidden 3' projection; do
        ok train d.csv --x a,b --y y,z --param $kind --init 1 --rate 0.001
        test "$(head -n 1 out)" = epoch,loss,norm || fail "the header is $(head -n 1 out)"
        perl -e '$ARGV[0] > $ARGV[4] or exit 1' $(column 2) || fail "$kind does not learn"
    done
    ok train d.csv --x a,b --y y --kernel laplacian,triangular --init 0.1 --rate 0.0001 -o o.npy
    unnpy o.npy
    shape '<f8 (5, 3)'

    # ---- going on ----

    # goes_on ARGUMENT...: 4 epochs and 3 more are 7
    goes_on()
    {
        ok train "$@" --epochs 7 --params-out whole.json
        tail -n 3 out >expected
        ok train "$@" --epochs 4 --params-out part.json
        kept=$(printf '%s\n' "$@" | sed -n '/^--[xy]$/{p;n;p}' | tr '\n' ' ')
        ok train d.csv $kept --params part.json --epochs 3 --params-out part.json
        tail -n 3 out >got
        same expected got
        same whole.json part.json
    }
    goes_on $base --rate 0.01 --init 2
    goes_on $base --rate 0.01 --init 2 --batch 7 --seed 5 --loss mean
    goes_on $base --rate 0.01 --init 2 --batch 7 --precision f32 --loss sum
    goes_on d.csv --x a,b --y y,z --rate 0.001 --param w-key --batch 11 --kernel cauchy
    goes_on d.csv --x a,b --y y --rate 0.001 --param additive --hidden 3 --batch 16
    goes_on d.csv --x a,b --y y --rate 0.001 --param projection --init 0.5
    # The norm of numbers whose squares overflow.
    perl -0pe 's/("values": \[\s*)[-\d.e]+/${1}1e200/' whole.json >bad.json
    ok train d.csv --x a,b --y y --rate 0 --params bad.json --epochs 1
    test "$(column 3)" = '1e+200 ' || fail "the norm is $(column 3)"
    ok train d.csv --x a,b --y y,z --rate 0.001 --param w-key --init 1 --batch 11
    perl -e '$ARGV[0] > $ARGV[4] or exit 1' $(column 2) || fail "w-key does not learn in batches"
    ok train $base --rate 0.01 --init 2 --batch 7 --seed 5 --params-out w.json
    cp out one.csv
    ok train $base --params - --epochs 1 <w.json
    mv out other.csv
    ok train $base --params w.json --epochs 1
    cmp -s out other.csv || fail "parameters from stdin are others"
    tail -n 1 out | cut -d , -f 2 >got
    sed 's/"epoch": 5/"epoch": 6/' w.json >other.json
    ok train $base --params other.json --epochs 1
    tail -n 1 out | cut -d , -f 2 >expected
    ! cmp -s got expected || fail "another epoch takes the rows in the same order"
    ok train $base --rate 0.01 --init 2 --batch 7 --seed 6
    ! cmp -s one.csv out || fail "another seed takes the rows in the same order"
    ok train $base --rate 0.01 --init 2 --batch 7 --seed 5 --backend scalar --threads 2
    same one.csv out

    # Epochs have an end: that of the orders with batches, of whole numbers in a table without.
    sed 's/"epoch": 5/"epoch": 5000000000/' w.json >bad.json
    fails 3 'bad.json: "epoch" is 5000000000: with 5 more there are more than 4294967296 in batches$' \
        train $base --params bad.json
    fails 3 'bad.json: "epoch" is 5000000000: ' train $base --params bad.json --epochs 1
    ok train $base --params bad.json --epochs 1 --batch 40
    sed 's/"epoch": 5/"epoch": 4294967293/' w.json >bad.json
    fails 3 'bad.json: "epoch" is 4294967293: with 5 more ' train $base --params bad.json
    fails 2 '--epochs: after the "epoch" of bad.json there are 3 more in batches$' train $base \
        --params bad.json --epochs 4
    ok train $base --params bad.json --epochs 3
    sed 's/"epoch": 5/"epoch": 9223372036854775807/' w.json >bad.json
    fails 3 'bad.json: "epoch" is 9223372036854775807: .* more than 9007199254740992$' train $base \
        --params bad.json --batch 40

    # Parameters have kind, shape and all digits.
    json_is '"projection"' whole.json kind
    json_is '[8,2]' whole.json parameters.wq.shape
    json_is 7 whole.json epoch
    json_is 0.001 whole.json rate
    json_is '"half"' whole.json loss
    ok train $base --rate 0.01 --init 2 --params-out w.json -o w.csv --json about.json
    json_is '"gaussian"' w.json kernel
    perl -0ne 'print "$1\n" if /"values": \[\s*([^\s,\]]+)/' w.json >got
    tail -n 1 w.csv | cut -d , -f 3 >expected
    perl -e '$ARGV[0] == $ARGV[1] or exit 1' $(cat got expected) ||
        fail "the parameter is $(cat got), w is $(cat expected)"
    json_is 5 about.json epoch
    json_is '"w"' about.json param

    sed 's/"kind": "w"/"kind": "v"/' w.json >bad.json
    fails 3 'bad.json: "kind" is not one that this release knows' train $base --params bad.json
    sed 's/"values"/"numbers"/' w.json >bad.json
    fails 3 'bad.json: "parameters" should have 1 values of "w"' train $base --params bad.json
    # changed TEXT BY PATTERN: w.json with another text is refused
    changed()
    {
        sed "s/$1/$2/" w.json >bad.json
        ! cmp -s w.json bad.json || fail "w.json has no $1"
        fails 3 "bad.json: $3" train $base --params bad.json
    }
    changed '"loss": "half"' '"loss": "zz"' '"loss" is not one that this release knows$'
    changed sgd zz '"optimizer" is not one that this release knows$'
    tr -d '\n ' <w.json >flat.json
    sed 's/"shape":\[1\]/"shape":[7]/' flat.json >bad.json
    fails 3 'bad.json: "shape" of "w" is not \[1\]$' train $base --params bad.json
    sed 's/"shape":\[1\],//' flat.json >bad.json
    fails 3 'bad.json: "shape" of "w" is not \[1\]$' train $base --params bad.json
    ok train d.csv --x a,b --y y --param additive --hidden 3 --rate 0.001 --params-out a.json
    tr -d '\n ' <a.json >flat.json
    sed 's/"wk":{"shape":\[3,2\]/"wk":{"shape":[2,3]/' flat.json >bad.json
    fails 3 'bad.json: "shape" of "wk" is not \[3, 2\]$' train d.csv --x a,b --y y --params bad.json
    ok train $base --param w-key --init 2 --rate 0.001 --params-out a.json
    sed 's/"rows": 40/"rows": 2305843009213693952/' a.json >bad.json
    fails 3 'bad.json: "shape" of "w" is not \[2305843009213693952\]$' train $base --params bad.json
    tr -d '\n ' <a.json | sed 's/"rows":40/"rows":2305843009213693952/; s/\[40\]/[2305843009213693952]/' >bad.json
    fails 3 'bad.json: "parameters" should have 2305843009213693952 values of "w"$' train $base --params bad.json
    ok train $base --init 2 --rate 0.001 --precision f32 --params-out a.json
    tr -d '\n ' <a.json | sed 's/"values":\[[^]]*/"values":[1e39/' >bad.json
    fails 3 'bad.json: value 1 of "w" is infinite in float32$' train $base --params bad.json
    echo '{' >bad.json
    fails 3 'bad.json:2:' train $base --params bad.json
    echo '{}' >bad.json
    fails 3 'bad.json: not a file of parameters' train $base --params bad.json
    fails 1 'cannot read no.json: No such file or directory$' train $base --params no.json
    fails 1 'cannot read \.: Is a directory$' train $base --params .
    fails 3 'w.json: its parameters are for 1 x column, not for 2' train d.csv --x a,b --y y \
        --params w.json
    fails 3 'w.json: its parameters are f64: --precision differs' train $base --params w.json \
        --precision f32
    ok train $base --param w-key --init 2 --rate 0.001 --params-out key.json
    sed '5s/,0/,1/; 5s/^[^,]*/1.5/' d.csv >less.csv
    fails 3 'key.json: its parameters belong to the rows of other data than less.csv' train \
        less.csv --x a --y y --params key.json

    # The fewest digits that read back, and the sign of 0.
    run 0 train $base --rate 0.3 --init=-0 --epochs 1 --loss mean -o w.csv --params-out d.json --json -
    grep -q '^  "rate": 0.3,$' out || fail "0.3 is $(grep rate out)"
    ok train $base --rate 0 --init=-0 --epochs 1 --params-out d.json
    grep -q '^        -0.0$' d.json || fail "-0 is not in $(cat d.json)"
    run 0 train $base --rate 2 --init 1 --params-out d.json --epochs 1
    grep -q '^  "rate": 2,$' d.json || fail "2 is $(grep rate d.json)"

    # ---- a loss that is no number ----

    run 1 train $base --init 2 --rate 1e300 --epochs 5 --params-out last.json -o last.csv
    grep -q '^attpool: the loss is \(infinite\|not a number\) in epoch 2; the parameters are those after 0; a smaller --rate may help$' err ||
        fail "the message is $(cat err)"
    json_is 0 last.json epoch
    json last.json parameters.w.values.0 | perl -ne 'exit !($_ == 2)' || fail "the last w is not 2"
    test "$(wc -l <last.csv)" = 2 || fail "there are other epochs: $(cat last.csv)"
    # stops ARGUMENT...: in a step whose loss is finite, the last one too
    stops()
    {
        run 1 train $base --init 2 "$@" --params-out last.json -o last.csv --json about.json
        grep -q '^attpool: the step gives parameters that are not finite in epoch 1; the parameters are those after 0; a smaller --rate may help$' err ||
            fail "the message is $(cat err)"
        json_is 0 last.json epoch
        json_is 2 last.json parameters.w.values.0
        test "$(cat last.csv)" = "$(head -n 1 last.csv)" || fail "there are epochs: $(cat last.csv)"
    }
    stops --rate 1e308 --epochs 1
    json_is '[2]' about.json w
    stops --rate 1e308 --epochs 3
    stops --rate 1e39 --epochs 1 --precision f32
    stops --rate 1e308 --epochs 1 --batch 39
    run 1 train $base --param w-key --init 2 --rate 1e308 --batch 20
    grep -q '^attpool: the loss is not a number in epoch 1; .* after 0; a smaller --rate may help$' err ||
        fail "the message is $(cat err)"
    fails 2 '--init: 1e\+300 is infinite in float32$' train $base --init 1e300 --precision f32
    run 1 train $base --init 1e9 --kernel boxcar -o last.csv
    grep -q 'the loss is not a number in epoch 1; .*: some row has no other row in reach' err ||
        fail "the message is $(cat err)"

    # ---- a rate that is too large ----

    # warned PATTERN ARGUMENT...: one warning, that names what helps
    warned()
    {
        pattern=$1
        shift
        run 0 train "$@" --json about.json -o w.csv
        { grep -q "^attpool: warning: $pattern" err && test "$(wc -l <err)" = 1; } ||
            fail "attpool train $*: no warning '$pattern' in: $(cat err)"
        grep -q '"warnings": \[$' about.json || fail "the report has no warning"
    }
    mcycle="$srcdir/tests/data/mcycle.csv --x times --y accel"
    warned 'the loss has grown from 41701.3 to 66221.4: .*--rate, or --optimizer lbfgs' $mcycle
    warned 'the norm of the parameters has grown from .*--rate, or --optimizer lbfgs' $mcycle \
        --epochs 1
    ok train $mcycle --init 0.5 --rate 1e-7 --epochs 50

    # ---- no slope ----

    perl -e 'print "x,y\n"; printf "%d,%d\n", 60 * $_, $_ % 7 for 1 .. 40' >seconds.csv
    flat='the gradient is 0 at the start, so nothing was learned: try'
    for how in '' '--batch 7' '--epochs 1' '--optimizer lbfgs' '--optimizer lbfgs --epochs 1'; do
        warned "$flat another --init, or x in another unit$" seconds.csv --x x --y y $how
    done
    json_is false about.json converged
    warned "$flat another --init, or x in another unit$" $base --init 0
    for kernel in boxcar constant; do
        warned "$flat a --kernel that has a slope, which boxcar and constant do not$" $base \
            --kernel $kernel --init 0.01 --optimizer lbfgs
        json_is false about.json converged
    done
    warned "$flat another --init" d.csv --x a,b --y y --param additive --init 0
    ok train $base --init 2 --rate 0 --epochs 1
    sed 's/,[0-9]*$/,1/' seconds.csv >same.csv
    ok train same.csv --x x --y y --optimizer lbfgs --json about.json -o w.csv
    json_is true about.json converged

    # ---- lbfgs ----

    ok train $base --init 2 --optimizer lbfgs --params-out l.json --json about.json -o w.csv
    json_is true about.json converged
    ! grep -q -e rate -e batch l.json || fail "L-BFGS has a rate or batches"
    ok regress $base --params l.json
    cp w.csv out
    best=$(column 2 | tr ' ' '\n' | sort -g | sed -n 2p)
    w=$(json l.json parameters.w.values.0)
    perl -e 'abs($ARGV[0] - $ARGV[1]) < 1e-8 * $ARGV[1] or exit 1' "$(loss $w)" "$best" ||
        fail "the loss of w = $w is $(loss $w), not $best"
    for other in 0.99 1.01; do
        moved=$(perl -e 'print $ARGV[0] * $ARGV[1]' $w $other)
        perl -e '$ARGV[0] >= $ARGV[1] or exit 1' "$(loss $moved)" "$best" ||
            fail "w = $moved is better than $w"
    done
    # The best evaluation counts, not the last one.
    warned 'L-BFGS has not converged within 5 evaluations; --epochs' $mcycle --init 3 \
        --optimizer lbfgs --epochs 5 --params-out best.json
    json_is false about.json converged
    best=$(tail -n +2 w.csv | sort -t , -k 2,2g | head -n 1)
    test "${best%%,*}" -lt 5 || fail "the last evaluation is the best"
    json_is "${best%%,*}" best.json epoch
    alike "${best##*,}" "$(json best.json parameters.w.values.0)"
    alike "$(echo "$best" | cut -d , -f 2)" "$(json about.json last_loss)"
    # The first step is not as long as the gradient, into where no row has a neighbour: the loss is
    # 7044.6 there, and 4392.3 and 4402.3 in its valleys.
    for seed in 0 1 2 3 4 5; do
        ok train "$srcdir/tests/data/faithful.csv" --x eruptions --y waiting --optimizer lbfgs \
            --seed $seed -o w.csv
        perl -e '$ARGV[-1] < 4403 or exit 1' $(tail -n +2 w.csv | cut -d , -f 2) ||
            fail "seed $seed ends on the plateau"
    done
    # Neither the unit of x nor that of another column matters.
    perl -ne 'chomp; my @x = split /,/;
        print join(",", $. == 1 ? ("s", "a", "b", "y") : ($x[0] * 86400e4, @x[0 .. 2])), "\n"' d.csv >s.csv
    ok train s.csv --x a --y y --optimizer lbfgs --init 2 --json a.json -o w.csv
    ok train s.csv --x s --y y --optimizer lbfgs --init 2.3148148148148148e-9 --json s.json -o w.csv
    json_is true s.json converged
    perl -e 'abs($ARGV[0] / $ARGV[1] - 1) < 1e-8 or exit 1' "$(json a.json last_loss)" \
        "$(json s.json last_loss)" || fail "the loss depends on the unit of x"
    ok train s.csv --x a,b --y y --param w-coordinate --optimizer lbfgs --init 2,1 --json a.json \
        -o w.csv
    ok train s.csv --x s,b --y y --param w-coordinate --optimizer lbfgs \
        --init 2.3148148148148148e-9,1 --json s.json -o w.csv
    perl -e 'abs($ARGV[0] / $ARGV[1] - 1) < 1e-8 or exit 1' "$(json a.json last_loss)" \
        "$(json s.json last_loss)" || fail "the loss depends on the units of columns"
    # A step to where a row has no neighbour in reach is too long: the search goes on.
    ok train d.csv --x a,b --y y --param w-coordinate --kernel cosine --optimizer lbfgs --init 0.3 \
        --json about.json -o w.csv
    json_is true about.json converged
    test "$(tail -n 1 w.csv | cut -d , -f 1)" -gt "$(tail -n +2 w.csv | wc -l)" ||
        fail "no step was too long"
    fails 2 '--optimizer lbfgs takes no --params: it cannot be continued' train $base \
        --optimizer lbfgs --params w.json
    fails 3 'l.json: L-BFGS cannot be continued' train $base --params l.json
    fails 2 '--optimizer lbfgs takes no --rate' train $base --optimizer lbfgs --rate 1
    fails 2 '--optimizer lbfgs takes no --batch' train $base --optimizer lbfgs --batch 1
    warned 'L-BFGS has not converged within 20 evaluations; --epochs' d.csv --x a,b --y y,z \
        --param additive --optimizer lbfgs --epochs 20 --precision f32
    test "$(tail -n +2 w.csv | wc -l)" -le 20 || fail "there are more than 20 evaluations"

    # ---- what others do with the parameters ----

    npy x.npy '<f8' '(40, 2)' $(tail -n +2 d.csv | cut -d , -f 1,2 | tr ',' '\n')
    npy y.npy '<f8' '(40, 1)' $(tail -n +2 d.csv | cut -d , -f 3)
    # attends TOLERANCE ARGUMENT...: the loss that follows is that of attention's predictions
    attends()
    {
        tolerance=$1
        shift
        ok train d.csv --x a,b --y y --rate 0.001 --batch 9 "$@" --params-out a.json
        ok train d.csv --x a,b --y y --params a.json --epochs 1 --batch 40
        tail -n 1 out | cut -d , -f 2 >expected
        ok attend -q x.npy -k x.npy -v y.npy --loo --params a.json
        paste -d , out d.csv |
            perl -F, -ane 'next if $. == 1; $s += ($F[0] - $F[3]) ** 2; END { printf "%.15g\n", $s / 2 }' >got
        perl -e 'abs($ARGV[0] - $ARGV[1]) < $ARGV[2] * $ARGV[1] or exit 1' $(cat got expected) $tolerance ||
            fail "the loss of attention is $(cat got), not $(cat expected)"
    }
    attends 1e-12 --param w --kernel laplacian --init 2
    attends 1e-12 --param w-coordinate --init 0.1,0.2 --form product --kernel triangular
    attends 1e-12 --param w-coordinate --kernel laplacian,gaussian --init 2
    attends 1e-12 --param w-key --init 2
    attends 1e-12 --param additive --hidden 3
    attends 1e-12 --param projection
    attends 1e-5 --param projection --precision f32
    json_is '"f32"' a.json precision
    # regresses ARGUMENT...: the same of regressions, whose loss is that of their report
    regresses()
    {
        ok train d.csv --x a,b --y y --rate 0.001 --batch 9 "$@" --params-out a.json
        ok train d.csv --x a,b --y y --params a.json --epochs 1 --batch 40 --loss mean
        tail -n 1 out | cut -d , -f 2 >expected
        ok regress d.csv --x a,b --y y --loo --params a.json
        paste -d , out d.csv |
            perl -F, -ane 'next if $. == 1; $s += ($F[2] - $F[6]) ** 2; END { printf "%.15g\n", $s / 40 }' >got
        perl -e 'abs($ARGV[0] - $ARGV[1]) < 1e-12 * $ARGV[1] or exit 1' $(cat got expected) ||
            fail "the loss of the regression is $(cat got), not $(cat expected)"
    }
    regresses --param w --kernel laplacian --init 2
    regresses --param w-coordinate --init 0.1,0.2 --form product --kernel triangular
    regresses --param w-coordinate --kernel laplacian,gaussian --init 2
    regresses --param w-key --init 2
    ok regress d.csv --x a,b --y y --params a.json --json about.json -o o.csv --at less.csv
    json_is null about.json fits.0.bandwidth
    fails 3 'a.json: its parameters belong to the rows of other data than less.csv' regress \
        less.csv --x a,b --y y --params a.json
    fails 2 '--by has groups of rows' regress d.csv --x a,b --y y --params a.json --by z
    fails 3 'a.json: its parameters are for 2 x columns, not for 1' regress d.csv --x a --y y \
        --params a.json
    for option in '--kernel boxcar' '--bandwidth 1' '--form radial'; do
        fails 2 "${option%% *} and --params cannot be used together" regress d.csv --x a,b --y y \
            --params a.json $option
    done

    # ---- columns have names ----

    ok train d.csv --x a,b --y y,z --param w-coordinate --init 2,1 --rate 0.001 --params-out n.json
    json_is '["a","b"]' n.json x
    json_is '["y","z"]' n.json y
    order='n.json: its parameters are for the x columns "a", "b" in this order, not for "b", "a"$'
    fails 3 "$order" regress d.csv --x b,a --y y,z --params n.json
    fails 3 "$order" train d.csv --x b,a --y y,z --params n.json
    ok regress d.csv --x a,b --y z,y --params n.json -o o.csv
    others='^attpool: warning: n.json: its parameters were learned from the'
    run 0 regress d.csv --x a,z --y z,y --params n.json -o o.csv
    grep -q "$others x columns \"a\", \"b\", not from \"a\", \"z\"$" err || fail "$(cat err)"
    run 0 regress d.csv --x a,b --y y --params n.json -o o.csv
    grep -q "$others y columns \"y\", \"z\", not from \"y\"$" err || fail "$(cat err)"
    warned 'n.json: its parameters were learned from the x columns "a", "b", not from "a", "z"' d.csv \
        --x a,z --y y,z --params n.json
    warned 'n.json: its parameters were learned from other rows than those of less.csv$' less.csv \
        --x a,b --y y,z --params n.json
    tr -d '\n ' <n.json | sed 's/"x":\[[^]]*\],"y":\[[^]]*\],//' >old.json
    ! grep -q '"x"' old.json || fail "old.json has names"
    ok regress d.csv --x b,a --y y,z --params old.json -o o.csv
    ok train d.csv --x a,b --y z --params old.json
    # Without a header the numbers of the columns are their names.
    tail -n +2 d.csv >none.csv
    ok train none.csv --x 2,1 --y 3,4 --param w-coordinate --init 2,1 --rate 0.001 --params-out n.json
    json_is '["2","1"]' n.json x
    fails 3 'n.json: its parameters are for the x columns "2", "1" in this order, not for "1", "2"$' \
        regress none.csv --x 1,2 --y 3,4 --params n.json
    run 0 regress d.csv --x b,a --y y,z --params n.json -o o.csv
    grep -q "$others x columns \"2\", \"1\", not from \"b\", \"a\"$" err || fail "$(cat err)"
    # Names of other encodings are the same again.
    sed '1s/a/\xe4/; 1s/b/\xdf/' d.csv >latin.csv
    ok train latin.csv --x 1,2 --y y --header yes --rate 0.001 --params-out n.json
    ok train latin.csv --x 1,2 --y y --header yes --params n.json
    tr -d '\n ' <n.json | sed 's/"x":\[[^]]*\]/"x":["a"]/' >bad.json
    fails 3 'bad.json: "x" has another number of names than "columns" says$' regress d.csv --x a,b \
        --y y --params bad.json
    tr -d '\n ' <n.json | sed 's/"x":\[[^]]*\]/"x":["a",1]/' >bad.json
    fails 3 'bad.json: "x" has a name that is not a text$' regress d.csv --x a,b --y y --params bad.json

    # Parameters of rows are for their keys.
    ok train d.csv --x a,b --y y --param w-key --init 2 --rate 0.001 --params-out key.json
    ok attend -q x.npy -k x.npy -v y.npy --params key.json
    npy swap.npy '<f8' '(40, 2)' $(tail -n +2 d.csv | perl -F, -ane 'print "$F[1] $F[0] "')
    fails 3 'key.json: its parameters belong to the rows of other data than swap.npy$' attend -q x.npy \
        -k swap.npy -v y.npy --params key.json
    npy few.npy '<f8' '(39, 2)' $(sed '1d;$d' d.csv | cut -d , -f 1,2 | tr ',' '\n')
    fails 3 'key.json: its parameters are for 40 rows, few.npy has 39 keys$' attend -q x.npy \
        -k few.npy -v y.npy --params key.json
    npy batch.npy '<f8' '(2, 40, 2)' $(tail -n +2 d.csv | cut -d , -f 1,2 | tr ',' '\n') \
        $(tail -n +2 d.csv | perl -F, -ane 'print "$F[1] $F[0] "')
    fails 3 'key.json: its parameters belong to the rows of other data than batch.npy$' attend -q x.npy \
        -k batch.npy -v y.npy --params key.json
    npy float.npy '<f4' '(40, 2)' $(tail -n +2 d.csv | cut -d , -f 1,2 | tr ',' '\n')
    ok attend -q x.npy -k float.npy -v y.npy --params key.json
    ok attend -q x.npy -k x.npy -v y.npy --params key.json --precision f32

    ok train d.csv --x a,b --y y --rate 0.001 --param projection --params-out a.json
    fails 3 'a.json: its parameters, of projection, are not for regress but for attend --params, which' \
        regress d.csv --x a,b --y y --params a.json
    for option in '--score dot' '--wq x.npy' '--bandwidth 1' '--form radial' \
        '--inverse-bandwidth x.npy'; do
        fails 2 "${option%% *} and --params cannot be used together" attend -q x.npy -k x.npy \
            -v y.npy --params a.json $option
    done
    ok train d.csv --x a,b --y y --rate 0.001 --param additive --params-out a.json
    npy g.npy '<f8' '(40, 1)' $(seq 40)
    ok attend -q x.npy -k x.npy -v y.npy --params a.json --grad-output g.npy --grad-wq w.npy
    unnpy w.npy
    shape '<f8 (8, 2)'
    fails 2 '--grad-wq does not apply to parameters of kind w, as in w.json' attend -q y.npy \
        -k y.npy -v y.npy --params w.json --grad-output g.npy --grad-wq w.npy
    ok attend -q y.npy -k y.npy -v y.npy --params w.json --json about.json -o o.csv
    json_is '"gaussian"' about.json score
    fails 3 'a.json: wq has 2 columns, Q has 1' attend -q y.npy -k y.npy -v y.npy --params a.json
    ok attend -q x.npy -k x.npy -v y.npy --params a.json --json about.json -o o.csv
    json_is '"additive"' about.json score

    # ---- options ----

    fails 2 '--y is missing' train d.csv --x a
    fails 2 '--param: "v" is not one of w, w-coordinate,' train $base --param v
    fails 2 '--kernel does not apply to --param additive' train $base --param additive --kernel boxcar
    fails 2 '--hidden does not apply to --param w' train $base --hidden 3
    fails 2 '--init takes one value for --param w' train $base --init 1,2
    fails 2 '--init has 3 values, --param w-coordinate has 1' train $base --param w-coordinate \
        --init 1,2,3
    fails 2 '--init and --params cannot be used together' train $base --init 1 --params w.json
    fails 2 '--kernel has 3 kernels for 1 x column' train $base --kernel boxcar,cosine,gaussian
    fails 2 '--keep-scripts needs --plot' train $base --keep-scripts
    fails 3 'd.csv:1: no column "c"' train d.csv --x c --y y
    run 0 train $base --rate 0.001 --verbose
    grep -q '^attpool: w, 5 epochs, loss [0-9.]* at first, [0-9.]* before the last step, on [a-z0-9]*, .* s$' err ||
        fail "the summary is $(cat err)"
}

# ---- pictures ----

if have gnuplot; then
    ok train d.csv --x a --y y --rate 0.001 --plot p.svg --keep-scripts
    for word in loss fit weights epoch 'Training of w of the gaussian kernel by gradient descent' \
        'a of the query' 'a of the key' '^set xtics 1$'; do
        grep -q -e "$word" p.svg.gp || fail "the picture has no $word"
    done
    ok train d.csv --x a,b --y y --param additive --rate 0.001 --plot p.png --precision f32
    test -s p.png || fail "there is no picture"
fi

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attpool attend: scores, masks, results, failures.
. "$srcdir/tests/scripts/command-lib.sh"

npy q.npy '<f8' '(2, 2)' 1 0 0 2
npy k.npy '<f8' '(3, 2)' 1 0 0 1 1 1
npy v.npy '<f8' '(3, 1)' 1 2 4
base='-q q.npy -k k.npy -v v.npy'

# shellcheck disable=SC2046,SC2086
{
    # ---- --json, --quiet, --verbose ----

    ok attend $base --score gaussian --form product --bandwidth 1,2 --causal --json about.json
    ok attend $base --score gaussian --form product --bandwidth 1,2 --causal --json -
    for file in about.json out; do
        json_is '"attend"' $file command
        json_is '"f64"' $file precision
        json_is '"gaussian"' $file score
        json_is '"gaussian"' $file kernel
        json_is '"product"' $file form
        json_is '[1,2]' $file bandwidth
        json_is true $file causal
        json_is null $file window
        json_is '{"file":"k.npy","shape":[3,2]}' $file inputs.keys
        json_is '[2,1]' $file shape
    done
    ok attend $base -o o.npy --json - --window 1,2
    json_is '"dot"' out score
    json_is '[1,2]' out window
    unnpy o.npy
    shape '<f8 (2, 1)'
    run 0 attend $base --verbose
    grep -q '^attpool: dot attention, 2 queries, 3 keys, on [a-z0-9]*, .* s$' err ||
        fail "the summary is $(cat err)"
    fails 1 'cannot write no/such.json' attend $base --json no/such.json

    # ---- scores ----

    # softmax of (1, 0, 1) / sqrt 2 and (0, 2, 2) / sqrt 2
    perl -e '
        my @v = (1, 2, 4);
        for my $s ([1, 0, 1], [0, 2, 2]) {
            my ($t, $o) = (0, 0);
            for (0 .. 2) { my $w = exp($s->[$_] / sqrt 2); $t += $w; $o += $w * $v[$_]; }
            printf "%.17g\n", $o / $t;
        }' >expected
    ok attend $base
    near 1e-14 $(cat expected)
    test "$(head -n 1 out)" = o1 || fail "the header is $(head -n 1 out)"
    ok attend $base --score dot --scale 0.7071067811865476
    near 1e-14 $(cat expected)
    ok attend --queries q.npy --keys k.npy --values v.npy --precision f32
    near 1e-6 $(cat expected)
    ok attend $base --score average
    near 1e-14 2.3333333333333335 2.3333333333333335
    ok attend -q q.npy -v v.npy --score average
    near 1e-14 2.3333333333333335 2.3333333333333335
    run 0 attend $base --score boxcar
    near 1e-14 1 NaN
    test "$(cat err)" = 'attpool: warning: 1 of 2 queries sees no key (see --empty)' ||
        fail "the warning is $(cat err)"
    run 0 attend $base --score Box --json -
    json_is '["1 of 2 queries sees no key (see --empty)"]' out warnings
    json_is '"Box"' out score
    json_is '"boxcar"' out kernel
    json_is 1 out bandwidth
    ok attend $base --score boxcar --empty nan
    ok attend $base --score boxcar --bandwidth 1.5
    near 1e-14 2.3333333333333335 3
    ok attend $base --score boxcar,constant --bandwidth 0.5,1
    near 1e-14 2.5 2
    run 0 attend $base --score boxcar --form product --bandwidth 1.5,0.5
    near 1e-14 1 NaN
    ok attend $base --score triangular --form radial --bandwidth 2
    near 1e-14 2 2.7387961250362585
    npy wq.npy '<f8' '(1, 2)' 1 0
    npy wk.npy '<f8' '(1, 2)' 0 1
    npy wv.npy '<f8' '(1,)' 2
    # scores 2 tanh(q_0 + k_1)
    perl -e '
        my @v = (1, 2, 4); my @k = (0, 1, 1);
        sub tanh { my $e = exp(2 * $_[0]); ($e - 1) / ($e + 1) }
        for my $q (1, 0) {
            for my $how (0, 1) {
                my ($t, $o) = (0, 0);
                for (0 .. 2) {
                    my $w = exp($how ? $q * $k[$_] : 2 * tanh($q + $k[$_]));
                    $t += $w; $o += $w * $v[$_];
                }
                printf "%.17g\n", $o / $t;
            }
        }' >learnt
    ok attend $base --score additive --wq wq.npy --wk wk.npy --wv wv.npy
    near 1e-14 $(sed -n '1p;3p' learnt)
    ok attend $base --score projection --wq wq.npy --wk wk.npy
    near 1e-14 $(sed -n '2p;4p' learnt)
    ok attend $base --score projection --wq wq.npy --wk wk.npy --scale 0
    near 1e-14 2.3333333333333335 2.3333333333333335

    # ---- inverse_bandwidths ----

    npy w1.npy '<f8' '()' 0.6666666666666666
    ok attend $base --score boxcar --inverse-bandwidth w1.npy
    near 1e-14 2.3333333333333335 3
    npy w1.npy '<f8' '(1,)' 0.6666666666666666
    ok attend $base --score boxcar --inverse-bandwidth w1.npy --bandwidth-per one
    near 1e-14 2.3333333333333335 3
    npy w2.npy '<f8' '(2,)' 2 0
    ok attend $base --score boxcar --inverse-bandwidth w2.npy --bandwidth-per coordinate
    near 1e-14 2.5 2
    npy w3.npy '<f8' '(3,)' 2 0 2
    ok attend $base --score boxcar --inverse-bandwidth w3.npy --bandwidth-per key
    near 1e-14 1.5 2
    ok attend $base --score boxcar --inverse-bandwidth w2.npy --bandwidth-per query
    near 1e-14 1 2.3333333333333335

    # ---- who sees whom ----

    npy len.npy '|i1' '()' 1
    ok attend $base --lengths len.npy
    near 1e-14 1 1
    npy len.npy '<i4' '(2,)' 1 0
    ok attend $base --lengths len.npy
    near 1e-14 1 0
    ok attend $base --lengths len.npy --empty nan
    near 1e-14 1 NaN
    ok attend $base --lengths len.npy --empty mean --score average
    near 1e-14 1 NaN
    fails 3 '1 rows have no key' attend $base --lengths len.npy --empty error
    npy mask.npy '|b1' '(2, 3)' 0 1 0 0 0 1
    ok attend $base --mask mask.npy
    near 1e-14 2 4
    npy mask.npy '|i1' '(1, 3)' 0 1 0
    ok attend $base --mask mask.npy
    near 1e-14 2 2
    npy bias.npy '<f8' '(2, 3)' -inf 0 -inf -inf -inf 0
    ok attend $base --bias bias.npy
    near 1e-14 2 4
    ok attend $base --score average --causal
    near 1e-14 1 1.5
    ok attend $base --score average --causal --offset 1
    near 1e-14 1.5 2.3333333333333335
    ok attend $base --score average --window 0,1
    near 1e-14 1.5 3
    ok attend $base --score average --window 0,1 --offset=-1
    near 1e-14 1 1.5
    ok attend $base --score average --loo
    near 1e-14 3 2.5
    npy a.npy '<f8' '(3,)' 1 2 0
    ok attend $base --score average --key-weights a.npy
    near 1e-14 1.6666666666666667 1.6666666666666667
    ok attend $base --score boxcar --bandwidth 0.5 --empty nearest
    near 1e-14 1 2

    # ---- Inf and NaN ----

    # nothing of what is masked comes through
    npy kx.npy '<f8' '(3, 2)' 1 0 inf nan 1 1
    npy vx.npy '<f8' '(3, 1)' 1 -inf 4
    npy mask.npy '|b1' '(1, 3)' 1 0 1
    npy a.npy '<f8' '(3,)' 1 0 1
    npy bias.npy '<f8' '(1, 3)' 0 -inf 0
    for masked in '--mask mask.npy' '--key-weights a.npy' '--bias bias.npy'; do
        for score in dot average gaussian boxcar; do
            for precision in f32 f64; do
                run 0 attend $base --score $score $masked --precision $precision -o o.npy
                run 0 attend -q q.npy -k kx.npy -v vx.npy --score $score $masked \
                    --precision $precision -o o2.npy
                same o.npy o2.npy
            done
        done
    done
    # what is not is the library's affair: here the row of it is NaN, the other one is not
    npy qx.npy '<f8' '(2, 2)' inf 0 0 2
    ok attend -q qx.npy -k k.npy -v v.npy
    near 1e-14 NaN $(sed -n 2p expected)
    npy bias.npy '<f4' '(2, 3)' 0 inf 0 0 0 0
    ok attend $base --bias bias.npy
    near 1e-14 NaN $(sed -n 2p expected)
    npy vx.npy '<f4' '(3, 1)' 1 2 -inf
    ok attend -q q.npy -k k.npy -v vx.npy --score boxcar --bandwidth 0.5 --empty zero
    near 1e-14 1 0
    npy wx.npy '<f8' '(1, 2)' inf nan
    ok attend $base --score projection --wq wx.npy --wk wk.npy
    near 0 NaN NaN
    ok attend $base --score additive --wq wq.npy --wk wx.npy --wv wv.npy
    near 0 NaN NaN
    npy wx.npy '<f8' '(2,)' inf nan
    ok attend $base --score gaussian --inverse-bandwidth wx.npy --bandwidth-per coordinate
    near 0 NaN NaN

    # ---- batches and heads ----

    npy q3.npy '<f4' '(2, 1, 1)' 0 1
    npy k3.npy '<f4' '(2, 2, 1)' 0 1 0 1
    npy v3.npy '<f4' '(2, 2, 2)' 1 2 3 4 5 6 7 8
    batch='-q q3.npy -k k3.npy -v v3.npy --score boxcar --bandwidth 0.5'
    ok attend $batch
    test "$(cat out)" = "$(printf 'batch,o1,o2\n0,1,2\n1,7,8')" || fail "got $(cat out)"
    ok attend $batch -o o.npy
    unnpy o.npy
    shape '<f4 (2, 1, 2)'
    near 0 1 2 7 8
    npy len.npy '<i8' '(2,)' 1 1
    run 0 attend $batch --lengths len.npy
    test "$(cat out)" = "$(printf 'batch,o1,o2\n0,1,2\n1,NaN,NaN')" || fail "got $(cat out)"
    npy len.npy '<i8' '(2, 1)' 1 2
    run 0 attend $batch --lengths len.npy
    test "$(cat out)" = "$(printf 'batch,o1,o2\n0,1,2\n1,7,8')" || fail "got $(cat out)"
    ok attend $batch --lengths len.npy --lengths-per row
    test "$(cat out)" = "$(printf 'batch,o1,o2\n0,1,2\n1,7,8')" || fail "got $(cat out)"
    npy q4.npy '<f4' '(1, 2, 1, 1)' 0 1
    ok attend -q q4.npy -k k3.npy -v v3.npy --score boxcar --bandwidth 0.5
    test "$(cat out)" = "$(printf 'batch,head,o1,o2\n0,0,1,2\n0,1,7,8')" || fail "got $(cat out)"
    npy k4.npy '<f4' '(1, 2, 1)' 0 1
    npy v4.npy '<f4' '(1, 1, 2, 1)' 5 6
    ok attend -q q4.npy -k k4.npy -v v4.npy --score boxcar --bandwidth 0.5 -o o.npy
    unnpy o.npy
    shape '<f4 (1, 2, 1, 1)'
    near 0 5 6

    # ---- types ----

    ok attend $base -o o.npy
    unnpy o.npy
    shape '<f8 (2, 1)'
    npy kf.npy '<f4' '(3, 2)' 1 0 0 1 1 1
    ok attend -q q.npy -k kf.npy -v v.npy -o o2.npy
    same o.npy o2.npy
    ok attend $base --precision f32 -o o.npy
    unnpy o.npy
    shape '<f4 (2, 1)'
    npy qi.npy '|i1' '(2, 2)' 1 0 0 2
    npy vi.npy '|i1' '(3, 1)' 1 2 4
    ok attend -q qi.npy -k kf.npy -v vi.npy -o o2.npy
    same o.npy o2.npy
    # integers of more than 16 bits count as float64: seconds since 1970 would all be one float
    npy t.npy '<i8' '(5, 1)' 1700000000 1700000060 1700000120 1700000180 1700000240
    npy tf.npy '<f8' '(5, 1)' 1700000000 1700000060 1700000120 1700000180 1700000240
    npy y.npy '<i8' '(5, 1)' 1 2 4 8 16
    npy ys.npy '<i2' '(5, 1)' 1 2 4 8 16
    npy yf.npy '<f4' '(5, 1)' 1 2 4 8 16
    perl -e '
        my @y = (1, 2, 4, 8, 16);
        for my $q (0 .. 4) {
            my ($t, $o) = (0, 0);
            for (0 .. 4) { my $w = exp(-2 * ($q - $_)**2); $t += $w; $o += $w * $y[$_]; }
            printf "%.17g\n", $o / $t;
        }' >seconds
    for times in t tf; do
        for values in y ys yf; do
            ok attend -q $times.npy -k $times.npy -v $values.npy --score gaussian --bandwidth 30
            near 1e-14 $(cat seconds)
        done
    done
    # of two types the wider one counts, wherever it stands
    npy small.npy '<i2' '(5, 1)' 0 60 120 180 240
    npy x.npy '<f4' '(5, 1)' 0 60 120 180 240
    npy yu.npy '<u4' '(5, 1)' 1 2 4 8 16
    npy yh.npy '|u1' '(5, 1)' 1 2 4 8 16
    for types in 'small ys f4' 'small yh f4' 'x ys f4' 'small yf f4' 'x y f8' 'small yu f8' 'x yu f8'; do
        set -- $types
        ok attend -q $1.npy -k $1.npy -v $2.npy --score gaussian --bandwidth 30 -o o.npy
        unnpy o.npy
        shape "<$3 (5, 1)"
        near 1e-6 $(cat seconds)
    done
    run 0 attend -q t.npy -k x.npy -v yf.npy --score boxcar --lse lse.npy
    unnpy lse.npy
    shape '<f8 (5,)'
    npy qb.npy '>f8' '(2, 2)' 1 0 0 2
    ok attend -q qb.npy -k k.npy -v v.npy -o o.npy
    ok attend $base -o o2.npy
    same o.npy o2.npy
    ok attend -q - -k k.npy -v v.npy -o o.npy <q.npy
    same o.npy o2.npy
    ok attend $base --backend scalar --threads 1 -o o.npy
    same o.npy o2.npy

    # ---- results ----

    ok attend $base --lse lse.npy --weights w.npy --rows 1,0,1 -o o.npy
    unnpy lse.npy
    shape '<f8 (2,)'
    perl -e 'printf "%.17g\n", log(2 * exp(1 / sqrt 2) + 1); printf "%.17g\n", log(2 * exp(sqrt 2) + 1)' >lse
    near 1e-14 $(cat lse)
    unnpy w.npy
    shape '<f8 (3, 3)'
    cut -d ' ' -f 1-3 out >first
    cut -d ' ' -f 7-9 out >last
    same first last
    ok attend $base --lse lse.csv -o o.csv
    cp lse.csv out
    near 1e-14 $(cat lse)
    test "$(head -n 1 out)" = lse || fail "the header is $(head -n 1 out)"
    ok attend -q q.npy -k k.npy --lse -
    near 1e-14 $(cat lse)
    ok attend -q q.npy -k k.npy --score boxcar --bandwidth 1.5 --weights -
    test "$(head -n 1 out)" = w1,w2,w3 || fail "the header is $(head -n 1 out)"
    ok attend -q q.npy -k k.npy --score average --weights - --rows 1,0
    near 1e-14 1 0.33333333333333331 0.33333333333333331 0.33333333333333331 \
        0 0.33333333333333331 0.33333333333333331 0.33333333333333331
    test "$(head -n 1 out)" = query,w1,w2,w3 || fail "the header is $(head -n 1 out)"
    if have gnuplot; then
        ok attend $base --heatmap h.svg --keep-scripts -o o.npy
        grep -q '<svg' h.svg || fail "h.svg is no SVG"
        test -s h.svg.gp || fail "no script was kept"
        ok attend $batch --heatmap h.png --rows 0 -o o.npy
        test "$(head -c 4 h.png | tail -c 3)" = PNG || fail "h.png is no PNG"
    fi
    # a gnuplot that fails takes nothing else with it
    mkdir broken
    printf '#!/bin/sh\necho "line 1: no fonts" >&2\nexit 1\n' >broken/gnuplot
    chmod +x broken/gnuplot
    PATH=$tmp/broken:$PATH run 1 attend $base --heatmap lost.svg --lse kept-l.npy \
        --weights kept-w.npy -o kept-o.npy
    test "$(cat err)" = 'attpool: gnuplot failed: no fonts' || fail "the message is $(cat err)"
    ok attend $base --lse lse.npy --weights w.npy -o o.npy
    same kept-o.npy o.npy
    same kept-l.npy lse.npy
    same kept-w.npy w.npy
    test ! -e lost.svg || fail "lost.svg is there"

    # no queries, no keys
    npy none.npy '<f8' '(0, 2)'
    npy nov.npy '<f8' '(0, 1)'
    ok attend -q none.npy -k k.npy -v v.npy -o o.npy
    unnpy o.npy
    shape '<f8 (0, 1)'
    ok attend -q q.npy -k none.npy -v nov.npy -o o.npy
    unnpy o.npy
    shape '<f8 (2, 1)'
    near 0 0 0
    # dimensions without elements are bounded too, though no file's size bounds them
    npy many.npy '<f8' '(1000000000, 0)'
    npy wide.npy '<f8' '(0, 1000000000000)'
    fails 3 'many.npy: the shape .* is too large for an array without elements$' \
        attend -q many.npy -k many.npy -v many.npy
    fails 3 'wide.npy: the shape .* is too large for an array without elements$' \
        attend -q q.npy -k none.npy -v wide.npy

    # ---- usage ----

    fails 2 '-q is missing; see .attpool attend --help.' attend -k k.npy -v v.npy
    fails 2 '-k is missing' attend -q q.npy -v v.npy
    fails 2 '-v is missing' attend -q q.npy -k k.npy
    fails 2 '-v is missing' attend -q q.npy -k k.npy --lse l.npy -o o.npy
    fails 2 'attend takes no arguments besides its options: "x"' attend $base x
    fails 2 '--score: "cosin" is not dot, average' attend $base --score cosin
    fails 2 '--wq is missing, but --score additive needs it' attend $base --score additive
    fails 2 '--wk is missing' attend $base --score projection --wq wq.npy
    fails 2 '--wv is missing' attend $base --score additive --wq wq.npy --wk wk.npy
    fails 2 '--wv applies only to --score additive' attend $base --score projection --wq wq.npy \
        --wk wk.npy --wv wv.npy
    fails 2 '--wq applies only to --score additive or projection' attend $base --wq wq.npy
    fails 2 '--scale applies only to --score dot' attend $base --score gaussian --scale 1
    fails 2 '--scale: "big" is not a finite number' attend $base --scale big
    fails 2 '--form applies only to kernels: --score NAME' attend $base --form radial
    fails 2 '--bandwidth applies only to kernels: --score NAME' attend $base --bandwidth 1
    fails 2 '--inverse-bandwidth applies only to kernels: --score NAME' attend $base --inverse-bandwidth w1.npy
    fails 2 '--bandwidth-per needs --inverse-bandwidth' attend $base --score gaussian --bandwidth-per key
    fails 2 '--bandwidth and --inverse-bandwidth' attend $base --score gaussian --inverse-bandwidth w1.npy --bandwidth 1
    fails 2 '--bandwidth-per: "row" is not one of one, coordinate, key, query' attend $base \
        --score gaussian --inverse-bandwidth w1.npy --bandwidth-per row
    fails 2 '--bandwidth has 3 values, q.npy has 2 columns' attend $base --score gaussian \
        --bandwidth 1,2,3
    fails 2 '--score has 3 kernels, q.npy has 2 columns' attend $base \
        --score gaussian,gaussian,gaussian
    fails 2 '--form radial takes one kernel' attend $base --score gaussian,gaussian --form radial
    fails 2 '--offset needs --causal or --window' attend $base --offset 1
    fails 2 '--window: "3" is not LEFT,RIGHT' attend $base --window 3
    fails 2 '--window: "-1" is not a whole number from 0' attend $base --window -1,1
    fails 2 '--rows needs --weights or --heatmap' attend $base --rows 0
    fails 2 '--keep-scripts needs --heatmap' attend $base --keep-scripts
    fails 2 '--rows: "-1" is not a whole number from 0' attend $base --weights w.npy --rows -1
    fails 2 '--rows.0. is 2, it should be 0 to 1' attend $base --weights w.npy --rows 2 -o o.npy
    fails 2 '--empty nearest needs a kernel as --score' attend $base --empty nearest
    fails 2 'a plot is an .svg or .png file' attend $base --heatmap h.npy
    fails 2 '--bandwidth is .*, it and its inverse should be' attend $base --score gaussian --bandwidth 1e-320
    fails 2 '--scale is 1.7e.308, too large' attend $base --scale 1.7e308
    fails 4 '.*no backend "vax"' attend $base --backend vax

    # ---- bad data ----

    npy kbad.npy '<f8' '(3, 3)' 1 2 3 4 5 6 7 8 9
    fails 3 'kbad.npy: K has 3 columns, Q has 2' attend -q q.npy -k kbad.npy -v v.npy
    npy heavy.npy '<f8' '(3,)' 1e308 1e308 1
    fails 3 'heavy.npy: the sum of the key weights is outside the range of float64' \
        attend $base --key-weights heavy.npy
    npy vbad.npy '<f8' '(2, 1)' 1 2
    fails 3 'vbad.npy: V has 2 rows, K has 3' attend -q q.npy -k k.npy -v vbad.npy
    npy q1.npy '<f8' '(2,)' 1 0
    fails 3 'q1.npy: the shape is .2,.; it should have 2 to 4 dimensions' attend -q q1.npy \
        -k k.npy -v v.npy
    npy q5.npy '<f8' '(1, 1, 1, 2, 2)' 1 0 0 2
    fails 3 'q5.npy: the shape is .1, 1, 1, 2, 2.; it should have 2 to 4 dimensions$' attend -q q5.npy -k k.npy -v v.npy
    npy qbig.npy '<f8' '(2, 2)' 1 1e60 0 2
    fails 3 'qbig.npy: ' attend -q qbig.npy -k k.npy -v v.npy --precision f32
    npy len.npy '<i4' '(2,)' 1 4
    fails 3 'len.npy: lengths.*is 4, it should be 0 to 3' attend $base --lengths len.npy
    fails 3 'q.npy: ' attend $base --lengths q.npy
    npy mask.npy '|i1' '(2, 3)' 0 1 2 0 0 1
    fails 3 'mask.npy: ' attend $base --mask mask.npy
    npy mask.npy '|b1' '(2, 4)' 0 1 0 0 0 1 1 1
    fails 3 'mask.npy: mask has shape .2, 4., it should be .2, 3.$' attend $base --mask mask.npy
    npy a.npy '<f8' '(3,)' 1 -2 0
    fails 3 'a.npy: key_weights.*is -2' attend $base --key-weights a.npy
    for weight in nan inf; do
        npy a.npy '<f8' '(3,)' 1 $weight 0
        fails 3 "a.npy: key_weights.*is -?$weight, it should be finite" attend $base --key-weights a.npy
    done
    npy w9.npy '<f8' '(9,)' 1 1 1 1 1 1 1 1 1
    fails 3 'w9.npy: inverse_bandwidths has 9 elements, the columns of Q are 2' attend $base --score gaussian --inverse-bandwidth w9.npy \
        --bandwidth-per coordinate
    fails 3 'w9.npy: wv has 9' attend $base --score additive --wq wq.npy --wk wk.npy --wv w9.npy
    printf '1,2\n' >a.csv
    fails 3 'a.csv: not an NPY file' attend -q q.npy -k a.csv -v v.npy
    head -c 150 k.npy >cut.npy
    fails 3 'cut.npy: ' attend -q q.npy -k cut.npy -v v.npy
    # known before the work, and so before bad data
    for option in -o --lse --weights; do
        fails 1 'cannot write no/such.npy' attend -q q.npy -k k.npy -v vbad.npy $option no/such.npy
    done
    no_gnuplot attend -q q.npy -k k.npy -v vbad.npy --heatmap h.svg
    PATH=$tmp/broken:$PATH fails 1 'cannot write no/such.svg' attend -q q.npy -k k.npy -v vbad.npy \
        --heatmap no/such.svg
    fails 1 'cannot .*gone.npy' attend -q q.npy -k gone.npy -v v.npy
    echo old >kept.npy
    fails 3 'v' attend -q q.npy -k k.npy -v vbad.npy -o kept.npy
    test "$(cat kept.npy)" = old || fail "a failure has changed kept.npy"
}

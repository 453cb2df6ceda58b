#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attpool attend: gradients, dropout, positions of parts.
. "$srcdir/tests/scripts/command-lib.sh"

npy q.npy '<f8' '(2, 2)' 1 0.5 -0.25 2
npy k.npy '<f8' '(3, 2)' 1 0.25 0.5 1 -1 1.5
npy v.npy '<f8' '(3, 1)' 1 2 4
npy do.npy '<f8' '(2, 1)' 0.5 -1.5
npy dl.npy '<f8' '(2,)' 0.25 1
base='-q q.npy -k k.npy -v v.npy'

# moved FILE PLACE STEP: the array with one number moved, as moved.npy
moved()
{
    perl -e '
        my ($file, $place, $step) = @ARGV;
        local $/;
        open my $in, "<:raw", $file or die;
        my $all = <$in>;
        my $head = 10 + unpack "v", substr $all, 8, 2;
        my @x = unpack "d<*", substr $all, $head;
        $x[$place] += $step;
        open my $out, ">:raw", "moved.npy" or die;
        print $out substr($all, 0, $head), pack "d<*", @x;' "$@"
}

# value ARGUMENT...: 0.5 o1 - 1.5 o2 + 0.25 l1 + l2, or without l where $by_lse is empty
value()
{
    ok attend "$@" -o o.csv --lse l.csv
    tail -n +2 o.csv >values
    tail -n +2 l.csv >>values
    perl -e 'my ($a, $b, $l, $m) = map { $_ + 0 } <STDIN>;
        printf "%.17g\n", 0.5 * $a - 1.5 * $b + ($ARGV[0] ? 0.25 * $l + $m : 0);' \
        "${by_lse:-0}" <values
}

# differs OPTION FILE COUNT ARGUMENT...: the gradient by the array of the option, against central
# differences; the arguments have the option with FILE in them
differs()
{
    option=$1 file=$2 count=$3
    shift 3
    place=0
    : >expected
    while test $place -lt "$count"; do
        for step in 0.0001 -0.0001; do
            moved "$file" $place $step
            # shellcheck disable=SC2046
            value $(printf '%s\n' "$@" | sed "s/^$file\$/moved.npy/") >>expected || exit 1
        done
        place=$((place + 1))
    done
    # shellcheck disable=SC2086
    ok attend "$@" --grad-output do.npy ${by_lse:+--grad-lse dl.npy} "--grad-$option" g.npy
    unnpy g.npy
    # shellcheck disable=SC2046
    near 1e-6 $(perl -e 'my @x = <STDIN>; printf "%.12g ", ($x[2 * $_] - $x[2 * $_ + 1]) / 0.0002
        for 0 .. @x / 2 - 1;' <expected)
}

# shellcheck disable=SC2046,SC2086
{
    # ---- gradients ----

    differs q q.npy 4 $base
    differs k k.npy 6 $base --causal --offset 1
    shape '<f8 (3, 2)'
    differs v v.npy 3 $base --dropout 0.5 --seed 3
    differs q q.npy 4 $base --dropout 0.5 --seed 3
    npy bias.npy '<f8' '(2, 3)' 0 1 -1 0.5 0.25 0
    differs bias bias.npy 6 $base --bias bias.npy
    npy a.npy '<f8' '(3,)' 1 2 0.5
    differs key-weights a.npy 3 $base --key-weights a.npy --score laplacian
    npy wq.npy '<f8' '(2, 2)' 1 0.5 -1 0.25
    npy wk.npy '<f8' '(2, 2)' 0.5 -0.5 1 1
    npy wv.npy '<f8' '(2,)' 2 -1
    additive="$base --score additive --wq wq.npy --wk wk.npy --wv wv.npy"
    differs wq wq.npy 4 $additive
    differs wk wk.npy 4 $additive
    differs wv wv.npy 2 $additive
    npy w.npy '<f8' '(2,)' 0.75 1.25
    npy f.npy '<f8' '(3,)' 1 0.5 2
    kernel="$base --score gaussian --inverse-bandwidth w.npy"
    differs inverse-bandwidth w.npy 2 $kernel --bandwidth-per coordinate
    matrix="$kernel --bandwidth-per coordinate-key --key-factors f.npy"
    differs inverse-bandwidth w.npy 2 $matrix
    differs key-factors f.npy 3 $matrix
    by_lse=1
    differs q q.npy 4 $base --score cauchy --form product
    differs k k.npy 6 $additive
    by_lse=

    value $base --scale 0.5001 >expected
    value $base --scale 0.4999 >>expected
    ok attend $base --scale 0.5 --grad-output do.npy --grad-scale g.npy
    unnpy g.npy
    near 1e-6 $(perl -e 'my @x = <STDIN>; printf "%.12g", ($x[0] - $x[1]) / 0.0002;' <expected)

    # A number, and one a column of --bandwidth: by 1 / 2 and by 1.
    ok attend $base --grad-output do.npy --grad-scale s.csv
    test "$(head -n 1 s.csv)" = dscale || fail "the header is $(head -n 1 s.csv)"
    test "$(wc -l <s.csv)" = 2 || fail "not one number in s.csv"
    npy two.npy '<f8' '(2,)' 0.5 1
    ok attend $base --score gaussian --inverse-bandwidth two.npy --bandwidth-per coordinate \
        --grad-output do.npy --grad-inverse-bandwidth one.csv
    ok attend $base --score gaussian --bandwidth 2,1 --grad-output do.npy \
        --grad-inverse-bandwidth other.csv
    same one.csv other.csv
    ok attend $base --score gaussian --bandwidth 2 --grad-output do.npy \
        --grad-inverse-bandwidth number.npy --precision f32
    unnpy number.npy
    shape '<f4 (1,)'

    # Nothing on stdout but what is asked for; by L alone no values are needed.
    ok attend $base --grad-output do.npy --grad-q g.npy
    test ! -s out || fail "there is an output: $(cat out)"
    ok attend $base --grad-output do.npy --grad-q g.npy -o -
    test "$(head -n 1 out)" = o1 || fail "there is no output"
    ok attend $base --grad-lse dl.npy --grad-q one.npy
    ok attend -q q.npy -k k.npy --grad-lse dl.npy --grad-q other.npy --json about.json
    same one.npy other.npy
    json_is '{"file":"dl.npy","shape":[2]}' about.json inputs.grad_lse

    fails 2 "a gradient needs --grad-output or --grad-lse; see 'attpool attend --help'" attend $base --grad-q g.npy
    fails 2 '--grad-output and --grad-lse need --grad-q' attend $base --grad-output do.npy
    fails 2 '--grad-v needs --grad-output' attend $base --grad-lse dl.npy --grad-v g.npy
    fails 2 '--grad-bias needs --bias' attend $base --grad-output do.npy --grad-bias g.npy
    fails 2 '--grad-wq applies only to --score additive or projection' attend $base --grad-output do.npy --grad-wq g.npy
    fails 2 '--grad-scale applies only to --score dot' attend $base --score gaussian \
        --grad-output do.npy --grad-scale g.npy
    fails 2 '--grad-inverse-bandwidth applies only to kernels: --score NAME' attend $base \
        --grad-output do.npy --grad-inverse-bandwidth g.npy
    fails 2 '--score average does not look' attend $base --score average --grad-output do.npy \
        --grad-k g.npy
    fails 2 '-v is missing' attend -q q.npy -k k.npy --grad-output do.npy --grad-q g.npy
    fails 2 '--key-factors needs --bandwidth-per coordinate-key' attend $kernel --key-factors f.npy
    fails 2 '--bandwidth-per coordinate-key needs --key-factors' attend $kernel \
        --bandwidth-per coordinate-key
    fails 3 'do.npy: dO has shape \(2, 1\), it should be \(2, 2\)' attend -q q.npy -k k.npy \
        -v k.npy --grad-output do.npy --grad-q g.npy
    fails 3 'k.npy: dL has shape \(3, 2\)' attend $base --grad-lse k.npy --grad-q g.npy
    fails 3 'two.npy: key_factors has shape \(2,?\)' attend $kernel --bandwidth-per coordinate-key \
        --key-factors two.npy
    fails 2 '--grad-k "g.npy" would overwrite --grad-q' attend $base --grad-output do.npy --grad-q g.npy --grad-k g.npy
    fails 2 '--grad-q "q.npy" would overwrite -q' attend $base --grad-output do.npy --grad-q q.npy

    # ---- dropout and positions ----

    npy x.npy '<f8' '(4, 2)' 1 0 0 2 3 1 -1 1
    whole="-k k.npy -v v.npy --dropout 0.5 --seed 11"
    ok attend -q x.npy $whole
    cp out whole.csv
    perl -e 'local $/; open my $f, "<:raw", "x.npy"; my $all = <$f>;
        my @x = unpack "d<*", substr $all, 128; print join(" ", @x[4 .. 7]), "\n"' >rest
    npy y.npy '<f8' '(2, 2)' $(cat rest)
    ok attend -q y.npy $whole --query-origin 2
    tail -n 2 whole.csv >expected
    tail -n 2 out >got
    same expected got
    ok attend -q y.npy $whole
    ! cmp -s out got || fail "another position drops the same pairs"
    for origin in key batch; do
        ok attend -q x.npy $whole --$origin-origin 1024 --json about.json
        ! cmp -s out whole.csv || fail "another $origin-origin drops the same pairs"
        json_is 1024 about.json ${origin}_origin
    done
    json_is 11 about.json seed
    json_is 0.5 about.json dropout
    ok attend -q x.npy -k k.npy -v v.npy --dropout 0.5 --seed 12
    ! cmp -s out whole.csv || fail "another seed drops the same pairs"
    # A probability of 0 is one, too.
    ok attend $base
    cp out one.csv
    ok attend $base --dropout 0 --seed 3 --batch-origin 1 --json about.json -o zero.csv
    same one.csv zero.csv
    json_is null about.json seed

    # Attention over a part of the keys: positions count.
    ok attend $base --causal --query-origin 5 --key-origin 4
    cp out one.csv
    ok attend $base --causal --offset 1
    same one.csv out

    fails 2 '--dropout is 1, it should be at least 0 and below 1' attend $base --dropout 1
    fails 2 '--seed needs --dropout' attend $base --seed 1
    fails 2 '--batch-origin needs --dropout' attend $base --batch-origin 1
    fails 2 '--query-origin is 4294967296, which with dropout should be at most 4294967294' \
        attend $base --dropout 0.5 --query-origin 4294967296
    fails 2 '--key-origin is above 2\^60' attend $base --key-origin 2000000000000000000
    fails 2 '--seed: .*-1' attend $base --dropout 0.5 --seed -1
}

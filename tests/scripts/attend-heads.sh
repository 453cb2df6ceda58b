#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attpool attend: what belongs to a batch item and what to its heads, seen from values 1 2 3 with
# equal scores.
. "$srcdir/tests/scripts/command-lib.sh"

# shellcheck disable=SC2086
{
    npy qh.npy '<f4' '(2, 2, 1, 1)' 0 0 0 0
    npy kh.npy '<f4' '(3, 1)' 0 0 0
    npy vh.npy '<f4' '(3, 1)' 1 2 3
    heads='-q qh.npy -k kh.npy -v vh.npy -o o.npy'
    npy len.npy '<i8' '(2,)' 3 1
    ok attend $heads --lengths len.npy
    unnpy o.npy
    near 0 2 2 1 1
    ok attend $heads --lengths len.npy --lengths-per batch
    unnpy o.npy
    near 0 2 2 1 1
    npy len.npy '<i8' '(1, 2)' 3 1
    fails 2 'len.npy has shape .1, 2., which is ambiguous: add --lengths-per batch' attend $heads \
        --lengths len.npy
    ok attend $heads --lengths len.npy --lengths-per batch
    unnpy o.npy
    near 0 2 1 2 1
    npy len.npy '<i8' '(2, 1)' 3 1
    ok attend $heads --lengths len.npy --lengths-per row
    unnpy o.npy
    near 0 2 2 1 1
    ok attend $heads --lengths len.npy --lengths-per batch
    unnpy o.npy
    near 0 2 2 1 1
    npy len.npy '<i8' '(2, 2, 1)' 3 1 1 2
    ok attend $heads --lengths len.npy
    unnpy o.npy
    near 0 2 1 1 1.5
    npy len.npy '<i8' '(1,)' 2
    ok attend $heads --lengths len.npy --lengths-per row
    unnpy o.npy
    near 0 1.5 1.5 1.5 1.5
    npy len.npy '<i8' '(4,)' 3 1 1 1
    fails 3 'len.npy: lengths has shape .4., it should be .2. by batch item or .2, 2. by head$' \
        attend $heads --lengths len.npy
    fails 2 '--lengths-per: "key" is not one of batch, row' attend $heads --lengths len.npy \
        --lengths-per key
    fails 2 '--lengths-per needs --lengths' attend $heads --lengths-per row
    npy a.npy '<f4' '(2, 3)' 1 0 0 0 0 1
    ok attend $heads --key-weights a.npy
    unnpy o.npy
    near 0 1 1 3 3
    npy a.npy '<f4' '(1, 2, 3)' 1 0 0 0 0 1
    ok attend $heads --key-weights a.npy
    unnpy o.npy
    near 0 1 3 1 3
    npy mask.npy '|b1' '(2, 1, 3)' 1 0 0 0 0 1
    ok attend $heads --mask mask.npy
    unnpy o.npy
    near 0 1 3 1 3
    npy mask.npy '|b1' '(3, 1, 3)' 1 0 0 0 0 1 1 1 1
    fails 3 'mask.npy: mask has shape .3, 1, 3., it should be .2, 1, 3., which is .h, n, m., or .2, 2, 1, 3.$' \
        attend $heads --mask mask.npy
    npy w.npy '<f4' '(2, 3)' 0.5 2 2 2 2 0.5
    npy kw.npy '<f4' '(3, 1)' 1 1 1
    ok attend -q qh.npy -k kw.npy -v vh.npy -o o.npy --score boxcar --inverse-bandwidth w.npy \
        --bandwidth-per key
    unnpy o.npy
    near 0 1 1 3 3
}

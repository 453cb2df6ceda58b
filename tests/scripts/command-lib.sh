# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# For the tests of the command, which work in a folder of their own. In `run` and `fails` the
# exit status comes first; stdout is then in `out` and stderr in `err`.
srcdir=$(cd "$srcdir" && pwd)
. "$srcdir/tests/scripts/lib.sh"
have perl || skip "no perl"
scratch
cd "$tmp" || exit 99

# Others' settings are not what is tested, and OpenCL only where it may be.
unset ATTPOOL_BACKEND ATTPOOL_INDEX ATTPOOL_MAX_ISA ATTPOOL_NUM_THREADS ATTPOOL_OPENCL_DEVICE \
    ATTPOOL_OPENCL_MEM_LIMIT ATTPOOL_VERBOSE
if test "${ATTPOOL_TEST_OPENCL-}" = no; then
    mkdir no-drivers
    OCL_ICD_VENDORS=$tmp/no-drivers
    export OCL_ICD_VENDORS
fi

# run STATUS ARGUMENT...
run()
{
    expected=$1
    shift
    # shellcheck disable=SC2086
    $ATTPOOL "$@" >out 2>err
    status=$?
    test "$status" = "$expected" ||
        fail "attpool $*: exit status $status, not $expected: $(cat err)"
}

# ok ARGUMENT...: nothing on stderr either
ok()
{
    run 0 "$@"
    test ! -s err || fail "attpool $*: on stderr: $(cat err)"
}

# fails STATUS PATTERN ARGUMENT...: one line on stderr that the extended regular expression
# matches after "attpool: ", and nothing on stdout
fails()
{
    code=$1
    pattern=$2
    shift 2
    run "$code" "$@"
    test ! -s out || fail "attpool $*: on stdout: $(cat out)"
    test "$(wc -l <err)" = 1 || fail "attpool $*: not one line on stderr: $(cat err)"
    grep -q -E "^attpool: $pattern" err || fail "attpool $*: no '$pattern' in: $(cat err)"
}

# no_gnuplot ARGUMENT...: fails where PATH leads nowhere (a runner is found by PATH itself)
no_gnuplot()
{
    case $ATTPOOL in
    /*) ;;
    *) return ;;
    esac
    # shellcheck disable=SC2086
    env PATH=/nonexistent $ATTPOOL "$@" >out 2>err
    test $? = 1 || fail "attpool $*: without gnuplot it did not fail"
    grep -q '^attpool: plots are drawn by gnuplot, which is not' err ||
        fail "attpool $*: no word about gnuplot in: $(cat err)"
}

# json FILE PATH: a value of it ("fits.0.bandwidth"), as JSON
json()
{
    perl -MJSON::PP -e '
        local $/;
        open my $f, "<:raw", $ARGV[0] or die "no $ARGV[0]\n";
        my $value = decode_json(<$f>);
        for my $key (split /\./, $ARGV[1] // "") {
            my $in = ref $value eq "HASH" ? exists $value->{$key} : $key < @$value;
            $in or die "no $key of $ARGV[1] in $ARGV[0]\n";
            $value = ref $value eq "HASH" ? $value->{$key} : $value->[$key];
        }
        print JSON::PP->new->allow_nonref->canonical->encode($value), "\n";' "$@" ||
        fail "json $*"
}

# json_is EXPECTED FILE PATH
json_is()
{
    expected=$1
    shift
    got=$(json "$@") || exit
    test "$got" = "$expected" || fail "$2 is $got, not $expected"
}

# on_a_terminal ARGUMENT...: where stderr is one; what it shows is in `err`
on_a_terminal()
{
    # shellcheck disable=SC2086
    script -q -e -c "$(printf "'%s' " $ATTPOOL "$@") >out" /dev/null </dev/null >terminal ||
        fail "attpool $* on a terminal: exit status $?"
    tr -d '\r' <terminal >err
}

# same FILE FILE
same()
{
    cmp -s "$1" "$2" || fail "$1 and $2 differ: $(head -n 5 "$1" "$2")"
}

# near TOLERANCE EXPECTED...: all numbers of `out`, whatever is between them
near()
{
    perl -e '
        my $tolerance = shift;
        my @got = join(" ", <STDIN>) =~ /(?<![A-Za-z_.\d])[-+]?(?:\d[\d.]*(?:e[-+]?\d+)?|NaN|Inf)(?![A-Za-z_.\d])/gi;
        @got == @ARGV or die "got @got, not @ARGV\n";
        for my $i (0 .. $#got) {
            my ($g, $x) = (lc $got[$i], lc $ARGV[$i]);
            next if $g eq $x;
            die "number $i is $g, not $x: @got\n"
                if "$g$x" =~ /nan|inf/ || abs($g - $x) > $tolerance * (abs($x) + 1e-300) && abs($g - $x) > $tolerance;
        }' -- "$@" <out || fail "other numbers"
}

# npy FILE TYPE SHAPE VALUE...: an NPY file, TYPE as NumPy writes it
npy()
{
    perl -e '
        my ($file, $type, $shape, @values) = @ARGV;
        my %pack = ("<f8" => "d<", "<f4" => "f<", "|i1" => "c", "<i2" => "s<", "<i4" => "l<",
                    "<i8" => "q<", "|u1" => "C", "<u4" => "L<", "|b1" => "C", ">f8" => "d>");
        my $head = "{\x27descr\x27: \x27$type\x27, \x27fortran_order\x27: False, \x27shape\x27: $shape, }";
        $head .= " " x (117 - length $head) . "\n";
        open my $f, ">:raw", $file or die;
        print $f "\x93NUMPY\x01\x00" . pack("v", 118) . $head . pack("$pack{$type}*", map {
            lc $_ eq "nan" ? "nan" + 0 : lc $_ eq "-inf" ? -9**9**9 : lc $_ eq "inf" ? 9**9**9 : $_
        } @values);' -- "$@"
}

# unnpy FILE: type, shape and values into `out`
unnpy()
{
    perl -e '
        my %unpack = ("<f8" => "d<", "<f4" => "f<");
        local $/;
        open my $f, "<:raw", $ARGV[0] or die "no $ARGV[0]\n";
        my $all = <$f>;
        my $length = unpack "v", substr $all, 8, 2;
        my ($type, $shape) = substr($all, 10, $length) =~ /descr.: .(...).,.*shape.: \(([^)]*)\)/;
        print "$type ($shape)\n", join(" ", unpack "$unpack{$type}*", substr $all, 10 + $length), "\n";
        ' -- "$1" >all || fail "cannot read $1"
    head -n 1 all >shape
    tail -n 1 all >out
}

# shape TEXT: what unnpy found
shape()
{
    test "$(cat shape)" = "$1" || fail "the array is $(cat shape), not $1"
}

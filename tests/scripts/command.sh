#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command as a whole: --help, --version, devices, and that the manual knows every option.
. "$srcdir/tests/scripts/command-lib.sh"

ok --version
grep -q "^attpool $PACKAGE_VERSION\$" out || fail "the version is $(cat out)"
ok --help
mv out help
for command in attend bench classify demo density devices regress selftest train tune; do
    grep -q "^  $command " help || fail "--help does not list $command"
    ok $command --help
    grep -q "^Usage: attpool $command" out || fail "no usage in: $(cat out)"
    test "$(awk 'length > 90' out)" = '' || fail "too wide: $(awk 'length > 90' out)"
    # the same by its other names
    cp out expected
    ok $command -h
    same out expected
    ok help $command
    same out expected
    ok --help $command
    same out expected
    for version in --version -V; do
        ok $command $version
        grep -q "^attpool $PACKAGE_VERSION\$" out || fail "the version of $command is $(cat out)"
    done
    # two examples, whose options there are
    sed -n '/^Examples:/,/^$/p' expected | grep '^  attpool ' >examples
    test "$(wc -l <examples)" = 2 || fail "examples of $command: $(cat examples)"
    grep -v "^  attpool $command " examples && fail "an example of another command than $command"
    sed -n '/^Examples:/,/^$/p' expected | sed "s/'[^']*'//g; s/|.*//" | grep -o -E -e ' --?[a-z][-a-z]*' |
        sort -u >options
    while read -r option; do
        sed '/^Examples:/,$d' expected | grep -q -E -e "(^|[ ,[])$option([ ,=]|$)" ||
            fail "an example of $command has the option $option"
    done <options
    mv expected out
    grep -o -E -e '--[a-z][-a-z]*' out | sort -u | sed 's/-/\\-/g' >options
    while read -r option; do
        grep -q -F -e "$option" "$srcdir/man/attpool.1" ||
            fail "attpool(1) does not know $option of $command"
    done <options
done

# an option with a value is given once
once()
{
    case $1$2 in
    *--bandwidth-from) return ;;
    regress--kernel | regress--bandwidth | density--kernel | density--bandwidth) return ;;
    classify--kernel | classify--bandwidth) return ;;
    esac
    case $2 in
    --precision) value=f32 ;;
    --score) value='dot' ;;
    --header) value=yes ;;
    --format) value=svg ;;
    --plot | --heatmap | --curve-plot) value=p.svg ;;
    --adaptive) value=abramson ;;
    --decimal) value=, ;;
    --delimiter) value=tab ;;
    --comment) value='#' ;;
    --na) value=omit ;;
    --kernel) value=gaussian ;;
    --param) value=w ;;
    --loss) value=sum ;;
    --optimizer) value=sgd ;;
    --weights) value=w.npy ;;
    --form) value=radial ;;
    --bandwidth-per) value=one ;;
    --lengths-per) value=row ;;
    --empty) value=nan ;;
    --window) value=1,1 ;;
    *) value=1 ;;
    esac
    fails 2 "$2 is given twice" "$1" "$2" $value "$2" $value
}
for command in attend bench classify demo density devices regress selftest train tune; do
    ok $command --help
    grep -o -E -e '--[a-z][-a-z]* ([A-Z]|[a-z0-9]+[|])' out | cut -d ' ' -f 1 | sort -u >options
    grep -q -x -e --threads options || fail "no options with values in: $(cat options)"
    while read -r option; do
        once $command "$option"
    done <options
done
fails 2 '--x is given twice; list the columns as --x A,B; see' regress d.csv --x a --x b
fails 2 '--output is given twice' regress d.csv -o a.csv --output b.csv
fails 2 '--queries is given twice' attend -q a.npy -q b.npy

# each variable that it names is one that is read
sed -n 's/^\.B \(ATTPOOL_[A-Z_]*\)$/\1/p' "$srcdir/man/attpool.1" | sort -u >variables
test -s variables || fail "attpool(1) names no variables"
while read -r variable; do
    cat "$srcdir"/core/*.c "$srcdir"/core/*/*.c "$srcdir"/backends/*/*.c | grep -q "\"$variable\"" || fail "there is no $variable"
done <variables

ok -h
same out help
ok help
same out help
ok help help
same out help
ok -V
grep -q "^attpool $PACKAGE_VERSION\$" out || fail "the version is $(cat out)"
grep -A 2 '^Examples:' help | grep -c '^  attpool ' | grep -q -x 2 || fail "not two examples"

# ---- did you mean ----

fails 2 'there is no command "regres"; did you mean "regress". See .attpool --help.' regres
fails 2 'there is no command "regres"; did you mean "regress". See .attpool --help.' help regres
fails 2 'help takes one command, "attend" is a second one; see' help regress attend
fails 2 'there is no option "--versoin"; did you mean "--version". See' --versoin
fails 2 'there is no option "--bandwith"; did you mean "--bandwidth". See .attpool regress --help' \
    regress d.csv --bandwith 3
fails 2 'there is no option "--bandwith"; did you mean "--bandwidth"' regress d.csv --bandwith=3
fails 2 'there is no option -k; did you mean "--kernel"' regress d.csv -kernel boxcar
fails 2 'there is no option -z; see' regress d.csv -z
fails 2 '--kernel: .*gaussian, .*; did you mean "gaussian"' regress d.csv --kernel gausian
fails 2 '--kernel: .*gaussian, .*; did you mean "uniform"' regress d.csv --kernel unifrom
fails 2 '--kernel: what Dive into Deep Learning calls Epanechikov is triangular' regress d.csv \
    --kernel Epanechikov
for name in cos:density trwt:locfit Linear:scikit-learn; do
    fails 2 "--kernel: what .*${name#*:} calls .* is" regress d.csv --x x --y y --bandwidth 1 \
        --kernel "${name%:*}"
    fails 2 "--score: what .*${name#*:} calls .* is" attend -q q.npy -k q.npy -v q.npy \
        --score "${name%:*}"
done
fails 2 '--score: "additve" is not .*; did you mean "additive"' attend --score additve
fails 2 '--score: "normale" is not .*; did you mean "normal"' attend --score normale
fails 2 '--empty: "nearset" is not one of nan, .*; did you mean "nearest"' regress d.csv --empty nearset
fails 4 '.*no backend "scaler".*; did you mean "scalar"' devices --backend scaler
ATTPOOL_BACKEND=avx
export ATTPOOL_BACKEND
fails 4 'ATTPOOL_BACKEND: .*no backend "avx".*; did you mean "avx2"' devices
unset ATTPOOL_BACKEND

fails 2 'no command; see .attpool --help.'
fails 2 'there is no command "pool"; see' pool
fails 2 'there is no option "--verbose"; see' --verbose
fails 2 'there is no option "--nope"' devices --nope
fails 2 'selftest takes no arguments besides its options: "x"' selftest x
fails 2 'devices takes no arguments besides its options: "x"' devices x
if test -w /dev/full; then
    $ATTPOOL --help >/dev/full 2>err
    test $? = 1 || fail "a full disk is not noticed"
fi

# ---- devices ----

# one answer: "chosen" of a backend in the JSON
chosen()
{
    perl -e '
        local $/; my $text = <STDIN>; my %seen;
        for ($text =~ /\{(.*?)\}/gs) {
            my ($name) = /"backend": "(.*?)"/ or die "no backend\n";
            for my $key (qw(device available chosen reason one_answer float64)) {
                /"$key": / or die "no $key of $name\n";
            }
            print "$name\n" if /"chosen": true/;
        }' <out
}

ok devices
grep -q -E '^[* ] scalar +[^ ].* +yes +yes +yes ' out || fail "no scalar in: $(cat out)"
test "$(grep -c '^\* [a-z]' out)" = 1 || fail "not one is chosen: $(cat out)"
test "$(grep -c ' scalar ' out)" = 1 || fail "not a line each: $(cat out)"
if have script && have stty; then
    for columns in 80 100; do
        script -q -e -c "stty cols $columns; $ATTPOOL devices" /dev/null </dev/null >terminal ||
            fail "devices on a terminal: exit status $?"
        tr -d '\r' <terminal >narrow
        grep -q '^[* ] scalar ' narrow || fail "no scalar in: $(cat narrow)"
        test "$(awk -v most=$columns 'length > most' narrow)" = '' ||
            fail "wider than $columns: $(cat narrow)"
        # lines end between words, or after a hyphen
        tr -s ' \n-' '\n' <out | sort -u >words
        tr -s ' \n-' '\n' <narrow | sort -u | comm -23 - words >torn
        test ! -s torn || fail "words torn: $(cat torn)"
    done
fi
ok devices --json
test "$(chosen | wc -l)" = 1 || fail "not one is chosen: $(chosen)"
ok devices --json --backend scalar
test "$(chosen)" = scalar || fail "chosen is $(chosen)"
grep -q 'named by --backend' out || fail "no reason in: $(cat out)"
ATTPOOL_BACKEND=scalar ok devices --json
test "$(chosen)" = scalar || fail "chosen is $(chosen)"
grep -q 'named by ATTPOOL_BACKEND' out || fail "no reason in: $(cat out)"
ATTPOOL_MAX_ISA=scalar ok devices --json --threads 1 --precision f32
test "$(chosen)" = scalar || fail "chosen is $(chosen)"
ATTPOOL_BACKEND=scalar ok devices --json --backend auto
ATTPOOL_MAX_ISA=vax
export ATTPOOL_MAX_ISA
fails 2 'ATTPOOL_MAX_ISA is "vax"' devices
unset ATTPOOL_MAX_ISA
ATTPOOL_INDEX=some
export ATTPOOL_INDEX
fails 2 'ATTPOOL_INDEX is "some"' devices
unset ATTPOOL_INDEX
fails 4 '.*no backend "vax"' devices --backend vax

# ---- selftest ----

ok selftest --backend scalar --full --json tested.json
grep -q -E '^scalar +same bits +[0-9]+ cases ' out || fail "scalar is not itself: $(cat out)"
json_is '"same"' tested.json devices.0.verdict
json_is 0 tested.json devices.0.wrong
ok selftest --backend scalar --json -
json_is false out full
ok selftest
! grep -q '^scalar' out || fail "scalar was compared with itself"

# ---- tune ----

fails 2 'tune takes no arguments besides its options: "x"' tune x
mkdir no-drivers-here
OCL_ICD_VENDORS=$tmp/no-drivers-here fails 4 'there is no device that gives one answer' tune

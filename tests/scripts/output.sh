#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where the command writes: never over an input or another output, whole or not at all, and into
# files that cannot be renamed to.
. "$srcdir/tests/scripts/command-lib.sh"

printf 'x,y\n1,10\n2,20\n4,0\n' >d.csv
npy d.npy '<f8' '(3, 2)' 1 10 2 20 4 0
npy q.npy '<f8' '(1, 1)' 0
fit='--x 1 --y 2 --bandwidth 1'
# shellcheck disable=SC2086
ok regress d.csv $fit
mv out plain.csv

# The files there are, and what they hold
state()
{
    for file in * folder/*; do
        case $file in
        out | err | before | after | folder) ;;
        *) cksum "$file" ;;
        esac
    done 2>&1
}

# refused PATTERN ARGUMENT...: as a matter of usage, with all files as they were
refused()
{
    pattern=$1
    shift
    state >before
    fails 2 "$pattern" "$@"
    state >after
    same before after
}

# ---- an output that is also an input ----

ln -s d.csv link.csv
ln -s "$tmp/link.csv" far.csv
ln d.csv hard.csv
mkdir folder
# shellcheck disable=SC2002,SC2086,SC2094
{
    refused '-o "d.csv" would overwrite DATA "d.csv"$' regress d.csv $fit -o d.csv
    for name in ./d.csv "$tmp/d.csv" folder/../d.csv link.csv far.csv hard.csv; do
        refused '-o ".*" would overwrite DATA "d.csv"$' regress d.csv $fit -o "$name"
        refused '-o "d.csv" would overwrite DATA ".*"$' regress "$name" $fit -o d.csv
    done
    cp d.csv at.csv
    refused '-o "at.csv" would overwrite --at "at.csv"$' regress d.csv $fit --at at.csv -o at.csv
    refused '--weights "d.npy" would overwrite DATA "d.npy"$' regress d.npy $fit --weights d.npy
    refused '--json "d.csv" would overwrite DATA "d.csv"$' regress d.csv $fit --json d.csv
    cp d.csv d.svg
    refused '--plot "d.svg" would overwrite DATA' regress d.svg $fit --plot d.svg
    refused '--heatmap "./d.svg" would overwrite DATA' regress d.svg $fit --heatmap ./d.svg
    cp d.csv d.svg.gp
    refused 'the script of --plot "d.svg.gp" would overwrite DATA' regress d.svg.gp $fit --plot d.svg \
        --keep-scripts
    rm d.svg d.svg.gp
    refused '-o "d.csv" would overwrite stdin$' regress - $fit -o d.csv <d.csv
    refused '-o "d.csv" would overwrite --at "./d.csv"$' regress d.npy $fit -o d.csv --at ./d.csv
    if test -e /dev/fd/0; then
        refused '-o "d.csv" would overwrite DATA "/dev/fd/3"$' regress /dev/fd/3 $fit -o d.csv 3<d.csv
        refused '-o "/dev/fd/3" would overwrite DATA "d.csv"$' regress d.csv $fit -o /dev/fd/3 3>>d.csv
    fi
    cp d.csv grows.csv
    $ATTPOOL regress grows.csv $fit >>grows.csv 2>err
    test $? = 2 || fail "the data grows by its fit"
    grep -q 'attpool: stdout would overwrite DATA "grows.csv"$' err || fail "the message is $(cat err)"
    same grows.csv d.csv

    # every option of attend that names a file
    base='-k d.npy -v d.npy'
    for output in -o --lse --weights --json; do
        refused "$output \"q.npy\" would overwrite -q \"q.npy\"" attend -q q.npy $base $output q.npy
        for input in wq wk wv lengths mask bias key-weights inverse-bandwidth; do
            cp q.npy other.npy
            case $input in
            w?) score=$(printf -- '--wq d.npy\n--wk d.npy\n--wv d.npy\n' | grep -v -e "--$input") &&
                score="--score additive $score" ;;
            inverse*) score='--score gaussian' ;;
            *) score= ;;
            esac
            refused "$output \"./other.npy\" would overwrite --$input \"other.npy\"" attend -q q.npy $base \
                $score --$input other.npy $output ./other.npy
        done
    done
    refused '-o "d.npy" would overwrite -k "d.npy"$' attend -q q.npy $base -o d.npy

    # ---- an output that is also another one ----

    for name in ./a.npy "$tmp/a.npy" folder/../a.npy; do
        refused '--weights "a.npy" would overwrite -o ' regress d.csv $fit -o "$name" --weights a.npy
    done
    ln -s folder/a.npy to.npy
    refused '--weights "to.npy" would overwrite -o ' regress d.csv $fit -o folder/a.npy --weights to.npy
    ln -s to.npy again.npy
    refused '--weights "again.npy" would overwrite -o ' regress d.csv $fit -o ./folder/a.npy \
        --weights again.npy
    : >folder/a.npy
    ln folder/a.npy twin.npy
    refused '--weights "twin.npy" would overwrite -o ' regress d.csv $fit -o to.npy --weights twin.npy
    refused '--lse "twin.npy" would overwrite -o "to.npy"' attend -q q.npy $base -o to.npy --lse twin.npy
    refused '--heatmap "p.svg" would overwrite --plot' regress d.csv $fit --plot ./p.svg --heatmap p.svg
    refused 'the script of --heatmap "p.svg.gp" would overwrite -o ' attend -q q.npy $base \
        --heatmap p.svg --keep-scripts -o p.svg.gp
    refused '-o and --lse are both stdout$' attend -q q.npy $base --lse -
    refused '-o and --json are both stdout$' regress d.csv $fit -o - --json -
    refused '--json "a.csv" would overwrite -o "./a.csv"$' regress d.csv $fit -o ./a.csv --json a.csv
    $ATTPOOL bench --list --json log.json >log.json 2>err
    test $? = 0 || fail "--list writes no JSON: $(cat err)"
    $ATTPOOL bench --op 'softmax 2x4' --json log.json >log.json 2>err
    test $? = 2 || fail "the table and its JSON in one file"
    grep -q -- '--json "log.json" would overwrite stdout$' err || fail "the message is $(cat err)"
    rm log.json
    $ATTPOOL regress d.csv $fit --weights log.npy >log.npy 2>err
    test $? = 2 || fail "two outputs in one file"
    grep -q '"log.npy" would overwrite stdout$' err || fail "the message is $(cat err)"
    $ATTPOOL demo --no-plots -o folder >folder/classic.csv 2>err
    test $? = 2 || fail "the demo's table and its report in one file"
    grep -q '"folder/classic.csv" would overwrite stdout$' err || fail "the message is $(cat err)"

    # ---- what may be named twice ----

    ok regress d.csv $fit --at d.csv -o fit.csv
    same fit.csv plain.csv
    ok attend -q d.npy -k d.npy -v d.npy -o o.npy --lse lse.npy
    ln -s /dev/null null.npy
    ok regress d.csv $fit -o /dev/null --weights null.npy
    ok regress d.csv $fit --weights null.npy >/dev/null
    refused '.* are both stdin$' attend -q - -k - -v d.npy
    if test -e /dev/stdin; then
        cat d.npy | refused 'stdin and -k "/dev/stdin" are the same pipe' attend -q - -k /dev/stdin \
            -v d.npy || exit 1
    fi
}

# ---- a reader that has gone ----

# sigpipe ARGUMENT...: ends as SIGPIPE does, and says nothing
sigpipe()
{
    # shellcheck disable=SC2086
    perl -e '
        pipe my $reader, my $writer or die;
        close $reader;
        my $child = fork;
        if (!$child) {
            open STDOUT, ">&", $writer or die;
            open STDERR, ">", "err" or die;
            $SIG{PIPE} = "IGNORE" if shift;
            exec @ARGV;
        }
        waitpid $child, 0;
        exit 1 if $? != 13;' "$ignored" $ATTPOOL "$@" || fail "attpool $*: it did not end by SIGPIPE"
    test ! -s err || fail "attpool $*: without a reader it says: $(cat err)"
}
case $ATTPOOL in
/*)
    # shellcheck disable=SC2086
    for ignored in 0 1; do
        sigpipe --help
        sigpipe --version
        sigpipe regress --help
        sigpipe devices
        sigpipe bench --list
        sigpipe bench --quick --backend scalar
        rm -f rest.npy rest.json
        sigpipe regress d.csv $fit --weights rest.npy --json rest.json
        test -s rest.npy || fail "without a reader the weights are lost"
        json_is '"regress"' rest.json command
        json_is 3 rest.json fits.0.n
        rm -f rest.npy rest.json
        sigpipe attend -q q.npy -k d.npy -v d.npy --score average --lse - -o rest.npy \
            --json rest.json
        test -s rest.npy || fail "without a reader the result is lost"
        json_is '[1,2]' rest.json shape
    done
    ;;
esac

# ---- an output that has no room ----

# no_room FILE ARGUMENT...: fails as FILE is full, but writes the JSON
no_room()
{
    file=$1
    shift
    rm -f rest.json
    run 1 "$@" --json rest.json
    grep -q "^attpool: cannot write $file: No space left on device" err ||
        fail "attpool $*: $(cat err)"
    json rest.json command >/dev/null
}
if test -w /dev/full; then
    ln -s /dev/full full.npy
    # shellcheck disable=SC2086
    {
        no_room /dev/full regress d.csv $fit -o /dev/full
        no_room full.npy regress d.csv $fit --weights full.npy -o rest.csv
        same rest.csv plain.csv
        no_room /dev/full attend -q q.npy -k d.npy -v d.npy --score average -o rest.npy \
            --lse /dev/full
    }
fi

# ---- files that cannot be renamed to ----

chmod 755 "$tmp"
mkdir room own closed
printf '%0300d\n' 0 >long.txt
printf 'x,y\n1,10\n2,abc\n' >bad.csv
TMPDIR=$tmp/room
export TMPDIR

# status FILE: its inode, owner, group and rights
status()
{
    perl -e 'printf "%d %d %d %o\n", (stat $ARGV[0])[1, 4, 5, 2]' "$1"
}

# in_place FILE COMMAND...: puts the fit into the file that is there, and leaves nothing
in_place()
{
    file=$1
    shift
    status "$file" >before
    ls "$(dirname "$file")" >>before
    # shellcheck disable=SC2086
    "$@" $ATTPOOL regress d.csv $fit -o "$file" >out 2>err || fail "$* -o $file: $(cat err)"
    test ! -s err || fail "$* -o $file: on stderr: $(cat err)"
    same "$file" plain.csv
    status "$file" >after
    ls "$(dirname "$file")" >>after
    same before after
    test -z "$(ls room)" || fail "$* -o $file: it left $(ls room)"
}

# As a user without rights; false where there is none.
if test "$(id -u)" != 0; then
    user=
elif have setpriv; then
    user='setpriv --reuid 65534 --regid 65534 --clear-groups'
    chown 65534:65534 room own closed
else
    user=false
fi
# shellcheck disable=SC2086
if $user $ATTPOOL --version >/dev/null 2>&1; then
    # the folder is not writable: contents that are longer, shorter, none
    for old in long.txt d.npy out; do
        : >out
        cp $old closed/fit.csv
        chmod 640 closed/fit.csv
        test -z "$user" || chown 65534:65534 closed/fit.csv
        chmod 555 closed
        in_place closed/fit.csv $user
        chmod 755 closed
    done
    chmod 555 closed
    cp d.csv closed-d.csv
    ln -s closed/fit.csv closed-link.csv
    in_place closed-link.csv $user

    # what cannot be is known before the work, and so before bad data
    early()
    {
        pattern=$1
        shift
        $user $ATTPOOL regress bad.csv $fit -o "$@" >out 2>err
        test $? = 1 || fail "-o $*: $(cat err)"
        grep -q -E "^attpool: $pattern" err || fail "no '$pattern' in: $(cat err)"
    }
    early 'cannot write closed/new.csv: Permission denied$' closed/new.csv
    TMPDIR=$tmp/none early "cannot write closed/fit.csv: no temporary file in $tmp/none: No such" \
        closed/fit.csv
    chmod 755 closed
    chmod 440 closed/fit.csv
    early 'cannot write closed/fit.csv: Permission denied$' closed/fit.csv
    chmod 640 closed/fit.csv

    # the file is another's, in a folder of one's own and in one of all with a sticky bit
    if test -n "$user"; then
        mkdir all
        chmod 1777 all
        for file in own/fit.csv all/fit.csv; do
            cp long.txt $file
            chmod 666 $file
            in_place $file $user
        done
        # who may keep the owner and the rights renames
        chmod 664 closed/fit.csv
        status closed/fit.csv >before
        ok regress d.csv $fit -o closed/fit.csv
        same closed/fit.csv plain.csv
        status closed/fit.csv >after
        test "$(cut -d ' ' -f 2- before)" = "$(cut -d ' ' -f 2- after)" || fail "$(cat before after)"
        test "$(cut -d ' ' -f 1 before)" != "$(cut -d ' ' -f 1 after)" || fail "not renamed"
    fi
fi

# A file that is itself mounted. Who is not root is so in a name space of users.
if test "$(id -u)" = 0; then
    apart='unshare --mount'
else
    apart='unshare --map-root-user --mount'
fi
if $apart true 2>/dev/null; then
    mkdir inside outside fixed small
    printf 'under the mount\n' >inside/fit.csv
    cp inside/fit.csv under
    cat >mounted <<'END'
mount --bind outside/fit.csv inside/fit.csv || exit 9
"$@"
END
    for old in long.txt d.npy; do
        cp $old outside/fit.csv
        status outside/fit.csv >before
        # shellcheck disable=SC2086
        $apart sh mounted $ATTPOOL regress d.csv $fit -o inside/fit.csv >out 2>err ||
            fail "a mounted file: $(cat err)"
        same outside/fit.csv plain.csv
        same inside/fit.csv under
        status outside/fit.csv >after
        same before after
    done
    test "$(echo room/* inside/* outside/*)" = 'room/* inside/fit.csv outside/fit.csv' ||
        fail "a mounted file leaves $(echo room/* inside/* outside/*)"
    # without a folder for temporaries it goes by way of its own
    cp long.txt outside/fit.csv
    # shellcheck disable=SC2086
    TMPDIR=$tmp/none $apart sh mounted $ATTPOOL regress d.csv $fit -o inside/fit.csv >out 2>err ||
        fail "a mounted file without TMPDIR: $(cat err)"
    same outside/fit.csv plain.csv
    test "$(echo inside/*)" = inside/fit.csv || fail "it leaves $(echo inside/*)"
    # it is the same file as the one that is mounted
    cp d.csv outside/fit.csv
    # shellcheck disable=SC2086
    $apart sh mounted $ATTPOOL regress outside/fit.csv $fit -o inside/fit.csv >out 2>err
    test $? = 2 || fail "a mounted file is read and written"
    grep -q 'would overwrite DATA' err || fail "the message is $(cat err)"

    # a folder that is read only, with a file mounted into it that is not
    : >fixed/fit.csv
    cat >read-only <<'END'
mount --bind fixed fixed && mount -o remount,ro,bind fixed &&
    mount --bind outside/fit.csv fixed/fit.csv || exit 9
"$@"
END
    cp long.txt outside/fit.csv
    # shellcheck disable=SC2086
    $apart sh read-only $ATTPOOL regress d.csv $fit -o fixed/fit.csv >out 2>err ||
        fail "a file in a read-only folder: $(cat err)"
    same outside/fit.csv plain.csv
    test -z "$(ls room)" || fail "a file in a read-only folder leaves $(ls room)"

    # no room for the copy: the old contents stay, and the result is where the message says
    cat >full <<'END'
mount -t tmpfs -o size=64k none small && cp outside/fit.csv small/fit.csv || exit 9
mount --bind small/fit.csv inside/fit.csv || exit 9
dd if=/dev/zero of=small/rest bs=4k 2>/dev/null
"$@"
status=$?
cp inside/fit.csv left
exit $status
END
    cp long.txt outside/fit.csv
    # shellcheck disable=SC2086
    {
        ok regress d.csv $fit --grid 3000 -o grid.csv
        $apart sh full $ATTPOOL regress d.csv $fit --grid 3000 -o inside/fit.csv >out 2>err
    }
    test $? = 1 || fail "there was room in a full file system: $(cat err)"
    kept=$(sed -n 's/^attpool: cannot write inside.fit.csv: No space left on device; the complete result is in //p' err)
    test -n "$kept" || fail "the message is $(cat err)"
    test "$(dirname "$kept")" = "$tmp/room" || fail "it is in $kept"
    same "$kept" grid.csv
    same left long.txt
    rm "$kept"
fi

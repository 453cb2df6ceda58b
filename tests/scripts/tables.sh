#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tables as real programs write them: each is read, or refused with one line that names the
# option or the remedy.
. "$srcdir/tests/scripts/command-lib.sh"

# At its own points with a bandwidth of half a step the fit is y.
fit='--kernel boxcar --bandwidth 0.5'

# The header, whose names may be numbers, leaves `out` for `names`.
behead()
{
    head -n 1 out >names
    tail -n +2 out >body
    mv body out
}

# reads FILE X:Y.. OPTION..: the points of the table, and not a word
# shellcheck disable=SC2086
reads()
{
    file=$1
    points=
    shift
    while :; do
        case ${1-} in
        *:*) points="$points ${1%:*} ${1#*:} 1" ;;
        *) break ;;
        esac
        shift
    done
    ok regress "$file" $fit "$@"
    behead
    near 0 $points
}

# refuses PATTERN FILE OPTION..
# shellcheck disable=SC2086
refuses()
{
    pattern=$1
    file=$2
    shift 2
    fails 3 "$file:$pattern" regress "$file" $fit "$@"
}

# warns PATTERN FILE OPTION..
# shellcheck disable=SC2086
warns()
{
    pattern=$1
    shift
    run 0 regress $fit "$@"
    test "$(wc -l <err)" = 1 || fail "attpool $*: not one warning: $(cat err)"
    grep -q -E "^attpool: warning: $pattern" err || fail "attpool $*: no '$pattern' in: $(cat err)"
    behead
}

named='--x x --y y'
numbered='--x 1 --y 2'

# shellcheck disable=SC2086
{
    # ---- headers of numbers: pandas of an array, panels, R ----

    printf '0,1\n5,10\n7,20\n' >pandas.csv
    warns 'pandas.csv: the first row is read as data, but may be a header, as its numbers count up' \
        pandas.csv $numbered
    near 0 0 1 1 5 10 1 7 20 1
    reads pandas.csv 0:1 5:10 7:20 $numbered --header no
    # 0 is no number of a column, 1 is one
    warns 'pandas.csv: 1 is column 1, not the one of that name' pandas.csv --x 0 --y 1
    near 0 5 5 1 7 7 1
    warns 'pandas.csv: 1 is column 2, by its name' pandas.csv --x 0 --y 1 --header yes
    near 0 5 10 1 7 20 1
    printf ',0,1\n0,5,10\n1,7,20\n' >index.csv
    warns 'index.csv: the first row is read as data.* its numbers count up' index.csv --x 2 --y 3
    reads index.csv 5:10 7:20 --x 0 --y 3
    printf 'country,1999,2000\nFR,5,10\nUK,7,20\n' >panel.csv
    reads panel.csv 5:10 7:20 --x 1999 --y 2000
    test "$(cat names)" = 1999,fit,n_eff || fail "the header is $(cat names)"
    warns 'panel.csv: the first row is read as data.* there is text beside' panel.csv --x 2 --y 3
    reads panel.csv 5:10 7:20 --x 2 --y 3 --header yes
    printf '1999,2000\n5,10\n' >years.csv
    warns 'years.csv: the first row is read as data.* its numbers count up' years.csv $numbered
    fails 3 'years.csv: no column 2001: there are 2' regress years.csv $fit --x 1999 --y 2001
    printf '"1","2"\n5,10\n7,20\n' >quoted.csv
    warns 'quoted.csv: the first row is read as data.* its numbers are quoted' quoted.csv $numbered
    reads quoted.csv 5:10 7:20 $numbered --header yes
    # where everything is quoted that says nothing
    printf '"5","10"\n"7","20"\n' >all-quoted.csv
    reads all-quoted.csv 5:10 7:20 $numbered
    printf '1,10\n2,20\n' >plain.csv
    reads plain.csv 1:10 2:20 $numbered

    # ---- a bad cell in the first row of a file without a header is not dropped ----

    for cell in '******' '"1,234"' '\N' '?' NULL 2026-01-02; do
        printf '%s,10\n7,20\n' "$cell" >bad.csv
        refuses '1:1: .* is not a number, but is beside "10": --header yes if the first row is a header, --header no if it is data' \
            bad.csv $numbered
        refuses '1:1: column 1: .* is not a number' bad.csv $numbered --no-header
        printf '%s,%s\n7,20\n' "$cell" "$cell" >bad.csv
        refuses '1:1: .* is not a number: --header yes if' bad.csv $numbered
        reads bad.csv 7:20 $numbered --header yes
    done
    printf 'x,10\n7,20\n' >bad.csv
    refuses '1:1: "x" is not a number, but is beside "10": --header' bad.csv $numbered

    # ---- names and row names ----

    printf '"","x","y"\n"a",5,10\n"b, c",7,20\n' >r.csv
    reads r.csv 5:10 7:20 $named
    reads r.csv 5:10 7:20 --x 2 --y 3
    refuses '1:2: "x" is not a number, but is beside "": --header' r.csv --x 1 --y 2
    printf '"x" "y"\n"a" 5 10\n"b c" 7 20\n' >r.txt
    refuses '1:1: a quote inside a cell .*; did you mean --delimiter blanks.$' r.txt $named
    reads r.txt 5:10 7:20 $named --delimiter blanks
    reads r.txt 5:10 7:20 --x 2 --y 3 --delimiter blanks
    refuses '2:1: column 1: "a" is not a number' r.txt --x 1 --y 3 --delimiter blanks
    printf '    x   y\n1 5.0  10\n2 7.0  20\n' >print.txt
    refuses '1: no column "x"; the first row is "x   y"; did you mean --delimiter blanks.$' print.txt $named
    reads print.txt 5:10 7:20 $named --delimiter blanks
    reads print.txt 1:10 2:20 --x 1 --y y --delimiter blanks
    test "$(cat names)" = 'x fit n_eff' || fail "the header is $(cat names)"
    printf '"x"\t"y"\n"a"\t5\t10\n"b"\t7\t20\n' >r.tsv
    reads r.tsv 5:10 7:20 $named
    test "$(cat names)" = x,fit,n_eff || fail "the header is $(cat names)"
    printf 'x,y\n1,5,10\n2,7,20\n' >short.csv
    warns 'short.csv: the header is one cell short' short.csv $named
    near 0 5 10 1 7 20 1
    # a row that lacks a cell is no header
    printf '5,10\n1,7,20\n2,8,30\n' >lacks.csv
    refuses '2:3: the row has 3 cells, the first row has 2; --header yes' lacks.csv $numbered
    refuses '2:3: the row has 3 cells, the first row has 2$' lacks.csv $numbered --header no
    printf 'x,x,y\n5,6,10\n' >twice.csv
    refuses '1:2: the name "x" appears twice, in columns 1 and 2' twice.csv $named
    reads twice.csv 5:10 --x 1 --y y

    # ---- comments ----

    printf '# x,y\n5,10\n7,20\n' >savetxt.csv
    refuses '1: no column "x"; .*; --comment "#" skips such lines$' savetxt.csv $named
    reads savetxt.csv 5:10 7:20 $named --comment '#'
    reads savetxt.csv 5:10 7:20 $numbered --comment '#'
    test "$(cat names)" = x,fit,n_eff || fail "the header is $(cat names)"
    reads savetxt.csv 5:10 7:20 $numbered --comment '#' --header no
    printf '# x y\n5.0e+00 1.0e+01\n7.0e+00 2.0e+01\n' >savetxt.txt
    reads savetxt.txt 5:10 7:20 $named --comment '#' --delimiter blanks
    printf '# Created by Octave, Thu Jan 01\n# name: a\n# rows: 2\n# columns: 2\n 5 10\n 7 20\n\n\n' >octave.txt
    refuses '2:3: the row has 3 cells, .*; --comment "#" skips such lines$' octave.txt $numbered \
        --delimiter blanks
    reads octave.txt 5:10 7:20 $numbered --comment '#' --delimiter blanks
    printf '%% "a, b\nx,y\n5,10\n  %% 1,2\n7,20\n%%\n' >percent.csv
    reads percent.csv 5:10 7:20 $named --comment %
    refuses '1:1: a quote inside a cell .*; --comment "%" skips such lines$' percent.csv $named
    sed 1d percent.csv >percent2.csv
    refuses '3:1: column "x": "% 1" is not a number; --comment "%" skips such lines$' percent2.csv \
        $named
    printf '# made by hand\n# x,y\n# two, and a comma, more\n5,10\n' >three.csv
    refuses '4: no column "x"; the first row is "5", "10"$' three.csv $named --comment '#'

    # ---- blanks, Fortran ----

    printf '   5.0000000000000000        10.000000000000000     \n   7.0000000000000000        1.0000000000000000E+151\n' >list.txt
    reads list.txt 5:10 7:1e+151 $numbered --delimiter blanks
    fails 3 'list.txt: no column 2: there is 1; did you mean --delimiter blanks.$' regress list.txt $fit $numbered
    refuses '1:1: column 1: the value is missing; --delimiter blanks takes a run of them as one$' \
        list.txt $numbered --delimiter ' '
    printf '  0.1500000D+01 -0.2250000D+04\n  0.2000000D+01  0.1000000+152\n' >d.txt
    reads d.txt 1.5:-2250 2:1e+151 $numbered --delimiter blanks
    printf '  1.00  2.00\n******  3.00\n  4.00  5.00\n' >stars.txt
    refuses '2:1: column 1: "\*{6}" is not a number; --missing "\*{6}" makes it a missing value$' \
        stars.txt $numbered --delimiter blanks
    refuses '2:1: column 1: "\*{6}" is a missing value; --na omit leaves such rows out$' stars.txt \
        $numbered --delimiter blanks --missing '******'
    warns 'stars.txt: 1 row with a missing value left out' stars.txt $numbered --delimiter blanks \
        --missing '******' --na omit
    near 0 1 2 1 4 5 1
    printf '  1.00  2.00\n  3.00******\n' >glued.txt
    refuses '2:1: the row has 1 cell, .*; a number was too wide for its field$' glued.txt \
        $numbered --delimiter blanks
    printf '9 9\n8 9\n3.0***** 8\n' >glued.txt
    refuses '3:1: column 1: .* is not a number; a number was too wide for its field$' glued.txt \
        $numbered --delimiter blanks
    printf ' x | y\n---+----\n 5 | 10\n(1 row)\n' >psql.txt
    refuses '1: no column "x"; .*; this table is laid out for reading: .*psql --csv' psql.txt $named
    refuses '2:1: the row has 1 cell, .*psql --csv' psql.txt $named --delimiter '|'
    printf 'x|y\n5|10\n(1 row)\n' >footer.txt
    refuses '3:1: .*psql --csv' footer.txt $named --delimiter '|'
    printf 'x    y\n---  -\n5    10\n' >column.txt
    refuses '2:1: .*if line 2 is a rule below the header, delete it \(sed 2d\)$' column.txt $named \
        --delimiter blanks
    sed 2d column.txt >column2.txt
    reads column2.txt 5:10 $named --delimiter blanks

    # ---- decimal commas ----

    printf '"x";"y"\n5,5;10\n7;-20,25\n' >csv2.csv
    refuses '1:1: a quote inside a cell .*; did you mean --delimiter ";".$' csv2.csv $named
    refuses '2:1: .*"5,5" is not a number; --decimal , reads decimal commas$' csv2.csv $named --delimiter ';'
    reads csv2.csv 5.5:10 7:-20.25 $named --decimal ,
    test "$(cat names out | head -n 2)" = "$(printf 'x;fit;n_eff\n5.5;10;1')" || fail "got: $(cat out)"
    printf 'x\ty\n5,5\t10\n' >comma.tsv
    reads comma.tsv 5.5:10 $named --decimal ,
    printf 'x,y\n"5,5",10\n' >inside.csv
    refuses '2:1: .*; --delimiter , --decimal , reads decimal commas$' inside.csv $named
    printf 'x,y\n"1,234",10\n' >inside3.csv
    refuses '2:1: .*; thousands separators are not accepted, and --delimiter , --decimal , reads decimal commas$' \
        inside3.csv $named
    reads inside.csv 5.5:10 $named --delimiter , --decimal ,
    printf 'x;y\n5.5;10\n' >point.csv
    refuses '2:1: .*"5.5" is not a number; with --decimal , a point is not accepted$' point.csv $named --decimal ,
    printf 'x;y\n1.234,5;10\n' >groups.csv
    refuses '2:1: .*"1.234,5" is not a number; thousands separators are not accepted$' groups.csv \
        $named --decimal ,

    # ---- units, trailing delimiters, line ends, digits, minus ----

    printf 'x,y\ns,m/s\n5,10\n7,20\n' >units.csv
    refuses '2:1: column "x": "s" is not a number; if line 2 holds units .*, delete it \(sed 2d\)$' \
        units.csv $named
    sed 2d units.csv | ok regress - $fit $named
    near 0 5 10 1 7 20 1
    printf 'x,y,\n5,10,\n7,20,\n' >trailing.csv
    reads trailing.csv 5:10 7:20 $named
    printf 'x,y\n5,10,\n7,20,\n' >trailing.csv
    reads trailing.csv 5:10 7:20 $named
    printf 'x,y,\n5,10\n7,20\n' >trailing.csv
    reads trailing.csv 5:10 7:20 $named
    fails 3 'trailing.csv: no column 3: there are 2' regress trailing.csv $fit --x 1 --y 3
    printf '5,10,\n7,20\n' >trailing.csv
    reads trailing.csv 5:10 7:20 $numbered
    printf 'x,y\r\n5,10\r\n7,20\r\n' >crlf.csv
    reads crlf.csv 5:10 7:20 $named
    printf ' 5 10\r\n 7 20\r\n' >crlf.txt
    reads crlf.txt 5:10 7:20 $numbered --delimiter blanks
    printf 'x,y\n0.1,0.333333333333333\n0.30000000000000004,0.3333333333333333\n123456789012345678,1\n' >digits.csv
    ok regress digits.csv --kernel boxcar --bandwidth 0.01 $named
    test "$(cut -d , -f 1,2 out | tail -n +2 | tr '\n' ' ')" = \
        '0.1,0.333333333333333 0.30000000000000004,0.3333333333333333 1.2345678901234568e+17,1 ' ||
        fail "other digits: $(cat out)"
    printf 'x,y\n\342\210\2225,10\n7,1e\342\210\2221\n' >minus.csv
    reads minus.csv -5:10 7:0.1 $named
    for inf in Inf inf -Infinity; do
        printf 'x,y\n5,10\n%s,20\n' $inf >inf.csv
        refuses '3:1: .*" is infinite; --missing ".*" makes it a missing value$' inf.csv $named
    done
    printf 'x,y\n5,1e400\n' >range.csv
    refuses '2:2: .*"1e400" is outside the range of float64$' range.csv $named
    printf 'x,y\n5,1e-400\n' >range.csv
    reads range.csv 5:0 $named

    # lines are counted in cells of text too, unused ones and labels
    printf 't,x,y\n"a\nb",5,10\n"a\nb",7,z\n' >lines.csv
    refuses '5:3: column "y": "z" is not a number$' lines.csv $named
    refuses '5:3: column "y": "z" is not a number$' lines.csv $named --by t

    # ---- missing values ----

    for text in . NULL '\N' N/A '<NA>' '******' -- None '#N/A'; do
        printf 'x,y\n5,10\n7,%s\n8,30\n' "$text" >missing.csv
        refuses '3:2: .* is not a number; --missing ".*" makes it a missing value$' missing.csv $named
        refuses '3:2: .* is a missing value; --na omit leaves such rows out$' missing.csv $named \
            --missing "$text"
        warns '.* 1 row with' missing.csv $named --missing "$text" --na omit
        near 0 5 10 1 8 30 1
    done
    printf 'x,y\n5,10\n7,-999.00\n9,?\n8,30\n' >missing.csv
    warns '.* 2 rows with' missing.csv $named --missing '?,-999' --na omit
    near 0 5 10 1 8 30 1
    # with decimal commas a list has semicolons
    printf 'x;y\n5,5;10\n7;-999\n9;0\n8;?\n' >commas.csv
    for order in '--decimal , --missing -999,0;?' '--missing -999,0;? --decimal ,'; do
        warns '.* 2 rows with' commas.csv $named --na omit $order
        near 0 5.5 10 1 9 0 1
    done
    npy missing.npy '<f8' '(2, 2)' 5 10 7 -999
    warns '.* 1 row with' missing.npy $numbered --missing -999 --na omit
    near 0 5 10 1
    # where no row is left there is no way out in leaving them out
    printf 'x,y\n5,NA\n7,\n' >none.csv
    refuses '2:2: column "y": "NA" is a missing value$' none.csv $named
    fails 3 'none.csv: no rows: all 2 have a missing value' regress none.csv $fit $named --na omit
    printf 'x\nNA\n' >none-at.csv
    fails 3 'none-at.csv:2:1: column "x": "NA" is a missing value$' regress trailing.csv $fit $numbered \
        --at none-at.csv

    # ---- what is no table ----

    printf '\037\213\010\000' >a.csv
    fails 3 'a.csv: this is gzip data; unpack it first' regress a.csv $fit $named
    fails 3 '<stdin>: this is gzip data; unpack it first' regress - $fit $named <a.csv
    cp a.csv a.npy
    fails 3 'a.npy: this is gzip data; unpack it first' regress a.npy $fit $named
    fails 3 'a.npy: this is gzip data; unpack it first' attend -q a.npy -k a.npy -v a.npy
    printf 'PK\003\004' >a.csv
    fails 3 'a.csv: this is a zip archive, as .xlsx' regress a.csv $fit $named
    printf 'PAR1\025\004' >a.csv
    fails 3 'a.csv: this is Parquet data; ' regress a.csv $fit $named
    printf '\211HDF\r\n\032\n' >a.csv
    fails 3 'a.csv: this is HDF5 data' regress a.csv $fit $named
    printf '\377\376x\000' >a.csv
    fails 3 'a.csv: this is text in UTF-16' regress a.csv $fit $named
    printf '\377\376\000\000x\000\000\000' >a.csv
    fails 3 'a.csv: this is text in UTF-32, not UTF-8; convert it .iconv -f UTF-32' regress a.csv $fit $named
    printf 'x,y\n\000\001\n' >a.csv
    fails 3 'a.csv: neither UTF-8 text nor a NumPy array' regress a.csv $fit $named

    # ---- .tsv and delimiters, in and out ----

    printf 'x\ty\n5\t10\n7\t20\n' >t.tsv
    reads t.tsv 5:10 7:20 $named
    ok regress t.tsv $fit $named -o out.tsv
    test "$(head -n 2 out.tsv)" = "$(printf 'x\tfit\tn_eff\n5\t10\t1')" || fail "got: $(cat out.tsv)"
    cp pandas.csv comma.tsv
    reads comma.tsv 5:5 7:7 --x 0 --y 0 --delimiter ,
    ok regress t.tsv $fit $named --delimiter tab
    test "$(head -n 1 out)" = "$(printf 'x\tfit\tn_eff')" || fail "got: $(cat out)"
    ok regress print.txt $fit $named --delimiter blanks -o fit.txt
    reads fit.txt 5:10 7:20 --x x --y fit --delimiter blanks

    # ---- query points: all names, or none and as many columns ----

    printf 'a,b,y\n5,6,10\n7,8,20\n' >two.csv
    at="regress two.csv --x a,b --y y --kernel boxcar --bandwidth 0.5,0.5 --at"
    printf 'b,t,a\n6,0,5\n' >at.csv
    ok $at at.csv
    near 0 5 6 10 1
    printf '5,6\n' >at.csv
    ok $at at.csv
    near 0 5 6 10 1
    printf 'p,q\n5,6\n' >at.csv
    ok $at at.csv
    near 0 5 6 10 1
    printf 'b,c\n5,6\n' >at.csv
    fails 3 'at.csv:1: there is a column "b", but no "a": either all x columns by name, or none and' $at at.csv
    printf '5,6,7\n' >at.csv
    fails 3 'at.csv:1: neither a column "a" nor exactly 2 columns: there are 3' $at at.csv
    printf 'p,6\n5,6\n' >at.csv
    fails 3 'at.csv:1:1: "p" is not a number, but is beside "6": --header' $at at.csv
    # a name that is a number, in a row of numbers
    printf '1999\n7\n' >at.csv
    run 0 regress panel.csv $fit --x 1999 --y 2000 --at at.csv
    grep -q 'at.csv: the first row is read as a header, not as a query point' err || fail "got: $(cat err)"
    behead
    near 0 7 20 1
    # each file decides for itself
    printf 'x,y\n5,10\n' >head.csv
    printf '5\n' >at.csv
    ok regress head.csv $fit $named --at at.csv
    printf 'x\n5\n' >at.csv
    printf '5,10\n' >no-head.csv
    ok regress no-head.csv $fit $numbered --at at.csv
    near 0 5 10 1
    fails 3 'at.csv:1:1: column 1: "x" is not a number' regress no-head.csv $fit $numbered --at at.csv --header no

    # ---- usage ----

    fails 2 '--header: "maybe" is not one of auto, yes, no' regress plain.csv $numbered $fit --header maybe
    fails 2 '--decimal: ";" is not one of ., ,' regress plain.csv $numbered $fit --decimal ';'
    fails 2 '--comment: "##" is not a single character' regress plain.csv $numbered $fit --comment '##'
    fails 2 '--comment cannot be "-"' regress plain.csv $numbered $fit --comment -
    fails 2 '--comment and --delimiter are both "#"' regress plain.csv $numbered $fit --comment '#' --delimiter '#'
    fails 2 '--missing "a,": the list has an empty item' regress plain.csv $numbered $fit --missing a,
    for c in '' ';;' '"' . e 7 - "$(printf '\303')"; do
        fails 2 '--delimiter[: ]' regress plain.csv $numbered $fit --delimiter "$c"
    done
}

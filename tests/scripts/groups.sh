#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attpool regress --by: a fit for each group of rows.
. "$srcdir/tests/scripts/command-lib.sh"

# Groups in the order of their first rows, which are not sorted
cat >d.csv <<'END'
x,y,w,who
1,10,1,b
5,3,2,"a, c"
2,20,1,b
6,8,1,"a, c"
1700000000.5,7,3,late
4,0,2,b
1700000003,9,1,late
9,1,1,"a, c"
END
base='regress d.csv --x x --y y'

# part LABEL: the rows of a group as a table of their own
part()
{
    head -n 1 d.csv >part.csv
    grep -F ",$1" d.csv >>part.csv
}

# shellcheck disable=SC2086
{
    # ---- each group has the rows of its own table alone, bit for bit ----

    for more in '' '--loo' '--grid 4' '--precision f32' '--case-weights w' '--kernel boxcar' \
        '--backend scalar --threads 2' '--empty nearest --kernel boxcar --loo' \
        '--kernel gaussian,boxcar --bandwidth 0.25'; do
        case $more in
        *--bandwidth*) echo who,kernel,bandwidth,x,fit,n_eff ;;
        *) echo who,x,fit,n_eff ;;
        esac >expected
        for label in b '"a, c"' late; do
            part "$label"
            run 0 regress part.csv --x x --y y --bandwidth 1.5 $more
            sed "1d; s/^/$label,/" out >>expected
        done
        run 0 $base --by who --bandwidth 1.5 $more
        same out expected
    done

    # ---- columns ----

    ok $base --by 4 --bandwidth 1
    test "$(head -n 2 out | tr '\n' ' ')" = "who,x,fit,n_eff b,1,$(sed -n '2s/^b,1,//p' out) " ||
        fail "by a number: $(cat out)"
    sed 1d d.csv >plain.csv
    ok regress plain.csv --x 1 --y 2 --by 4 --bandwidth 1 --kernel boxcar
    test "$(head -n 1 out)" = group,x,fit,n_eff || fail "without a header: $(cat out)"
    ok regress d.csv --delimiter , --x x --y y --by who --bandwidth 1 --kernel boxcar -o d.tsv
    test "$(sed -n 1p d.tsv)" = "$(printf 'who\tx\tfit\tn_eff')" || fail "the header is $(sed -n 1p d.tsv)"
    test "$(sed -n 5p d.tsv | cut -f 1,2)" = "$(printf 'a, c\t5')" || fail "the row is $(sed -n 5p d.tsv)"
    # the same text is the same group, whatever stands in quotes
    printf 'x,y,g\n1,1,"a"\n1,3,a\n1,5,"a""b"\n1,7, \n' >quotes.csv
    fails 3 'quotes.csv:5:3: column "g": .*missing.*--na omit' regress quotes.csv --x x --y y --by g \
        --kernel constant
    run 0 regress quotes.csv --x x --y y --by g --kernel constant --na omit
    test "$(cat out)" = "$(printf 'g,x,fit,n_eff\na,1,2,2\na,1,2,2\n"a""b",1,5,1')" || fail "got $(cat out)"
    # numbers are text in a table, and numbers in an array
    printf 'x,y,g\n1,1,1\n1,3,1.0\n' >numbers.csv
    ok regress numbers.csv --x x --y y --by g --kernel constant
    near 0 1 1 1 1 1.0 1 3 1
    npy d.npy '<f8' '(3, 3)' 1 1 0.5 1 3 0.5 1 7 2
    ok regress d.npy --x 1 --y 2 --by 3 --kernel constant
    test "$(cat out)" = "$(printf 'group,x,fit,n_eff\n0.5,1,2,2\n0.5,1,2,2\n2,1,7,1')" || fail "got $(cat out)"
    # a column may be both
    ok regress numbers.csv --x x --y g --by g --kernel constant
    near 0 1 1 1 1 1.0 1 1 1
    # a group whose rows all have missing values is left out
    printf 'x,y,g\n1,1,a\n1,NA,c\n1,3,b\n' >na.csv
    run 0 regress na.csv --x x --y y --by g --kernel constant --na omit
    test "$(cut -d , -f 1 out | tr '\n' ' ')" = 'g a b ' || fail "got $(cat out)"

    # ---- --at ----

    printf 'who,x\nlate,1700000001\nb,3\nlate,1700000002\nb,1\n' >at.csv
    ok $base --by who --at at.csv --bandwidth 1.5
    mv out whole
    echo who,x,fit,n_eff >expected
    for label in b late; do
        part $label
        { echo x && grep "^$label" at.csv | cut -d , -f 2; } >points.csv
        ok regress part.csv --x x --y y --bandwidth 1.5 --at points.csv
        sed "1d; s/^/$label,/" out >>expected
    done
    same whole expected
    # without a header the columns come in order, the group after those of x
    sed '1d; s/\(.*\),\(.*\)/\2,\1/' at.csv >order.csv
    ok regress plain.csv --x 1 --y 2 --by 4 --bandwidth 1.5 --at order.csv
    sed 's/^who/group/' expected >renamed
    same out renamed
    printf 'x\n1\n' >no-group.csv
    fails 3 'no-group.csv:1: there is a column "x", but no "who": either all x columns and the group' \
        $base --by who --at no-group.csv --bandwidth 1
    printf 'x,who\n1,b\n2,lat\n' >unknown.csv
    fails 3 'unknown.csv:3:2: column "who": d.csv has no group "lat"; did you mean "late".' \
        $base --by who --at unknown.csv --bandwidth 1
    fails 3 'na-at.csv:2:2: column "g": group "c" of na.csv has missing values in each row$' regress na.csv --x x --y y --by g \
        --kernel constant --na omit --at "$(printf 'x,g\n1,c\n' >na-at.csv && echo na-at.csv)" --quiet
    # rows without a group have no fit, and neither has a group's row without x
    printf 'x,who\n1,b\nNA,b\n7,\n2,b\n8,NA\n' >holes.csv
    fails 3 'holes.csv:3:1: column "x": "NA" is a missing value; --na omit' $base --by who \
        --at holes.csv --bandwidth 1
    ok $base --by who --at holes.csv --kernel boxcar --bandwidth 0.5 --bandwidth 9 --na omit
    test "$(cat out)" = "$(printf 'who,bandwidth,x,fit,n_eff\nb,0.5,1,10,1\nb,0.5,,,\nb,0.5,2,20,1\nb,9,1,10,3\nb,9,,,\nb,9,2,10,3\n,,7,,\n,,8,,')" ||
        fail "got $(cat out)"

    # ---- groups without a bandwidth of their own ----

    printf 'x,y,g\n1,1,a\n5,2,one\n2,3,a\n4,2,a\n6,1,same\n6,2,same\n' >few.csv
    left='2 of 3 groups are left without a fit: few.csv: column "x" is constant in group "one": --bandwidth cv finds nothing in it; give --bandwidth a number; so in "same"'
    run 0 regress few.csv --x x --y y --by g --json few.json
    grep -q "^attpool: warning: $left\$" err || fail "left out: $(cat err)"
    json few.json warnings.0 | grep -q '^"2 of 3 groups are left' || fail "left out: $(cat few.json)"
    test "$(json few.json fits | grep -o '"group":' | wc -l)" = 1 || fail "left out: $(cat few.json)"
    test "$(cut -d , -f 1,3 out | tr '\n' ' ')" = 'g,x a,1 a,2 a,4 one,5 same,6 same,6 ' ||
        fail "left out: $(cat out)"
    test "$(tail -n 3 out | cut -d , -f 2,4- | tr '\n' ' ')" = ',, ,, ,, ' || fail "left out: $(cat out)"
    printf 'g,x\none,5\na,3\nsame,1\n' >at.csv
    run 0 regress few.csv --x x --y y --by g --at at.csv
    test "$(tail -n 2 out | tr '\n' ' ')" = 'one,,5,, same,,1,, ' || fail "left out, at: $(cat out)"
    run 0 density few.csv --x x --by g
    test "$(tail -n 3 out | tr '\n' ' ')" = 'one,,5,, same,,6,, same,,6,, ' || fail "left out: $(cat out)"
    run 0 density few.csv --x x --by g --grid 4
    test "$(wc -l <out)" = 5 || fail "left out, a grid: $(cat out)"
    run 0 classify few.csv --x x --y y --by g --bandwidth silverman
    test "$(tail -n 1 out)" = 'same,,6,,,,' || fail "left out, classes: $(cat out)"
    ok regress few.csv --x x --y y --by g --bandwidth 1
    grep -v '^a,' few.csv >none.csv
    sed -i '/a$/d' none.csv
    fails 3 'none.csv: column "x" is constant in group "one": --bandwidth cv finds' regress none.csv --x x \
        --y y --by g
    # what all groups say is said a few times
    awk 'BEGIN { print "x,y,g"; for (g = 0; g < 9; g++) for (i = 0; i < 6; i++) print i "," (i * 7) % 4 "," g }' >nine.csv
    run 0 regress nine.csv --x x --y y --by g --bandwidth 1e-5:0.5:3 --json nine.json
    test "$(grep -c '^attpool: warning: [0-8]: the least' err)" = 5 || fail "nine: $(cat err)"
    grep -q '^attpool: warning: 4 more warnings like these, which the report of --json has$' err ||
        fail "nine: $(cat err)"
    test "$(json nine.json warnings | grep -o ': the least' | wc -l)" = 9 || fail "nine: $(cat nine.json)"

    # ---- failures name the row of the file ----

    fails 3 'd.csv:9: no data is in reach of this row' $base --by who --kernel boxcar --bandwidth 2.9 \
        --loo --empty error
    fails 3 "d.csv: no data is in reach of the grid's point 2, 1700000001.75, of group \"late\"" $base \
        --by who --kernel boxcar --bandwidth 1.24 --grid 3 --empty error
    sed 's/9,1,1/9,1,-1/' d.csv >negative.csv
    fails 3 'negative.csv:9:3: column "w": a case weight is negative' regress negative.csv --x x --y y \
        --by who --case-weights w --bandwidth 1
    fails 3 'd.csv:1: no column "woh"; did you mean "who". The first row is "x", "y", "w", "who"' $base \
        --by woh --bandwidth 1

    # ---- --json, the summary, a picture ----

    ok $base --by who --kernel constant --json by.json -o by.csv
    json_is '"who"' by.json by
    json_is '"a, c"' by.json fits.1.group
    json_is 3 by.json fits.1.m
    json_is 8.66666666666667 by.json fits.1.columns.0.variance
    run 0 $base --by who --kernel constant --loo --verbose
    grep -q '^attpool: 3 fits, leave-one-out error [0-9.]* to [0-9.]*, n 8, n_eff 1 to 2$' err ||
        fail "the summary is $(cat err)"
    if have gnuplot; then
        # a quote at the beginning, and two of them
        printf "x,y,'s town\n1,10,''\n2,20,''\n4,0,a''b\n" >quotes.csv
        ok regress quotes.csv --x x --y y --by "'s town" --bandwidth 1 -o by.csv --plot "'s.svg" --keep-scripts
        rm "'s.svg"
        gnuplot "'s.svg.gp" || fail "gnuplot does not take the script of 's.svg"
        test -s "'s.svg" || fail "no 's.svg"
        grep -v late d.csv | sed 's/"a, c"/late/' >near.csv
        printf '3,3,1,"a, c"\n8,1,1,"a, c"\n' >>near.csv
        ok regress near.csv --x x --y y --by who --bandwidth 1 -o by.csv --plot by.svg --keep-scripts
        for label in b 'a, c' late; do
            grep -q "title '$label'" by.svg.gp || fail "no '$label' in the legend"
        done
        test "$(grep -c ' with points ' by.svg.gp)" = 3 || fail "not the data of three groups"
    fi

    # ---- usage ----

    fails 2 '--weights takes one fit, but --by makes one for each group' $base --by who --bandwidth 1 \
        --weights w.npy
    fails 2 '--heatmap takes one fit' $base --by who --bandwidth 1 --heatmap h.svg
    fails 2 'a result in NPY takes one fit' $base --by who --bandwidth 1 -o by.npy
}

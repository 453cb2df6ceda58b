# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
# How other packages are run, for make-golden and compare: $python is the folder of Python's.

# in_python NAME PACKAGES SCRIPT ARGUMENT...: a script in an environment of its own
in_python()
{
    [ -x "$python/$1/bin/pip" ] || python3 -m venv "$python/$1"
    # shellcheck disable=SC2086
    "$python/$1/bin/pip" install -q $2
    environment=$python/$1
    shift 2
    "$environment/bin/python" -W ignore "$@"
}

gretl_rows()
{
    gretl=$(gretlcli --version | sed -n 's/^gretl version //p')
    DATA=$(cd ../data && pwd) gretlcli -b packages.inp | awk -v version="$gretl" '
        match($0, /^nadarwat\(y, x, [0-9.]+\): /) {
            call = substr($0, 1, RLENGTH - 2)
            h = substr(call, 16, length(call) - 16)
            printf "    { \"gretl %s: %s\", FIT, FAITHFUL, ATTPOOL_GAUSSIAN,\n", version, call
            printf "      1, { %s }, %s,\n", h, h == 1 ? "1e-12" : "5e-4"
            printf "      { %s } },\n", substr($0, RLENGTH + 1)
        }'
}

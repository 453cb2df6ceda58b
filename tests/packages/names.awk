# SPDX-License-Identifier: Apache-2.0
# Names the rows of packages.inc as --bandwidth-from names packages: see make-golden.
function name(call)
{
    if (call ~ /^stats .*: ksmooth/) return "r-ksmooth"
    if (call ~ /^stats .*loess/) return "r-loess"
    if (call ~ /^stats .*: density/) return "r-density"
    if (call ~ /^KernSmooth .*: locpoly/) return "r-kernsmooth-locpoly"
    if (call ~ /^KernSmooth .*: bkde.* TRUE/) return "r-kernsmooth-bkde-canonical"
    if (call ~ /^KernSmooth .*: bkde/) return "r-kernsmooth-bkde"
    if (call ~ /^sm /) return "r-sm"
    if (call ~ /^locfit /) return "r-locfit"
    if (call ~ /^spatstat/) return "r-spatstat-smooth"
    if (call ~ /^kedd /) return "r-kedd"
    if (call ~ /^ks /) return "r-ks-kde"
    if (call ~ /^scipy /) return "scipy-gaussian-kde"
    if (call ~ /^scikit-learn /) return "scikit-learn-kerneldensity"
    if (call ~ /^statsmodels .*: KernelReg/) return "statsmodels-kernelreg"
    if (call ~ /^statsmodels .*: KDEUnivariate/) return "statsmodels-kdeunivariate"
    if (call ~ /^statsmodels .*: KDEMultivariate/) return "statsmodels-kdemultivariate"
    if (call ~ /^KDEpy /) return "kdepy"
    if (call ~ /^scikit-fda /) return "scikit-fda"
    if (call ~ /^localreg /) return "localreg"
    if (call ~ /^nprobust /) return "nprobust"
    if (call ~ /^pyGRNN /) return "pygrnn"
    if (call ~ /^kernelsmooth /) return "kernelsmooth"
    if (call ~ /^gretl /) return "gretl-nadarwat"
    if (call ~ /^octave-econometrics .* false/) return "octave-econometrics-plain"
    if (call ~ /^octave-econometrics /) return "octave-econometrics"
    if (call ~ /^gbutils /) return "gbkreg"
    print "names.awk: no name for " call >"/dev/stderr"
    exit 1
}
match($0, /", (FIT|DENSITY)/) {
    call = substr($0, 8, RSTART - 8)
    $0 = substr($0, 1, RSTART) ", \"" name(call) "\"" substr($0, RSTART + 1)
}
{ print }

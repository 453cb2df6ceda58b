#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# statsmodels 0.15.0: KernelReg.aic_hurvich, by which bw="aic" chooses, is log(mean squared residual) +
# (1 + tr / n) / (1 - (tr + 2) / n) with tr the trace of the smoother of the fit. Of local lines (reg_type
# "ll") the residuals are those of the lines, but tr is the trace of the local constant smoother, which is
# less: a line takes more degrees of freedom. 60 rows of sin(x) with noise:
#
#     bandwidth   0.2                 0.5                 1.0
#     "ll"        -3.82147            -3.78030            -2.99831
#     of lines    -3.71527, tr 10.9   -3.71591, tr 5.6    -2.92605, tr 3.7
#     "lc"        as its own trace says
#
# So the criterion takes lines for smoother than they are and chooses narrower bandwidths: here 0.2569, where
# the least score with the trace of lines is at 0.3146. AICs of lines have to be compared with another package.
#
# usage: findings/statsmodels-ll-aic.sh
# Installs into a temporary folder. Exit status 0 while it behaves as said.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/python"
"$tmp/python/bin/pip" install -q statsmodels==0.15.0 numpy==2.4.6 scipy==1.17.1 pandas==3.1.1
"$tmp/python/bin/python" -W ignore - <<'END'
import numpy as np
from scipy.optimize import minimize_scalar
from statsmodels.nonparametric.kernel_regression import KernelReg

rng = np.random.default_rng(1)
n = 60
x = rng.normal(size=n)
y = np.sin(x) + 0.1 * rng.normal(size=n)


def smoother(degree, h):
    """The matrix that takes y to the local constants or lines at x."""
    rows = []
    for at in x:
        weight = np.exp(-0.5 * ((x - at) / h) ** 2)
        design = np.vander(x - at, degree + 1, increasing=True)
        rows.append(np.linalg.solve(design.T @ (design * weight[:, None]), design.T * weight)[0])
    return np.array(rows)


def aic(fit, trace):
    return np.log(np.mean((y - fit @ y) ** 2)) + (1 + trace / n) / (1 - (trace + 2) / n)


for h in (0.2, 0.5, 1.0):
    constant, line = smoother(0, h), smoother(1, h)
    theirs = {kind: KernelReg(y, x, "c", reg_type=kind, bw=[h]).aic_hurvich(np.array([h]))[0] for kind in ("lc", "ll")}
    print(f"h = {h}  ll {theirs['ll']:.5f}  lines {aic(line, np.trace(line)):.5f}  tr {np.trace(line):.1f}")
    assert abs(theirs["lc"] - aic(constant, np.trace(constant))) < 1e-9
    assert abs(theirs["ll"] - aic(line, np.trace(constant))) < 1e-9
    assert theirs["ll"] < aic(line, np.trace(line)) - 0.05
chosen = KernelReg(y, x, "c", reg_type="ll", bw="aic").bw[0]
best = minimize_scalar(lambda h: aic(smoother(1, h), np.trace(smoother(1, h))), bounds=(0.1, 1), method="bounded").x
print(f"chosen {chosen:.4f}, with the trace of lines {best:.4f}")
assert chosen < 0.95 * best
print("as described")
END

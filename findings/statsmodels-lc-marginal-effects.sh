#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# statsmodels 0.15.0: KernelReg.fit returns the fit and the "marginal effects", its derivative. Those of
# local lines (reg_type "ll") are it; those of the local constant fit (reg_type "lc") are the derivative
# times 2 / n, n being the number of rows, so that the slope of a straight line comes out as
#
#     n = 50:  0.12     n = 100:  0.06     n = 200:  0.03     where fit(x + e) - fit(x - e) says 3
#
# The fit itself is right. So the slopes of a local constant fit can only be compared with difference
# quotients of statsmodels' fit.
#
# usage: findings/statsmodels-lc-marginal-effects.sh
# Installs into a temporary folder. Exit status 0 while it behaves as said.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/python"
"$tmp/python/bin/pip" install -q statsmodels==0.15.0 numpy==2.4.6 scipy==1.17.1 pandas==3.1.1
"$tmp/python/bin/python" -W ignore - <<'END'
import numpy as np
from statsmodels.nonparametric.kernel_regression import KernelReg

at, step = np.array([4.0, 5.0, 6.0]), 1e-4


def slopes(x, y, kind):
    """What fit calls the marginal effects at three points, and difference quotients of the fit."""
    model = KernelReg(y, x, "c", reg_type=kind, bw=[0.5])
    quotients = (model.fit(at + step)[0] - model.fit(at - step)[0]) / (2 * step)
    return model.fit(at)[1].ravel(), quotients


for n in 50, 100, 200:
    x = np.linspace(0, 10, n)
    for name, y in ("3 x + 1", 3 * x + 1), ("sin x", np.sin(x)):
        effects, quotients = slopes(x, y, "lc")
        print(f"n = {n}, y = {name}: effects {effects}, differences of the fit {quotients}")
        assert np.allclose(effects * n, 2 * quotients, rtol=1e-5), "the factor has changed"
        lines, quotients = slopes(x, y, "ll")
        assert np.allclose(lines, quotients, rtol=0.1), "those of local lines have changed"
print("as described")
END

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# statsmodels 0.15.0 (with numpy 2.4.6): KDEUnivariate.evaluate, asked for the density at several
# points with a kernel of bounded support, returns one NaN instead of the densities. It keeps the
# data in reach of *any* of the points by a test that is written for one point. The Gaussian,
# which has no such test, and single points with any kernel are right:
#
#     gau   [0.209114 0.178026 0.073949]
#     epa   nan       one by one: [0.2805 0.1125 0.1125]
#
# So densities of a compact kernel must be asked for point by point, or compared elsewhere.
#
# usage: findings/statsmodels-kde-several-points.sh
# Installs into a temporary folder. Exit status 0 while it behaves as said.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/python"
"$tmp/python/bin/pip" install -q statsmodels==0.15.0 numpy==2.4.6
"$tmp/python/bin/python" -W ignore - <<'END'
import numpy as np
import statsmodels.api as sm

data = np.array([1.0, 2.0, 2.5, 4.0, 7.0])
points = np.array([2.2, 3.0, 6.5])
exact = {"gau": np.exp(-0.5 * (points[:, None] - data) ** 2) / np.sqrt(2 * np.pi),
         "epa": 0.75 * np.maximum(0, 1 - (points[:, None] - data) ** 2)}
for kernel, terms in exact.items():
    estimate = sm.nonparametric.KDEUnivariate(data)
    estimate.fit(kernel=kernel, bw=1.0, fft=False)
    together = np.squeeze(estimate.evaluate(points))
    single = np.array([float(np.squeeze(estimate.evaluate(np.array([p])))) for p in points])
    print(kernel, "together", together, "one by one", single)
    assert np.allclose(single, terms.mean(axis=1), rtol=1e-12), "single points have changed"
    if kernel == "gau":
        assert np.allclose(together, single, rtol=1e-12), "the Gaussian has changed"
    else:
        assert together.shape == () and np.isnan(together), "several points have changed"
print("as described")
END

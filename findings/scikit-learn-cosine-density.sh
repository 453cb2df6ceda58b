#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# scikit-learn 1.9.1: KernelDensity(kernel="cosine") of one row, whose density at that row is the kernel's
# normalising constant, for the bandwidth 1 and d columns, beside 1 / integral of cos(pi |u| / 2) over the ball:
#
#     d          1        2        3        4        5        6        7        8
#     density    0.78540  0.25     0.65987  nan      0.75817  0.00402  1.10774  nan
#     constant   0.78540  0.68798  0.65987  0.68384  0.75817  0.89224  1.10774  1.44355
#
# So for an even number of columns the densities do not integrate to 1 (0.363 in two), or all are NaN, and no
# warning comes. The other kernels are normalised in every number of columns tried. Densities of the cosine can
# be compared in one column, or up to a factor.
#
# usage: findings/scikit-learn-cosine-density.sh
# Installs into a temporary folder. Exit status 0 while it behaves as said.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/python"
"$tmp/python/bin/pip" install -q scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
"$tmp/python/bin/python" -W ignore - <<'END'
import math

import numpy as np
from scipy.integrate import quad
from sklearn.neighbors import KernelDensity

profiles = {"cosine": lambda r: math.cos(math.pi * r / 2), "epanechnikov": lambda r: 1 - r * r,
            "linear": lambda r: 1 - r}


def constant(profile, d):
    """One over the integral of a profile over the ball of radius 1 in d dimensions."""
    sphere = 2 * math.pi ** (d / 2) / math.gamma(d / 2)
    return 1 / (sphere * quad(lambda r: profile(r) * r ** (d - 1), 0, 1)[0])


for name, profile in profiles.items():
    for d in range(1, 9):
        row = np.zeros((1, d))
        density = math.exp(KernelDensity(kernel=name, bandwidth=1.0).fit(row).score_samples(row)[0])
        right = abs(density - constant(profile, d)) < 1e-9
        print(f"{name:12}  d = {d}  density {density:.5f}  constant {constant(profile, d):.5f}")
        assert right == (name != "cosine" or d % 2 == 1)
        if name == "cosine" and d == 2:
            assert abs(density - 0.25) < 1e-12
        if name == "cosine" and d in (4, 8):
            assert math.isnan(density)
END
echo "as described"

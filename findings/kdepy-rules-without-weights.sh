#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# KDEpy 1.1.12: bw="silverman" and bw="scott" of a density with weights. fit(data, weights) hands the weights on
# to the rules, silvermans_rule(data, weights) and scotts_rule(data, weights), which take and do not read them.
# 200 rows about 0 of weight 1 and 200 rows about 50 of weight 1e-9:
#
#     rule         with weights   without   the first 200 rows alone
#     silverman    7.989          7.989     0.354
#     scott        7.542          7.542     0.334       scipy 1.17.1, gaussian_kde(weights=): 0.334
#
# So a row counts for the bandwidth whatever its weight: bandwidths of weighted data have to be given as numbers.
# bw="ISJ" reads them.
#
# usage: findings/kdepy-rules-without-weights.sh
# Installs into a temporary folder. Exit status 0 while it behaves as said.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/python"
"$tmp/python/bin/pip" install -q KDEpy==1.1.12 numpy==2.4.6 scipy==1.17.1
"$tmp/python/bin/python" -W ignore - <<'END'
import numpy as np
from KDEpy import NaiveKDE
from KDEpy.bw_selection import improved_sheather_jones, scotts_rule, silvermans_rule
from scipy.stats import gaussian_kde

rng = np.random.default_rng(0)
data = np.r_[rng.normal(0, 1, 200), rng.normal(50, 1, 200)]
weights = np.r_[np.ones(200), np.full(200, 1e-9)]


def chosen(name, rows, weight=None):
    density = NaiveKDE(bw=name).fit(rows, weights=weight)
    density.evaluate(8)
    return density.bw


for name, rule in (("silverman", silvermans_rule), ("scott", scotts_rule)):
    with_weights, without, alone = chosen(name, data, weights), chosen(name, data), chosen(name, data[:200])
    print(f"{name:10}  {with_weights:.3f}  {without:.3f}  {alone:.3f}")
    assert with_weights == without == rule(data[:, None], weights)
    assert with_weights > 20 * alone
assert improved_sheather_jones(data[:, None], weights) != improved_sheather_jones(data[:, None])
scipy = np.sqrt(gaussian_kde(data, weights=weights).covariance[0, 0])
print(f"scipy       {scipy:.3f}")
assert abs(scipy / chosen("scott", data[:200]) - 1) < 0.01
print("as described")
END

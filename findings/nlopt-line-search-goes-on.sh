#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# NLopt 2.11.0 (as in 2.7.1 of Debian 12): LD_LBFGS, LD_VAR1 and LD_VAR2 look at maxeval and at
# force_stop between line searches alone. A search that is allowed two evaluations makes six here,
# four of them after maxeval was reached or force_stop was called, and get_numevals says six;
# LD_MMA and LD_SLSQP stop at once:
#
#     LD_LBFGS maxeval 2: 6 evaluations, force_stop in the second: 6
#     LD_MMA   maxeval 2: 2 evaluations, force_stop in the second: 2
#
# The first step of these three is minus the gradient, whatever its unit: from 3 to -111 here. So an
# objective that costs minutes has to count for itself, and one in large units to be scaled.
#
# usage: findings/nlopt-line-search-goes-on.sh
# Installs into a temporary folder. Exit status 0 while it behaves as said.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/python"
"$tmp/python/bin/pip" install -q nlopt==2.11.0 numpy==2.4.6
"$tmp/python/bin/python" - <<'END'
import nlopt
import numpy as np


def evaluations(name, most, stop):
    """Of x^2 + x^4 from 3, at most so many; stop: the one in which force_stop is called."""
    seen = []

    def objective(x, gradient):
        seen.append(float(x[0]))
        if len(seen) == stop:
            search.force_stop()
        if gradient.size:
            gradient[:] = 2 * x + 4 * x**3
        return float(x[0] ** 2 + x[0] ** 4)

    search = nlopt.opt(getattr(nlopt, name), 1)
    search.set_min_objective(objective)
    search.set_maxeval(most)
    try:
        search.optimize(np.array([3.0]))
    except nlopt.ForcedStop:
        assert stop
    assert search.get_numevals() == len(seen)
    return seen


for name in "LD_LBFGS", "LD_VAR1", "LD_VAR2", "LD_MMA", "LD_SLSQP":
    limited, stopped = evaluations(name, 2, None), evaluations(name, 0, 2)
    print(name, "maxeval 2:", len(limited), "evaluations; force_stop in the second:", len(stopped))
    goes_on = name not in ("LD_MMA", "LD_SLSQP")
    assert len(limited) == len(stopped) == (6 if goes_on else 2), "the number has changed"
    if goes_on:
        assert limited[1] == 3 - (2 * 3 + 4 * 3**3), "the first step has changed"
print("as described")
END

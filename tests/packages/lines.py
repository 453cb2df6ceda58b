# SPDX-License-Identifier: Apache-2.0
# The rows of lines.inc that statsmodels has: see make-golden.
import csv
import importlib.metadata

import numpy as np
from statsmodels.nonparametric.api import KernelReg


def table(name):
    with open(f"../data/{name}.csv") as f:
        rows = list(csv.reader(f))[1:]
    return np.array([[float(c) for c in row if c.replace(".", "").replace("-", "").isdigit()] for row in rows])


faithful, mcycle, iris = table("faithful"), table("mcycle"), table("iris")
ROWS = 17 * np.arange(6) + 3


def row(call, data, h, degree, what, bound, values):
    call = call.replace('"', '\\"')
    print(f'    {{ "statsmodels {importlib.metadata.version("statsmodels")}: {call}", {data}, {len(h)}, ATTPOOL_GAUSSIAN, {degree},')
    print("      { " + ", ".join(f"{v:.17g}" for v in h) + f" }}, {what}, {bound},")
    print("      { " + ", ".join(f"{v:.17g}" for v in np.ravel(values)) + " } },")


for name, x, y, h in (("FAITHFUL", faithful[:, :1], faithful[:, 1], [0.3]), ("MCYCLE", mcycle[:, :1], mcycle[:, 1], [1.5]),
                      ("IRIS", iris[:, :2], iris[:, 3], [0.5, 0.4]), ("IRIS", iris[:, :3], iris[:, 3], [0.5, 0.3, 0.6])):
    for degree, kind in enumerate(("lc", "ll")):
        call = f'KernelReg(y, x, "{"c" * len(h)}", reg_type="{kind}", bw={h}).fit(at)'
        mean, slopes = KernelReg(y, x, "c" * len(h), reg_type=kind, bw=h).fit(x[ROWS])
        row(f"{call}[0]", name, h, degree, "FIT", "1e-9", mean)
        for a in range(len(h) if degree == 1 else 0):
            row(f"{call}[1][:, {a}]", name, h, degree, f"SLOPE + {a}", "1e-8", slopes.reshape(len(ROWS), -1)[:, a])

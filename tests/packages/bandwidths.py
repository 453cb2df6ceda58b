# SPDX-License-Identifier: Apache-2.0
# The rows of bandwidths.inc that Python's packages have: see make-golden.
import csv
import importlib.metadata

import numpy as np
from scipy.stats import gaussian_kde
from statsmodels.nonparametric.bandwidths import bw_normal_reference, bw_silverman
from statsmodels.sandbox.nonparametric import kernels


def table(name):
    with open(f"../data/{name}.csv") as f:
        rows = list(csv.reader(f))[1:]
    return np.array([[float(c) for c in row if c.replace(".", "").replace("-", "").isdigit()] for row in rows])


faithful, iris = table("faithful"), table("iris")


def rule(package, call, data, d, weighted, rule, kernel, values, bound="1e-14"):
    call = call.replace('"', '\\"')
    print(f'    {{ "{package} {importlib.metadata.version(package)}: {call}", {data}, {d}, {weighted}, ATTPOOL_RULE_{rule}, '
          f"ATTPOOL_{kernel}, {bound},")
    print("      { " + ", ".join(f"{v:.17g}" for v in np.ravel(values)) + " } },")


def rules():
    x, weights = faithful[:, 0], iris[:, 3]
    for d in (2, 3):
        for name in ("silverman", "scott"):
            for weighted in (False, True):
                kde = gaussian_kde(iris[:, :d].T, name, weights=weights if weighted else None)
                rule("scipy", f'sqrt(diag(gaussian_kde(x.T, "{name}"{", weights" * weighted}).covariance))', "IRIS", d,
                     str(weighted).lower(), name.upper(), "GAUSSIAN", np.sqrt(np.diag(kde.covariance)))
    rule("statsmodels", "bw_silverman(x)", "FAITHFUL", 1, "false", "SILVERMAN", "GAUSSIAN", bw_silverman(x))
    for theirs, ours in ((kernels.Uniform, "BOXCAR"), (kernels.Triangular, "TRIANGULAR"), (kernels.Biweight, "BIWEIGHT"),
                         (kernels.Epanechnikov, "EPANECHNIKOV"), (kernels.Triweight, "TRIWEIGHT"),
                         (kernels.Tricube, "TRICUBE"), (kernels.Cosine, "COSINE")):
        kernel = theirs()
        rule("statsmodels", f"bw_normal_reference(x, {theirs.__name__}()) * 1.06 / (4 / 3)**0.2", "FAITHFUL", 1, "false",
             "SCOTT", ours, bw_normal_reference(x, kernel) * 1.06 / (4 / 3) ** 0.2, "1e-9")


print("#ifdef RULES")
rules()
print("#endif")

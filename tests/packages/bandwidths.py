# SPDX-License-Identifier: Apache-2.0
# The rows of bandwidths.inc that Python's packages have: see make-golden.
import csv
import importlib.metadata

import numpy as np
from scipy.stats import gaussian_kde
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KernelDensity
from statsmodels.nonparametric.api import KDEMultivariate, KernelReg
from statsmodels.nonparametric.bandwidths import bw_normal_reference, bw_silverman
from statsmodels.sandbox.nonparametric import kernels


def table(name):
    with open(f"../data/{name}.csv") as f:
        rows = list(csv.reader(f))[1:]
    return np.array([[float(c) for c in row if c.replace(".", "").replace("-", "").isdigit()] for row in rows])


faithful, mcycle, iris = table("faithful"), table("mcycle"), table("iris")


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


def score(package, call, data, d, criterion, kernel, h, value, bound="1e-12", degree=0):
    call = call.replace('"', '\\"')
    print(f'    {{ "{package} {importlib.metadata.version(package)}: {call}", {data}, {d}, ATTPOOL_CRITERION_{criterion}, '
          f"{degree}, ATTPOOL_{kernel},")
    print("      { " + ", ".join(f"{v:.17g}" for v in h) + f" }}, {bound}, {float(np.squeeze(value)):.17g} }},")


def scores():
    for name, x, y, h in (("FAITHFUL", faithful[:, :1], faithful[:, 1], [0.3]), ("MCYCLE", mcycle[:, :1], mcycle[:, 1], [1.5]),
                          ("IRIS", iris[:, :2], iris[:, 3], [0.5, 0.4]), ("IRIS", iris[:, :3], iris[:, 3], [0.5, 0.3, 0.6])):
        d = len(h)
        model = KernelReg(y, x, "c" * d, reg_type="lc", bw=h)
        score("statsmodels", f'KernelReg(y, x, "{"c" * d}", reg_type="lc", bw={h}).cv_loo({h}, lc)', name, d, "CV", "GAUSSIAN",
              h, model.cv_loo(np.array(h), model.est["lc"]))
        score("statsmodels", f'KernelReg(y, x, "{"c" * d}", reg_type="lc", bw={h}).aic_hurvich({h})', name, d, "AICC",
              "GAUSSIAN", h, model.aic_hurvich(np.array(h)))
        lines = KernelReg(y, x, "c" * d, reg_type="ll", bw=h)
        score("statsmodels", f'KernelReg(y, x, "{"c" * d}", reg_type="ll", bw={h}).cv_loo({h}, ll)', name, d, "CV", "GAUSSIAN",
              h, lines.cv_loo(np.array(h), lines.est["ll"]), "1e-9", 1)
        kde = KDEMultivariate(x, "c" * d, bw=h)
        score("statsmodels", f'KDEMultivariate(x, "{"c" * d}", bw={h}).loo_likelihood({h}, log) / n + log(n - 1)', name, d,
              "LIKELIHOOD", "GAUSSIAN", h, kde.loo_likelihood(np.array(h), np.log) / len(x) + np.log(len(x) - 1))
    for theirs, ours in (("gaussian", "GAUSSIAN"), ("epanechnikov", "EPANECHNIKOV"), ("exponential", "LAPLACIAN"),
                         ("tophat", "BOXCAR"), ("linear", "TRIANGULAR"), ("cosine", "COSINE")):
        model = KernelDensity(bandwidth=0.7, kernel=theirs, rtol=0, atol=0)
        value = -np.mean(cross_val_score(model, faithful[:, :1], cv=LeaveOneOut()))
        score("scikit-learn", f'-mean(cross_val_score(KernelDensity(bandwidth=0.7, kernel="{theirs}"), x, cv=LeaveOneOut()))',
              "FAITHFUL", 1, "LIKELIHOOD", ours, [0.7], value)


print("#ifdef RULES")
rules()
print("#endif")
print("#ifdef SCORES")
scores()
print("#endif")

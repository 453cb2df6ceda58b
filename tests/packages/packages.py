# SPDX-License-Identifier: Apache-2.0
# The rows of packages.inc that Python's packages have: see make-golden.
# usage: packages.py PACKAGE...
import csv
import importlib.metadata
import math
import sys

import numpy as np


def table(name):
    with open(f"../data/{name}.csv") as f:
        rows = list(csv.reader(f))[1:]
    return np.array([[float(c) for c in row if c.replace(".", "").replace("-", "").isdigit()] for row in rows])


faithful, iris = table("faithful"), table("iris")
x, y = faithful[:, 0], faithful[:, 1]
at = np.array([1.75, 2.1, 2.9, 3.5, 4.15, 4.85])
x2, y2 = iris[:, :2], iris[:, 3]
x3 = iris[:, :3]
at2, at3 = x2[[9, 29, 59, 89, 119, 149]], x3[[9, 29, 59, 89, 119, 149]]
h = 0.2137
SQRT = {n: f"{math.sqrt(n):.17g}" for n in (2, 3, 5, 6, 7)}


def row(package, call, kind, data, kernel, factor, theirs, bound, values):
    call = call.replace('"', '\\"')
    print(f'    {{ "{package} {importlib.metadata.version(package)}: {call}", {kind}, {data}, ATTPOOL_{kernel},')
    print(f"      {factor}, {{ {theirs} }}, {bound},")
    print("      { " + ", ".join(f"{v:.17g}" for v in np.ravel(values)) + " } },")


def density(package, call, kernel, factor, values, bound="1e-14"):
    row(package, call, "DENSITY", "FAITHFUL", kernel, factor, f"{h}", bound, values)


def scipy():
    from scipy.stats import gaussian_kde

    row("scipy", "gaussian_kde(x, 0.2)(at), factor 0.2 times std(x, ddof=1)", "DENSITY", "FAITHFUL", "GAUSSIAN",
        f"{np.std(x, ddof=1):.17g}", "0.2", "1e-14", gaussian_kde(x, 0.2)(at))


def scikit_learn():
    from sklearn.neighbors import KernelDensity

    for theirs, ours in (("gaussian", "GAUSSIAN"), ("tophat", "BOXCAR"), ("linear", "TRIANGULAR"),
                         ("epanechnikov", "EPANECHNIKOV"), ("cosine", "COSINE"), ("exponential", "LAPLACIAN")):
        model = KernelDensity(bandwidth=h, kernel=theirs, rtol=0, atol=0).fit(x[:, None])
        density("scikit-learn", f'KernelDensity(bandwidth={h}, kernel="{theirs}").fit(x).score_samples(at)', ours, "1",
                np.exp(model.score_samples(at[:, None])), "1e-13")
        model = KernelDensity(bandwidth=0.6137, kernel=theirs, rtol=0, atol=0).fit(x2)
        if theirs != "cosine":  # whose integral is 0.363 in two columns
            row("scikit-learn", f'KernelDensity(bandwidth=0.6137, kernel="{theirs}").fit(x).score_samples(at)',
                "DENSITY", "IRIS", ours, "1", "0.6137, 0.6137", "1e-13", np.exp(model.score_samples(at2)))
        model = KernelDensity(bandwidth=0.9137, kernel=theirs, rtol=0, atol=0).fit(x3)
        row("scikit-learn", f'KernelDensity(bandwidth=0.9137, kernel="{theirs}").fit(x).score_samples(at)', "DENSITY",
            "IRIS_3", ours, "1", "0.9137, 0.9137, 0.9137", "1e-13", np.exp(model.score_samples(at3)))


def statsmodels():
    from statsmodels.nonparametric.api import KDEMultivariate, KDEUnivariate, KernelReg

    row("statsmodels", 'KernelReg(y, x, "c", reg_type="lc", bw=[0.3]).fit(at)', "FIT", "FAITHFUL", "GAUSSIAN", "1",
        "0.3", "1e-12", KernelReg(y, x, "c", reg_type="lc", bw=[0.3]).fit(at)[0])
    row("statsmodels", 'KernelReg(y, x, "cc", reg_type="lc", bw=[0.5, 0.4]).fit(at)', "FIT", "IRIS", "GAUSSIAN", "1",
        "0.5, 0.4", "1e-12", KernelReg(y2, x2, "cc", reg_type="lc", bw=[0.5, 0.4]).fit(at2)[0])
    for theirs, ours in (("gau", "GAUSSIAN"), ("epa", "EPANECHNIKOV"), ("uni", "BOXCAR"), ("tri", "TRIANGULAR"),
                         ("biw", "BIWEIGHT"), ("triw", "TRIWEIGHT"), ("cos", "COSINE")):
        model = KDEUnivariate(x)
        model.fit(kernel=theirs, bw=h, fft=False)
        density("statsmodels", f'KDEUnivariate(x).fit("{theirs}", bw={h}, fft=False).evaluate(each)', ours, "1",
                [model.evaluate(point)[0] for point in at])  # NaN for several of them at once
    density("statsmodels", f'KDEMultivariate(x, "c", bw=[{h}]).pdf(at)', "GAUSSIAN", "1",
            KDEMultivariate(x, "c", bw=[h]).pdf(at))
    row("statsmodels", 'KDEMultivariate(x, "cc", bw=[0.5, 0.4]).pdf(at)', "DENSITY_PRODUCT", "IRIS", "GAUSSIAN", "1",
        "0.5, 0.4", "1e-14", KDEMultivariate(x2, "cc", bw=[0.5, 0.4]).pdf(at2))


def kdepy():
    from KDEpy import NaiveKDE

    for theirs, ours, factor in (("gaussian", "GAUSSIAN", "1"), ("box", "BOXCAR", SQRT[3]),
                                 ("tri", "TRIANGULAR", SQRT[6]), ("epa", "EPANECHNIKOV", SQRT[5]),
                                 ("biweight", "BIWEIGHT", SQRT[7]), ("triweight", "TRIWEIGHT", "3"),
                                 ("tricube", "TRICUBE", "2.63493019696104"), ("cosine", "COSINE", "2.2976031174872"),
                                 ("exponential", "LAPLACIAN", "0.70710678118654757")):
        density("KDEpy", f'NaiveKDE("{theirs}", bw={h}).fit(x).evaluate(at)', ours, factor,
                NaiveKDE(theirs, bw=h).fit(x).evaluate(at), "1e-13")
        row("KDEpy", f'NaiveKDE("{theirs}", bw=0.4137, norm=2).fit(x).evaluate(at)', "DENSITY", "IRIS", ours, factor,
            "0.4137, 0.4137", "1e-12", NaiveKDE(theirs, bw=0.4137, norm=2).fit(x2).evaluate(at2))


def scikit_fda():
    from skfda.misc import kernels
    from skfda.misc.hat_matrix import NadarayaWatsonHatMatrix

    for theirs, ours in (("normal", "GAUSSIAN"), ("epanechnikov", "EPANECHNIKOV"), ("quartic", "BIWEIGHT"),
                         ("tri_weight", "TRIWEIGHT"), ("uniform", "BOXCAR")):
        hat = NadarayaWatsonHatMatrix(bandwidth=0.4137, kernel=getattr(kernels, theirs))
        weights = hat(delta_x=np.abs(at[:, None] - x[None, :]), X_train=x, X=at)
        row("scikit-fda", f"NadarayaWatsonHatMatrix(bandwidth=0.4137, kernel={theirs})", "FIT", "FAITHFUL", ours, "1",
            "0.4137", "1e-12", weights @ y)


def localreg():
    import localreg as package

    for theirs in ("rectangular", "triangular", "epanechnikov", "biweight", "triweight", "tricube", "gaussian",
                   "cosine", "logistic", "sigmoid"):
        fit = package.localreg(x, y, at, degree=0, kernel=getattr(package.rbf, theirs), radius=0.4137)
        row("localreg", f"localreg(x, y, at, degree=0, kernel=rbf.{theirs}, radius=0.4137)", "FIT", "FAITHFUL",
            {"rectangular": "BOXCAR"}.get(theirs, theirs.upper()), "1", "0.4137",
            "1e-9" if theirs == "gaussian" else "1e-12", fit)  # drops weights below 1e-10


def nprobust():
    from nprobust import lprobust

    for theirs, ours in (("epa", "EPANECHNIKOV"), ("tri", "TRIANGULAR"), ("gau", "GAUSSIAN"), ("uni", "BOXCAR")):
        fit = lprobust(y, x, eval=at, p=0, h=0.4137, kernel=theirs, bwcheck=None)
        row("nprobust", f'lprobust(y, x, eval=at, p=0, h=0.4137, kernel="{theirs}", bwcheck=None)', "FIT", "FAITHFUL",
            ours, "1", "0.4137", "1e-12", fit.Estimate[:, 4])


def pygrnn():
    from pyGRNN import GRNN

    model = GRNN(sigma=0.3, calibration="None").fit(x[:, None], y)
    row("pyGRNN", "GRNN(sigma=0.3, calibration=None).fit(x, y).predict(at)", "FIT", "FAITHFUL", "GAUSSIAN", "1", "0.3",
        "1e-12", model.predict(at[:, None]))


def kernelsmooth():
    from kernelsmooth import NadarayaWatsonRegression

    model = NadarayaWatsonRegression(bandwidth=0.3).fit(x[:, None], y[:, None])
    row("kernelsmooth", "NadarayaWatsonRegression(bandwidth=0.3).fit(x, y).predict(at)", "FIT", "FAITHFUL", "GAUSSIAN",
        f"{np.std(x, ddof=1):.17g}", "0.3", "1e-9", model.predict(at[:, None]))  # adds 1e-10 to its sums


for name in sys.argv[1:]:
    {"nprobust": nprobust, "pyGRNN": pygrnn, "kernelsmooth": kernelsmooth, "scipy": scipy, "scikit-learn": scikit_learn, "statsmodels": statsmodels, "KDEpy": kdepy,
     "scikit-fda": scikit_fda, "localreg": localreg}[name]()

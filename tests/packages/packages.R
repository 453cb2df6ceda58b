# SPDX-License-Identifier: Apache-2.0
# The rows of packages.inc that R's packages have: see make-golden.
suppressMessages(library(KernSmooth))
suppressMessages(library(sm))
suppressMessages(library(locfit))
suppressMessages(library(ks))
suppressMessages(library(kedd))
suppressMessages(library(spatstat.explore))
options(warn = -1)

faithful <- read.csv("../data/faithful.csv")
mcycle <- read.csv("../data/mcycle.csv")
iris <- read.csv("../data/iris.csv")
at <- list(faithful = c(1.75, 2.1, 2.9, 3.5, 4.15, 4.85),
           mcycle = c(5.05, 14.25, 21.35, 30.15, 41.75, 55.55))
rows <- c(10, 30, 60, 90, 120, 150)
at_iris <- as.matrix(iris[rows, 1:2])
x <- faithful$eruptions
y <- faithful$waiting
points <- at$faithful

version <- function(package)
    if (package == "stats") as.character(getRversion()) else packageDescription(package)$Version

row <- function(package, call, kind, data, kernel, factor, theirs, bound, values)
    cat(sprintf('    { "%s %s: %s", %s, %s, ATTPOOL_%s,\n      %s, { %s }, %s,\n      { %s } },\n',
                package, version(package), gsub('"', '\\\\"', call), kind, data, kernel,
                factor, theirs, bound, paste(sprintf("%.17g", values), collapse = ", ")))

# ---- Regression ----------------------------------------------------------------------------

# All data within the cut of 4 of our bandwidths, then not.
for (b in c(40, 8))
    row("stats", sprintf('ksmooth(x, y, "normal", %g, x.points = at)', b), "FIT", "MCYCLE", "GAUSSIAN",
        "0.3706506", b, if (b == 40) "1e-12" else "1e-2",
        ksmooth(mcycle$times, mcycle$accel, "normal", b, x.points = at$mcycle)$y)
row("stats", 'ksmooth(x, y, "box", 0.6274, x.points = at)', "FIT", "FAITHFUL", "BOXCAR", "0.5",
    "0.6274", "1e-12", ksmooth(x, y, "box", 0.6274, x.points = points)$y)

grid <- 55001
on_grid <- function(f) f$y[round((points - 0.6) / 1e-4) + 1]
row("KernSmooth", "locpoly(x, y, degree = 0, bandwidth = 1, gridsize = 55001, range.x = c(0.6, 6.1))",
    "FIT", "FAITHFUL", "GAUSSIAN", "1", "1", "1e-12", 
    on_grid(locpoly(x, y, degree = 0, bandwidth = 1, gridsize = grid, range.x = c(0.6, 6.1))))

row("sm", "sm.regression(x, y, 0.3, eval.points = at, poly.index = 0, nbins = 0)", "FIT", "FAITHFUL",
    "GAUSSIAN", "1", "0.3", "1e-12",
    sm.regression(x, y, 0.3, eval.points = points, poly.index = 0, nbins = 0, display = "none")$estimate)
row("sm", "sm.regression(x, y, c(0.5, 0.4), eval.points = at, eval.grid = FALSE, poly.index = 0, nbins = 0)",
    "FIT", "IRIS", "GAUSSIAN", "1", "0.5, 0.4", "1e-12",
    sm.regression(as.matrix(iris[, 1:2]), iris[, 4], c(0.5, 0.4), eval.points = at_iris,
                  eval.grid = FALSE, poly.index = 0, nbins = 0, display = "none")$estimate)

# rect: of its own edge, but no two points are at 0.4137.
for (kernel in list(c("tcub", "TRICUBE", "1"), c("epan", "EPANECHNIKOV", "1"), c("bisq", "BIWEIGHT", "1"),
                    c("tria", "TRIANGULAR", "1"), c("rect", "BOXCAR", "1"), c("trwt", "TRICUBE", "1"),
                    c("gauss", "GAUSSIAN", "0.4"))) {
    fit <- locfit(y ~ lp(x, deg = 0, nn = 0, h = 0.4137), kern = kernel[1], ev = points)
    row("locfit", sprintf('locfit(y ~ lp(x, deg = 0, nn = 0, h = 0.4137), kern = "%s", ev = at)', kernel[1]),
        "FIT", "FAITHFUL", kernel[2], kernel[3], "0.4137", "1e-12", predict(fit, where = "fitp"))
}

# The bandwidth of a query is the distance to the floor(span n)-th nearest row.
fit <- loess(y ~ x, span = 0.3, degree = 0, family = "gaussian", control = loess.control(surface = "direct"))
row("stats", 'predict(loess(y ~ x, span = 0.3, degree = 0, surface = "direct"), at)', "FIT_EACH", "FAITHFUL",
    "TRICUBE", "1", paste(sprintf("%.17g", sapply(points, function(q)
        sort(abs(x - q))[floor(0.3 * length(x))])), collapse = ", "), "1e-12",
    predict(fit, data.frame(x = points)))

pattern <- ppp(iris[, 1], iris[, 2], owin(c(4, 8), c(2, 4.5)), marks = iris[, 4])
row("spatstat.explore", 'Smooth(ppp(x1, x2, window, marks = y), 0.4, at = "points", leaveoneout = FALSE)',
    "FIT", "IRIS", "GAUSSIAN", "1", "0.4, 0.4", "1e-12",
    Smooth(pattern, 0.4, at = "points", leaveoneout = FALSE)[rows])

# ---- Densities -----------------------------------------------------------------------------

# Binned, and interpolated between 65536 points.
for (kernel in list(c("gaussian", "GAUSSIAN", "1"), c("rectangular", "BOXCAR", "1.7320508075688772"),
                    c("triangular", "TRIANGULAR", "2.4494897427831779"),
                    c("epanechnikov", "EPANECHNIKOV", "2.2360679774997898"),
                    c("biweight", "BIWEIGHT", "2.6457513110645907"),
                    c("optcosine", "COSINE", "2.2976031174872"))) {
    f <- density(x, 0.2137, kernel = kernel[1], n = 65536)
    row("stats", sprintf('density(x, 0.2137, kernel = "%s", n = 65536)', kernel[1]), "DENSITY", "FAITHFUL",
        kernel[2], kernel[3], "0.2137", if (kernel[1] == "rectangular") "1e-12" else "1e-5",
        approx(f$x, f$y, points)$y)
}

# Binned too, without loss, as x has three digits and the bins are 1e-4 wide; but the kernel ends
# between two bins. The Gaussian is cut at 4 bandwidths.
for (kernel in list(c("normal", "GAUSSIAN", "0.77638835640902", "1e-4"),
                    c("box", "BOXCAR", "1.35096003852061", "5e-4"),
                    c("epanech", "EPANECHNIKOV", "1.71877192758748", "1e-7"),
                    c("biweight", "BIWEIGHT", "2.0361680046404", "1e-11"),
                    c("triweight", "TRIWEIGHT", "2.3121667641824", "1e-11")))
    for (canonical in c(FALSE, TRUE)) {
        f <- bkde(x, kernel[1], canonical, 0.2137, grid, c(0.6, 6.1))
        row("KernSmooth", sprintf('bkde(x, "%s", %s, 0.2137, 55001, c(0.6, 6.1))', kernel[1], canonical),
            "DENSITY", "FAITHFUL", kernel[2], if (canonical) kernel[3] else "1", "0.2137", kernel[4],
            on_grid(f))
    }

for (kernel in list(c("gaussian", "GAUSSIAN"), c("epanechnikov", "EPANECHNIKOV"), c("uniform", "BOXCAR"),
                    c("triangular", "TRIANGULAR"), c("triweight", "TRIWEIGHT"), c("tricube", "TRICUBE"),
                    c("biweight", "BIWEIGHT"), c("cosine", "COSINE")))
    row("kedd", sprintf('dkde(x, at, 0, 0.2137, "%s")', kernel[1]), "DENSITY", "FAITHFUL", kernel[2], "1",
        "0.2137", "1e-14", dkde(x, points, 0, 0.2137, kernel[1])$est.fx)

row("ks", "kde(x, h = 0.2137, eval.points = at, binned = FALSE)", "DENSITY", "FAITHFUL", "GAUSSIAN", "1",
    "0.2137", "1e-14", kde(x, h = 0.2137, eval.points = points, binned = FALSE)$estimate)

# SPDX-License-Identifier: Apache-2.0
# The rows of lines.inc that R's packages have: see make-golden.
suppressMessages({
    library(KernSmooth)
    library(sm)
    library(locfit)
})
options(warn = -1)

faithful <- read.csv("../data/faithful.csv")
mcycle <- read.csv("../data/mcycle.csv")
iris <- read.csv("../data/iris.csv")
rows <- 17 * 0:5 + 4

version <- function(package)
    if (package == "stats") as.character(getRversion()) else packageDescription(package)$Version

row <- function(package, call, data, d, kernel, degree, h, what, bound, values)
    cat(sprintf('    { "%s %s: %s", %s, %d, ATTPOOL_%s, %d,\n      { %s }, %s, %s,\n      { %s } },\n',
                package, version(package), gsub('"', '\\\\"', call), data, d, kernel, degree,
                paste(sprintf("%.17g", h), collapse = ", "), what, bound,
                paste(sprintf("%.17g", values), collapse = ", ")))

# ---- weights, equivalent weights and leave-one-out residuals by R's own least squares ----

gaussian <- function(x, q, h) exp(-rowSums(sweep(sweep(x, 2, q), 2, h, "/")^2) / 2)

# The coefficients at q as linear functions of y: a row for the value, one for each slope.
coefficients_at <- function(x, q, h, degree, keep = rep(TRUE, nrow(x))) {
    design <- cbind(rep(1, nrow(x)), if (degree == 1) sweep(x, 2, q))
    weights <- gaussian(x, q, h) * keep
    lm.wfit(design, diag(nrow(x)), weights)$coefficients
}

by_least_squares <- function(name, x, y, h) {
    x <- as.matrix(x)
    d <- ncol(x)
    for (degree in 0:1) {
        e <- sapply(seq_along(y), function(j)
            y[j] - sum(rbind(coefficients_at(x, x[j, ], h, degree, seq_along(y) != j))[1, ] * y))
        b <- lapply(rows, function(i) rbind(coefficients_at(x, x[i, ], h, degree)))
        call <- sprintf("lm.wfit(%s, y, k)", if (degree == 1) "cbind(1, x - q)" else "1")
        out <- function(what, values)
            row("stats", call, name, d, "GAUSSIAN", degree, h, what, "1e-9", values)
        out("FIT", sapply(b, function(l) sum(l[1, ] * y)))
        out("N_EFF", sapply(b, function(l) 1 / sum(l[1, ]^2)))
        out("STANDARD_ERROR", sapply(b, function(l) sqrt(sum(l[1, ]^2 * e^2))))
        if (degree == 1)
            for (a in seq_len(d))
                out(sprintf("SLOPE + %d", a - 1), sapply(b, function(l) sum(l[1 + a, ] * y)))
    }
}

by_least_squares("MCYCLE", mcycle$times, mcycle$accel, 1.5)
by_least_squares("FAITHFUL", faithful$eruptions, faithful$waiting, 0.3)
by_least_squares("IRIS", iris[, 1:2], iris[, 4], c(0.5, 0.4))

# ---- packages for local lines ----

x <- faithful$eruptions
y <- faithful$waiting
row("sm", "sm.regression(x, y, 0.3, eval.points = at, nbins = 0)", "FAITHFUL", 1, "GAUSSIAN", 1, 0.3, "FIT",
    "1e-10", sm.regression(x, y, 0.3, eval.points = x[rows], nbins = 0, display = "none")$estimate)
row("sm", "sm.regression(x, y, c(0.5, 0.4), eval.points = at, eval.grid = FALSE, nbins = 0)", "IRIS", 2,
    "GAUSSIAN", 1, c(0.5, 0.4), "FIT", "1e-10",
    sm.regression(as.matrix(iris[, 1:2]), iris[, 4], c(0.5, 0.4), eval.points = as.matrix(iris[rows, 1:2]),
                  eval.grid = FALSE, nbins = 0, display = "none")$estimate)

for (kernel in list(c("tcub", "TRICUBE", "1"), c("epan", "EPANECHNIKOV", "1"), c("bisq", "BIWEIGHT", "1"),
                    c("tria", "TRIANGULAR", "1"), c("gauss", "GAUSSIAN", "0.4"))) {
    call <- sprintf('locfit(y ~ lp(x, deg = 1, nn = 0, h = 0.7137), kern = "%s", ev = at)', kernel[1])
    fit <- locfit(y ~ lp(x, deg = 1, nn = 0, h = 0.7137), kern = kernel[1], ev = x[rows])
    # its Gaussian ends at 2.5 of its own bandwidths
    bound <- if (kernel[1] == "gauss") "1e-5" else "1e-9"
    h <- 0.7137 * as.numeric(kernel[3])
    row("locfit", call, "FAITHFUL", 1, kernel[2], 1, h, "FIT", bound, preplot(fit, where = "fitp", what = "coef")$fit)
    row("locfit", sprintf("%s, nlx^-2", call), "FAITHFUL", 1, kernel[2], 1, h, "N_EFF", bound,
        preplot(fit, where = "fitp", what = "nlx")$fit^-2)
}

grid <- 55001
lines <- locpoly(x, y, degree = 1, bandwidth = 0.3, gridsize = grid, range.x = c(0.6, 6.1))
row("KernSmooth", "locpoly(x, y, degree = 1, bandwidth = 0.3, gridsize = 55001, range.x = c(0.6, 6.1))",
    "FAITHFUL", 1, "GAUSSIAN", 1, 0.3, "FIT", "1e-4", lines$y[round((x[rows] - 0.6) / 1e-4) + 1])

# The bandwidth of each point is the distance of the 136th nearest row.
at <- x[rows]
row("stats", 'loess(y ~ x, span = 0.5, degree = 1, control = loess.control(surface = "direct"))', "FAITHFUL", 1,
    "TRICUBE", 1, sapply(at, function(q) sort(abs(x - q))[136]), "FIT", "1e-9",
    predict(loess(y ~ x, span = 0.5, degree = 1, control = loess.control(surface = "direct")), at))

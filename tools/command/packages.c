/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command/packages.h"

#include "backends/kernels.h"
#include "tools/command/command.h"
#include "tools/command/nearest.h"
#include "tools/command/output.h"

#include <math.h>
#include <string.h>

_Static_assert((int)PACKAGE_KERNELS == (int)KERNEL_COUNT, "a factor for each kernel");

/* Kernels scaled to a standard deviation of 1. */
#define SQRT_2  1.4142135623730951
#define SQRT_3  1.7320508075688772
#define SQRT_5  2.2360679774997898
#define SQRT_6  2.4494897427831779
#define SQRT_7  2.6457513110645907
#define TRICUBE 2.63493019696104
#define COSINE  2.2976031174872

#define GAUSSIAN [ATTPOOL_GAUSSIAN] = 1

static const struct package packages[] = {
    { .name = "r-ksmooth",
      .call = "R ksmooth(bandwidth =)",
      .uses = PACKAGE_FIT,
      .closed = true,
      .differs = "the gaussian is cut at 4 of our bandwidths; in decimal data its box decides ties "
                 "by rounding",
      .no_reach = "NA",
      .factor = { [ATTPOOL_GAUSSIAN] = 0.3706506, [ATTPOOL_BOXCAR] = 0.5 } },
    { .name = "r-kernsmooth-locpoly",
      .call = "R KernSmooth locpoly(degree = 0, bandwidth =)",
      .uses = PACKAGE_FIT,
      .differs = "it bins the data and cuts the gaussian at 4 bandwidths",
      .no_reach = "NaN",
      .factor = { GAUSSIAN } },
    { .name = "r-sm",
      .call = "R sm.regression(h =, poly.index = 0)",
      .uses = PACKAGE_FIT,
      .columns = PACKAGE_EACH,
      .differs = "from 500 rows on it bins, but for nbins = 0",
      .no_reach = "NaN",
      .factor = { GAUSSIAN } },
    { .name = "r-locfit",
      .call = "R locfit(lp(x, deg = 0, nn = 0, h =))",
      .uses = PACKAGE_FIT,
      .columns = PACKAGE_RADIAL,
      .closed = true,
      .differs = "it interpolates between the points of a tree, but for ev = dat() or points",
      .no_reach = "the fit at the point before",
      .factor = { [ATTPOOL_GAUSSIAN] = 0.4,
                  [ATTPOOL_TRICUBE] = 1,
                  [ATTPOOL_EPANECHNIKOV] = 1,
                  [ATTPOOL_BIWEIGHT] = 1,
                  [ATTPOOL_TRIANGULAR] = 1,
                  [ATTPOOL_BOXCAR] = 1 } },
    { .name = "r-loess",
      .call = "R loess(span =, degree = 0)",
      .uses = PACKAGE_FIT,
      .impossible = "a span is another bandwidth at each query, the distance to its nearest rows",
      .factor = { [ATTPOOL_TRICUBE] = 1 } },
    { .name = "r-spatstat-smooth",
      .call = "R spatstat.explore Smooth.ppp(sigma =)",
      .uses = PACKAGE_FIT,
      .columns = PACKAGE_TWO,
      .differs = "at the data's own points it is leave-one-out by default",
      .no_reach = "the mark of the nearest point",
      .factor = { GAUSSIAN } },
    { .name = "r-np-npreg",
      .call = "R np npreg(bws =)",
      .uses = PACKAGE_FIT,
      .columns = PACKAGE_EACH,
      .differs = "from its manual; the package has not been run",
      .factor = { GAUSSIAN, [ATTPOOL_EPANECHNIKOV] = SQRT_5 } },
    { .name = "nprobust",
      .call = "nprobust lprobust(p = 0, h =)",
      .uses = PACKAGE_FIT,
      .closed = true,
      .differs = "where fewer than 21 points are in reach it widens the bandwidth to the 21st",
      .no_reach = "0 with bwcheck = NULL",
      .factor = { GAUSSIAN, [ATTPOOL_EPANECHNIKOV] = 1, [ATTPOOL_TRIANGULAR] = 1,
                  [ATTPOOL_BOXCAR] = 1 } },
    { .name = "statsmodels-kernelreg",
      .call = "statsmodels KernelReg(reg_type=\"lc\", bw=)",
      .uses = PACKAGE_FIT,
      .columns = PACKAGE_EACH,
      .no_reach = "nan",
      .factor = { GAUSSIAN } },
    { .name = "scikit-fda",
      .call = "scikit-fda NadarayaWatsonHatMatrix(bandwidth=)",
      .uses = PACKAGE_FIT,
      .closed = true,
      .no_reach = "0",
      .factor = { GAUSSIAN, [ATTPOOL_EPANECHNIKOV] = 1, [ATTPOOL_BIWEIGHT] = 1,
                  [ATTPOOL_TRIWEIGHT] = 1, [ATTPOOL_BOXCAR] = 1 } },
    { .name = "localreg",
      .call = "localreg(degree=0, radius=)",
      .uses = PACKAGE_FIT,
      .columns = PACKAGE_RADIAL,
      .closed = true,
      .differs = "weights below 1e-10 are dropped",
      .no_reach = "nan",
      .factor = { GAUSSIAN, [ATTPOOL_BOXCAR] = 1, [ATTPOOL_TRIANGULAR] = 1,
                  [ATTPOOL_EPANECHNIKOV] = 1, [ATTPOOL_BIWEIGHT] = 1, [ATTPOOL_TRIWEIGHT] = 1,
                  [ATTPOOL_TRICUBE] = 1, [ATTPOOL_COSINE] = 1, [ATTPOOL_LOGISTIC] = 1,
                  [ATTPOOL_SIGMOID] = 1 } },
    { .name = "pygrnn",
      .call = "pyGRNN GRNN(sigma=)",
      .uses = PACKAGE_FIT,
      .columns = PACKAGE_RADIAL,
      .no_reach = "0",
      .factor = { GAUSSIAN } },
    { .name = "kernelsmooth",
      .call = "kernelsmooth NadarayaWatsonRegression(bandwidth=)",
      .uses = PACKAGE_FIT,
      .deviations = true,
      .no_reach = "the value of the nearest, as here",
      .factor = { GAUSSIAN } },
    { .name = "gretl-nadarwat",
      .call = "gretl nadarwat(y, x, h)",
      .uses = PACKAGE_FIT,
      .differs = "the gaussian is cut at trim times h, 4 by default",
      .no_reach = "NA with leave-one-out",
      .factor = { GAUSSIAN } },
    { .name = "octave-econometrics",
      .call = "octave-econometrics kernel_regression(q, y, x, h)",
      .uses = PACKAGE_FIT,
      .deviations = true,
      .no_reach = "0",
      .factor = { GAUSSIAN, [ATTPOOL_EPANECHNIKOV] = 1 } },
    { .name = "octave-econometrics-plain",
      .call = "octave-econometrics kernel_regression, prewhiten false",
      .uses = PACKAGE_FIT,
      .columns = PACKAGE_RADIAL,
      .no_reach = "0",
      .factor = { GAUSSIAN, [ATTPOOL_EPANECHNIKOV] = 1 } },
    { .name = "gbkreg",
      .call = "gbutils gbkreg -M 2 -H",
      .uses = PACKAGE_FIT,
      .closed = true,
      .differs = "it prints 7 digits",
      .no_reach = "0",
      .factor = { GAUSSIAN, [ATTPOOL_EPANECHNIKOV] = SQRT_5, [ATTPOOL_BOXCAR] = 1 } },
    { .name = "stata",
      .call = "Stata lpoly, kdensity, bwidth()",
      .uses = PACKAGE_FIT | PACKAGE_DENSITY,
      .differs = "from its manual; the package has not been run",
      .factor = { [ATTPOOL_EPANECHNIKOV] = SQRT_5 } },
    { .name = "r-density",
      .call = "R density(bw =)",
      .uses = PACKAGE_DENSITY,
      .closed = true,
      .differs = "it bins the data, into 512 by default: 3e-4 to 6e-4, with n = 65536 3e-6",
      .no_reach = "NA by approx()",
      .factor = { GAUSSIAN, [ATTPOOL_BOXCAR] = SQRT_3, [ATTPOOL_TRIANGULAR] = SQRT_6,
                  [ATTPOOL_EPANECHNIKOV] = SQRT_5, [ATTPOOL_BIWEIGHT] = SQRT_7,
                  [ATTPOOL_COSINE] = COSINE } },
    { .name = "r-kernsmooth-bkde",
      .call = "R KernSmooth bkde(bandwidth =)",
      .uses = PACKAGE_DENSITY,
      .closed = true,
      .differs = "it bins the data and cuts the gaussian at 4 bandwidths",
      .no_reach = "0",
      .factor = { GAUSSIAN, [ATTPOOL_BOXCAR] = 1, [ATTPOOL_EPANECHNIKOV] = 1,
                  [ATTPOOL_BIWEIGHT] = 1, [ATTPOOL_TRIWEIGHT] = 1 } },
    { .name = "r-kernsmooth-bkde-canonical",
      .call = "R KernSmooth bkde(canonical = TRUE, bandwidth =)",
      .uses = PACKAGE_DENSITY,
      .closed = true,
      .differs = "it bins the data and cuts the gaussian at 4 bandwidths",
      .no_reach = "0",
      .factor = { [ATTPOOL_GAUSSIAN] = 0.77638835640902,
                  [ATTPOOL_BOXCAR] = 1.35096003852061,
                  [ATTPOOL_EPANECHNIKOV] = 1.71877192758748,
                  [ATTPOOL_BIWEIGHT] = 2.0361680046404,
                  [ATTPOOL_TRIWEIGHT] = 2.3121667641824 } },
    { .name = "r-ks-kde",
      .call = "R ks kde(h =), or the diagonal of H",
      .uses = PACKAGE_DENSITY,
      .columns = PACKAGE_VARIANCES,
      .differs = "it bins the data, but for binned = FALSE",
      .no_reach = "0 with binned = FALSE",
      .factor = { GAUSSIAN } },
    { .name = "r-kedd",
      .call = "R kedd dkde(h =)",
      .uses = PACKAGE_DENSITY,
      .closed = true,
      .no_reach = "0",
      .factor = { GAUSSIAN, [ATTPOOL_BOXCAR] = 1, [ATTPOOL_TRIANGULAR] = 1,
                  [ATTPOOL_EPANECHNIKOV] = 1, [ATTPOOL_BIWEIGHT] = 1, [ATTPOOL_TRIWEIGHT] = 1,
                  [ATTPOOL_TRICUBE] = 1, [ATTPOOL_COSINE] = 1 } },
    { .name = "kdepy",
      .call = "KDEpy NaiveKDE(bw=), norm=2",
      .uses = PACKAGE_DENSITY,
      .columns = PACKAGE_RADIAL,
      .closed = true,
      .differs = "TreeKDE and FFTKDE are approximate",
      .no_reach = "2.2e-16",
      .factor = { GAUSSIAN, [ATTPOOL_BOXCAR] = SQRT_3, [ATTPOOL_TRIANGULAR] = SQRT_6,
                  [ATTPOOL_EPANECHNIKOV] = SQRT_5, [ATTPOOL_BIWEIGHT] = SQRT_7,
                  [ATTPOOL_TRIWEIGHT] = 3, [ATTPOOL_TRICUBE] = TRICUBE, [ATTPOOL_COSINE] = COSINE,
                  [ATTPOOL_LAPLACIAN] = SQRT_2 / 2 } },
    { .name = "scikit-learn-kerneldensity",
      .call = "scikit-learn KernelDensity(bandwidth=)",
      .uses = PACKAGE_DENSITY,
      .columns = PACKAGE_RADIAL,
      .differs = "rtol=0 makes it exact; in two columns its cosine integrates to 0.363",
      .no_reach = "-inf, the logarithm of 0",
      .factor = { GAUSSIAN, [ATTPOOL_BOXCAR] = 1, [ATTPOOL_TRIANGULAR] = 1,
                  [ATTPOOL_EPANECHNIKOV] = 1, [ATTPOOL_COSINE] = 1, [ATTPOOL_LAPLACIAN] = 1 } },
    { .name = "scipy-gaussian-kde",
      .call = "scipy gaussian_kde(bw_method=), a number",
      .uses = PACKAGE_DENSITY,
      .deviations = true,
      .no_reach = "0; its logpdf is exact",
      .factor = { GAUSSIAN } },
    { .name = "statsmodels-kdeunivariate",
      .call = "statsmodels KDEUnivariate.fit(bw=, fft=False)",
      .uses = PACKAGE_DENSITY,
      .closed = true,
      .differs = "fft=True is 5e-4 off",
      .no_reach = "0; uni: nan",
      .factor = { GAUSSIAN, [ATTPOOL_BOXCAR] = 1, [ATTPOOL_TRIANGULAR] = 1,
                  [ATTPOOL_EPANECHNIKOV] = 1, [ATTPOOL_BIWEIGHT] = 1, [ATTPOOL_TRIWEIGHT] = 1,
                  [ATTPOOL_COSINE] = 1 } },
    { .name = "statsmodels-kdemultivariate",
      .call = "statsmodels KDEMultivariate(bw=)",
      .uses = PACKAGE_DENSITY,
      .columns = PACKAGE_EACH,
      .no_reach = "0",
      .factor = { GAUSSIAN } },
};
enum { PACKAGES = sizeof packages / sizeof packages[0] };

const struct package *package_at(size_t i)
{
    return i < PACKAGES ? &packages[i] : NULL;
}

int package_find(const char *name, size_t length, const struct package **package, struct error *e)
{
    char typed[64];
    const size_t size = length < sizeof typed - 1 ? length : sizeof typed - 1;
    struct nearest nearest = { .typed = typed };
    memcpy(typed, name, size);
    typed[size] = '\0';
    for (size_t i = 0; i < PACKAGES; i++) {
        *package = &packages[i];
        if (strcmp(typed, packages[i].name) == 0)
            return CMD_OK;
        nearest_offer(&nearest, packages[i].name);
    }
    return error_set(e, CMD_USAGE,
                     "--bandwidth-from: there is no package %s%s%s '--bandwidth-from list'",
                     quoted_name(typed).text, nearest_hint(&nearest).text,
                     nearest.name != NULL ? " See" : "; see");
}

/* It takes in a row just one bandwidth away. */
#define CLOSED (1 + 1e-9)

double package_bandwidth(const struct package *p, attpool_kernel_name kernel, size_t columns,
                         double theirs, double deviation)
{
    const double h = p->columns == PACKAGE_VARIANCES && columns > 1 ? sqrt(theirs) : theirs;
    return h * p->factor[kernel] * (p->deviations ? deviation : 1) *
           (p->closed && kernel == ATTPOOL_BOXCAR ? CLOSED : 1);
}

static void print_package(struct output *o, const struct package *p)
{
    static const char *const columns[] = { "one x column", "two, one value", "any, one value",
                                           "any, a value each", "any, a value each" };
    const char *before = "";
    output_printf(o, "%s: %s\n    %s; x columns: %s%s\n", p->name, p->call,
                  p->uses == PACKAGE_FIT       ? "fits"
                  : p->uses == PACKAGE_DENSITY ? "densities"
                                               : "fits and densities",
                  columns[p->columns], p->deviations ? "; times sd(x)" : "");
    if (p->impossible != NULL) {
        output_printf(o, "    none: %s\n", p->impossible);
        return;
    }
    output_text(o, "    times ");
    for (int k = 0; k < PACKAGE_KERNELS; k++)
        if (p->factor[k] > 0) {
            output_printf(o, "%s%s %.8g", before, attpool_kernel_to_name((attpool_kernel_name)k),
                          p->factor[k]);
            before = ", ";
        }
    output_text(o, "\n");
    if (p->factor[ATTPOOL_BOXCAR] > 0)
        output_printf(o, "    its boxcar is %s at the edge\n", p->closed ? "closed" : "open");
    if (p->no_reach != NULL)
        output_printf(o, "    out of reach: %s\n", p->no_reach);
    if (p->differs != NULL)
        output_printf(o, "    differs: %s\n", p->differs);
}

int packages_print(struct error *e)
{
    struct output o;
    int st = output_open(&o, NULL, e);
    if (st != CMD_OK)
        return st;
    for (size_t i = 0; i < PACKAGES; i++)
        print_package(&o, &packages[i]);
    return output_close(&o, CMD_OK, e);
}

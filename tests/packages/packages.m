% SPDX-License-Identifier: Apache-2.0
% The rows of packages.inc that octave-econometrics has: see make-golden.
warning off all
pkg load econometrics
version = pkg("describe", "econometrics"){1}.version;
data = csvread("../data/faithful.csv", 1, 0);
x = data(:, 1);
y = data(:, 2);
at = [1.75 2.1 2.9 3.5 4.15 4.85]';

function row(version, call, kernel, factor, theirs, values)
  printf("    { \"octave-econometrics %s: %s\", FIT, FAITHFUL, ATTPOOL_%s,\n", version, call, kernel);
  printf("      %.17g, { %g }, 1e-12,\n      { %.17g", factor, theirs, values(1));
  printf(", %.17g", values(2:end));
  printf(" } },\n");
end

row(version, "kernel_regression(at, y, x, 0.3)", "GAUSSIAN", std(x), 0.3,
    kernel_regression(at, y, x, 0.3));
row(version, "kernel_regression(at, y, x, 0.3, \\\"kernel_epanechnikov\\\")", "EPANECHNIKOV", std(x), 0.3,
    kernel_regression(at, y, x, 0.3, "kernel_epanechnikov"));
row(version, "kernel_regression(at, y, x, 0.4137, \\\"kernel_epanechnikov\\\", false)", "EPANECHNIKOV", 1,
    0.4137, kernel_regression(at, y, x, 0.4137, "kernel_epanechnikov", false));

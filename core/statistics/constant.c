/* SPDX-License-Identifier: Apache-2.0 */

/* The normalising constants. NUMERICS.md, "Density", has the formulas. */
#include "core/statistics/constant.h"

#include "backends/kernel_traits.h"

#define PI 3.14159265358979323846

/* sum (-1)^k / (first + step k)^power by the method of Cohen, Rodriguez Villegas and Zagier (2000),
 * algorithm 1: each term adds 2.5 bits. */
static double alternating_sum(double first, double step, int64_t power)
{
    enum { TERMS = 22 };
    const double root = 3 + sqrt(8);
    double most = 1, b = -1, sum = 0;
    for (int k = 0; k < TERMS; k++)
        most *= root;
    most = (most + 1 / most) / 2;
    double c = -most;
    for (int k = 0; k < TERMS; k++) {
        const double x = first + step * k;
        double term = 1;
        for (int64_t i = 0; i < power && term > 0; i++)
            term /= x;
        c = b - c;
        sum += c * term;
        b *= (double)(k + TERMS) * (double)(k - TERMS) / ((k + 0.5) * (k + 1));
    }
    return sum / most;
}

/* The integral of u^n cos(pi u / 2) from 0 to 1, by parts from a larger n down, where an error
 * shrinks at each step. */
static double cosine_moment(int64_t n)
{
    enum { AHEAD = 40 };
    const double a = PI / 2;
    double moment = 0;
    for (int64_t k = n + AHEAD; k > n; k -= 2)
        moment = (1 / a - moment) * (a * a) / ((double)k * (double)(k - 1));
    return moment;
}

/* The volume of the ball of radius 1, pi^(d/2) / Gamma(d/2 + 1). */
static struct scaled ball(int64_t d)
{
    struct scaled v = scaled_of(d % 2 == 0 ? 1 : 2);
    for (int64_t k = d % 2 == 0 ? 2 : 3; k <= d; k += 2)
        v = scaled_times(v, 2 * PI / (double)k);
    return v;
}

static struct scaled over_factorial(struct scaled c, int64_t d)
{
    for (int64_t k = 2; k <= d; k++)
        c = scaled_over(c, (double)k);
    return c;
}

/* (2 pi)^(-d/2) */
static struct scaled gaussian(int64_t d)
{
    struct scaled c = scaled_of(1);
    for (int64_t k = 2; k <= d; k += 2)
        c = scaled_over(c, 2 * PI);
    return d % 2 == 0 ? c : scaled_over(c, sqrt(2 * PI));
}

/* The integral over R^d is that of the ball times that of d u^(d-1) k(u) from 0 on. */
static bool radial(attpool_kernel_name kernel, int64_t d, struct scaled *c)
{
    const struct scaled v = ball(d);
    const double n = (double)d;
    *c = scaled_of(1 / v.m);
    c->e -= v.e;
    switch (kernel) {
    case ATTPOOL_GAUSSIAN:
        *c = gaussian(d);
        return true;
    case ATTPOOL_BOXCAR:
        return true;
    case ATTPOOL_TRIANGULAR:
        *c = scaled_times(*c, n + 1);
        return true;
    case ATTPOOL_EPANECHNIKOV:
        *c = scaled_times(*c, (n + 2) / 2);
        return true;
    case ATTPOOL_BIWEIGHT:
        *c = scaled_times(*c, (n + 2) * (n + 4) / 8);
        return true;
    case ATTPOOL_TRIWEIGHT:
        *c = scaled_times(*c, (n + 2) * (n + 4) * (n + 6) / 48);
        return true;
    case ATTPOOL_TRICUBE:
        *c = scaled_times(*c, (n + 3) * (n + 6) * (n + 9) / 162);
        return true;
    case ATTPOOL_COSINE:
        *c = scaled_over(*c, n * cosine_moment(d - 1));
        return true;
    case ATTPOOL_LAPLACIAN:
        *c = over_factorial(*c, d);
        return true;
    case ATTPOOL_LOGISTIC:
        *c = over_factorial(scaled_over(*c, alternating_sum(1, 1, d - 1)), d);
        return true;
    case ATTPOOL_SIGMOID:
        *c = over_factorial(scaled_over(*c, alternating_sum(1, 2, d)), d);
        return true;
    case ATTPOOL_SILVERMAN:
        /* d! sin((d + 1) pi / 4), which is not positive from 3 on. */
        *c = d == 1 ? *c : over_factorial(scaled_over(*c, sqrt(0.5)), d);
        return d <= 2;
    case ATTPOOL_CAUCHY:
        *c = scaled_over(*c, PI / 2);
        return d == 1;
    case ATTPOOL_CONSTANT:
        break;
    }
    return false;
}

bool ap_normalising_constant(const struct kernel *kernel, int64_t d, struct scaled *c)
{
    struct scaled product = scaled_of(1);
    if (kernel->form == ATTPOOL_RADIAL)
        return radial(kernel->name, d, c);
    for (int64_t k = 0; k < d; k++) {
        if (!radial((attpool_kernel_name)kernel_name_at(kernel, k), 1, c))
            return false;
        product = scaled_times(product, c->m);
        product.e += c->e;
    }
    *c = product;
    return true;
}

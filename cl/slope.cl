/* SPDX-License-Identifier: Apache-2.0 */

/* The slopes of kernels: NUMERICS.md, "Gradients". */

/* -k'(u) beside the part in the log domain, divided by u where the kernel is best said so. */
static REAL slope_part(int name, REAL u, REAL u2, REAL factor)
{
    REAL g = 1 - u2, h = fma(-u2, u, (REAL)1), s = 1;
    s = name == EPANECHNIKOV ? (REAL)2 : s;
    s = name == BIWEIGHT ? 4 * g : s;
    s = name == TRIWEIGHT ? 6 * (g * g) : s;
    s = name == TRICUBE ? 9 * u * (h * h) : s;
#ifndef PLAIN_KERNELS
    REAL half_pi = 2 * CONSTANT(QUARTER_PI);
    REAL a = TYPED(silverman_argument)(u);
    s = name == CAUCHY ? 2 * factor * factor : s;
    if (name == COSINE)
        s = half_pi * TYPED(sin)(half_pi * u);
    if (name == LOGISTIC || name == SIGMOID)
        s = factor * TYPED(tanh)(name == LOGISTIC ? (REAL)0.5 * u : u);
    if (name == SILVERMAN)
        s = TYPED(weight_exp2)(a * -LOG2E) * TYPED(sin_turned)(a, 0);
#endif
    return s;
}

static bool slope_is_over_u(int name)
{
    return kernel_takes_square(name) || name == TRICUBE;
}

/* -k'(u) / u; 0 where u is, if the division is not in the formula. */
static REAL slope_over_u(int name, REAL u, REAL u2, REAL factor)
{
    REAL part = slope_part(name, u, u2, factor);
    REAL over = u == 0 ? (REAL)0 : TYPED(div_rn)(part, u);
    return slope_is_over_u(name) ? part : over;
}

/* -k'(u). */
static REAL slope(int name, REAL u, REAL u2, REAL factor)
{
    REAL part = slope_part(name, u, u2, factor);
    REAL whole = part == 0 ? (REAL)0 : u * part; /* cauchy's u may be infinite */
    return slope_is_over_u(name) ? whole : part;
}

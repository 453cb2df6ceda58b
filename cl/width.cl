/* SPDX-License-Identifier: Apache-2.0 */

/* A width |w| = w' P, P a power of two: differences are scaled by P, their sum of squares by
 * w'^2 rounded up. NUMERICS.md has the cases of 0, subnormal numbers, Inf and NaN. */

#ifdef HAVE_F64
#define LEAST_NORMAL 0x1p-1022
#define LIFT         0x1p53 /* makes every subnormal number normal */
#define EXPONENT_OF  0x7ff0000000000000UL
#define FRACTION_OF  0x000fffffffffffffUL
#define EXPONENT_ONE 0x3ff0000000000000UL
#else
#define LEAST_NORMAL 0x1p-126f
#define LIFT         0x1p24f
#define EXPONENT_OF  0x7f800000U
#define FRACTION_OF  0x007fffffU
#define EXPONENT_ONE 0x3f800000U
#endif

typedef struct {
    REAL size, power, square;
} width;

static void width_of(width *result, REAL w)
{
    REAL unit = fabs(w);
    result->size = unit;
    result->power = 1;
    if (unit == 0) {
        result->power = 0;
        unit = 1;
    } else if (unit <= GREATEST) {
        bool tiny = unit < LEAST_NORMAL;
        WORD bits = AS_WORD(tiny ? unit * LIFT : unit);
        result->power = AS_REAL(bits & EXPONENT_OF);
        if (tiny)
            result->power *= 1 / LIFT;
        unit = AS_REAL((bits & FRACTION_OF) | EXPONENT_ONE);
    }
    result->square = product_up(unit, unit);
}

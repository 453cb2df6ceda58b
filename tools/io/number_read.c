/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/io/number_parts.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

locale_t number_c_locale(void)
{
    static locale_t c;
    if (c == (locale_t)0)
        c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return c;
}

static const double ten_to[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

const uint64_t number_ten[NUMBER_TENS] = {
    UINT64_C(1),
    UINT64_C(10),
    UINT64_C(100),
    UINT64_C(1000),
    UINT64_C(10000),
    UINT64_C(100000),
    UINT64_C(1000000),
    UINT64_C(10000000),
    UINT64_C(100000000),
    UINT64_C(1000000000),
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
    UINT64_C(1000000000000000000),
};

struct decimal {
    uint64_t digits;  /* without the point; wrapped round where they are not exact */
    int64_t exponent; /* of ten, for those */
    bool negative, exact;
    bool plain; /* spelled as strtod reads it */
};

/* Eight characters at once; false when one of them is not a digit. The sums below are of
 * neighbours: digits to pairs, pairs to fours, fours to the eight. */
static bool eight_digits(const char *p, uint64_t *value)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
    const uint64_t zeros = UINT64_C(0x3030303030303030), high = UINT64_C(0xF0F0F0F0F0F0F0F0);
    const uint64_t six = UINT64_C(0x0606060606060606);
    if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || (x & high) != zeros ||
        ((x + six) & high) != zeros)
        return false;
    x -= zeros;
    x = (x * 10 + (x >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
    x = (x * 100 + (x >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
    *value = (x * 10000 + (x >> 32)) & UINT64_C(0xFFFFFFFF);
    return true;
}

static const char *read_digits(const char *p, const char *end, uint64_t *digits)
{
    uint64_t n = *digits, eight;
    while (end - p >= 8 && eight_digits(p, &eight)) {
        n = n * 100000000 + eight;
        p += 8;
    }
    for (; number_is_digit(*p); p++)
        n = n * 10 + (uint64_t)(*p - '0');
    *digits = n;
    return p;
}

static const char *read_exponent(const char *p, struct decimal *d)
{
    bool negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    if (!number_is_digit(*p))
        return NULL;
    int64_t value = 0;
    for (; number_is_digit(*p); p++)
        if (value < 1000000)
            value = value * 10 + (*p - '0');
    d->exponent += negative ? -value : value;
    return p;
}

/* Fortran leaves the letter out before three digits, 0.1000000+151. Dates, ranges and numbers of
 * telephones look like it but for the point and the one digit before it. */
static bool bare_exponent(const char *p, const char *end, ptrdiff_t whole, bool point)
{
    return (*p == '-' || *p == '+') && point && whole <= 1 && end - p == 4;
}

/* False when p..end is not a decimal number. */
static bool read_decimal(const char *p, const char *end, char point, struct decimal *d)
{
    *d = (struct decimal){ .negative = *p == '-', .plain = point == '.' };
    if (*p == '-' || *p == '+')
        p++;
    const char *start = p;
    p = read_digits(p, end, &d->digits);
    ptrdiff_t whole = p - start, count = whole;
    bool has_point = *p == point;
    if (has_point) {
        start = ++p;
        p = read_digits(p, end, &d->digits);
        d->exponent = start - p;
        count += p - start;
    }
    if (count == 0)
        return false;
    d->exact = count <= 19;
    if (p == end)
        return true;
    if (*p == 'e' || *p == 'E')
        return read_exponent(p + 1, d) == end;
    d->plain = false;
    if (*p == 'd' || *p == 'D')
        return read_exponent(p + 1, d) == end;
    return bare_exponent(p, end, whole, has_point) && read_exponent(p, d) == end;
}

/* One rounding: digits up to 2^53 and powers of ten up to 10^22 are exact doubles, and a
 * product or quotient of two doubles is correctly rounded, where double is not evaluated in a
 * wider type. */
static bool one_step(const struct decimal *d, double *value)
{
    if (!d->exact || FLT_EVAL_METHOD != 0 || d->digits > (UINT64_C(1) << 53))
        return false;
    if (d->exponent < -22 || d->exponent > 22)
        return false;
    double v = (double)d->digits;
    v = d->exponent < 0 ? v / ten_to[-d->exponent] : v * ten_to[d->exponent];
    *value = d->negative ? -v : v;
    return true;
}

#ifdef __SIZEOF_INT128__
/* Far from the ends of double's range. */
static double power_of_two(int exponent)
{
    uint64_t bits = (uint64_t)(1023 + exponent) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
#endif

/* The 16 to 19 digits that programs write: a quotient of whole numbers with at least 63 bits,
 * the last of them set when there is a remainder, is rounded once by its conversion. */
static bool one_division(const struct decimal *d, double *value)
{
#ifdef __SIZEOF_INT128__
    if (!d->exact || FLT_EVAL_METHOD != 0 || d->digits == 0 || d->exponent < -18 || d->exponent > 0)
        return false;
    uint64_t divisor = number_ten[-d->exponent];
    int up = __builtin_clzll(d->digits), divisor_up = __builtin_clzll(divisor);
    wide numerator = (wide)(d->digits << up) << 63;
    divisor <<= divisor_up;
    uint64_t quotient = (uint64_t)(numerator / divisor);
    quotient |= quotient * divisor != (uint64_t)numerator;
    double v = (double)quotient * power_of_two(divisor_up - up - 63);
    *value = d->negative ? -v : v;
    return true;
#else
    (void)d, (void)value;
    return false;
#endif
}

static bool same_word(const char *p, size_t length, const char *word)
{
    return strlen(word) == length && strncasecmp(p, word, length) == 0;
}

static enum number_kind word_kind(const char *p, size_t length)
{
    if (length == 0 || same_word(p, length, "na"))
        return NUMBER_MISSING;
    if (*p == '+' || *p == '-') {
        p++;
        length--;
    }
    if (same_word(p, length, "nan"))
        return NUMBER_MISSING;
    if (same_word(p, length, "inf") || same_word(p, length, "infinity"))
        return NUMBER_INFINITE;
    return NUMBER_TEXT;
}

/* What read_decimal has taken, as strtod spells it. NaN without memory for it. */
static double spell_out(const char *text, const char *end, char point)
{
    char *copy = malloc((size_t)(end - text) + 2), *q = copy;
    if (copy == NULL)
        return (double)NAN;
    for (const char *p = text; p < end; p++) {
        bool sign = *p == '-' || *p == '+';
        if (sign && p > text && (number_is_digit(p[-1]) || p[-1] == point))
            *q++ = 'e';
        *q++ = *p == point ? '.' : *p == 'd' || *p == 'D' ? 'e' : *p;
    }
    *q = '\0';
    double value = strtod_l(copy, NULL, number_c_locale());
    free(copy);
    return value;
}

/* U+2212, which programs that care for looks print. */
static bool has_minus_sign(const char *text, const char *end)
{
    for (; end - text >= 3; text++)
        if (memcmp(text, "\xE2\x88\x92", 3) == 0)
            return true;
    return false;
}

static enum number_kind parse_minus_sign(const char *text, const char *end, char point,
                                         double *value)
{
    char *copy = malloc((size_t)(end - text) + 1), *q = copy;
    enum number_kind kind = NUMBER_TEXT;
    if (copy == NULL)
        return kind;
    for (const char *p = text; p < end; p++) {
        bool minus = end - p >= 3 && memcmp(p, "\xE2\x88\x92", 3) == 0;
        *q++ = minus ? '-' : *p;
        p += minus ? 2 : 0;
    }
    *q = '\0';
    kind = number_parse_point(copy, (size_t)(q - copy), point, value);
    free(copy);
    return kind;
}

enum number_kind number_parse_point(const char *text, size_t length, char point, double *value)
{
    const char *end = text + length;
    while (text < end && (*text == ' ' || *text == '\t'))
        text++;
    while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    struct decimal d;
    *value = (double)NAN;
    if (!read_decimal(text, end, point, &d))
        return has_minus_sign(text, end) ? parse_minus_sign(text, end, point, value)
                                         : word_kind(text, (size_t)(end - text));
    if (one_step(&d, value) || one_division(&d, value))
        return NUMBER_FINITE;
    double v = d.plain ? strtod_l(text, NULL, number_c_locale()) : spell_out(text, end, point);
    if (isinf(v))
        return NUMBER_RANGE;
    *value = v;
    return isnan(v) ? NUMBER_TEXT : NUMBER_FINITE;
}

enum number_kind number_parse(const char *text, size_t length, double *value)
{
    return number_parse_point(text, length, '.', value);
}

bool number_underflows(const char *text, size_t length)
{
    double value;
    size_t mantissa = strspn(text, " \t+-.0");
    return number_parse(text, length, &value) == NUMBER_FINITE && value == 0 &&
           number_is_digit(text[mantissa]);
}

bool number_fits_f32(double value)
{
    return !isfinite(value) || !isinf((float)value);
}

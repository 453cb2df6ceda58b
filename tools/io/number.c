/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/io/number.h"

#include <ctype.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static locale_t c_locale(void)
{
    static locale_t c;
    if (c == (locale_t)0)
        c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return c;
}

/* ---- reading ---- */

static const double ten_to[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

static const uint64_t whole_ten[] = {
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
};

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;
#endif

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

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
    for (; is_digit(*p); p++)
        n = n * 10 + (uint64_t)(*p - '0');
    *digits = n;
    return p;
}

static const char *read_exponent(const char *p, struct decimal *d)
{
    bool negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    if (!is_digit(*p))
        return NULL;
    int64_t value = 0;
    for (; is_digit(*p); p++)
        if (value < 1000000)
            value = value * 10 + (*p - '0');
    d->exponent += negative ? -value : value;
    return p;
}

/* False when p..end is not a decimal number. */
static bool read_decimal(const char *p, const char *end, struct decimal *d)
{
    *d = (struct decimal){ .negative = *p == '-' };
    if (*p == '-' || *p == '+')
        p++;
    const char *start = p;
    p = read_digits(p, end, &d->digits);
    ptrdiff_t count = p - start;
    if (*p == '.') {
        start = ++p;
        p = read_digits(p, end, &d->digits);
        d->exponent = start - p;
        count += p - start;
    }
    if (count == 0)
        return false;
    d->exact = count <= 19;
    if (*p == 'e' || *p == 'E')
        p = read_exponent(p + 1, d);
    return p == end;
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

/* The 16 to 19 digits that programs write: a quotient of whole numbers with at least 63 bits,
 * the last of them set when there is a remainder, is rounded once by its conversion. */
static bool one_division(const struct decimal *d, double *value)
{
#ifdef __SIZEOF_INT128__
    if (!d->exact || FLT_EVAL_METHOD != 0 || d->digits == 0 || d->exponent < -18 || d->exponent > 0)
        return false;
    uint64_t divisor = whole_ten[-d->exponent];
    int up = __builtin_clzll(d->digits), divisor_up = __builtin_clzll(divisor);
    wide numerator = (wide)(d->digits << up) << 63;
    divisor <<= divisor_up;
    uint64_t quotient = (uint64_t)(numerator / divisor);
    quotient |= numerator % divisor != 0;
    double v = ldexp((double)quotient, divisor_up - up - 63);
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

enum number_kind number_parse(const char *text, size_t length, double *value)
{
    const char *end = text + length;
    while (text < end && (*text == ' ' || *text == '\t'))
        text++;
    while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    struct decimal d;
    *value = (double)NAN;
    if (!read_decimal(text, end, &d))
        return word_kind(text, (size_t)(end - text));
    if (one_step(&d, value) || one_division(&d, value))
        return NUMBER_FINITE;
    double v = strtod_l(text, NULL, c_locale());
    if (isinf(v))
        return NUMBER_RANGE;
    *value = v;
    return NUMBER_FINITE;
}

bool number_fits_f32(double value)
{
    return !isfinite(value) || !isinf((float)value);
}

/* ---- writing ---- */

/* 0.d1d2.. * 10^point, no trailing zeros. */
struct shortest {
    char digits[20];
    int count, point;
};

static void set_digits(struct shortest *s, uint64_t n, int exponent)
{
    char reversed[24];
    int count = 0;
    while (n % 10 == 0) {
        n /= 10;
        exponent++;
    }
    for (; n != 0; n /= 10)
        reversed[count++] = (char)('0' + n % 10);
    for (int i = 0; i < count; i++)
        s->digits[i] = reversed[count - 1 - i];
    s->count = count;
    s->point = count + exponent;
}

#ifdef __SIZEOF_INT128__
/* What reads back to the value is an interval around it. Scaled by 10^scale so that the
 * value has `places` digits before the point, value and ends are held exactly, in units of
 * 2^-shift. */
struct interval {
    wide low, value, high;
    int shift;
};

static wide five_to(int n)
{
    wide p = 1;
    for (; n > 0; n--)
        p *= 5;
    return p;
}

/* value = mantissa * 2^exponent with `bits` bits, positive and normal. False when the exact
 * product would not fit 128 bits. */
static bool scaled(uint64_t mantissa, int exponent, int bits, int scale, struct interval *r)
{
    int shift = -(exponent + scale) + 2;
    if (scale < 0 || (bits + 3) * 100 + scale * 233 > 12700 || shift < 2 || shift > 126)
        return false;
    wide five = five_to(scale);
    bool binade = mantissa == UINT64_C(1) << (bits - 1); /* the gap below is half as wide */
    r->value = 4 * five * mantissa;
    r->low = r->value - (binade ? five : 2 * five);
    r->high = r->value + 2 * five;
    r->shift = shift;
    return true;
}

/* The whole numbers in the interval. Its ends are odd multiples of a power of five in halves
 * or smaller parts of a unit, never whole, so it does not matter whether they belong to it. */
static void whole(const struct interval *r, uint64_t *first, uint64_t *last)
{
    *first = (uint64_t)(r->low >> r->shift) + 1;
    *last = (uint64_t)(r->high >> r->shift);
}

/* Drops the most digits such that a number is left in [first, last]; of several, the nearest
 * to the value. */
static bool shorten(const struct interval *r, int scale, struct shortest *s)
{
    uint64_t first, last;
    whole(r, &first, &last);
    if (first > last)
        return false;
    int drop = 0;
    while (drop < 17 && last / whole_ten[drop + 1] * whole_ten[drop + 1] >= first)
        drop++;
    uint64_t unit = whole_ten[drop];
    uint64_t from = (first + unit - 1) / unit, to = last / unit;
    uint64_t base = (uint64_t)(r->value >> r->shift);
    wide rest = ((wide)(base % unit) << r->shift) + (r->value & (((wide)1 << r->shift) - 1));
    wide half = ((wide)unit << r->shift) / 2;
    uint64_t n = base / unit + (rest > half || (rest == half && base / unit % 2 == 1));
    n = n < from ? from : (n > to ? to : n);
    set_digits(s, n, drop - scale);
    return true;
}

static bool fast_digits(double value, int bits, int places, struct shortest *s)
{
    int exponent;
    uint64_t mantissa = (uint64_t)ldexp(frexp(value, &exponent), bits);
    exponent -= bits;
    /* floor(log10(value)), or one less */
    int decade = (int)floor((exponent + bits - 1) * 0.30102999566398120);
    for (int scale = places - 1 - decade; scale >= places - 2 - decade; scale--) {
        struct interval r;
        if (!scaled(mantissa, exponent, bits, scale, &r))
            return false;
        /* rest of shorten() shifts values below 10^17 */
        if (r.value >> r.shift < whole_ten[places])
            return shorten(&r, scale, s);
    }
    return false;
}
#else
static bool fast_digits(double value, int bits, int places, struct shortest *s)
{
    (void)value, (void)bits, (void)places, (void)s;
    return false;
}
#endif

/* The search upward, for what is far from 1 or subnormal. */
static void search_digits(double value, bool single, struct shortest *s)
{
    int most = single ? 9 : 17;
    bool tiny = value < (single ? (double)FLT_MIN : DBL_MIN);
    for (int count = tiny ? 1 : (single ? 6 : 15); count <= most; count++) {
        char text[40];
        snprintf(text, sizeof text, "%.*e", count - 1, value);
        uint64_t n = 0;
        char *p = text;
        for (; *p != 'e'; p++) /* over the locale's decimal point, whatever it is */
            if (is_digit(*p))
                n = n * 10 + (uint64_t)(*p - '0');
        int exponent = atoi(p + 1) - (count - 1);
        char again[48];
        snprintf(again, sizeof again, "%llue%d", (unsigned long long)n, exponent);
        bool same = single ? strtof_l(again, NULL, c_locale()) == (float)value
                           : strtod_l(again, NULL, c_locale()) == value;
        if (same || count == most) {
            set_digits(s, n, exponent);
            return;
        }
    }
}

/* Plain for 1e-5 < |value| < 1e16, else with an exponent of at least two digits. */
static size_t lay_out(char *p, const struct shortest *s)
{
    char *start = p;
    int exponent = s->point - 1;
    if (exponent < -4 || exponent >= 16) {
        *p++ = s->digits[0];
        if (s->count > 1) {
            *p++ = '.';
            memcpy(p, s->digits + 1, (size_t)s->count - 1);
            p += s->count - 1;
        }
        return (size_t)(p - start) + (size_t)sprintf(p, "e%+03d", exponent);
    }
    if (exponent < 0) {
        memcpy(p, "0.", 2);
        p += 2;
        for (int i = exponent + 1; i < 0; i++)
            *p++ = '0';
    }
    for (int i = 0; i < s->count || i < s->point; i++) {
        if (i == s->point && s->point > 0)
            *p++ = '.';
        *p++ = i < s->count ? s->digits[i] : '0';
    }
    *p = '\0';
    return (size_t)(p - start);
}

static size_t format(char *text, double value, bool single)
{
    if (isnan(value))
        return (size_t)sprintf(text, "NaN");
    char *p = text;
    if (signbit(value))
        *p++ = '-';
    value = fabs(value);
    if (isinf(value))
        return (size_t)(p - text) + (size_t)sprintf(p, "Inf");
    if (value == 0)
        return (size_t)(p - text) + (size_t)sprintf(p, "0");
    struct shortest s;
    bool normal = value >= (single ? (double)FLT_MIN : DBL_MIN);
    bool done = normal && fast_digits(value, single ? 24 : 53, single ? 9 : 17, &s);
    if (!done)
        search_digits(value, single, &s);
    return (size_t)(p - text) + lay_out(p, &s);
}

size_t number_format(char text[NUMBER_TEXT_MAX], double value)
{
    return format(text, value, false);
}

size_t number_format_f32(char text[NUMBER_TEXT_MAX], float value)
{
    return format(text, (double)value, true);
}

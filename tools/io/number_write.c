/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/io/number_parts.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    while (drop < 17 && last / number_ten[drop + 1] * number_ten[drop + 1] >= first)
        drop++;
    uint64_t unit = number_ten[drop];
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
        if (r.value >> r.shift < number_ten[places])
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
            if (number_is_digit(*p))
                n = n * 10 + (uint64_t)(*p - '0');
        int exponent = atoi(p + 1) - (count - 1);
        char again[48];
        snprintf(again, sizeof again, "%llue%d", (unsigned long long)n, exponent);
        bool same = single ? strtof_l(again, NULL, number_c_locale()) == (float)value
                           : strtod_l(again, NULL, number_c_locale()) == value;
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

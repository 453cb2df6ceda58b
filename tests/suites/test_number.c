/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/io/number.h"

#include "tests/suites/suites.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

static uint64_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static const struct {
    const char *text;
    enum number_kind kind;
    double value;
} readings[] = {
    { "0", NUMBER_FINITE, 0 },
    { "-0", NUMBER_FINITE, -0.0 },
    { "+1.5", NUMBER_FINITE, 1.5 },
    { ".5", NUMBER_FINITE, .5 },
    { "5.", NUMBER_FINITE, 5 },
    { " \t7 ", NUMBER_FINITE, 7 },
    { "1e3", NUMBER_FINITE, 1000 },
    { "1E-3", NUMBER_FINITE, 0.001 },
    { "123456789012345", NUMBER_FINITE, 123456789012345. },
    { "123456789012345e22", NUMBER_FINITE, 123456789012345e22 },
    { "1.23456789012345e-22", NUMBER_FINITE, 1.23456789012345e-22 },
    { "0.1000000000000000055511151231257827", NUMBER_FINITE, 0.1 },
    { "9007199254740993", NUMBER_FINITE, 9007199254740992. },
    { "9007199254740993.00000000000000000001", NUMBER_FINITE, 9007199254740994. },
    { "99999999999999999999", NUMBER_FINITE, 1e20 },
    { "0.30000000000000004", NUMBER_FINITE, 0.30000000000000004 },
    { "4.9406564584124654e-324", NUMBER_FINITE, 4.9406564584124654e-324 },
    { "1e-999", NUMBER_FINITE, 0 },
    { "0e999999999999999999999", NUMBER_FINITE, 0 },
    { "1.7976931348623157e308", NUMBER_FINITE, DBL_MAX },
    { "1.8e308", NUMBER_RANGE, 0 },
    { "-1e99999999999999999999", NUMBER_RANGE, 0 },
    { "1.5D+03", NUMBER_FINITE, 1500 },
    { "-0.25d2", NUMBER_FINITE, -25 },
    { "1D-400", NUMBER_FINITE, 0 },
    { "1.7976931348623157D308", NUMBER_FINITE, DBL_MAX },
    { "0.12345678901234567890123D-100", NUMBER_FINITE, 0.12345678901234567890123e-100 },
    { "1D400", NUMBER_RANGE, 0 },
    { "0.1000000+151", NUMBER_FINITE, 0.1e151 },
    { "-0.1000000-151 ", NUMBER_FINITE, -0.1e-151 },
    { "1.+100", NUMBER_FINITE, 1e100 },
    { ".5-100", NUMBER_FINITE, .5e-100 },
    { "0.1+999", NUMBER_RANGE, 0 },
    { "0.1+15", NUMBER_TEXT, 0 },
    { "0.1+1510", NUMBER_TEXT, 0 },
    { "1-151", NUMBER_TEXT, 0 },
    { "555.1234-567", NUMBER_TEXT, 0 },
    { "2020-101", NUMBER_TEXT, 0 },
    { "1D", NUMBER_TEXT, 0 },
    { "1DE5", NUMBER_TEXT, 0 },
    { "\xE2\x88\x92"
      "1.5",
      NUMBER_FINITE, -1.5 },
    { " 1e\xE2\x88\x92"
      "2 ",
      NUMBER_FINITE, 0.01 },
    { "\xE2\x88\x92", NUMBER_TEXT, 0 },
    { "1\xE2\x88\x92"
      "2",
      NUMBER_TEXT, 0 },
    { "\xE2\x88\x92"
      "Inf",
      NUMBER_INFINITE, 0 },
    { "", NUMBER_MISSING, 0 },
    { "  ", NUMBER_MISSING, 0 },
    { "NA", NUMBER_MISSING, 0 },
    { "nan", NUMBER_MISSING, 0 },
    { "-NaN", NUMBER_MISSING, 0 },
    { "inf", NUMBER_INFINITE, 0 },
    { "-Infinity", NUMBER_INFINITE, 0 },
    { "infin", NUMBER_TEXT, 0 },
    { "0x10", NUMBER_TEXT, 0 },
    { "1,5", NUMBER_TEXT, 0 },
    { "1e", NUMBER_TEXT, 0 },
    { "1e+", NUMBER_TEXT, 0 },
    { ".", NUMBER_TEXT, 0 },
    { "-", NUMBER_TEXT, 0 },
    { "1 2", NUMBER_TEXT, 0 },
    { "--1", NUMBER_TEXT, 0 },
    { "12345678x", NUMBER_TEXT, 0 },
    { "1234567:", NUMBER_TEXT, 0 },
    { "nan(1)", NUMBER_TEXT, 0 },
    { "n/a", NUMBER_TEXT, 0 },
};

START_TEST(text_is_read_as_what_it_says)
{
    double value;
    enum number_kind kind = number_parse(readings[_i].text, strlen(readings[_i].text), &value);
    ck_assert_msg(kind == readings[_i].kind, "\"%s\" is of kind %d", readings[_i].text, (int)kind);
    if (kind == NUMBER_FINITE)
        ck_assert_msg(memcmp(&value, &readings[_i].value, sizeof value) == 0, "\"%s\" is %.17g",
                      readings[_i].text, value);
    else
        ck_assert(isnan(value));
}
END_TEST

static const struct {
    const char *text;
    enum number_kind kind;
    double value;
} comma_readings[] = {
    { "1,5", NUMBER_FINITE, 1.5 },
    { "-,5D1", NUMBER_FINITE, -5 },
    { "0,1000000+151", NUMBER_FINITE, 0.1e151 },
    { "4,9406564584124654e-324", NUMBER_FINITE, 4.9406564584124654e-324 },
    { "0,1000000000000000055511151231257827", NUMBER_FINITE, 0.1 },
    { "12", NUMBER_FINITE, 12 },
    { "\xE2\x88\x92"
      "1,5",
      NUMBER_FINITE, -1.5 },
    { "1.5", NUMBER_TEXT, 0 },
    { "\xE2\x88\x92"
      "1.5",
      NUMBER_TEXT, 0 },
    { "1.234,5", NUMBER_TEXT, 0 },
    { "1,2,3", NUMBER_TEXT, 0 },
    { "1,8e308", NUMBER_RANGE, 0 },
    { "NA", NUMBER_MISSING, 0 },
};

START_TEST(a_decimal_comma_is_read)
{
    const char *text = comma_readings[_i].text;
    double value;
    enum number_kind kind = number_parse_point(text, strlen(text), ',', &value);
    ck_assert_msg(kind == comma_readings[_i].kind, "\"%s\" is of kind %d", text, (int)kind);
    if (kind == NUMBER_FINITE)
        ck_assert_msg(memcmp(&value, &comma_readings[_i].value, sizeof value) == 0,
                      "\"%s\" is %.17g", text, value);
    else
        ck_assert(isnan(value));
}
END_TEST

START_TEST(underflow_is_told_from_zero)
{
    ck_assert(number_underflows("1e-400", 6));
    ck_assert(number_underflows("-0.001e-350", 11));
    ck_assert(number_underflows(" 1D-400", 7));
    ck_assert(!number_underflows("0e-400", 6));
    ck_assert(!number_underflows("-0.00", 5));
    ck_assert(!number_underflows("5e-324", 6));
    ck_assert(!number_underflows("1", 1));
    ck_assert(!number_underflows("x", 1));
}
END_TEST

START_TEST(a_zero_byte_is_text)
{
    double value;
    ck_assert_int_eq(number_parse("1\0002", 3, &value), NUMBER_TEXT);
}
END_TEST

/* Against strtod, in all lengths and with the point everywhere. */
START_TEST(reading_rounds_correctly)
{
    state = 88172645463325252;
    for (int k = 0; k < 100000; k++) {
        char text[80], *p = text;
        int count = 1 + (int)(draw() % 22), point = (int)(draw() % (unsigned)(count + 1));
        if (draw() & 1)
            *p++ = '-';
        for (int i = 0; i < count; i++) {
            if (i == point)
                *p++ = '.';
            *p++ = (char)('0' + draw() % 10);
        }
        if (draw() % 4 == 0)
            p += sprintf(p, "e%d", (int)(draw() % 700) - 350);
        *p = '\0';
        double value, expected = strtod(text, NULL);
        enum number_kind kind = number_parse(text, (size_t)(p - text), &value);
        if (isinf(expected))
            ck_assert_int_eq(kind, NUMBER_RANGE);
        else
            ck_assert_msg(memcmp(&value, &expected, sizeof value) == 0, "%s is %.17g, not %.17g",
                          text, expected, value);
    }
}
END_TEST

static const struct {
    double value;
    const char *text;
} writings[] = {
    { 0, "0" },
    { -0.0, "-0" },
    { 0.1, "0.1" },
    { -2.5, "-2.5" },
    { 100, "100" },
    { 1. / 3, "0.3333333333333333" },
    { 0.1 + 0.2, "0.30000000000000004" },
    { 0.0001, "0.0001" },
    { 0.00001, "1e-05" },
    { 1e15, "1000000000000000" },
    { 1e16, "1e+16" },
    { 1e22, "1e+22" },
    { 1e23, "1e+23" },
    { 123456789012345678., "1.2345678901234568e+17" },
    { 0x1p-44, "5.684341886080802e-14" },
    { 5e-324, "5e-324" },
    { DBL_MIN, "2.2250738585072014e-308" },
    { DBL_MAX, "1.7976931348623157e+308" },
    { (double)NAN, "NaN" },
    { -(double)NAN, "NaN" },
    { (double)INFINITY, "Inf" },
    { -(double)INFINITY, "-Inf" },
};

START_TEST(numbers_are_written_as_expected)
{
    char text[NUMBER_TEXT_MAX];
    size_t length = number_format(text, writings[_i].value);
    ck_assert_str_eq(text, writings[_i].text);
    ck_assert_uint_eq(length, strlen(text));
}
END_TEST

/* How many digits "%.*e" needs to come back; no shorter text can be longer than that. */
static int digits_needed(double value, bool single)
{
    for (int count = 1;; count++) {
        char text[40];
        snprintf(text, sizeof text, "%.*e", count - 1, value);
        if (single ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value)
            return count;
    }
}

static int digits_of(const char *text)
{
    int count = 0, zeros = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (count == 0 && *text == '0'))
            continue;
        count++;
        zeros = *text == '0' ? zeros + 1 : 0;
    }
    return count - zeros;
}

static double any_double(int k)
{
    uint64_t bits = draw();
    double value, unit = (double)(bits >> 11) * 0x1p-53;
    memcpy(&value, &bits, sizeof value);
    if (k % 4 == 1)
        value = unit * 7;
    else if (k % 4 == 2)
        value = (double)(int64_t)(bits % 2000001) / 1000;
    else if (k % 4 == 3)
        value = ldexp(1 + (k % 8 > 3 ? unit : 0), (int)(bits % 128) - 64);
    return isfinite(value) ? value : 1;
}

START_TEST(doubles_come_back_with_the_fewest_digits)
{
    state = 123456789;
    for (int k = 0; k < 30000; k++) {
        char text[NUMBER_TEXT_MAX];
        double value = any_double(k), again;
        size_t length = number_format(text, value);
        ck_assert_uint_lt(length, sizeof text);
        ck_assert_int_eq(number_parse(text, length, &again), NUMBER_FINITE);
        ck_assert_msg(memcmp(&again, &value, sizeof value) == 0, "%s for %.17g", text, value);
        ck_assert_msg(digits_of(text) <= digits_needed(value, false), "%s is long", text);
    }
}
END_TEST

START_TEST(floats_come_back_with_the_fewest_digits)
{
    state = 987654321;
    for (int k = 0; k < 30000; k++) {
        char text[NUMBER_TEXT_MAX];
        uint32_t bits = (uint32_t)draw();
        float value;
        memcpy(&value, &bits, sizeof value);
        if (k % 2 == 1)
            value = (float)(bits >> 8) * 0x1p-22f;
        if (!isfinite(value))
            continue;
        number_format_f32(text, value);
        float again = strtof(text, NULL);
        ck_assert_msg(memcmp(&again, &value, sizeof value) == 0, "%s for %.9g", text,
                      (double)value);
        ck_assert_msg(digits_of(text) <= digits_needed((double)value, true), "%s is long", text);
    }
}
END_TEST

START_TEST(float_range_is_that_of_rounding)
{
    ck_assert(number_fits_f32((double)FLT_MAX));
    ck_assert(number_fits_f32((double)FLT_MAX * (1 + 0x1p-26)));
    ck_assert(!number_fits_f32((double)FLT_MAX * (1 + 0x1p-24)));
    ck_assert(!number_fits_f32(-3.5e38));
    ck_assert(number_fits_f32(1e-300));
    ck_assert(number_fits_f32((double)INFINITY));
}
END_TEST

Suite *suite_number(void)
{
    Suite *suite = suite_create("number");
    TCase *tc = tcase_create("number");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, text_is_read_as_what_it_says, 0,
                        (int)(sizeof readings / sizeof readings[0]));
    tcase_add_loop_test(tc, a_decimal_comma_is_read, 0,
                        (int)(sizeof comma_readings / sizeof comma_readings[0]));
    tcase_add_test(tc, underflow_is_told_from_zero);
    tcase_add_test(tc, a_zero_byte_is_text);
    tcase_add_test(tc, reading_rounds_correctly);
    tcase_add_loop_test(tc, numbers_are_written_as_expected, 0,
                        (int)(sizeof writings / sizeof writings[0]));
    tcase_add_test(tc, doubles_come_back_with_the_fewest_digits);
    tcase_add_test(tc, floats_come_back_with_the_fewest_digits);
    tcase_add_test(tc, float_range_is_that_of_rounding);
    suite_add_tcase(suite, tc);
    return suite;
}

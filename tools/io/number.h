/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as text, in the C locale whatever the process has set. */
#ifndef TOOLS_IO_NUMBER_H
#define TOOLS_IO_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

enum number_kind {
    NUMBER_FINITE,
    NUMBER_MISSING,  /* empty, NA or NaN in any case, NaN with a sign too */
    NUMBER_INFINITE, /* inf, infinity in any case */
    NUMBER_RANGE,    /* a number whose magnitude is above the largest double */
    NUMBER_TEXT      /* anything else, hexadecimal included */
};

/* Reads the whole of text[0..length), except for spaces and tabs around it; text[length] must be
 * 0. *value is correctly rounded when the kind is NUMBER_FINITE (underflow gives a subnormal
 * or 0), else NaN. Decimal: [+-] digits [. digits] [e [+-] digits], with a digit before or
 * after the point; e may be E, d or D, or be left out before a sign and three digits where there
 * is a point with at most one digit before it, as Fortran does; - may be U+2212. */
enum number_kind number_parse(const char *text, size_t length, double *value);

/* The same with another character for the decimal point. */
enum number_kind number_parse_point(const char *text, size_t length, char point, double *value);

/* A number above 0 in size that number_parse reads as 0. */
bool number_underflows(const char *text, size_t length);

enum { NUMBER_TEXT_MAX = 32 };

/* The fewest digits that read back to the same value, as "0.1", "1e-05", "1e+16", "-0",
 * "NaN", "Inf", "-Inf"; 0-terminated, and the length returned. */
size_t number_format(char text[NUMBER_TEXT_MAX], double value);
size_t number_format_f32(char text[NUMBER_TEXT_MAX], float value);

/* A double that fits float: NaN and Inf do, 3.5e38 does not. Underflow fits. */
bool number_fits_f32(double value);

#endif

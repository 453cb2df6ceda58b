/* SPDX-License-Identifier: Apache-2.0 */
/* What reading and writing a number share. */
#ifndef TOOLS_IO_NUMBER_PARTS_H
#define TOOLS_IO_NUMBER_PARTS_H

#include "tools/io/number.h"

#include <locale.h>
#include <stdint.h>

/* The powers of ten that 64 bits hold, from 10^0. */
enum { NUMBER_TENS = 19 };
extern const uint64_t number_ten[NUMBER_TENS];

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;
#endif

locale_t number_c_locale(void);

static inline bool number_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

#endif

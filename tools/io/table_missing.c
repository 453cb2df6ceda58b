/* SPDX-License-Identifier: Apache-2.0 */
/* Which cells are a missing value in the table's format. */
#include "tools/io/table_build.h"

#include <math.h>
#include <string.h>

bool table_is_marker(const struct table_builder *b, double value)
{
    for (size_t i = 0; i < b->format->missing.count; i++)
        if (b->markers[i] == value)
            return true;
    return false;
}

bool table_is_marker_text(const struct table_builder *b, const char *text, size_t length)
{
    for (; length > 0 && (*text == ' ' || *text == '\t'); length--)
        text++;
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    for (size_t i = 0; i < b->format->missing.count; i++) {
        const char *marker = b->format->missing.item[i];
        if (strlen(marker) == length && memcmp(text, marker, length) == 0)
            return true;
    }
    return false;
}

enum number_kind table_parse_marked(const struct table_builder *b, const char *text, size_t length,
                                    enum number_kind kind, double *value)
{
    if (kind == NUMBER_MISSING ||
        !(table_is_marker(b, *value) || table_is_marker_text(b, text, length)))
        return kind;
    *value = (double)NAN;
    return NUMBER_MISSING;
}

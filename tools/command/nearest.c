/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command/nearest.h"

#include "tools/command/error.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MOST = 64 }; /* bytes of a name that can be near to another */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool same(const char *a, const char *b)
{
    return tolower((unsigned char)*a) == tolower((unsigned char)*b);
}

/* Letters to insert, delete, replace, or swap with the next one, whatever their case. */
static size_t edit_distance(const char *a, size_t m, const char *b, size_t n)
{
    size_t rows[3][MOST + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= n; j++)
        last[j] = j;
    for (size_t i = 1; i <= m; i++) {
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            row[j] =
                least(last[j - 1] + !same(a + i - 1, b + j - 1), least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && same(a + i - 1, b + j - 2) && same(a + i - 2, b + j - 1))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[n];
}

void nearest_offer(struct nearest *n, const char *name)
{
    size_t typed = strlen(n->typed), length = strlen(name);
    const size_t most = (typed + 1) / 3;
    if (typed > MOST || length > MOST)
        return;
    /* A name that was begun is meant, however long it is. */
    bool begun = typed >= 2 && strncasecmp(n->typed, name, typed) == 0;
    size_t distance = begun ? length > typed : 2 * edit_distance(n->typed, typed, name, length);
    if (distance > 2 * most || (n->name != NULL && distance >= n->distance))
        return;
    n->name = name;
    n->distance = distance;
}

struct nearest_hint nearest_hint(const struct nearest *n)
{
    struct nearest_hint hint = { "" };
    if (n->name != NULL)
        snprintf(hint.text, sizeof hint.text, "; did you mean %s?", quoted_name(n->name).text);
    return hint;
}

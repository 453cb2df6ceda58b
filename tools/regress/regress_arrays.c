/* SPDX-License-Identifier: Apache-2.0 */
/* The arrays of a group: columns of its rows, and what the library gets. */
#include "tools/regress/regress_group.h"

#include <math.h>
#include <stdlib.h>

static size_t place_of(const size_t *rows, size_t i)
{
    return rows != NULL ? rows[i] : i;
}

int group_pack(const struct regress_group *g, double *const *columns, size_t rows, bool shift,
               size_t count, void **packed, const struct group_place *place, struct error *e)
{
    int st = array_new(packed, rows * count, real_size(g->single), e);
    for (size_t c = 0; st == CMD_OK && c < count; c++) {
        double origin = shift && g->single ? g->columns[c][0] : 0;
        for (size_t i = 0; i < rows; i++) {
            double value = columns[c][i] - origin;
            if (place != NULL && g->single && isinf((float)value))
                return table_fault(place->table, place_of(place->rows, i), c, e,
                                   "minus the first row's value is outside the range of float32");
            real_set(*packed, g->single, i * count + c, value);
        }
    }
    return st;
}

int group_share_or_pack(const struct regress_group *g, double *const *columns, size_t rows,
                        bool shift, size_t count, void **packed, const struct group_place *place,
                        struct error *e)
{
    if (g->single || count != 1)
        return group_pack(g, columns, rows, shift, count, packed, place, e);
    *packed = columns[0];
    return CMD_OK;
}

void group_free_packed(const struct regress_group *g, void *packed)
{
    const bool shared =
        g->columns != NULL &&
        (packed == g->columns[0] || packed == g->columns[g->d] || packed == g->points[0]);
    if (!shared)
        free(packed);
}

int group_take(double *const *columns, size_t count, const size_t *rows, size_t n, double **taken,
               void **memory, struct error *e)
{
    if (rows == NULL) {
        for (size_t c = 0; c < count; c++)
            taken[c] = columns[c];
        return CMD_OK;
    }
    int st = array_new(memory, count * n, sizeof(double), e);
    for (size_t c = 0; st == CMD_OK && c < count; c++) {
        taken[c] = (double *)*memory + c * n;
        for (size_t i = 0; i < n; i++)
            taken[c][i] = columns[c][rows[i]];
    }
    return st;
}

void group_free(struct regress_group *g)
{
    group_free_packed(g, g->x);
    group_free_packed(g, g->y);
    group_free_packed(g, g->q);
    free(g->a);
    free(g->columns);
    free(g->memory[0]);
    free(g->memory[1]);
    free(g->grid);
    free(g->missing);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The rows that bandwidths are chosen by. */
#include "backends/philox.h"
#include "tools/regress/regress_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A row and what it is ordered by. */
struct ticket {
    double key;
    size_t row;
};

static int compare_tickets(const void *left, const void *right)
{
    const struct ticket *l = left, *r = right;
    return l->key != r->key ? (l->key > r->key) - (l->key < r->key)
                            : (l->row > r->row) - (l->row < r->row);
}

static int compare_rows(const void *left, const void *right)
{
    const struct ticket *l = left, *r = right;
    return (l->row > r->row) - (l->row < r->row);
}

/* A number of the row's own, below 2^32. */
static double draw_row(uint64_t seed, size_t row)
{
    const struct philox counter = { { (uint32_t)row, (uint32_t)(row >> 32), 0, 0 } };
    return philox(counter, (uint32_t)seed, (uint32_t)(seed >> 32)).word[0];
}

static int tickets_new(struct ticket **tickets, size_t m, struct error *e)
{
    void *memory;
    const int st = array_new(&memory, m, sizeof **tickets, e);
    *tickets = memory;
    return st;
}

static int copy_rows(const struct regress_group *g, const struct sample *from,
                     const struct ticket *tickets, struct sample *to, struct error *e)
{
    const size_t size = real_size(g->single), width[3] = { g->d, g->v, from->a != NULL };
    const char *const source[3] = { from->x, from->y, from->a };
    int st = CMD_OK;
    for (int k = 0; k < 3 && st == CMD_OK; k++) {
        const size_t bytes = width[k] * size;
        st = array_new(&to->memory[k], to->m * width[k], size, e);
        for (size_t i = 0; st == CMD_OK && i < to->m && bytes > 0; i++)
            memcpy((char *)to->memory[k] + i * bytes, source[k] + tickets[i].row * bytes, bytes);
    }
    to->x = to->memory[0];
    to->y = to->memory[1];
    to->a = from->a != NULL ? to->memory[2] : NULL;
    return st;
}

/* Of more than `most` rows of positive case weight `most`, and with `others` these after them. */
static int take_rows(const struct regress_group *g, size_t most, int64_t seed, bool others,
                     struct sample *sample, struct error *e)
{
    const struct sample all = { .m = g->m, .x = g->x, .y = g->y, .a = g->a };
    struct ticket *tickets;
    size_t count = 0;
    *sample = all;
    if (g->m <= most)
        return CMD_OK;
    int st = tickets_new(&tickets, g->m, e);
    for (size_t j = 0; st == CMD_OK && j < g->m; j++)
        if (case_weight(g, j) > 0)
            tickets[count++] = (struct ticket){ draw_row((uint64_t)seed, j), j };
    if (st == CMD_OK && count > most) {
        qsort(tickets, count, sizeof *tickets, compare_tickets);
        qsort(tickets, most, sizeof *tickets, compare_rows);
        qsort(tickets + most, count - most, sizeof *tickets, compare_rows);
        sample->m = others ? count : most;
        st = copy_rows(g, &all, tickets, sample, e);
    }
    free(tickets);
    return st;
}

int sample_take(const struct regress_group *g, size_t most, int64_t seed, struct sample *sample,
                struct error *e)
{
    return take_rows(g, most, seed, false, sample, e);
}

int sample_first(const struct regress_group *g, size_t most, int64_t seed, struct sample *sample,
                 size_t *count, struct error *e)
{
    const int st = take_rows(g, most, seed, true, sample, e);
    *count = sample->memory[0] != NULL && st == CMD_OK ? most : g->m;
    return st;
}

int sample_sort(const struct regress_group *g, const struct sample *sample, struct sample *sorted,
                struct error *e)
{
    struct ticket *tickets;
    *sorted = (struct sample){ .m = sample->m };
    int st = tickets_new(&tickets, sample->m, e);
    for (size_t j = 0; st == CMD_OK && j < sample->m; j++)
        tickets[j] = (struct ticket){ real_get(sample->x, g->single, j), j };
    if (st == CMD_OK) {
        qsort(tickets, sample->m, sizeof *tickets, compare_tickets);
        st = copy_rows(g, sample, tickets, sorted, e);
    }
    free(tickets);
    return st;
}

void sample_free(struct sample *sample)
{
    for (int k = 0; k < 3; k++)
        free(sample->memory[k]);
    *sample = (struct sample){ .m = 0 };
}

static int compare_values(const void *left, const void *right)
{
    const double l = *(const double *)left, r = *(const double *)right;
    return (l > r) - (l < r);
}

int sample_spacing(const struct regress_group *g, const struct sample *sample, size_t column,
                   double *spacing, struct error *e)
{
    void *memory;
    const int st = array_new(&memory, sample->m, sizeof(double), e);
    double *x = memory;
    *spacing = 0;
    for (size_t j = 0; st == CMD_OK && j < sample->m; j++)
        x[j] = real_get(sample->x, g->single, j * g->d + column);
    if (st == CMD_OK)
        qsort(x, sample->m, sizeof *x, compare_values);
    for (size_t j = 1; st == CMD_OK && j < sample->m; j++)
        if (x[j] > x[j - 1] && (*spacing == 0 || x[j] - x[j - 1] < *spacing))
            *spacing = x[j] - x[j - 1];
    free(memory);
    return st;
}

/* Of sorted rows. */
static double gap_of(const struct regress_group *g, const struct sample *s)
{
    double gap = 0, before = HUGE_VAL, last = (double)NAN;
    for (size_t j = 0; j < s->m; j++) {
        const double x = real_get(s->x, g->single, j);
        if (s->a != NULL && !(real_get(s->a, g->single, j) > 0))
            continue;
        if (!isnan(last)) {
            const double nearest = fmin(before, x - last);
            gap = nearest > gap ? nearest : gap;
            before = x - last;
        }
        last = x;
    }
    return before > gap && isfinite(before) ? before : gap;
}

int sample_gap(const struct regress_group *g, const struct sample *sample, double *gap,
               struct error *e)
{
    struct sample sorted;
    int st = sample_sort(g, sample, &sorted, e);
    if (st == CMD_OK)
        *gap = gap_of(g, &sorted);
    sample_free(&sorted);
    return st;
}

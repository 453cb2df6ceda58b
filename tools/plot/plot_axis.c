/* SPDX-License-Identifier: Apache-2.0 */
/* Axes whose tics can be told apart. */
#include "tools/plot/plot_script.h"

#include "tools/io/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TICS = 8, TIC_DIGITS = 7 };

/* ---- order ---- */

struct by_x {
    double x;
    size_t row;
};

static int compare_x(const void *a, const void *b)
{
    const struct by_x *p = a, *q = b;
    if (isnan(p->x) != isnan(q->x))
        return isnan(p->x) ? 1 : -1;
    if (p->x < q->x || p->x > q->x)
        return p->x < q->x ? -1 : 1;
    return (p->row > q->row) - (p->row < q->row);
}

size_t *order_of(const double *x, size_t count)
{
    struct by_x *by = x != NULL ? malloc((count + 1) * sizeof *by) : NULL;
    size_t *order = malloc((count + 1) * sizeof *order);
    if (order == NULL || (x != NULL && by == NULL)) {
        free(by);
        free(order);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    if (x != NULL) {
        for (size_t i = 0; i < count; i++)
            by[i] = (struct by_x){ x[i], i };
        qsort(by, count, sizeof *by, compare_x);
        for (size_t i = 0; i < count; i++)
            order[i] = by[i].row;
    }
    free(by);
    return order;
}

/* ---- offsets ---- */

void extend(struct extent *extent, double value)
{
    if (!isfinite(value))
        return;
    extent->low = fmin(extent->low, value);
    extent->high = fmax(extent->high, value);
}

static double size_of(struct extent extent)
{
    return fmax(fabs(extent.low), fabs(extent.high));
}

bool is_rounding(struct extent extent)
{
    return extent.high - extent.low <= 1e-13 * size_of(extent);
}

/* A tic has six digits, and an exponent from 1e6 on, which is hard to read where few of the
 * digits change. */
double axis_offset(struct extent extent)
{
    double range = extent.high - extent.low, size = size_of(extent);
    if (!(range > 0) || size < (size >= 1e6 ? 10 : 1e4) * range || is_rounding(extent))
        return 0;
    double exponent = ceil(log10(range)), step = pow(10, fabs(exponent));
    return exponent < 0 ? floor(extent.low * step) / step : floor(extent.low / step) * step;
}

/* The bytes of the first or the last `characters` characters. */
static size_t head(const char *text, size_t characters)
{
    size_t i = 0;
    for (; text[i] != '\0'; i++)
        if (is_character(text[i]) && characters-- == 0)
            break;
    return i;
}

static size_t tail(const char *text, size_t characters)
{
    size_t length = strlen(text), i = length;
    while (i > 0 && characters > 0)
        characters -= is_character(text[--i]);
    return length - i;
}

void put_axis_label(struct script *s, const char *axis, const char *label, double offset)
{
    enum { LONGEST = 46 }; /* characters; what is longer loses its middle */
    char setting[16], number[NUMBER_TEXT_MAX], text[8 * LONGEST + NUMBER_TEXT_MAX];
    const char *whole = label != NULL ? label : "";
    size_t first = head(whole, LONGEST / 2), last = tail(whole, LONGEST / 2);
    bool cut = head(whole, LONGEST) < strlen(whole);
    int length = cut ? snprintf(text, sizeof text, "%.*s\xE2\x80\xA6%s", (int)first, whole,
                                whole + strlen(whole) - last)
                     : snprintf(text, sizeof text, "%s", whole);
    number_format(number, fabs(offset));
    if (offset != 0)
        snprintf(text + length, sizeof text - (size_t)length, " %s %s",
                 offset < 0 ? "+" : "\xE2\x88\x92", number);
    snprintf(setting, sizeof setting, "%slabel", axis);
    put_setting(s, setting, text);
}

/* ---- cells of a matrix ---- */

struct tics {
    size_t count;
    double value[MOST_TICS + 1], cell[MOST_TICS + 1];
};

static void add_tic(struct tics *t, double value, double cell)
{
    t->value[t->count] = value;
    t->cell[t->count++] = cell;
}

/* 1, 2 or 5 times a power of ten, so that no more than MOST_TICS of them fit into the range. */
static double round_step(double range)
{
    double least = range / MOST_TICS, ten = pow(10, floor(log10(least)));
    return least <= ten ? ten : least <= 2 * ten ? 2 * ten : least <= 5 * ten ? 5 * ten : 10 * ten;
}

double integer_step(double range)
{
    return range > MOST_TICS ? round_step(range) : 1;
}

static void tic_numbers(struct tics *t, size_t first, size_t count)
{
    size_t step = count > MOST_TICS ? (size_t)round_step((double)count) : 1;
    for (size_t i = (step - first % step) % step; i < count; i += step)
        add_tic(t, (double)(first + i), (double)i);
}

static void tic_cells(struct tics *t, const double *value, size_t count)
{
    size_t step = (count + MOST_TICS - 1) / MOST_TICS;
    for (size_t i = 0; i < count; i += step)
        add_tic(t, value[i], (double)i);
}

/* How many of the ascending values are smaller. */
static size_t smaller(const double *value, size_t count, double wanted)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (value[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Where a value stands among the ascending ones, in the middle of those as good as equal. */
static double cell_of(const double *value, size_t count, double wanted, double slack)
{
    size_t below = smaller(value, count, wanted - slack);
    size_t up_to = smaller(value, count, wanted + slack);
    if (up_to > below)
        return ((double)below + (double)up_to - 1) / 2;
    if (below == 0 || below == count)
        return below == 0 ? 0 : (double)(count - 1);
    double low = value[below - 1], high = value[below];
    return (double)(below - 1) + (wanted - low) / (high - low);
}

/* As far as they do not stand too close: the axis has as much room for each cell, whatever the
 * values are. Where these have no range or an infinite one there are none. */
static void tic_round_values(struct tics *t, const double *value, size_t count, double offset)
{
    double low = value[0] - offset, high = value[count - 1] - offset, step = round_step(high - low);
    double nearest = (double)count / (MOST_TICS + 4), start = ceil(low / step);
    for (int i = 0; i <= MOST_TICS && (start + i) * step <= high; i++) {
        double round = (start + i) * step + 0.0; /* not -0 */
        double cell = cell_of(value, count, round + offset, step * 1e-6);
        if (t->count == 0 || cell - t->cell[t->count - 1] >= nearest)
            add_tic(t, round + offset, cell);
    }
}

static int digits_before(double value)
{
    return value > 0 ? (int)floor(log10(value)) + 1 : 1;
}

/* With enough digits to tell them apart, and no exponent without need. */
static void put_tics(struct script *s, const char *axis, const struct tics *t, double offset)
{
    double size = 0, step = HUGE_VAL;
    for (size_t i = 0; i < t->count; i++) {
        size = fmax(size, fabs(t->value[i] - offset));
        if (i > 0 && t->value[i] > t->value[i - 1])
            step = fmin(step, t->value[i] - t->value[i - 1]);
    }
    int whole = digits_before(size), digits = whole - digits_before(fmin(size, step)) + 2;
    digits = whole <= TIC_DIGITS && digits < whole ? whole : digits;
    fprintf(s->f, "set %stics nomirror (", axis);
    for (size_t i = 0; i < t->count; i++)
        fprintf(s->f, "%s'%.*g' %.6g", i > 0 ? ", " : "", digits < TIC_DIGITS ? digits : TIC_DIGITS,
                t->value[i] - offset, t->cell[i]);
    fputs(")\n", s->f);
}

int put_cell_axis(struct script *s, const char *axis, const char *label,
                  const struct cell_axis *cells, struct error *e)
{
    enum { FEW = 3 };
    struct tics tics = { 0 };
    struct extent extent = EXTENT_NONE;
    size_t count = 0;
    double *value = cells->at != NULL ? malloc(cells->count * sizeof *value) : NULL;
    if (cells->at != NULL && value == NULL)
        return error_memory(e, cells->count * sizeof *value);
    for (size_t i = 0; value != NULL && i < cells->count; i++)
        if (isfinite(cells->at[cells->order[i]])) {
            value[count++] = cells->at[cells->order[i]];
            extend(&extent, value[count - 1]);
        }
    double offset = axis_offset(extent);
    if (value == NULL)
        tic_numbers(&tics, cells->first, cells->count);
    else if (count > MOST_TICS)
        tic_round_values(&tics, value, count, offset);
    if (value != NULL && tics.count < FEW) {
        tics.count = 0;
        tic_cells(&tics, value, count);
    }
    put_axis_label(s, axis, label, offset);
    put_tics(s, axis, &tics, offset);
    free(value);
    return CMD_OK;
}

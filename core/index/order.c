/* SPDX-License-Identifier: Apache-2.0 */

/* Points in the order of a k-d tree. */

#include "core/index/build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A point is a row of d coordinates and its number. */
enum { MOST_WIDE = INDEX_COORDINATES + 1 };

static inline void swap_rows(double *x, double *y, const int wide)
{
    for (int c = 0; c < wide; c++) {
        const double t = x[c];
        x[c] = y[c];
        y[c] = t;
    }
}

static inline double median_of(double x, double y, double z)
{
    const double low = x < y ? x : y, high = x < y ? y : x;
    return z < low ? low : z > high ? high : z;
}

/* Row `nth` gets to its place by coordinate c: none before it is larger, none after it smaller. */
static inline void select_row(double *rows, int64_t count, int64_t nth, int c, const int wide)
{
    int64_t low = 0, high = count - 1;
    while (low < high) {
        const double pivot = median_of(rows[low * wide + c], rows[(low + high) / 2 * wide + c],
                                       rows[high * wide + c]);
        int64_t i = low, j = high;
        while (i <= j) {
            while (rows[i * wide + c] < pivot)
                i++;
            while (rows[j * wide + c] > pivot)
                j--;
            if (i <= j)
                swap_rows(rows + i++ * wide, rows + j-- * wide, wide);
        }
        if (nth > j && nth < i)
            return;
        if (nth <= j)
            high = j;
        else
            low = i;
    }
}

static void select_any(double *rows, int64_t count, int64_t nth, int c, int wide)
{
    switch (wide) {
    case 3:
        select_row(rows, count, nth, c, 3);
        break;
    case 4:
        select_row(rows, count, nth, c, 4);
        break;
    default:
        select_row(rows, count, nth, c, MOST_WIDE);
    }
}

/* The coordinate in which the rows are farthest apart. */
static int widest(const double *rows, int64_t count, const double *scale, int wide)
{
    double least[MOST_WIDE], most[MOST_WIDE], extent = -1;
    int best = 0;
    for (int c = 0; c < wide - 1; c++)
        least[c] = most[c] = rows[c];
    for (int64_t i = 1; i < count; i++)
        for (int c = 0; c < wide - 1; c++) {
            const double x = rows[i * wide + c];
            least[c] = x < least[c] ? x : least[c];
            most[c] = x > most[c] ? x : most[c];
        }
    for (int c = 0; c < wide - 1; c++) {
        const double size = (most[c] - least[c]) * scale[c];
        if (size > extent) {
            extent = size;
            best = c;
        }
    }
    return best;
}

/* --- one coordinate: into parts of its range, and each by the bits of its numbers ----------- */

enum { DIGIT_BITS = 11, DIGITS = 6, DIGIT_VALUES = 1 << DIGIT_BITS, PART = 1 << 12 };

struct place {
    double x;
    uint64_t number;
};

/* Equal parts of the range of what is finite. What falls into one is `first` .. of the next one. */
struct parts {
    double least, per_unit;
    size_t count;
    uint32_t *first; /* count + 1 */
    uint32_t largest;
};

/* As unsigned integers these are in the order of the numbers. */
static inline uint64_t ordered_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits ^ (bits >> 63 ? UINT64_MAX : (uint64_t)1 << 63);
}

static inline size_t digit_of(double x, int digit)
{
    return (size_t)(ordered_bits(x) >> (digit * DIGIT_BITS)) % DIGIT_VALUES;
}

/* By one digit, stably. */
static void sort_digit(const struct place *from, struct place *to, size_t count, int digit,
                       const uint32_t *values)
{
    uint32_t at[DIGIT_VALUES], sum = 0;
    for (size_t k = 0; k < DIGIT_VALUES; k++) {
        at[k] = sum;
        sum += values[k];
    }
    for (size_t i = 0; i < count; i++)
        to[at[digit_of(from[i].x, digit)]++] = from[i];
}

/* Returns where they are in the end, in `places` or in `spare`. The counts of digits, DIGITS of
 * them, are too large for the stack of a small thread. */
static const struct place *sort_places(struct place *places, struct place *spare, size_t count,
                                       uint32_t (*values)[DIGIT_VALUES])
{
    memset(values, 0, DIGITS * sizeof *values);
    for (size_t i = 0; i < count; i++)
        for (int digit = 0; digit < DIGITS; digit++)
            values[digit][digit_of(places[i].x, digit)]++;
    for (int digit = 0; digit < DIGITS; digit++) {
        if (values[digit][digit_of(places[0].x, digit)] == (uint32_t)count)
            continue;
        sort_digit(places, spare, count, digit, values[digit]);
        struct place *last = places;
        places = spare;
        spare = last;
    }
    return places;
}

/* Does not fall as x rises. */
static inline size_t part_of(const struct parts *p, double x)
{
    const size_t part = (size_t)((x - p->least) * p->per_unit);
    return part < p->count ? part : p->count - 1;
}

/* false: no memory. A range without an end of its own, or none at all, is one part. */
static bool make_parts(struct parts *p, const struct array *x, int type, int64_t count)
{
    double least = INFINITY, most = -INFINITY;
    for (int64_t i = 0; i < count; i++) {
        const double y = index_element(x, type, i, 0);
        least = isfinite(y) && y < least ? y : least;
        most = isfinite(y) && y > most ? y : most;
    }
    p->count = (size_t)count / PART + 1;
    p->least = least;
    p->per_unit = (double)p->count / (most - least);
    if (!isfinite(most - least) || !isfinite(p->per_unit))
        p->per_unit = 0;
    p->first = calloc(p->count + 1, sizeof *p->first);
    if (!p->first)
        return false;
    for (int64_t i = 0; i < count; i++) {
        const double y = index_element(x, type, i, 0);
        if (isfinite(y))
            p->first[part_of(p, y) + 1]++;
    }
    p->largest = 0;
    for (size_t k = 1; k <= p->count; k++) {
        p->largest = p->first[k] > p->largest ? p->first[k] : p->largest;
        p->first[k] += p->first[k - 1];
    }
    return true;
}

/* Numbers into their parts, after which first[k] is the end of part k; what is not finite after
 * all of them. */
static void fill_parts(const struct parts *p, const struct array *x, int type, double *point,
                       struct point_order *order)
{
    int64_t last = order->finite;
    for (int64_t i = 0; i < order->count; i++) {
        const double y = index_element(x, type, i, 0);
        const int64_t to = isfinite(y) ? p->first[part_of(p, y)]++ : last++;
        order->number[to] = (uint32_t)i;
        if (isfinite(y))
            point[to] = y;
    }
}

static void sort_part(struct place *places, double *point, uint32_t *number, size_t count,
                      uint32_t (*values)[DIGIT_VALUES])
{
    for (size_t i = 0; i < count; i++)
        places[i] = (struct place){ point[i], number[i] };
    const struct place *sorted = sort_places(places, places + count, count, values);
    for (size_t i = 0; i < count; i++) {
        point[i] = sorted[i].x;
        number[i] = (uint32_t)sorted[i].number;
    }
}

static bool order_line(struct point_order *order, const struct array *x, int type, double *point)
{
    struct parts p;
    if (!make_parts(&p, x, type, order->count))
        return false;
    struct place *places = malloc(2 * (size_t)p.largest * sizeof *places + 1);
    uint32_t(*values)[DIGIT_VALUES] = malloc(DIGITS * sizeof *values);
    const bool ok = places && values;
    if (ok) {
        order->finite = p.first[p.count];
        fill_parts(&p, x, type, point, order);
        for (size_t k = 0, first = 0; k < p.count; first = p.first[k++])
            if (p.first[k] - first > 1)
                sort_part(places, point + first, order->number + first, p.first[k] - first, values);
    }
    free(values);
    free(places);
    free(p.first);
    return ok;
}

/* --- several: the halves of halves, along the widest side ---------------------------------- */

static void order_rows(double *rows, int64_t count, const double *scale, int wide)
{
    while (count > INDEX_LEAF) {
        const int64_t half = index_half(count);
        const int c = widest(rows, count, scale, wide);
        select_any(rows, count, half, c, wide);
        order_rows(rows, half, scale, wide);
        rows += half * wide;
        count -= half;
    }
}

/* Rows of what is finite, from the front; of the rest, from the end. Returns how many are. */
static int64_t read_rows(double *rows, const struct array *x, int type, int64_t count, int wide)
{
    int64_t low = 0, high = count;
    for (int64_t i = 0; i < count; i++) {
        double row[MOST_WIDE];
        bool finite = true;
        for (int c = 0; c < wide - 1; c++) {
            row[c] = index_element(x, type, i, c);
            finite &= isfinite(row[c]) != 0;
        }
        row[wide - 1] = (double)i;
        double *to = rows + (finite ? low++ : --high) * wide;
        for (int c = 0; c < wide; c++)
            to[c] = row[c];
    }
    return low;
}

static void split_rows(struct point_order *order, const double *rows)
{
    const int64_t d = order->d, wide = d + 1;
    for (int64_t i = 0; i < order->count; i++) {
        order->number[i] = (uint32_t)rows[i * wide + d];
        for (int64_t c = 0; order->point && c < d && i < order->finite; c++)
            order->point[i * d + c] = rows[i * wide + c];
    }
}

static bool order_tree(struct point_order *order, const struct array *x, int type,
                       const double *scale)
{
    const size_t n = (size_t)order->count, wide = (size_t)order->d + 1;
    double *rows = malloc(n * wide * sizeof *rows + 1);
    if (!rows)
        return false;
    order->finite = read_rows(rows, x, type, order->count, (int)wide);
    order_rows(rows, order->finite, scale, (int)wide);
    split_rows(order, rows);
    free(rows);
    return true;
}

bool ap_point_order_new(struct point_order *order, const struct array *x, int type, int64_t count,
                        int64_t d, const double *scale, bool points)
{
    const size_t n = (size_t)count;
    *order = (struct point_order){ .d = d, .count = count };
    order->number = malloc(n * sizeof *order->number + 1);
    order->point = points || d == 1 ? malloc(n * (size_t)d * sizeof *order->point + 1) : NULL;
    bool ok = order->number && (order->point || !(points || d == 1));
    if (ok)
        ok = d == 1 ? order_line(order, x, type, order->point) : order_tree(order, x, type, scale);
    if (!ok) {
        ap_point_order_free(order);
    } else if (!points) {
        free(order->point);
        order->point = NULL;
    }
    return ok;
}

void ap_point_order_free(struct point_order *order)
{
    free(order->number);
    free(order->point);
    *order = (struct point_order){ .number = NULL };
}

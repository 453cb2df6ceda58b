/* SPDX-License-Identifier: Apache-2.0 */

/* The caller's arrays, whose elements may have any alignment. Here alone one of them is read or
 * written by itself; v_loadu, v_load_n, v_storeu and v_store_n move vectors of them. */
#ifndef BACKENDS_SIMD_ARRAY_H
#define BACKENDS_SIMD_ARRAY_H

#include "backends/backend.h"
#include "backends/simd/real.h"

typedef struct {
    unsigned char bytes[sizeof(real)];
} element;

static inline real get(const element *from)
{
    real x;
    memcpy(&x, from, sizeof x);
    return x;
}

static inline void put(element *to, real x)
{
    memcpy(to, &x, sizeof x);
}

/* Memory of our own, where that takes the place of a caller's. */
static inline element *elements(real *x)
{
    return (element *)x;
}

/* How many elements row i of (b, h) lies behind the first one. */
static inline int64_t row_offset(const struct array *x, int64_t b, int64_t h, int64_t i)
{
    const int64_t head = x->group == 1 ? h : h / x->group; /* divisions take long in small calls */
    return b * x->batch + head * x->head + i * x->row;
}

/* Row i of (b, h), or NULL where the array is absent. */
static inline element *row_at(const struct array *x, int64_t b, int64_t h, int64_t i)
{
    return x->data != NULL ? (element *)x->data + row_offset(x, b, h, i) : NULL;
}

/* The first n <= LANES of them; the other lanes are +0. */
VEC_FN vec load(const element *from, int64_t n)
{
    return n == LANES ? v_loadu(from) : v_load_n(from, (size_t)n);
}

VEC_FN void store(element *to, vec x, int64_t n)
{
    if (n == LANES)
        v_storeu(to, x);
    else
        v_store_n(to, x, (size_t)n);
}

/* load of elements `step` apart. */
static inline vec load_strided(const element *from, int64_t step, int64_t n)
{
    real x[LANES] = { 0 };
    if (step == 1)
        return load(from, n);
    for (int64_t l = 0; l < n; l++)
        x[l] = get(from + l * step);
    return v_loadu(x);
}

#endif

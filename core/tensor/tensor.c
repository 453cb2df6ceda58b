/* SPDX-License-Identifier: Apache-2.0 */
/* The tensors of a call together. */

#include "core/tensor/tensor.h"

#include <stdlib.h>
#include <string.h>

/* What a size of the view counts. */
static const char *counted(const struct view *view, int dimension)
{
    if (view->layout != LAYOUT_MATRIX && view->layout != LAYOUT_PLAIN)
        return "elements";
    return dimension == 2 ? "rows" : "columns";
}

attpool_status ap_view_expect(struct engine *engine, const struct view *view, int dimension,
                              int64_t want, const char *of)
{
    if (view->size[dimension] == want)
        return ATTPOOL_OK;
    return ap_engine_fail(engine, view->status, "%s has %lld %s, %s %lld", view->name,
                          (long long)view->size[dimension], counted(view, dimension), of,
                          (long long)want);
}

void ap_arguments_fill(struct arguments *args, const struct leading *leading)
{
    for (int k = 0; k < args->count; k++) {
        struct view *v = &args->view[k];
        struct array *a = v->array;
        if (!a)
            continue;
        /* An array without elements stays present: no backend reads it. */
        static char nothing;
        bool grouped = v->size[1] > 1 && v->size[1] < leading->heads;
        *a = (struct array){
            .data = v->data ? v->data : &nothing,
            .offset = v->offset,
            .batch = v->stride[0],
            .head = v->stride[1],
            .row = v->stride[2],
            .col = v->stride[3],
            .group = grouped ? leading->heads / v->size[1] : 1,
            .unseen = v->device,
        };
    }
}

static bool same_place(const struct view *a, const struct view *b)
{
    return a->data == b->data && a->offset == b->offset && a->bytes == b->bytes &&
           memcmp(a->size, b->size, sizeof a->size) == 0 &&
           memcmp(a->stride, b->stride, sizeof a->stride) == 0;
}

static bool ranges_meet(const struct view *a, const struct view *b)
{
    if (a->device != b->device || a->high == a->low || b->high == b->low)
        return false;
    if (a->device)
        return a->data == b->data && a->offset + a->low < b->offset + b->high &&
               b->offset + b->low < a->offset + a->high;
    return (uintptr_t)a->data + (uintptr_t)a->low < (uintptr_t)b->data + (uintptr_t)b->high &&
           (uintptr_t)b->data + (uintptr_t)b->low < (uintptr_t)a->data + (uintptr_t)a->high;
}

/* Each dimension of more than one element, in this order, steps over all that those before it
 * cover. */
static bool steps_over(const struct view *v, const int order[4])
{
    int64_t covered = 0;
    for (int i = 0; i < 4; i++) {
        int k = order[i];
        int64_t step = llabs(v->stride[k]);
        if (v->size[k] <= 1)
            continue;
        if (step <= covered)
            return false;
        covered += (v->size[k] - 1) * step;
    }
    return true;
}

/* In the order of memory, which mostly is that of the dimensions. */
static bool overlaps_itself(const struct view *v)
{
    int order[4] = { 3, 2, 1, 0 };
    if (v->dense || v->high == v->low || steps_over(v, order))
        return false;
    for (int i = 0; i < 4; i++)
        for (int j = i + 1; j < 4; j++)
            if (llabs(v->stride[order[j]]) < llabs(v->stride[order[i]])) {
                int t = order[i];
                order[i] = order[j];
                order[j] = t;
            }
    return !steps_over(v, order);
}

attpool_status ap_arguments_overlap(struct arguments *args, const struct view *may_alias)
{
    for (int i = 0; i < args->count; i++) {
        const struct view *v = &args->view[i];
        if (v->role == ROLE_INPUT)
            continue;
        if (overlaps_itself(v))
            return ap_engine_fail(args->engine, v->status, "%s overlaps itself: check its strides",
                                  v->name);
        for (int j = 0; j < args->count; j++) {
            const struct view *u = &args->view[j];
            if (j == i || (j > i && u->role != ROLE_INPUT) || !ranges_meet(v, u))
                continue;
            if (u == may_alias && same_place(u, v))
                continue;
            return ap_engine_fail(args->engine, v->status, "%s overlaps %s", v->name, u->name);
        }
    }
    return ATTPOOL_OK;
}

bool ap_arguments_on_host(const struct arguments *args)
{
    for (int i = 0; i < args->count; i++)
        if (args->view[i].device)
            return false;
    return true;
}

/* ---- elements of a view on the host ---- */

static const char *element(const struct view *v, int64_t b, int64_t h, int64_t i, int64_t c)
{
    return v->data +
           (b * v->stride[0] + h * v->stride[1] + i * v->stride[2] + c * v->stride[3]) * v->bytes;
}

double ap_view_real(const struct view *v, int64_t b, int64_t h, int64_t i, int64_t c)
{
    float f;
    double d;
    if (v->bytes == 4) {
        memcpy(&f, element(v, b, h, i, c), sizeof f);
        return (double)f;
    }
    memcpy(&d, element(v, b, h, i, c), sizeof d);
    return d;
}

int64_t ap_view_integer(const struct view *v, int64_t b, int64_t h, int64_t i, int64_t c)
{
    int32_t small;
    int64_t large;
    if (v->bytes == 4) {
        memcpy(&small, element(v, b, h, i, c), sizeof small);
        return small;
    }
    memcpy(&large, element(v, b, h, i, c), sizeof large);
    return large;
}

/* Of a compiler that makes vectors of 16 bytes, as all 64-bit processors have them. */
typedef uint32_t words __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t long_words __attribute__((vector_size(16), aligned(1), may_alias));

enum { PLAIN_STEP = 1024 };

/* Whether the next numbers are finite and not negative: a carry out of an exponent of ones sets
 * the sign. */
static bool plain_floats(const char *x)
{
    words one = { 0 }, two = { 0 };
    for (int k = 0; k < PLAIN_STEP * 4; k += 32) {
        const words a = *(const words *)(x + k), b = *(const words *)(x + k + 16);
        one |= a | (a + (1u << 23));
        two |= b | (b + (1u << 23));
    }
    one |= two;
    return !((one[0] | one[1] | one[2] | one[3]) >> 31);
}

static bool plain_doubles(const char *x)
{
    long_words one = { 0 }, two = { 0 };
    for (int k = 0; k < PLAIN_STEP * 8; k += 32) {
        const long_words a = *(const long_words *)(x + k), b = *(const long_words *)(x + k + 16);
        one |= a | (a + (1ull << 52));
        two |= b | (b + (1ull << 52));
    }
    one |= two;
    return !((one[0] | one[1]) >> 63);
}

int64_t ap_view_plain_until(const struct view *v, int64_t b, int64_t h, int64_t i)
{
    const char *x = v->size[3] > 0 ? element(v, b, h, i, 0) : NULL;
    int64_t done = 0;
    for (; v->stride[3] == 1 && done + PLAIN_STEP <= v->size[3]; done += PLAIN_STEP) {
        if (!(v->bytes == 4 ? plain_floats(x) : plain_doubles(x)))
            break;
        x += PLAIN_STEP * v->bytes;
    }
    return done;
}

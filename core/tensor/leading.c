/* SPDX-License-Identifier: Apache-2.0 */

/* The leading dimensions of a call, and to whom its arguments belong. */

#include "core/tensor/tensor.h"

#include <stdio.h>

static void take_size(int64_t *size, int64_t other)
{
    if (*size < 0 || *size == 1)
        *size = other;
}

void ap_leading_add(struct leading *leading, const struct view *view)
{
    leading_note_heads(leading, view);
    take_size(&leading->batch, view->size[0]);
    take_size(&leading->heads, view->size[1]);
}

attpool_status ap_leading_expect(struct engine *engine, const struct view *view,
                                 const struct leading *leading, bool grouped, bool broadcast)
{
    int64_t b = view->size[0], h = view->size[1];
    bool batch_ok = b == leading->batch || (broadcast && b == 1);
    bool heads_ok = h == leading->heads || (broadcast && h == 1) ||
                    (grouped && leading->four && h > 0 && leading->heads % h == 0);
    if (batch_ok && heads_ok)
        return ATTPOOL_OK;
    if (!leading->four)
        return ap_engine_fail(engine, view->status, "%s has a batch of %lld, it should be %lld",
                              view->name, (long long)h, (long long)leading->heads);
    if (!batch_ok)
        return ap_engine_fail(engine, view->status, "%s has a batch of %lld, it should be %lld",
                              view->name, (long long)b, (long long)leading->batch);
    return ap_engine_fail(engine, view->status,
                          grouped ? "%s has %lld heads, %lld is not a multiple of that"
                                  : "%s has %lld heads, it should have %lld",
                          view->name, (long long)h, (long long)leading->heads);
}

/* ---- Shapes as text ---- */

/* Holds any list of shapes; what is longer is cut. */
struct text {
    char s[200];
    size_t used;
};

static void put_words(struct text *text, const char *words)
{
    if (text->used < sizeof text->s)
        text->used +=
            (size_t)snprintf(text->s + text->used, sizeof text->s - text->used, "%s", words);
}

/* "(2, 8, 5)"; a negative size is not there. */
static void put_shape(struct text *text, const int64_t *size, int count)
{
    char number[24];
    const char *before = "(";
    for (int k = 0; k < count; k++) {
        if (size[k] < 0)
            continue;
        snprintf(number, sizeof number, "%s%lld", before, (long long)size[k]);
        put_words(text, number);
        before = ", ";
    }
    put_words(text, ")");
}

static attpool_status fail_shape(struct engine *engine, const struct view *view,
                                 const struct text *want)
{
    struct text text = { .used = 0 };
    int64_t own[4];
    put_shape(&text, own, ap_view_own(view, view->size, own));
    return ap_engine_fail(engine, view->status, "%s has shape %s, it should be %s", view->name,
                          text.s, want->s);
}

attpool_status ap_view_expect_same(struct engine *engine, const struct view *view,
                                   const struct view *of)
{
    struct text text = { .used = 0 };
    int64_t own[4];
    bool same = view->ndim == of->ndim;
    for (int k = 0; k < 4; k++)
        same = same && view->size[k] == of->size[k];
    if (same)
        return ATTPOOL_OK;
    put_shape(&text, own, ap_view_own(of, of->size, own));
    put_words(&text, ", that of ");
    put_words(&text, of->name);
    return fail_shape(engine, view, &text);
}

/* ---- What accompanies queries, keys or items ---- */

static bool key_heads(const struct leading *l, int64_t heads)
{
    return l->four && (heads == l->key_heads || heads == l->value_heads);
}

static attpool_status wrong_vector(struct engine *e, const struct view *view,
                                   const struct leading *l, bool of_keys, int64_t size)
{
    struct text want = { .used = 0 };
    const int64_t grouped = l->key_heads > 1 ? l->key_heads : l->value_heads;
    if (size >= 0) {
        put_shape(&want, (const int64_t[]){ size }, 1);
        if (l->four || l->heads != 1)
            put_words(&want, l->four ? ", " : " or ");
    }
    if (l->four) {
        put_shape(&want, (const int64_t[]){ l->batch, size }, 2);
        put_words(&want, " by batch item or ");
        put_shape(&want, (const int64_t[]){ l->batch, l->heads, size }, 3);
        put_words(&want, " by head");
        if (of_keys && grouped > 1 && grouped < l->heads) {
            put_words(&want, " or ");
            put_shape(&want, (const int64_t[]){ l->batch, grouped, size }, 3);
            put_words(&want, " by key head");
        }
    } else if (size < 0 || l->heads != 1) {
        put_shape(&want, (const int64_t[]){ l->heads, size }, 2);
    }
    return fail_shape(e, view, &want);
}

attpool_status ap_leading_expect_vector(struct engine *engine, struct view *view,
                                        const struct leading *leading, bool of_keys, int dimension,
                                        int64_t size)
{
    if (leading->four && view->ndim == ap_view_most_dimensions(view) - 1) {
        view->per_item = true;
        view->size[0] = view->size[1];
        view->stride[0] = view->stride[1];
        view->size[1] = 1;
        view->stride[1] = 0;
    }
    const int64_t b = view->size[0], h = view->size[1];
    bool batch_ok = b == 1 || b == leading->batch;
    bool heads_ok = h == 1 || h == leading->heads || (of_keys && key_heads(leading, h));
    bool size_ok = size < 0 || view->size[dimension] == size ||
                   (view->kind == KIND_LENGTHS && view->size[dimension] == 1);
    if (batch_ok && heads_ok && size_ok)
        return ATTPOOL_OK;
    return wrong_vector(engine, view, leading, of_keys, size);
}

/* ---- Masks and biases ---- */

attpool_status ap_leading_expect_mask(struct engine *engine, const struct view *view,
                                      const struct leading *leading, int64_t n, int64_t m)
{
    const int64_t want[4] = { leading->batch, leading->heads, n, m };
    struct text text = { .used = 0 };
    bool ok = true;
    for (int k = 0; k < 4; k++)
        ok = ok && (view->size[k] == 1 || view->size[k] == want[k]);
    if (ok)
        return ATTPOOL_OK;
    if (leading->four && view->ndim == 3) {
        put_shape(&text, want + 1, 3);
        put_words(&text, ", which is (h, n, m), or ");
    }
    put_shape(&text,
              want + (leading->four        ? 0
                      : leading->heads > 1 ? 1
                                           : 2),
              leading->four        ? 4
              : leading->heads > 1 ? 3
                                   : 2);
    return fail_shape(engine, view, &text);
}

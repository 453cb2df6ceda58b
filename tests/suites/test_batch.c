/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/backends.h"
#include "tests/support/device.h"
#include "tests/suites/suites.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* To whom lengths, key weights, inverse bandwidths and key factors belong: each shape that they
 * may have gives the bits of the same numbers written out for every item and head. */

enum { M = 150, D = 2, V = 2, MOST_FORMS = 8 };

/* What accompanies queries or keys. */
enum companion { LENGTHS, ROW_LENGTHS, KEY_WEIGHTS, KEY_WIDTHS, QUERY_WIDTHS, FACTORS, COMPANIONS };

static const char *const companion_names[COMPANIONS] = {
    "lengths", "row lengths", "key weights", "key bandwidths", "query bandwidths", "key factors",
};

/* Sizes by letters, k for the heads of the keys, and where they stand, as tensor_at has it. */
struct form {
    const char *sizes, *places;
};

#define OF_KEYS                                                                                    \
    {                                                                                              \
        { "m", "c" }, { "bm", "bc" }, { "1m", "bc" }, { "bhm", "bhc" }, { "bkm", "bhc" },          \
            { "b1m", "bhc" }, { "1hm", "bhc" },                                                    \
        {                                                                                          \
            "1km", "bhc"                                                                           \
        }                                                                                          \
    }

static const struct form forms[COMPANIONS][MOST_FORMS] = {
    [LENGTHS] = { { "b", "b" }, { "1", "b" }, { "bh", "bh" }, { "1h", "bh" }, { "b1", "bh" } },
    [ROW_LENGTHS] = { { "n", "r" },
                      { "1", "r" },
                      { "bn", "br" },
                      { "1n", "br" },
                      { "b1", "br" },
                      { "bhn", "bhr" },
                      { "b1n", "bhr" },
                      { "1hn", "bhr" } },
    [KEY_WEIGHTS] = OF_KEYS,
    [KEY_WIDTHS] = OF_KEYS,
    [QUERY_WIDTHS] = { { "n", "r" },
                       { "bn", "br" },
                       { "1n", "br" },
                       { "bhn", "bhr" },
                       { "b1n", "bhr" },
                       { "1hn", "bhr" } },
    [FACTORS] = OF_KEYS,
};

/* Leading sizes, h = 0 without heads; few queries and many are different code. */
struct sizes {
    int64_t b, h, k, n;
};

static const struct sizes all_sizes[] = {
    { 2, 2, 2, 3 },  { 2, 2, 1, 20 }, { 3, 2, 2, 20 }, { 3, 4, 2, 3 },  { 2, 4, 1, 20 },
    { 4, 4, 4, 20 }, { 4, 4, 2, 3 },  { 1, 2, 2, 3 },  { 1, 4, 2, 20 }, { 2, 1, 1, 3 },
    { 1, 1, 1, 20 }, { 3, 0, 0, 3 },  { 2, 0, 0, 20 }, { 1, 0, 0, 20 },
};
enum { SIZES = sizeof all_sizes / sizeof all_sizes[0] };

static int64_t size_of(const struct sizes *s, char letter)
{
    switch (letter) {
    case 'b':
        return s->b;
    case 'h':
        return s->h;
    case 'k':
        return s->k;
    case 'n':
        return s->n;
    case 'm':
        return M;
    default:
        return 1;
    }
}

/* A tensor of these sizes; without heads h and k are left out. */
static void make(struct tensor *t, const struct sizes *s, enum element element, const char *sizes,
                 enum arrangement arrangement, int seed)
{
    int64_t shape[4];
    int n = 0;
    for (const char *c = sizes; *c; c++)
        if (s->h > 0 || (*c != 'h' && *c != 'k'))
            shape[n++] = *c == 'd' ? D : *c == 'v' ? V : size_of(s, *c);
    tensor_new(t, element, arrangement, PLACE_END, n, shape);
    for (int64_t i = 0; i < tensor_count(t); i++)
        tensor_set(&t->dl, i, random_at((uint64_t)seed, (uint64_t)i));
}

static enum element element_of(enum companion which, enum element real)
{
    return which == LENGTHS ? ELEMENT_I32 : which == ROW_LENGTHS ? ELEMENT_I64 : real;
}

/* The companion in one of its forms. */
static void make_companion(struct tensor *t, const struct sizes *s, enum companion which,
                           const struct form *form, enum element real)
{
    enum arrangement arrangement = (enum arrangement)(strlen(form->sizes) + 2 * which);
    make(t, s, element_of(which, real), form->sizes,
         (enum arrangement)(arrangement % ARRANGE_SHARED), 9);
    for (int64_t i = 0; i < tensor_count(t); i++) {
        double x = 0.5 * (1 + random_at(9, (uint64_t)i));
        tensor_set(&t->dl, i,
                   which <= ROW_LENGTHS   ? floor(x * (M + 1))
                   : which == KEY_WEIGHTS ? x
                                          : 0.5 + x);
    }
}

/* The same numbers, for every item and head. */
static void write_out(struct tensor *full, const struct tensor *t, const struct sizes *s,
                      enum companion which, const struct form *form, enum element real)
{
    static const char *const full_sizes[COMPANIONS] = {
        [LENGTHS] = "bh",     [ROW_LENGTHS] = "bhn",  [KEY_WEIGHTS] = "bhm",
        [KEY_WIDTHS] = "bhm", [QUERY_WIDTHS] = "bhn", [FACTORS] = "bhm",
    };
    make(full, s, element_of(which, real), full_sizes[which], ARRANGE_COMPACT, 0);
    int64_t heads = s->h > 0 ? s->h : 1, at = 0, count = tensor_count(full) / (s->b * heads);
    for (int64_t b = 0; b < s->b; b++)
        for (int64_t h = 0; h < heads; h++)
            for (int64_t i = 0; i < count; i++)
                tensor_set(&full->dl, at++,
                           tensor_at(&t->dl, form->places, heads, (const int64_t[]){ b, h, i, i }));
}

/* ---- Calls -------------------------------------------------------------------------------- */

enum call { POOL, KERNEL, SOFTMAX, CALLS };

struct operands {
    struct tensor q, k, v, widths, out, lse;
};

static void operands_new(struct operands *o, const struct sizes *s, enum element real)
{
    make(&o->q, s, real, "bhnd", ARRANGE_COMPACT, 1);
    make(&o->k, s, real, "bkmd", ARRANGE_PADDED, 2);
    make(&o->v, s, real, "bkmv", ARRANGE_COMPACT, 3);
    make(&o->widths, s, real, "d", ARRANGE_COMPACT, 4);
    make(&o->lse, s, real, "bhn", ARRANGE_COMPACT, 5);
}

static void operands_free(struct operands *o)
{
    tensor_free(&o->q);
    tensor_free(&o->k);
    tensor_free(&o->v);
    tensor_free(&o->widths);
    tensor_free(&o->lse);
}

static bool applies(enum call call, enum companion which)
{
    return call == POOL || (call == SOFTMAX ? which <= ROW_LENGTHS : which >= KEY_WIDTHS);
}

/* One call with the companion, out of which everything else follows. */
static attpool_status run(attpool_context *context, enum call call, struct operands *o,
                          enum companion which, const struct tensor *t)
{
    const bool lengths = which <= ROW_LENGTHS, widths = which >= KEY_WIDTHS;
    attpool_masks masks = {
        .lengths = lengths ? &t->dl : NULL,
        .lengths_per = which == ROW_LENGTHS ? ATTPOOL_LENGTHS_ROW : ATTPOOL_LENGTHS_BATCH,
    };
    attpool_kernel_options kernel = {
        .kernel = ATTPOOL_EPANECHNIKOV,
        .bandwidth_per = which == KEY_WIDTHS     ? ATTPOOL_BANDWIDTH_KEY
                         : which == QUERY_WIDTHS ? ATTPOOL_BANDWIDTH_QUERY
                                                 : ATTPOOL_BANDWIDTH_COORDINATE_KEY,
        .inverse_bandwidths = which == FACTORS ? &o->widths.dl : &t->dl,
        .key_factors = which == FACTORS ? &t->dl : NULL,
    };
    attpool_pool_options pool = {
        .score = widths ? ATTPOOL_KERNEL : ATTPOOL_DOT,
        .kernel = widths ? &kernel : NULL,
        .key_weights = which == KEY_WEIGHTS ? &t->dl : NULL,
        .masks = &masks,
        .lse = &o->lse.dl,
    };
    attpool_softmax_options softmax = { .masks = &masks };
    if (call == KERNEL)
        return attpool_kernel(context, &o->q.dl, &o->k.dl, &kernel, &o->out.dl);
    if (call == SOFTMAX)
        return attpool_softmax(context, &o->out.dl, &softmax, &o->out.dl);
    return attpool_pool(context, &o->q.dl, &o->k.dl, &o->v.dl, &pool, &o->out.dl);
}

static attpool_status run_on_device(attpool_context *context, enum call call, struct operands *o,
                                    enum companion which, struct tensor *t)
{
    struct tensor *const tensors[] = { &o->q, &o->k, &o->v, &o->widths, &o->lse, &o->out, t };
    enum { TENSORS = sizeof tensors / sizeof tensors[0] };
    struct on_device moved[TENSORS];
    for (int i = 0; i < TENSORS; i++)
        to_device(context, tensors[i], &moved[i]);
    attpool_status status = run(context, call, o, which, t);
    if (status == ATTPOOL_OK)
        status = attpool_finish(context);
    for (int i = 0; i < TENSORS; i++)
        from_device(context, &moved[i]);
    return status;
}

/* The call with a companion; the output is new. */
static void compute(attpool_context *context, enum call call, struct operands *o,
                    const struct sizes *s, enum companion which, struct tensor *t, bool device,
                    const char *what)
{
    make(&o->out, s, o->q.dl.dtype.bits == 32 ? ELEMENT_F32 : ELEMENT_F64,
         call == POOL ? "bhnv" : "bhnm", ARRANGE_COMPACT, 6);
    attpool_status status =
        device ? run_on_device(context, call, o, which, t) : run(context, call, o, which, t);
    ck_assert_msg(status == ATTPOOL_OK, "%s: %s", what, attpool_message(context));
}

struct contexts {
    attpool_context *judge, *context;
    enum element real;
};

static void compare(const struct contexts *c, enum call call, const struct sizes *s,
                    enum companion which, const struct form *form)
{
    struct operands want, got;
    struct tensor t, full;
    char what[160];
    operands_new(&want, s, c->real);
    make_companion(&t, s, which, form, c->real);
    write_out(&full, &t, s, which, form, c->real);
    compute(c->judge, call, &want, s, which, &full, false, "written out");
    for (int device = 0; device <= has_device_memory(c->context); device++) {
        snprintf(what, sizeof what, "%s, call %d: %s of %s for b %d, h %d, h_k %d, n %d%s",
                 attpool_backend_name(c->context), (int)call, companion_names[which], form->sizes,
                 (int)s->b, (int)s->h, (int)s->k, (int)s->n, device ? ", on the device" : "");
        operands_new(&got, s, c->real);
        compute(c->context, call, &got, s, which, &t, device, what);
        ck_assert_msg(tensor_same(&got.out.dl, &want.out.dl), "%s: the output differs", what);
        ck_assert_msg(call != POOL || tensor_same(&got.lse.dl, &want.lse.dl), "%s: L differs",
                      what);
        tensor_free(&got.out);
        operands_free(&got);
    }
    tensor_free(&want.out);
    tensor_free(&full);
    tensor_free(&t);
    operands_free(&want);
}

static bool fits(const struct sizes *s, const struct form *form)
{
    return s->h > 0 || !strpbrk(form->places, "h");
}

START_TEST(every_shape_is_what_it_writes_out)
{
    const char *name = test_backends[_i / 2];
    struct contexts c = { open_judge(), open_backend(name, 1), _i % 2 ? ELEMENT_F64 : ELEMENT_F32 };
    const size_t every = test_every() * (is_opencl(name) ? 5 : 1);
    size_t count = 0;
    bool promises = c.context && promises_bits(c.context) && computes(c.context, c.real);
    for (int call = 0; promises && call < CALLS; call++)
        for (int i = 0; i < SIZES; i++)
            for (int which = 0; which < COMPANIONS; which++)
                for (int f = 0; f < MOST_FORMS && forms[which][f].sizes; f++)
                    if (applies((enum call)call, (enum companion)which) &&
                        fits(&all_sizes[i], &forms[which][f]) && count++ % every == 0)
                        compare(&c, (enum call)call, &all_sizes[i], (enum companion)which,
                                &forms[which][f]);
    attpool_close(c.context);
    attpool_close(c.judge);
}
END_TEST

/* ---- In numbers ---------------------------------------------------------------------------- */

/* Two items of two heads, equal scores, values 1 2 3. */
static void pool_equal(const attpool_pool_options *options, float want[4])
{
    enum { B = 2, H = 2, KEYS = 3 };
    float q[B * H] = { 0 }, k[KEYS] = { 0 }, v[KEYS] = { 1, 2, 3 }, o[B * H];
    int64_t queries[] = { B, H, 1, 1 }, keys[] = { KEYS, 1 };
    DLTensor Q = tensor_of(q, ELEMENT_F32, 4, queries), K = tensor_of(k, ELEMENT_F32, 2, keys);
    DLTensor values = tensor_of(v, ELEMENT_F32, 2, keys), O = tensor_of(o, ELEMENT_F32, 4, queries);
    attpool_context *context = open_judge();
    attpool_status status = attpool_pool(context, &Q, &K, &values, options, &O);
    ck_assert_msg(status == ATTPOOL_OK, "%s", attpool_message(context));
    for (int i = 0; i < B * H; i++)
        ck_assert_msg(o[i] == want[i], "%g %g %g %g", (double)o[0], (double)o[1], (double)o[2],
                      (double)o[3]);
    attpool_close(context);
}

START_TEST(lengths_belong_to_the_batch_item)
{
    int32_t lengths[] = { 3, 1 };
    int64_t items[] = { 2 }, rows[] = { 2, 1 }, heads[] = { 1, 2 };
    DLTensor L = tensor_of(lengths, ELEMENT_I32, 1, items);
    attpool_masks masks = { .lengths = &L };
    attpool_pool_options options = { .masks = &masks };
    pool_equal(&options, (float[]){ 2, 2, 1, 1 });
    L = tensor_of(lengths, ELEMENT_I32, 2, rows);
    masks.lengths_per = ATTPOOL_LENGTHS_ROW;
    pool_equal(&options, (float[]){ 2, 2, 1, 1 });
    L = tensor_of(lengths, ELEMENT_I32, 2, heads);
    masks.lengths_per = ATTPOOL_LENGTHS_BATCH;
    pool_equal(&options, (float[]){ 2, 1, 2, 1 });
}
END_TEST

START_TEST(key_weights_belong_to_the_batch_item)
{
    float weights[] = { 1, 0, 0, 0, 0, 1 };
    int64_t items[] = { 2, 3 }, heads[] = { 1, 2, 3 };
    DLTensor A = tensor_of(weights, ELEMENT_F32, 2, items);
    attpool_pool_options options = { .key_weights = &A };
    pool_equal(&options, (float[]){ 1, 1, 3, 3 });
    A = tensor_of(weights, ELEMENT_F32, 3, heads);
    pool_equal(&options, (float[]){ 1, 3, 1, 3 });
}
END_TEST

Suite *suite_batch(void)
{
    Suite *suite = suite_create("batch");
    TCase *tc = tcase_create("batch");
    tcase_set_timeout(tc, 900);
    tcase_add_test(tc, lengths_belong_to_the_batch_item);
    tcase_add_test(tc, key_weights_belong_to_the_batch_item);
    tcase_add_loop_test(tc, every_shape_is_what_it_writes_out, 0, 2 * TEST_BACKENDS);
    suite_add_tcase(suite, tc);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/backends.h"
#include "tests/suites/suites.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Corners in which other libraries have gone wrong, on every backend. */

#define SHAPE(...)                                                                                 \
    (const int64_t[])                                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

struct corner {
    attpool_context *context;
    const char *name;
    enum element element;
};

/* The backend and type of loop number i; false where there is none. */
static bool open_corner(struct corner *c, int i)
{
    c->name = test_backends[i / 2];
    c->element = i % 2 ? ELEMENT_F64 : ELEMENT_F32;
    c->context = open_backend(c->name, 2);
    return c->context && computes(c->context, c->element);
}

static void succeeds(const struct corner *c, attpool_status status, const char *what)
{
    ck_assert_msg(status == ATTPOOL_OK, "%s, %s: %s: %s", c->name, what,
                  attpool_status_name(status), attpool_message(c->context));
}

static void make(const struct corner *c, struct tensor *t, int ndim, const int64_t *shape, int seed)
{
    tensor_new(t, c->element, ARRANGE_COMPACT, PLACE_END, ndim, shape);
    for (int64_t i = 0; i < tensor_count(t); i++)
        tensor_set(&t->dl, i, random_at((uint64_t)seed, (uint64_t)i));
}

/* Queries, keys, values and every output. */
struct pooling {
    int64_t n, m, d, v;
    struct tensor q, k, value, out, lse, n_eff, weights;
    attpool_pool_options options;
    attpool_kernel_options kernel;
};

static void pooling_new(const struct corner *c, struct pooling *p, int64_t n, int64_t m,
                        attpool_score score)
{
    *p = (struct pooling){ .n = n, .m = m, .d = 3, .v = 2 };
    make(c, &p->q, 2, SHAPE(n, p->d), 1);
    make(c, &p->k, 2, SHAPE(m, p->d), 2);
    make(c, &p->value, 2, SHAPE(m, p->v), 3);
    make(c, &p->out, 2, SHAPE(n, p->v), 4);
    make(c, &p->lse, 1, SHAPE(n), 4);
    make(c, &p->n_eff, 1, SHAPE(n), 4);
    make(c, &p->weights, 2, SHAPE(n, m), 4);
    p->options = (attpool_pool_options){ .score = score,
                                         .kernel = score == ATTPOOL_KERNEL ? &p->kernel : NULL,
                                         .lse = &p->lse.dl,
                                         .n_eff = &p->n_eff.dl,
                                         .weights = &p->weights.dl };
}

static void pooling_run(const struct corner *c, struct pooling *p, const char *what)
{
    succeeds(c, attpool_pool(c->context, &p->q.dl, &p->k.dl, &p->value.dl, &p->options, &p->out.dl),
             what);
}

static void pooling_free(struct pooling *p)
{
    struct tensor *const all[] = {
        &p->q, &p->k, &p->value, &p->out, &p->lse, &p->n_eff, &p->weights
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        tensor_free(all[i]);
}

static double out(const struct pooling *p, int64_t i, int64_t c)
{
    return tensor_get(&p->out.dl, i * p->v + c);
}

/* ---- NaN stays where it belongs ----------------------------------------------------------- */

/* One row of an output is NaN, the others are as they were. */
static void only_row(const struct corner *c, const struct tensor *got, const struct tensor *want,
                     int64_t row, int64_t n, const char *what)
{
    const int64_t columns = tensor_count(got) / n;
    for (int64_t i = 0; i < tensor_count(got); i++) {
        const double x = tensor_get(&got->dl, i), y = tensor_get(&want->dl, i);
        ck_assert_msg(i / columns == row ? isnan(x) : x == y,
                      "%s, %s: a NaN in query %d makes [%d,%d] %g", c->name, what, (int)row,
                      (int)(i / columns), (int)(i % columns), x);
    }
}

static void nan_query(const struct corner *c, attpool_score score, int64_t n, int64_t m,
                      int64_t row, int64_t column)
{
    struct pooling with, without;
    char what[64];
    snprintf(what, sizeof what, "score %d, n %d, m %d", (int)score, (int)n, (int)m);
    pooling_new(c, &without, n, m, score);
    pooling_run(c, &without, what);
    pooling_new(c, &with, n, m, score);
    tensor_set(&with.q.dl, row * with.d + column, (double)NAN);
    pooling_run(c, &with, what);
    only_row(c, &with.out, &without.out, row, n, what);
    only_row(c, &with.lse, &without.lse, row, n, what);
    only_row(c, &with.n_eff, &without.n_eff, row, n, what);
    only_row(c, &with.weights, &without.weights, row, n, what);
    pooling_free(&with);
    pooling_free(&without);
}

START_TEST(a_nan_query_is_nan_in_its_row_alone)
{
    static const int keys[] = { 1, 3, 7, 8, 15, 16, 17 };
    static const int queries[] = { 1, 5, 33 };
    struct corner c;
    if (open_corner(&c, _i))
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
            for (int q = 0; q < 3; q++)
                for (int score = 0; score < 2; score++)
                    nan_query(&c, score ? ATTPOOL_KERNEL : ATTPOOL_DOT, queries[q], keys[k],
                              queries[q] / 2, keys[k] % 3);
    attpool_close(c.context);
}
END_TEST

START_TEST(a_nan_in_the_last_value_is_seen_by_the_last_query)
{
    enum { N = 600 };
    struct corner c;
    attpool_masks masks = { .causal = 1 };
    if (open_corner(&c, _i)) {
        struct pooling p;
        pooling_new(&c, &p, N, N, ATTPOOL_DOT);
        tensor_set(&p.value.dl, (N - 1) * p.v, (double)NAN);
        p.options.masks = &masks;
        pooling_run(&c, &p, "causal");
        for (int64_t i = 0; i < N; i++)
            for (int64_t k = 0; k < p.v; k++)
                ck_assert_msg(isnan(out(&p, i, k)) == (i == N - 1 && k == 0), "%s: [%d,%d] is %g",
                              c.name, (int)i, (int)k, out(&p, i, k));
        pooling_free(&p);
    }
    attpool_close(c.context);
}
END_TEST

/* ---- Masks -------------------------------------------------------------------------------- */

/* What query i should get of keys 0 to i, in double. */
static double causal_mean(const struct pooling *p, double scale, int64_t i, int64_t column)
{
    double sum = 0, weights = 0;
    for (int64_t j = 0; j <= i; j++) {
        double score = 0;
        for (int64_t k = 0; k < p->d; k++)
            score += tensor_get(&p->q.dl, i * p->d + k) * tensor_get(&p->k.dl, j * p->d + k);
        sum += exp(scale * score) * tensor_get(&p->value.dl, j * p->v + column);
        weights += exp(scale * score);
    }
    return sum / weights;
}

static void causal_with_scale(const struct corner *c, double scale)
{
    enum { N = 150 };
    struct pooling p;
    attpool_masks masks = { .causal = 1 };
    char what[40];
    const double tolerance = c->element == ELEMENT_F32 ? 1e-5 : 1e-13;
    snprintf(what, sizeof what, "causal, scale %g", scale);
    pooling_new(c, &p, N, N, ATTPOOL_DOT);
    p.options.masks = &masks;
    p.options.scale = &scale;
    pooling_run(c, &p, what);
    for (int64_t i = 0; i < N; i++) {
        for (int64_t k = 0; k < p.v; k++)
            ck_assert_msg(fabs(out(&p, i, k) - causal_mean(&p, scale, i, k)) < tolerance,
                          "%s, %s: [%d,%d] is %g, not %g", c->name, what, (int)i, (int)k,
                          out(&p, i, k), causal_mean(&p, scale, i, k));
        for (int64_t j = i + 1; j < N; j++)
            ck_assert_msg(tensor_get(&p.weights.dl, i * N + j) == 0, "%s, %s: W[%d,%d]", c->name,
                          what, (int)i, (int)j);
    }
    pooling_free(&p);
}

/* The mask comes after the scale, which would turn -Inf into NaN or +Inf. */
START_TEST(a_causal_mask_bears_any_scale)
{
    struct corner c;
    if (open_corner(&c, _i)) {
        causal_with_scale(&c, 0);
        causal_with_scale(&c, -0.5);
    }
    attpool_close(c.context);
}
END_TEST

/* Row i sees key i + offset and its neighbours, as far as there are keys. */
static void window_at(const struct corner *c, int64_t m, int64_t offset)
{
    enum { N = 9, SIDE = 2 };
    struct pooling p;
    attpool_masks masks = { .window = 1, .left = SIDE, .right = SIDE, .offset = offset };
    pooling_new(c, &p, N, m, ATTPOOL_DOT);
    p.options.masks = &masks;
    pooling_run(c, &p, "window");
    for (int64_t i = 0; i < N; i++) {
        bool any = false;
        for (int64_t j = 0; j < m; j++) {
            const double w = tensor_get(&p.weights.dl, i * m + j);
            const bool seen = j >= i + offset - SIDE && j <= i + offset + SIDE;
            ck_assert_msg(seen ? w > 0 : w == 0, "%s: offset %d: W[%d,%d] is %g", c->name,
                          (int)offset, (int)i, (int)j, w);
            any = any || seen;
        }
        ck_assert_msg(any || (out(&p, i, 0) == 0 && tensor_get(&p.lse.dl, i) == -HUGE_VAL),
                      "%s: offset %d: row %d sees nothing and is %g", c->name, (int)offset, (int)i,
                      out(&p, i, 0));
    }
    pooling_free(&p);
}

START_TEST(a_window_may_lie_past_the_last_key)
{
    static const int keys[] = { 1, 8, 130 };
    struct corner c;
    if (open_corner(&c, _i))
        for (int k = 0; k < 3; k++)
            for (int64_t past = -3; past <= 3; past++) {
                window_at(&c, keys[k], keys[k] + past);
                window_at(&c, keys[k], -9 + past);
            }
    attpool_close(c.context);
}
END_TEST

/* ---- Tensors ------------------------------------------------------------------------------ */

/* Rows of 3 that go backwards from element 18 or 9: 72 bytes in. */
START_TEST(an_offset_may_come_with_a_negative_stride)
{
    enum { ROWS = 4, COLUMNS = 3 };
    struct corner c;
    if (open_corner(&c, _i)) {
        const int first = c.element == ELEMENT_F32 ? 18 : 9,
                  step = c.element == ELEMENT_F32 ? 6 : 3;
        struct tensor room, q, got, want;
        make(&c, &room, 1, SHAPE(first + COLUMNS), 7);
        make(&c, &q, 2, SHAPE(ROWS, COLUMNS), 8);
        make(&c, &got, 2, SHAPE(ROWS, COLUMNS), 9);
        make(&c, &want, 2, SHAPE(ROWS, COLUMNS), 9);
        DLTensor turned = room.dl;
        turned.ndim = 2;
        turned.shape = (int64_t[]){ ROWS, COLUMNS };
        turned.strides = (int64_t[]){ -step, 1 };
        turned.byte_offset += 72;
        for (int i = 0; i < ROWS * COLUMNS; i++)
            tensor_set(&q.dl, i, tensor_get(&room.dl, first - i / COLUMNS * step + i % COLUMNS));
        succeeds(&c, attpool_pool(c.context, &q.dl, &q.dl, &q.dl, NULL, &want.dl), "compact");
        succeeds(&c, attpool_pool(c.context, &turned, &turned, &turned, NULL, &got.dl), "turned");
        ck_assert_msg(tensor_same(&got.dl, &want.dl), "%s: the output differs", c.name);
        /* And as an output; what lies between its elements stays as it is. */
        struct tensor before;
        make(&c, &before, 1, SHAPE(first + COLUMNS), 7);
        succeeds(&c, attpool_pool(c.context, &q.dl, &q.dl, &q.dl, NULL, &turned), "into turned");
        for (int i = 0; i < ROWS * COLUMNS; i++)
            ck_assert(tensor_get(&turned, i) == tensor_get(&want.dl, i));
        for (int i = 0; i < first + COLUMNS; i++)
            ck_assert(i % step < COLUMNS || tensor_get(&room.dl, i) == tensor_get(&before.dl, i));
        tensor_free(&before);
        tensor_free(&room);
        tensor_free(&q);
        tensor_free(&got);
        tensor_free(&want);
    }
    attpool_close(c.context);
}
END_TEST

/* Without elements there need not be memory: sizes of 0, data NULL. */
static void nothing(const struct corner *c, int64_t n, int64_t m, int64_t d, int64_t v)
{
    struct pooling p = { .n = n, .m = m, .d = d, .v = v };
    attpool_empty empty = ATTPOOL_EMPTY_ZERO;
    char what[64];
    snprintf(what, sizeof what, "n %d, m %d, d %d, v %d", (int)n, (int)m, (int)d, (int)v);
    make(c, &p.q, 2, SHAPE(n, d), 1);
    make(c, &p.k, 2, SHAPE(m, d), 2);
    make(c, &p.value, 2, SHAPE(m, v), 3);
    make(c, &p.out, 2, SHAPE(n, v), 4);
    make(c, &p.weights, 2, SHAPE(n, m), 5);
    struct tensor *const all[] = { &p.q, &p.k, &p.value, &p.out, &p.weights };
    for (int i = 0; i < 5; i++)
        if (tensor_count(all[i]) == 0)
            all[i]->dl.data = NULL;
    p.options = (attpool_pool_options){ .empty = empty, .weights = &p.weights.dl };
    pooling_run(c, &p, what);
    for (int64_t i = 0; i < n * v; i++)
        ck_assert_msg(m > 0 ? isfinite(tensor_get(&p.out.dl, i)) : tensor_get(&p.out.dl, i) == 0,
                      "%s, %s: %g", c->name, what, tensor_get(&p.out.dl, i));
    succeeds(c, attpool_kernel(c->context, &p.q.dl, &p.k.dl, NULL, &p.weights.dl), what);
    succeeds(c, attpool_softmax(c->context, &p.weights.dl, NULL, &p.weights.dl), what);
    for (int i = 0; i < 5; i++)
        tensor_free(all[i]);
}

START_TEST(nothing_needs_no_memory)
{
    struct corner c;
    if (open_corner(&c, _i))
        for (int i = 0; i < 15; i++) /* each combination with at least one size of 0 */
            nothing(&c, i & 1 ? 3 : 0, i & 2 ? 5 : 0, i & 4 ? 2 : 0, i & 8 ? 2 : 0);
    attpool_close(c.context);
}
END_TEST

/* ---- States ------------------------------------------------------------------------------- */

/* Keys from `start` on, `count` of them. */
static attpool_state *state_of(const struct corner *c, struct pooling *p, int64_t start,
                               int64_t count)
{
    struct tensor k, v;
    attpool_state *state = NULL;
    attpool_masks masks = { .key_origin = start };
    attpool_pool_options options = { .score = p->options.score,
                                     .kernel = p->options.kernel,
                                     .masks = &masks };
    tensor_view(&k, &p->k);
    tensor_view(&v, &p->value);
    tensor_slice(&k, 0, start < p->m ? start : 0, count);
    tensor_slice(&v, 0, start < p->m ? start : 0, count);
    if (count == 0)
        k.dl.data = v.dl.data = NULL;
    succeeds(c, attpool_state_pool(c->context, &p->q.dl, &k.dl, &v.dl, &options, &state), "a part");
    return state;
}

static void merged(const struct corner *c, attpool_state *to, attpool_state *from)
{
    succeeds(c, attpool_state_merge(c->context, to, from), "merging");
    attpool_state_free(from);
}

/* Empty parts before, between and after two others change no bit. */
static void with_empty_parts(const struct corner *c, attpool_score score)
{
    enum { N = 7, SUPER = ATTPOOL_SUPER_BLOCK };
    struct pooling p;
    struct tensor lse, finished;
    pooling_new(c, &p, N, 2 * SUPER, score);
    pooling_run(c, &p, "at once");
    make(c, &lse, 1, SHAPE(N), 5);
    make(c, &finished, 2, SHAPE(N, p.v), 5);
    attpool_state *state = state_of(c, &p, 0, 0);
    merged(c, state, state_of(c, &p, 0, SUPER));
    merged(c, state, state_of(c, &p, SUPER, 0));
    attpool_state *rest = state_of(c, &p, 2 * SUPER, 0);
    merged(c, rest, state_of(c, &p, SUPER, SUPER));
    merged(c, state, rest);
    succeeds(c,
             attpool_state_finish(c->context, state, ATTPOOL_EMPTY_DEFAULT, &finished.dl, &lse.dl),
             "finishing");
    ck_assert_msg(tensor_same(&finished.dl, &p.out.dl) && tensor_same(&lse.dl, &p.lse.dl),
                  "%s: score %d: empty parts change bits", c->name, (int)score);
    attpool_state_free(state);
    /* Nothing but empty parts: empty rows. */
    state = state_of(c, &p, 0, 0);
    merged(c, state, state_of(c, &p, 0, 0));
    succeeds(c, attpool_state_finish(c->context, state, ATTPOOL_EMPTY_ZERO, &finished.dl, &lse.dl),
             "finishing nothing");
    for (int64_t i = 0; i < N; i++)
        ck_assert(tensor_get(&finished.dl, i * p.v) == 0 && tensor_get(&lse.dl, i) == -HUGE_VAL);
    attpool_state_free(state);
    tensor_free(&lse);
    tensor_free(&finished);
    pooling_free(&p);
}

START_TEST(states_merge_with_empty_parts)
{
    struct corner c;
    if (open_corner(&c, _i)) {
        with_empty_parts(&c, ATTPOOL_DOT);
        with_empty_parts(&c, ATTPOOL_AVERAGE);
        with_empty_parts(&c, ATTPOOL_KERNEL);
    }
    attpool_close(c.context);
}
END_TEST

Suite *suite_corners(void)
{
    const TTest *const tests[] = {
        a_nan_query_is_nan_in_its_row_alone,
        a_nan_in_the_last_value_is_seen_by_the_last_query,
        a_causal_mask_bears_any_scale,
        a_window_may_lie_past_the_last_key,
        an_offset_may_come_with_a_negative_stride,
        nothing_needs_no_memory,
        states_merge_with_empty_parts,
    };
    Suite *suite = suite_create("corners");
    TCase *tc = tcase_create("corners");
    tcase_set_timeout(tc, 300);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_loop_test(tc, tests[i], 0, 2 * TEST_BACKENDS);
    suite_add_tcase(suite, tc);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that the book prints, and that must come out. */
#include "tools/demo/demo.h"

#include <math.h>
#include <stdio.h>

enum { MOST = 512 };

/* What rounding may do to numbers of about 1, in float32 as well. */
#define NEAR 1e-5
#define SUM  1e-6 /* of weights */

struct check {
    struct demo *demo;
    struct error *e;
    int status;
};

/* An array on the stack, of the demo's precision. */
struct small {
    double storage[MOST]; /* or floats */
    struct operand operand;
};

static DLTensor *small(const struct check *c, struct small *s, int dims, const int64_t *shape)
{
    return operand_real(&s->operand, s->storage, c->demo->single, dims, shape);
}

static void set_tensor(const struct check *c, struct small *s, size_t i, double value)
{
    real_set(s->storage, c->demo->single, i, value);
}

static double number_of(const struct check *c, const struct small *s, size_t i)
{
    return real_get(s->storage, c->demo->single, i);
}

static bool done(struct check *c, attpool_status status)
{
    if (c->status == CMD_OK)
        c->status = session_status(&c->demo->session, status, NULL, 0, c->e);
    return c->status == CMD_OK;
}

/* tolerance: how far from what it says the number may be. */
static void print(struct check *c, const char *what, const char *got, double tolerance, bool ok)
{
    char within[32] = "exactly";
    if (tolerance > 0)
        snprintf(within, sizeof within, "within %.1g", tolerance);
    output_printf(&c->demo->out, "  %-46s  %-20s  %-13s  %s\n", what, got, within,
                  ok ? "ok" : "DIFFERS");
    report_append(&c->demo->report, c->demo->numbers,
                  json_pack("{s:s, s:s, s:f, s:b}", "what", what, "got", got, "tolerance",
                            tolerance, "ok", ok));
    c->demo->differences += !ok;
}

/* ---- matrix product ---- */

static void check_product(struct check *c)
{
    struct small a, b, o;
    char text[64];
    bool ok = true;
    for (size_t i = 0; i < 48; i++) {
        set_tensor(c, &a, i, 1);
        set_tensor(c, &b, i, 1);
    }
    attpool_status status =
        attpool_bmm(c->demo->session.context, 1, small(c, &a, 3, (const int64_t[]){ 2, 1, 4 }),
                    small(c, &b, 3, (const int64_t[]){ 2, 4, 6 }), 0,
                    small(c, &o, 3, (const int64_t[]){ 2, 1, 6 }));
    if (!done(c, status))
        return;
    for (size_t i = 0; i < 12; i++)
        ok = ok && number_of(c, &o, i) == 4;
    snprintf(text, sizeof text, "%g", number_of(c, &o, 0));
    print(c, "ones (2,1,4) x ones (2,4,6): all 4", text, 0, ok);
}

static void check_mean(struct check *c)
{
    struct small w, v, o;
    char text[64];
    for (size_t i = 0; i < 20; i++) {
        set_tensor(c, &w, i, 0.1);
        set_tensor(c, &v, i, (double)i);
    }
    attpool_status status =
        attpool_bmm(c->demo->session.context, 1, small(c, &w, 3, (const int64_t[]){ 2, 1, 10 }),
                    small(c, &v, 3, (const int64_t[]){ 2, 10, 1 }), 0,
                    small(c, &o, 3, (const int64_t[]){ 2, 1, 1 }));
    if (!done(c, status))
        return;
    snprintf(text, sizeof text, "%g, %g", number_of(c, &o, 0), number_of(c, &o, 1));
    print(c, "weights 0.1 on 0..9, 10..19: 4.5, 14.5", text, NEAR,
          fabs(number_of(c, &o, 0) - 4.5) < NEAR && fabs(number_of(c, &o, 1) - 14.5) < NEAR);
}

/* ---- kernels ---- */

static void check_one_kernel(struct check *c, attpool_kernel_name kernel, double sigma,
                             double distance, double expected)
{
    struct small q, k, g;
    char what[80], text[64];
    const int64_t one[] = { 1, 1 };
    const attpool_kernel_options options = { .size = sizeof options,
                                             .kernel = kernel,
                                             .bandwidth = sigma };
    set_tensor(c, &q, 0, distance);
    set_tensor(c, &k, 0, 0);
    attpool_status status = attpool_kernel(c->demo->session.context, small(c, &q, 2, one),
                                           small(c, &k, 2, one), &options, small(c, &g, 2, one));
    if (!done(c, status))
        return;
    double got = number_of(c, &g, 0), u = distance / sigma;
    /* Distances are printed with four digits, kernels with five. */
    double tolerance = (u * 1e-4 / sigma + 1e-5) * expected;
    snprintf(what, sizeof what, "%s, bandwidth %g, at %g: %.5g", attpool_kernel_to_name(kernel),
             sigma, distance, expected);
    snprintf(text, sizeof text, "%.5g", got);
    print(c, what, text, tolerance, fabs(got - expected) <= tolerance);
}

static void check_each_kernel(struct check *c)
{
    check_one_kernel(c, ATTPOOL_GAUSSIAN, 1, 0.5508, 0.85925);
    check_one_kernel(c, ATTPOOL_BOXCAR, 1, 0.5508, 1);
    check_one_kernel(c, ATTPOOL_TRIANGULAR, 1, 0.5508, 0.4492);
    check_one_kernel(c, ATTPOOL_GAUSSIAN, 1, 4.6253, 2.2622e-05);
    check_one_kernel(c, ATTPOOL_GAUSSIAN, 0.1, 0.5508, 2.5833e-07);
    check_one_kernel(c, ATTPOOL_GAUSSIAN, 0.2, 0.5508, 2.2545e-02);
    check_one_kernel(c, ATTPOOL_GAUSSIAN, 0.5, 0.5508, 5.4511e-01);
}

/* ---- masked softmax ---- */

static void check_softmax(struct check *c, const char *what, attpool_lengths_per per,
                          const int64_t *lengths, int64_t dims)
{
    struct small s, w;
    struct operand l;
    char text[64];
    int64_t values[4];
    struct random r = random_new((uint64_t)c->demo->seed, 7);
    const int64_t shape[] = { 2, 2, 4 };
    const DLDataType integer = { .code = kDLInt, .bits = 64, .lanes = 1 };
    for (size_t i = 0; i < 16; i++)
        set_tensor(c, &s, i, random_uniform(&r));
    for (int64_t i = 0; i < 2 * dims; i++)
        values[i] = lengths[i];
    const attpool_masks masks = {
        .size = sizeof masks,
        .lengths_per = per,
        .lengths = operand_of_type(&l, values, integer, (int)dims, (const int64_t[]){ 2, 2 }),
    };
    const attpool_softmax_options options = { .size = sizeof options, .masks = &masks };
    attpool_status status = attpool_softmax(c->demo->session.context, small(c, &s, 3, shape),
                                            &options, small(c, &w, 3, shape));
    if (!done(c, status))
        return;
    double worst = 0;
    bool ok = true;
    for (size_t row = 0; row < 4; row++) {
        int64_t length = dims == 1 ? lengths[row / 2] : lengths[row];
        double sum = 0;
        for (size_t j = 0; j < 4; j++) {
            double weight = number_of(c, &w, 4 * row + j);
            ok = ok && ((int64_t)j < length ? weight > 0 : weight == 0);
            sum += weight;
        }
        worst = fmax(worst, fabs(sum - 1));
    }
    snprintf(text, sizeof text, "1 +- %.1g", worst);
    print(c, what, text, SUM, ok && worst < SUM);
}

/* ---- attention ---- */

/* Keys all one, values 0..39 as (1,10,4), valid lengths (2, 6): the means of the rows seen. */
static void check_attention(struct check *c, bool additive)
{
    struct small q, k, v, wq, wk, wv, o;
    struct operand l;
    char text[64];
    int64_t lengths[] = { 2, 6 };
    bool ok = true;
    struct random r = random_new((uint64_t)c->demo->seed, 8);
    const int64_t columns = additive ? 20 : 2, hidden = 8;
    const DLDataType integer = { .code = kDLInt, .bits = 64, .lanes = 1 };
    for (size_t i = 0; i < 160; i++) {
        set_tensor(c, &q, i, random_normal(&r));
        set_tensor(c, &k, i, 1);
        set_tensor(c, &v, i, (double)i);
        set_tensor(c, &wq, i, random_normal(&r) / 4);
        set_tensor(c, &wk, i, random_normal(&r));
        set_tensor(c, &wv, i, random_normal(&r));
    }
    const attpool_masks masks = {
        .size = sizeof masks,
        .lengths = operand_of_type(&l, lengths, integer, 1, (const int64_t[]){ 2 }),
    };
    attpool_pool_options options = { .size = sizeof options, .masks = &masks };
    if (additive) {
        options.score = ATTPOOL_ADDITIVE;
        options.wq = small(c, &wq, 2, (const int64_t[]){ hidden, columns });
        options.wk = small(c, &wk, 2, (const int64_t[]){ hidden, 2 });
        options.wv = small(c, &wv, 1, &hidden);
    }
    attpool_status status =
        attpool_pool(c->demo->session.context, small(c, &q, 3, (const int64_t[]){ 2, 1, columns }),
                     small(c, &k, 3, (const int64_t[]){ 2, 10, 2 }),
                     small(c, &v, 3, (const int64_t[]){ 1, 10, 4 }), &options,
                     small(c, &o, 3, (const int64_t[]){ 2, 1, 4 }));
    if (!done(c, status))
        return;
    for (size_t i = 0; i < 4; i++)
        ok = ok && fabs(number_of(c, &o, i) - (double)(2 + i)) < NEAR &&
             fabs(number_of(c, &o, 4 + i) - (double)(10 + i)) < NEAR;
    for (size_t i = 0, used = 0; i < 8 && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%.4g",
                                 i == 0   ? ""
                                 : i == 4 ? ", "
                                          : " ",
                                 number_of(c, &o, i));
    print(c,
          additive ? "additive attention: 2 3 4 5, 10 11 12 13"
                   : "dot attention: 2 3 4 5, 10 11 12 13",
          text, NEAR, ok);
}

int demo_numbers(struct demo *demo, struct error *e)
{
    struct check c = { .demo = demo, .e = e };
    output_text(&demo->out, "\nNumbers to reproduce (the book prints its distances with four "
                            "digits)\n");
    check_product(&c);
    check_mean(&c);
    check_each_kernel(&c);
    check_softmax(&c, "masked softmax, lengths (2, 3): rows sum to 1", ATTPOOL_LENGTHS_BATCH,
                  (const int64_t[]){ 2, 3 }, 1);
    check_softmax(&c, "lengths ((1, 3), (2, 4)), one a row", ATTPOOL_LENGTHS_ROW,
                  (const int64_t[]){ 1, 3, 2, 4 }, 2);
    check_attention(&c, true);
    check_attention(&c, false);
    return c.status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The parametric kernel of the book: five epochs, with the losses of three libraries. */
#include "tools/demo/demo.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { EPOCHS = 5, LOSSES = 3, STREAM = 9 };
static const double RATE = 0.5;

static const struct {
    attpool_loss loss;
    const char *name, *title;
} losses[LOSSES] = {
    { ATTPOOL_LOSS_HALF, "half", "half (MXNet)" },
    { ATTPOOL_LOSS_SUM, "sum", "sum (PyTorch)" },
    { ATTPOOL_LOSS_MEAN, "mean", "mean (TensorFlow)" },
};

/* The loss before each epoch, and w after it. */
struct course {
    double loss[EPOCHS], w[EPOCHS];
};

static int learn(struct demo *demo, const struct demo_data *data, attpool_loss kind, double w0,
                 struct course *course, struct error *e)
{
    const bool single = demo->single;
    const size_t size = real_size(single);
    const int64_t column[] = { (int64_t)data->n, 1 }, one[] = { 1 };
    struct operand tx, ty, tw;
    double w; /* or a float */
    void *memory;
    int st = array_new(&memory, 2 * data->n, size, e);
    if (st != CMD_OK)
        return st;
    char *x = memory, *y = x + data->n * size;
    for (size_t i = 0; i < data->n; i++) {
        real_set(x, single, i, data->x[i]);
        real_set(y, single, i, data->y[i]);
    }
    real_set(&w, single, 0, w0);
    DLTensor *W = operand_real(&tw, &w, single, 1, one);
    const DLTensor *X = operand_real(&tx, x, single, 2, column);
    const DLTensor *Y = operand_real(&ty, y, single, 2, column);
    const attpool_kernel_options kernel = { .size = sizeof kernel, .inverse_bandwidths = W };
    const attpool_pool_options options = { .size = sizeof options,
                                           .score = ATTPOOL_KERNEL,
                                           .kernel = &kernel };
    const attpool_training training = { .size = sizeof training, .loss = kind, .rate = RATE };
    const attpool_parameters parameters = { .size = sizeof parameters, .inverse_bandwidths = W };
    for (int k = 0; k < EPOCHS && st == CMD_OK; k++) {
        attpool_status status = attpool_train_step(demo->session.context, X, Y, &options, &training,
                                                   &parameters, &course->loss[k]);
        st = session_status(&demo->session, status, NULL, 0, e);
        course->w[k] = real_get(&w, single, 0);
    }
    free(memory);
    return st;
}

static void print(struct demo *demo, const struct demo_data *data, double w0,
                  const struct course *courses)
{
    output_printf(&demo->out,
                  "\nParametric kernel: %s, gaussian, w = %.4f, then gradient descent at the rate "
                  "%g\n  epoch",
                  data->name, w0, RATE);
    for (int i = 0; i < LOSSES; i++)
        output_printf(&demo->out, "  %-19sw", losses[i].title);
    output_text(&demo->out, "\n");
    for (int k = 0; k < EPOCHS; k++) {
        output_printf(&demo->out, "  %-5d", k + 1);
        for (int i = 0; i < LOSSES; i++)
            output_printf(&demo->out, "  %-10.4f %9.4f", courses[i].loss[k], courses[i].w[k]);
        output_text(&demo->out, "\n");
    }
    output_text(&demo->out,
                "  (losses before the step, of leave-one-out predictions, and w after it: the sum\n"
                "  of squared errors by two, the sum, and the mean)\n");
}

static void report(struct demo *demo, double w0, const struct course *courses)
{
    for (int i = 0; i < LOSSES; i++)
        report_append(&demo->report, demo->training,
                      json_pack("{s:s, s:f, s:o, s:o}", "loss", losses[i].name, "init", w0,
                                "losses", report_numbers(courses[i].loss, EPOCHS), "w",
                                report_numbers(courses[i].w, EPOCHS)));
}

/* The fits and weights of the kernel before and after. */
static int show(struct demo *demo, const struct demo_data *data, double w0, double w,
                struct error *e)
{
    char before[48], after[48];
    struct demo_fit fits[] = {
        { .title = before, .kernel = ATTPOOL_GAUSSIAN, .bandwidth = 1 / fabs(w0) },
        { .title = after, .kernel = ATTPOOL_GAUSSIAN, .bandwidth = 1 / fabs(w) },
    };
    int st = CMD_OK;
    if (demo->format == NULL || !isfinite(fits[0].bandwidth) || !isfinite(fits[1].bandwidth))
        return st;
    snprintf(before, sizeof before, "w = %.4f", w0);
    snprintf(after, sizeof after, "after %d epochs, w = %.4f", EPOCHS, w);
    for (int k = 0; k < 2 && st == CMD_OK; k++)
        st = demo_fit_one(demo, data, &fits[k], e);
    if (st == CMD_OK)
        st = demo_draw_fits(demo, data, fits, 2, "parametric", e);
    demo_fits_free(fits, 2);
    return st;
}

int demo_train(struct demo *demo, struct error *e)
{
    struct demo_data data;
    struct course courses[LOSSES];
    struct random r = random_new((uint64_t)demo->seed, STREAM);
    const double drawn = random_uniform(&r), w0 = demo->single ? (double)(float)drawn : drawn;
    int st = demo_data_make(&data, DEMO_CLASSIC, (size_t)demo->n, (uint64_t)demo->seed, e);
    for (int i = 0; i < LOSSES && st == CMD_OK; i++)
        st = learn(demo, &data, losses[i].loss, w0, &courses[i], e);
    if (st == CMD_OK) {
        print(demo, &data, w0, courses);
        report(demo, w0, courses);
        st = show(demo, &data, w0, courses[0].w[EPOCHS - 1], e);
    }
    demo_data_free(&data);
    return st;
}

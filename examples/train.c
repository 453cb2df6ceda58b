/* The parametric kernel of Dive into Deep Learning, "Attention
 * Pooling": w, trained by predicting each point from all others,
 * sharpens the weights. */
#include <attpool.h>
#include <math.h>
#include <stdio.h>

enum { POINTS = 50, EPOCHS = 5 };

static DLTensor tensor(double *data, int dims, int64_t *shape)
{
    return (DLTensor){ .data = data,
                       .device = { kDLCPU, 0 },
                       .ndim = dims,
                       .dtype = { kDLFloat, 64, 1 },
                       .shape = shape };
}

int main(void)
{
    double x[POINTS], y[POINTS], w = 1, loss;
    int64_t column[2] = { POINTS, 1 }, one[1] = { 1 };
    for (int i = 0; i < POINTS; i++) {
        x[i] = i / 10.0;
        y[i] = 2 * sin(x[i]) + pow(x[i], 0.8);
    }
    DLTensor X = tensor(x, 2, column), Y = tensor(y, 2, column),
             W = tensor(&w, 1, one);
    attpool_kernel_options kernel = { .kernel = ATTPOOL_GAUSSIAN,
                                      .inverse_bandwidths = &W };
    attpool_pool_options pool = { .score = ATTPOOL_KERNEL,
                                  .kernel = &kernel };
    attpool_training training = { .loss = ATTPOOL_LOSS_HALF,
                                  .rate = 0.5 };
    attpool_parameters learned = { .inverse_bandwidths = &W };
    attpool_context *context;
    if (attpool_open(NULL, &context) != ATTPOOL_OK)
        return 1;
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
        if (attpool_train_step(context, &X, &Y, &pool, &training,
                               &learned, &loss) != ATTPOOL_OK) {
            fprintf(stderr, "%s\n", attpool_message(context));
            return 1;
        }
        printf("epoch %d: loss %.4f, w %.4f\n", epoch, loss, w);
    }
    attpool_close(context);
    return 0;
}

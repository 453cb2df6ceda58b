/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTPOOL_TRAIN_H
#define ATTPOOL_TRAIN_H

/* Part of attpool.h: learning the parameters of a pooling. */

#include <attpool/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------
 * Training
 * ---------------------------------------------------------------------------------------- */

/** Losses, of the errors e_ic = P_ic - V_ic of `count` rows and v columns. */
typedef enum attpool_loss {
    ATTPOOL_LOSS_HALF = 0, /* the sum of e^2 / 2, MXNet's */
    ATTPOOL_LOSS_SUM = 1,  /* the sum of e^2, PyTorch's with reduction "sum" */
    ATTPOOL_LOSS_MEAN = 2  /* the sum of e^2 by count v, TensorFlow's */
} attpool_loss;

/** What is learned from. Zero-initialised: the loss HALF of all rows; a step needs a rate. */
typedef struct attpool_training {
    uint32_t size; /* sizeof(attpool_training), or 0: the fields of the first release */
    attpool_loss loss;
    double rate;          /* of attpool_train_step; finite */
    int64_t first, count; /* the batch: rows first to first + count - 1; count 0: up to the last */
} attpool_training;

/** What is learned: each NULL, or the very tensor that the options have in the field of this name,
 *  which a step then writes to. */
typedef struct attpool_parameters {
    uint32_t size; /* sizeof(attpool_parameters), or 0: the fields of the first release */
    DLTensor *inverse_bandwidths; /* w of the kernel */
    DLTensor *key_factors;
    DLTensor *wq, *wk, *wv;
} attpool_parameters;

/** The loss of predicting each row of a batch from all other rows, and its gradients.
 *
 *  P_i, the prediction of row i, is that of attpool_pool for query i = key i with leave_one_out.
 *  Errors are taken in double, their squares added by fma in the order of rows and columns.
 *
 *  K          (m, d), queries and keys, on the host
 *  V          (m, v), what is to be predicted, on the host
 *  options    as of attpool_pool, for m queries; those of masks that have rows, for the rows of the
 *             batch. query_origin is that of row 0; leave_one_out is set. No output
 *  training   NULL: the loss HALF of all rows
 *  loss       a number; NaN where a row has no prediction
 *  gradients  NULL, or those of parameters that are wanted: inverse_bandwidths, key_factors, scale,
 *             key_weights, wq, wk, wv; as of attpool_pool_grad. Not written where the loss is not
 *             finite
 *
 *  Needs O(m) memory. Loss and gradients have the same bits from every backend.
 *
 *  Returns as attpool_pool_grad; ATTPOOL_E_KEY also where K has no rows, ATTPOOL_E_OPTIONS for a
 *  field of training.
 *  Source: Dive into Deep Learning, "Attention Pooling"; Nadaraya 1964. */
ATTPOOL_API attpool_status attpool_train_loss(attpool_context *context, const DLTensor *K,
                                              const DLTensor *V,
                                              const attpool_pool_options *options,
                                              const attpool_training *training, double *loss,
                                              const attpool_gradients *gradients);

/** One step of gradient descent: each number p of the parameters becomes p - rate g, g being its
 *  gradient, by one fma in double that is rounded to the type.
 *
 *  K, V, options, training  as of attpool_train_loss
 *  parameters               what is learned; not one of them is broadcast (a stride of 0)
 *  loss                     that before the step. Where it is not finite nothing is changed
 *
 *  A loop over epochs, and over the batches of each, is the caller's:
 *
 *      for (int epoch = 0; epoch < 5; epoch++)
 *          attpool_train_step(context, &x, &y, &options, &training, &parameters, &loss);
 *
 *  Returns as attpool_train_loss; ATTPOOL_E_GRADIENT where nothing is learned or a parameter is not
 *  that of the options. After a failure the parameters are as they were.
 *  Source: Robbins and Monro 1951. Example: examples/train.c */
ATTPOOL_API attpool_status attpool_train_step(attpool_context *context, const DLTensor *K,
                                              const DLTensor *V,
                                              const attpool_pool_options *options,
                                              const attpool_training *training,
                                              const attpool_parameters *parameters, double *loss);

/** The order in which an epoch takes the rows: a random permutation of 0 .. count - 1, by Philox
 *  from the seed and the epoch's number (NUMERICS.md, "Training"). For batches, put the rows of K
 *  and V, and what belongs to keys, into this order.
 *
 *  count  0 to 2^32    epoch  0 to 2^32 - 1    order  count numbers
 *
 *  Returns ATTPOOL_OK, or ATTPOOL_E_OPTIONS for a number out of range or an order of NULL. Needs no
 *  context.
 *  Source: Fisher and Yates 1938; Durstenfeld 1964; Salmon et al. 2011. */
ATTPOOL_API attpool_status attpool_train_order(uint64_t seed, int64_t epoch, int64_t count,
                                               int64_t *order);

#ifdef __cplusplus
}
#endif

#endif

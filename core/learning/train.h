/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_LEARNING_TRAIN_H
#define CORE_LEARNING_TRAIN_H

/* A call that predicts a batch, between its check and its end. */

#include "core/call/pool.h"

struct learning_tensors {
    const DLTensor *K, *V;
    const attpool_pool_options *options;
    const attpool_training *training;
};

struct learning {
    struct learning_tensors given;
    attpool_training training;
    attpool_pool_options pool;
    attpool_masks masks;
    int64_t m, v, count; /* count: rows of the batch */
    struct view *value;
    int64_t queries_shape[2], queries_strides[2], out_shape[2];
    DLTensor queries, out, gradient, max, sum; /* of the batch */
    void *memory;
    struct arguments args; /* last: all before it begins as 0 */
};

/* Check, read and reserve; ap_learning_end whatever the result. */
attpool_status ap_learning_begin(struct learning *s, struct engine *engine,
                                 const struct learning_tensors *given);
void ap_learning_end(struct learning *s);

/* Predict, and judge; then the gradients of a loss that is finite. */
attpool_status ap_learning_loss(struct learning *s, double *loss);
attpool_status ap_learning_grad(struct learning *s, const attpool_gradients *gradients);

#endif

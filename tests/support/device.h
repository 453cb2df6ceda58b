/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_DEVICE_H
#define TESTS_SUPPORT_DEVICE_H

/* Tensors in the memory of a context's device. */

#include "tests/support/tensor.h"

/* Does the context take tensors on a device? */
bool has_device_memory(const attpool_context *context);

/* Bring a tensor of the host to the device: t->dl then names the buffer, host->dl what it was. */
struct on_device {
    DLTensor host;
    struct tensor *tensor;
};
void to_device(attpool_context *context, struct tensor *t, struct on_device *moved);
/* Fetch the bytes back and free the buffer. */
void from_device(attpool_context *context, struct on_device *moved);

#endif

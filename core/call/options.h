/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CALL_OPTIONS_H
#define CORE_CALL_OPTIONS_H

/* Option structures of any release, and what the options mean for a backend. */

#include "core/tensor/tensor.h"

/* Copy the caller's structure, or zeros for NULL, to `own` of `size` bytes. Both begin with
 * uint32_t size. A shorter one is filled up with zeros; of a longer one the rest must be zeros.
 * false: the message says what is wrong. */
bool ap_take_options(struct engine *engine, const char *name, void *own, size_t size,
                     const void *caller);

/* memset to 0 by libc: spelt out by a compiler ("rep stos") it takes longer than a small softmax.
 */
void ap_clear(void *memory, size_t bytes);

/* round(value) to the type, as a double. */
double ap_to_type(int type, double value);

/* Multiply-adds that take as long as what is done to a score or a number but for products: an
 * exponential or the like. */
#define ELEMENT_WORK 16

/* The backend computes in this type. */
attpool_status ap_need_type(struct engine *engine, int type);

/* c = scale * log2(e) in the type. */
attpool_status ap_take_scale(struct engine *engine, int type, double scale, double *c);

/* A policy up to `most`, or ERROR; DEFAULT becomes `otherwise`. */
attpool_status ap_take_empty(struct engine *engine, attpool_empty given, attpool_empty otherwise,
                             attpool_empty most, attpool_empty *empty);

/* That of a tensor of inverse bandwidths. */
enum layout ap_bandwidth_layout(attpool_bandwidth_per per);

/* Check a kernel and take up its tensors of inverse bandwidths. d is known; m and n are checked by
 * ap_kernel_options_fit once the leading dimensions are. The pointers in *k live in `args`. */
struct kernel_tensors {
    struct view *inverse_bandwidths, *factors;
};
attpool_status ap_kernel_options_take(struct arguments *args, const attpool_kernel_options *caller,
                                      struct kernel *kernel, struct kernel_tensors *tensors);
attpool_status ap_kernel_options_fit(struct arguments *args, struct kernel *kernel,
                                     const struct kernel_tensors *tensors,
                                     const struct leading *leading, int64_t n, int64_t m,
                                     int64_t d);
/* After ap_arguments_fill: a single inverse bandwidth that stands in a tensor on the host becomes a
 * number. */
void ap_kernel_options_single(struct kernel *kernel, const struct kernel_tensors *tensors);

/* The same for masks. */
struct mask_tensors {
    attpool_masks options;
    struct view *lengths, *mask, *bias;
};
attpool_status ap_masks_take(struct arguments *args, const attpool_masks *caller,
                             struct masks *masks, struct mask_tensors *tensors);
attpool_status ap_masks_fit(struct arguments *args, const struct mask_tensors *tensors,
                            const struct leading *leading, int64_t n, int64_t m);

/* Values that can be read here, on the host. */
attpool_status ap_check_lengths(struct engine *engine, const struct view *lengths, int64_t m);
attpool_status ap_check_key_weights(struct engine *engine, const struct view *weights);

#endif

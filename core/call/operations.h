/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_OPERATIONS_H
#define CORE_OPERATIONS_H

/* Checks that several operations share. */

#include "core/tensor/tensor.h"

/* Multiply-adds that take as long as what is done to a score or a number but for products: an
 * exponential or the like. */
#define ELEMENT_WORK 16

/* The backend computes in this type. */
attpool_status ap_need_type(struct engine *engine, int type);

/* c = scale * log2(e) in the type. */
attpool_status ap_take_scale(struct engine *engine, int type, const double *scale, double otherwise,
                             double *c);

/* A policy up to `most`, or ERROR; DEFAULT becomes `otherwise`. */
attpool_status ap_take_empty(struct engine *engine, attpool_empty given, attpool_empty otherwise,
                             attpool_empty most, attpool_empty *empty);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_OPERATIONS_H
#define BACKENDS_OPERATIONS_H

/* The operations of a backend, one row each. From a row NAME come
 *
 *     the slot      attpool_status (*NAME[TYPES])(struct engine *, const struct NAME_args *)
 *     its contents  ap_BACKEND_NAME_f32 and ap_BACKEND_NAME_f64, declared and put into the tables
 *
 * so that a new operation begins with its row, struct NAME_args in backend.h, and its files in the
 * backends; CONTRIBUTING.md, "What a change touches", has the rest. */
#define OPERATION_TABLE(ROW)                                                                       \
    ROW(bmm)                                                                                       \
    ROW(kernel)                                                                                    \
    ROW(softmax)                                                                                   \
    ROW(pool)                                                                                      \
    ROW(pool_grad)                                                                                 \
    ROW(pool_squared)                                                                              \
    ROW(elementwise)

/* Those on partial states, which are on the host for every backend: all take those of scalar. */
#define STATE_OPERATION_TABLE(ROW)                                                                 \
    ROW(merge)                                                                                     \
    ROW(finish)

/* Those that a backend may lack: its slots are then NULL, and the core does without. */
#define OPTIONAL_OPERATION_TABLE(ROW) ROW(pool_bandwidths)

/* A function of an operation for one type. */
#define OPERATION_FUNCTION(name, symbol)                                                           \
    attpool_status symbol(struct engine *, const struct name##_args *);

#endif

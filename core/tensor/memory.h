/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_TENSOR_MEMORY_H
#define CORE_TENSOR_MEMORY_H

/* Memory where a backend has its arrays, and what of it the core reads and writes itself. */

#include "core/tensor/tensor.h"

attpool_status ap_memory_take(struct engine *engine, size_t bytes, void **memory);
void ap_memory_give(struct engine *engine, void *memory);

/* Memory that both sides use: `host` is `memory` itself, or for a device a copy, which goes up and
 * comes down where it is said. Zero-initialise. */
struct buffer {
    void *memory, *host;
    size_t bytes;
};
attpool_status ap_buffer_new(struct engine *engine, size_t bytes, struct buffer *buffer);
attpool_status ap_buffer_upload(struct engine *engine, const struct buffer *buffer);
attpool_status ap_buffer_download(struct engine *engine, const struct buffer *buffer);
void ap_buffer_free(struct engine *engine, const struct buffer *buffer);

/* A view whose elements can be read and set here: of one on a device a copy, in *memory, which the
 * caller frees and which ap_view_store brings back. */
attpool_status ap_view_fetch(struct engine *engine, const struct view *view, struct view *own,
                             void **memory);
attpool_status ap_view_store(struct engine *engine, const struct view *view, const void *memory);

/* Rounded to the type; a NaN becomes the positive quiet one. */
void ap_view_set(const struct view *view, int64_t b, int64_t h, int64_t i, int64_t c, double value);
void ap_view_set_integer(const struct view *view, int64_t b, int64_t h, int64_t i, int64_t c,
                         int64_t value);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/device.h"

#include "core/context.h"

#include <check.h>

bool has_device_memory(const attpool_context *context)
{
    return context->engine.backend->memory != NULL;
}

static void succeeds(const attpool_context *context, attpool_status status)
{
    ck_assert_msg(status == ATTPOOL_OK, "%s", attpool_message(context));
}

void to_device(attpool_context *context, struct tensor *t, struct on_device *moved)
{
    struct engine *e = &context->engine;
    void *buffer;
    moved->tensor = t;
    moved->host = t->dl;
    succeeds(context, e->backend->memory->alloc(e, t->size > 0 ? t->size : 16, &buffer));
    if (t->size > 0)
        succeeds(context, e->backend->memory->upload(e, buffer, 0, t->bytes, t->size));
    t->dl.byte_offset = (uint64_t)((unsigned char *)t->dl.data + t->dl.byte_offset - t->bytes);
    t->dl.data = buffer;
    t->dl.device = (DLDevice){ kDLOpenCL, 0 };
}

void from_device(attpool_context *context, struct on_device *moved)
{
    struct engine *e = &context->engine;
    struct tensor *t = moved->tensor;
    if (t->size > 0)
        succeeds(context, e->backend->memory->download(e, t->dl.data, 0, t->bytes, t->size));
    e->backend->memory->release(e, t->dl.data);
    t->dl = moved->host;
}

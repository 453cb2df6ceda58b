/* SPDX-License-Identifier: Apache-2.0 */

/* Tensors on the host, for a backend that computes on a device. */

#include "core/tensor/tensor.h"

static bool is_staged(const struct view *v)
{
    return !v->device && v->array;
}

static bool covers_its_range(const struct view *v)
{
    int64_t count = v->size[0] * v->size[1] * v->size[2] * v->size[3];
    return count * v->bytes == v->high - v->low;
}

static struct span span_of(const struct view *v)
{
    return (struct span){
        .low = v->data + v->low,
        .high = v->data + v->high,
        .element = v->bytes,
        /* The gaps of a strided output are the caller's: they come back unchanged. */
        .read = v->role != ROLE_OUTPUT || !covers_its_range(v),
        .written = v->role != ROLE_INPUT,
    };
}

/* Have two spans bytes in common, and their numbers places that fit into one array? */
static bool spans_meet(const struct span *a, const struct span *b)
{
    return a->low < b->high && b->low < a->high && a->element == b->element &&
           (a->low - b->low) % a->element == 0;
}

/* Spans that overlap become one: a device has bytes of the host once. */
static void add_span(struct arguments *args, struct span s)
{
    for (int i = 0; i < args->spans; i++) {
        const struct span *t = &args->span[i];
        if (!spans_meet(&s, t))
            continue;
        s.low = t->low < s.low ? t->low : s.low;
        s.high = t->high > s.high ? t->high : s.high;
        s.read |= t->read;
        s.written |= t->written;
        args->span[i] = args->span[--args->spans];
        i = -1; /* the longer one may meet those before */
    }
    args->span[args->spans++] = s;
}

/* What stands for arrays without elements, which nobody reads: low is NULL. */
static attpool_status add_nothing(struct arguments *args)
{
    struct span *s = &args->span[args->spans++];
    *s = (struct span){ .element = 1 };
    return args->engine->backend->memory->alloc(args->engine, 16, &s->buffer);
}

static const struct span *find_span(const struct arguments *args, const struct view *v)
{
    const struct span own = span_of(v);
    const struct span *s = args->span;
    if (v->high == v->low) {
        while (s->low)
            s++;
        return s;
    }
    while (!s->low || s->low > own.low || s->high < own.high || s->element != own.element ||
           (own.low - s->low) % own.element != 0)
        s++;
    return s;
}

static attpool_status bring(struct engine *e, struct span *s)
{
    const enum bring use = !s->written ? BRING_INPUT : s->read ? BRING_UPDATED : BRING_OUTPUT;
    return e->backend->memory->bring(e, s->low, (size_t)(s->high - s->low), (size_t)s->element, use,
                                     &s->buffer);
}

void ap_arguments_span(struct arguments *args)
{
    args->spans = 0;
    for (int k = 0; k < args->count; k++)
        if (is_staged(&args->view[k]) && args->view[k].high > args->view[k].low)
            add_span(args, span_of(&args->view[k]));
}

static bool any_is_empty(const struct arguments *args)
{
    for (int k = 0; k < args->count; k++)
        if (is_staged(&args->view[k]) && args->view[k].high == args->view[k].low)
            return true;
    return false;
}

attpool_status ap_arguments_stage(struct arguments *args)
{
    attpool_status st = ATTPOOL_OK;
    args->spans = 0;
    if (!args->engine->backend->memory)
        return ATTPOOL_OK;
    ap_arguments_span(args);
    for (int i = 0; i < args->spans && st == ATTPOOL_OK; i++)
        st = bring(args->engine, &args->span[i]);
    if (st == ATTPOOL_OK && any_is_empty(args))
        st = add_nothing(args);
    if (st != ATTPOOL_OK)
        return ap_arguments_unstage(args, st);
    for (int k = 0; k < args->count; k++) {
        const struct view *v = &args->view[k];
        if (!is_staged(v))
            continue;
        const struct span *s = find_span(args, v);
        v->array->data = s->buffer;
        v->array->offset = s->low ? v->data - s->low : 0;
    }
    return ATTPOOL_OK;
}

attpool_status ap_arguments_unstage(struct arguments *args, attpool_status status)
{
    struct engine *e = args->engine;
    const struct device_memory *memory = e->backend->memory;
    if (!memory || args->spans == 0)
        return status;
    for (int i = 0; i < args->spans && status == ATTPOOL_OK; i++) {
        const struct span *s = &args->span[i];
        if (s->written)
            status = memory->fetch(e, s->buffer, s->low, (size_t)(s->high - s->low));
    }
    /* Whatever has failed, what was queued uses memory of the caller's. What calls on device
     * tensors have found is for attpool_finish to say. */
    if (status == ATTPOOL_OK && ap_arguments_on_host(args)) {
        status = memory->sync(e);
    } else {
        attpool_status waited = memory->wait(e);
        status = status == ATTPOOL_OK ? waited : status;
    }
    for (int i = 0; i < args->spans; i++)
        if (args->span[i].buffer)
            memory->release(e, args->span[i].buffer);
    args->spans = 0;
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "backends/opencl/slab.h"

enum { ENTRY_TERMS = 16 };

struct rows {
    struct engine *engine;
    const struct softmax_args *args;
    int type;
};

static attpool_status launch_slab(void *arg, struct slab *s)
{
    const struct rows *p = arg;
    const struct softmax_args *args = p->args;
    size_t lanes = p->type == TYPE_F32 ? SOFTMAX_LANES_F32 : SOFTMAX_LANES_F64;
    size_t local[2] = { lanes, GROUP / lanes };
    int64_t items[2] = { (int64_t)lanes, s->rows };
    struct launch l;

    if (launch_begin(&l, p->engine, KERNEL_SOFTMAX, p->type)) {
        put(&l, sizeof *s, s);
        put_array(&l, &args->s);
        put_array(&l, &args->w);
        put_masks(&l, &args->masks, NULL);
        put_real(&l, args->c);
        put_int(&l, (int)args->empty);
        put_flags(&l);
        launch_run(&l, 2, items, local);
    }
    return launch_end(&l);
}

attpool_status opencl_softmax(struct engine *engine, const struct softmax_args *args, int type)
{
    struct rows p = { engine, args, type };
    struct cut cut = { .batch = args->batch, .heads = args->heads, .n = args->n, .m = args->m };
    attpool_status status =
        opencl_check(engine, &args->masks, NULL, args->batch, args->heads, args->n, args->m, type);

    cut.most = max64(GROUP, LAUNCH_TERMS / ENTRY_TERMS / max64(1, args->m));
    if (status == ATTPOOL_OK)
        status = opencl_turns(engine, 2 * args->m);
    return status == ATTPOOL_OK ? slab_each(&cut, launch_slab, &p) : status;
}

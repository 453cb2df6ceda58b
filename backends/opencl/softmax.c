/* SPDX-License-Identifier: Apache-2.0 */
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

    if (ap_launch_begin(&l, p->engine, KERNEL_SOFTMAX, p->type)) {
        ap_put(&l, sizeof *s, s);
        ap_put_array(&l, &args->s);
        ap_put_array(&l, &args->w);
        ap_put_masks(&l, &args->masks, NULL);
        ap_put_real(&l, args->c);
        ap_put_int(&l, (int)args->empty);
        ap_put_flags(&l, args->empty == ATTPOOL_EMPTY_ERROR);
        ap_launch_run(&l, 2, items, local);
    }
    return ap_launch_end(&l);
}

attpool_status ap_opencl_softmax(struct engine *engine, const struct softmax_args *args, int type)
{
    struct rows p = { engine, args, type };
    struct cut cut = { .batch = args->batch, .heads = args->heads, .n = args->n, .m = args->m };
    attpool_status status = ap_opencl_check(engine, &args->masks, NULL, args->batch, args->heads,
                                            args->n, args->m, type);

    cut.most = max64(GROUP, LAUNCH_TERMS / ENTRY_TERMS / max64(1, args->m));
    if (status == ATTPOOL_OK)
        status = ap_opencl_turns(engine, 2 * args->m);
    return status == ATTPOOL_OK ? ap_slab_each(&cut, launch_slab, &p) : status;
}

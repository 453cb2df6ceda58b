/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/shape.h"
#include "backends/opencl/slab.h"

#include <math.h>

enum { ENTRY_TERMS = 16, ITEM_ENTRIES = 1 << 16, ITEMS_A_UNIT = 4 };

struct rows {
    struct engine *engine;
    const struct softmax_args *args;
    int type;
    int64_t each; /* rows of a work-item that takes whole rows; else 0 */
};

static int lanes_of(int type)
{
    return type == TYPE_F32 ? SOFTMAX_LANES_F32 : SOFTMAX_LANES_F64;
}

/* Whole rows in vectors, where the visible columns are a range: cl/softmax_rows.cl. */
static bool takes_rows(struct engine *engine, const struct softmax_args *args, int type)
{
    const bool folds = type == TYPE_F32 ? 0.25f * (float)args->c == 0 : 0.25 * args->c == 0;
    return ap_opencl_vectors(engine, type) && !args->masks.mask.data && !args->masks.bias.data &&
           !args->masks.leave_one_out && args->s.col == 1 && args->w.col == 1 && !folds &&
           isfinite(args->c) && args->m >= lanes_of(type);
}

/* Large work-items, but enough for all compute units. */
static int64_t rows_each(struct engine *engine, const struct softmax_args *args)
{
    const struct opencl *o = ap_engine_state(engine);
    const int64_t rows = args->batch * args->heads * args->n;
    const int64_t share = ceil_div(rows, ITEMS_A_UNIT * (int64_t)max64(1, o->units));
    return max64(1, min64(share, ITEM_ENTRIES / args->m));
}

static enum entry_id softmax_entry_of(const struct rows *p)
{
    return p->each > 0 ? KERNEL_SOFTMAX_ROWS : KERNEL_SOFTMAX;
}

static attpool_status launch_slab(void *arg, struct slab *s)
{
    const struct rows *p = arg;
    const struct softmax_args *args = p->args;
    const size_t lanes = (size_t)lanes_of(p->type), alone[1] = { 1 };
    const int64_t items_of_rows[1] = { ceil_div(s->rows, max64(1, p->each)) };
    size_t local[2] = { lanes, GROUP / lanes };
    int64_t items[2] = { (int64_t)lanes, s->rows };
    struct launch l;

    if (ap_launch_begin(&l, p->engine, softmax_entry_of(p), p->type)) {
        ap_put(&l, sizeof *s, s);
        ap_put_array(&l, &args->s);
        ap_put_array(&l, &args->w);
        ap_put_masks(&l, &args->masks, NULL);
        ap_put_real(&l, args->c);
        ap_put_int(&l, (int)args->empty);
        ap_put_flags(&l, args->empty == ATTPOOL_EMPTY_ERROR);
        l.terms = (double)s->rows * (double)args->m * ENTRY_TERMS;
        if (p->each > 0) {
            ap_put_int(&l, (int)p->each);
            ap_launch_run(&l, 1, items_of_rows, alone);
        } else {
            ap_launch_run(&l, 2, items, local);
        }
    }
    return ap_launch_end(&l);
}

attpool_status ap_opencl_softmax(struct engine *engine, const struct softmax_args *args, int type)
{
    struct rows p = { .engine = engine, .args = args, .type = type };
    struct cut cut = { .batch = args->batch, .heads = args->heads, .n = args->n, .m = args->m };
    attpool_status status = ap_opencl_check(engine, &args->masks, NULL, args->batch, args->heads,
                                            args->n, args->m, type);

    if (takes_rows(engine, args, type))
        p.each = rows_each(engine, args);
    const int64_t terms = ap_opencl_most_terms(engine, softmax_entry_of(&p), type);
    cut.most = max64(GROUP, terms / ENTRY_TERMS / max64(1, args->m));
    if (status == ATTPOOL_OK)
        status = ap_opencl_turns(engine, 2 * args->m);
    return status == ATTPOOL_OK ? ap_slab_each(&cut, launch_slab, &p) : status;
}

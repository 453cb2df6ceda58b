/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/opencl.h"

void ap_put_masks(struct launch *l, const struct masks *masks, const struct array *key_weights)
{
    static const struct array none;
    const struct masking how = {
        .length_bytes = masks->lengths.data ? masks->length_bytes : 0,
        .band_low = masks->band_low,
        .band_high = masks->band_high,
        .leave_one_out = masks->leave_one_out,
        .excluded = masks->excluded,
        .has_mask = masks->mask.data != NULL,
        .has_bias = masks->bias.data != NULL,
        .has_key_weights = key_weights && key_weights->data,
    };

    ap_put(l, sizeof how, &how);
    ap_put_bytes(l, &masks->lengths, masks->length_bytes == 8 ? 8 : 4);
    ap_put_bytes(l, &masks->mask, 1);
    ap_put_array(l, &masks->bias);
    ap_put_array(l, key_weights ? key_weights : &none);
}

attpool_status ap_opencl_check(struct engine *engine, const struct masks *masks,
                               const struct array *key_weights, int64_t batch, int64_t heads,
                               int64_t n, int64_t m, int type)
{
    static const struct array none;
    static const size_t local[3] = { GROUP, 1, 1 };
    const struct array *lengths = masks->lengths.unseen ? &masks->lengths : &none;
    int64_t rows = lengths->row == 0 ? 1 : n;
    int64_t items[3];
    struct launch l;

    if (!key_weights || !key_weights->unseen)
        key_weights = &none;
    if (!lengths->data && !key_weights->data)
        return ATTPOOL_OK;
    if (!ap_launch_begin(&l, engine, KERNEL_CHECK, type))
        return ap_launch_end(&l);
    ap_put_bytes(&l, lengths, masks->length_bytes == 8 ? 8 : 4);
    ap_put_int(&l, lengths->data ? masks->length_bytes : 0);
    ap_put_long(&l, rows);
    ap_put_array(&l, key_weights);
    ap_put_int(&l, key_weights->data != NULL);
    ap_put_long(&l, m);
    ap_put_flags(&l, true);
    items[0] = max64(lengths->data ? rows : 0, key_weights->data ? m : 0);
    items[1] = heads;
    items[2] = batch;
    ap_launch_run(&l, 3, items, local);
    return ap_launch_end(&l);
}

void ap_put_dropping(struct launch *l, const struct pool_args *args)
{
    const struct dropout *drop = &args->dropout;
    const struct dropping how = { (int64_t)drop->threshold, (int64_t)drop->seed, drop->query_origin,
                                  args->key_origin, drop->batch_origin };
    ap_put(l, sizeof how, &how);
}

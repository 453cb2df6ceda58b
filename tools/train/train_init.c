/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters before the first epoch. */
#include "backends/philox.h"
#include "tools/regress/regress_group.h"
#include "tools/train/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HIDDEN = 8, INIT_COUNTER = 2 };

/* Number i of array k, in [0, 1), from the seed. */
static double uniform(int64_t seed, int k, int64_t i)
{
    const struct philox counter = { { (uint32_t)i, (uint32_t)((uint64_t)i >> 32), (uint32_t)k,
                                      INIT_COUNTER } };
    const struct philox words = philox(counter, (uint32_t)seed, (uint32_t)((uint64_t)seed >> 32));
    const uint64_t bits = (uint64_t)words.word[1] << 32 | words.word[0];
    return (double)(bits >> 11) * 0x1p-53;
}

/* Glorot's range, of matrices. */
static double range_of(const struct params *p, int k)
{
    return sqrt(6 / (double)(k == PARAMS_WV ? p->p + 1 : p->p + p->d));
}

static int fill_start(struct train_run *run, struct error *e)
{
    const struct train_options *o = run->o;
    struct params *p = &run->params;
    const struct numbers *init = &o->init;
    if (init->count > 1 && (int64_t)init->count != params_count(p, PARAMS_W_ARRAY))
        return error_set(e, CMD_USAGE, "--init has %zu values, --param %s has %lld", init->count,
                         params_kind_names[p->kind], (long long)params_count(p, PARAMS_W_ARRAY));
    for (int k = 0; k < PARAMS_ARRAYS; k++)
        for (int64_t i = 0; i < params_count(p, (enum params_array)k); i++) {
            double x = uniform(o->seed, k, i);
            if (!params_have_kernel(p))
                x = (2 * x - 1) * (init->count > 0 ? init->value[0] : range_of(p, k));
            else if (init->count > 0)
                x = init->value[init->count > 1 ? (size_t)i : 0];
            p->value[k][i] = p->single ? (double)(float)x : x;
            if (!isfinite(p->value[k][i]))
                return error_set(e, CMD_USAGE, "--init: %g is infinite in float32", x);
        }
    return CMD_OK;
}

static int take_kernels(struct params *p, const struct train_options *o, size_t d, struct error *e)
{
    static const attpool_kernel_name gaussian = ATTPOOL_GAUSSIAN;
    const bool given = o->table.choices.kernel_count > 0;
    const attpool_kernel_name *names = given ? o->table.choices.kernels[0].name : &gaussian;
    p->form = o->table.form;
    p->kernels.count = given ? o->table.choices.kernels[0].count : 1;
    if (p->kernels.count > 1 && p->kernels.count != d)
        return error_set(e, CMD_USAGE, "--kernel has %zu kernels for %zu x columns",
                         p->kernels.count, d);
    p->kernels.name = calloc(p->kernels.count, sizeof *p->kernels.name);
    if (p->kernels.name == NULL)
        return error_memory(e, p->kernels.count);
    memcpy(p->kernels.name, names, p->kernels.count * sizeof *names);
    return CMD_OK;
}

static int make_new(struct train_run *run, struct error *e)
{
    const struct train_options *o = run->o;
    const struct regress_group *g = run->group;
    struct params *p = &run->params;
    p->kind = o->kind;
    p->single = g->single;
    p->rows = (int64_t)g->m;
    p->d = (int64_t)g->d;
    p->p = params_have_kernel(p) ? 0 : o->hidden_given ? o->hidden : HIDDEN;
    int st = params_have_kernel(p) ? take_kernels(p, o, g->d, e) : CMD_OK;
    if (st == CMD_OK)
        st = params_new(p, e);
    return st == CMD_OK ? fill_start(run, e) : st;
}

/* Those of --params, which have been read, go on with the data. */
static int check_data(const struct train_run *run, struct error *e)
{
    const struct params *p = &run->params;
    const struct regress_group *g = run->group;
    const char *path = run->o->params_in;
    char checksum[17];
    bool others;
    params_checksum(run->tables->data.columns, g->d, g->m, checksum);
    if (p->d != (int64_t)g->d)
        return error_at(e, path, 0, 0, "its parameters are for %lld x column%s, not for %zu",
                        (long long)p->d, p->d == 1 ? "" : "s", g->d);
    const int st = regress_params_same(path, p, &run->o->table, run->tables, &others, e);
    const bool same = p->rows == (int64_t)g->m && strcmp(checksum, p->checksum) == 0;
    if (st != CMD_OK || same)
        return st;
    if (p->kind == PARAMS_W_KEY)
        return error_at(e, path, 0, 0, "its parameters belong to the rows of other data than %s",
                        run->o->table.data);
    if (!others)
        error_warn("%s: its parameters were learned from other rows than those of %s", path,
                   run->o->table.data);
    return CMD_OK;
}

/* Batches have an order for each of 2^32 epochs; numbers in a table are exact up to 2^53. */
static int check_epochs(const struct train_run *run, struct error *e)
{
    const struct train_options *o = run->o;
    const int64_t most = INT64_C(1) << (train_batches(run) ? 32 : 53);
    const char *batches = train_batches(run) ? " in batches" : "";
    const int64_t room = most - run->params.epoch;
    if (room >= o->epochs)
        return CMD_OK;
    if (o->epochs_given && room > 0)
        return error_set(e, CMD_USAGE, "--epochs: after the \"epoch\" of %s there are %lld more%s",
                         o->params_in, (long long)room, batches);
    return error_at(e, o->params_in, 0, 0,
                    "\"epoch\" is %lld: with %lld more there are more than %lld%s",
                    (long long)run->params.epoch, (long long)o->epochs, (long long)most, batches);
}

static int take_points(struct train_run *run, struct error *e)
{
    const struct regress_group *g = run->group;
    const struct group_place place = { &run->tables->data, g->rows };
    run->x = g->x;
    if (train_shifts(run) || !g->single)
        return CMD_OK;
    return group_pack(g, g->columns, g->m, false, g->d, &run->x, &place, e);
}

int train_init(struct train_run *run, struct error *e)
{
    struct params *p = &run->params;
    int st = run->o->params_in != NULL ? check_data(run, e) : make_new(run, e);
    if (st == CMD_OK)
        st = check_epochs(run, e);
    for (int k = 0; k < PARAMS_ARRAYS && st == CMD_OK; k++) {
        const size_t count = (size_t)params_count(p, (enum params_array)k);
        void *good;
        if (count == 0)
            continue;
        st = array_new(&run->value[k], count, real_size(p->single), e);
        if (st == CMD_OK)
            st = array_new(&good, count, sizeof(double), e);
        if (st == CMD_OK)
            run->good[k] = good;
    }
    if (st == CMD_OK)
        st = take_points(run, e);
    if (st == CMD_OK)
        st = regress_params_columns(&run->o->table, run->tables, p, e);
    if (st != CMD_OK)
        return st;
    p->rows = (int64_t)run->group->m;
    params_checksum(run->tables->data.columns, run->group->d, run->group->m, p->checksum);
    run->record.widths = p->kind == PARAMS_W || p->kind == PARAMS_W_COORDINATE
                             ? (size_t)params_count(p, PARAMS_W_ARRAY)
                             : 0;
    train_put(run);
    train_keep(run, p->epoch);
    return CMD_OK;
}

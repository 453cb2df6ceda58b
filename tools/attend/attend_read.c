/* SPDX-License-Identifier: Apache-2.0 */
/* The arrays of attend. The headers of Q, K and V come first: they decide the type in which
 * the rest is read. */
#include "tools/attend/attend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct open_input {
    struct source source;
    struct npy_info info;
    bool open;
};

static int open_header(const char *path, struct open_input *in, struct error *e)
{
    int st = source_open(&in->source, path, e);
    if (st != CMD_OK)
        return st;
    in->open = true;
    if (!in->source.npy)
        return error_at(e, in->source.name, 0, 0, "not an NPY file");
    return npy_header(&in->source, &in->info, e);
}

static enum npy_as type_of(enum attend_input i, bool single)
{
    if (i == IN_LENGTHS)
        return NPY_AS_I64;
    if (i == IN_MASK)
        return NPY_AS_BOOL;
    return single ? NPY_AS_F32 : NPY_AS_F64;
}

static bool decides_type(int i)
{
    return i == IN_Q || i == IN_K || i == IN_V;
}

static bool may_be_scalar(enum attend_input i)
{
    return i == IN_LENGTHS || i == IN_INVERSE_BANDWIDTH;
}

/* A sum of finite weights that overflows would make every weight 0 or NaN without a word. What is
 * not finite itself, or negative, the library refuses. */
static int check_key_weights(const char *file, bool single, const struct attend_array *array,
                             struct error *e)
{
    const size_t keys = (size_t)array->shape[array->dims - 1];
    double sum = 0;
    for (size_t j = 0; j < array->count; j++) {
        const double weight = real_get(array->data, single, j);
        sum = j % keys == 0 ? weight : sum + weight;
        if (!isfinite(weight))
            return CMD_OK;
        if (isinf(single ? (double)(float)sum : sum))
            return error_at(e, file, 0, 0,
                            "the sum of the key weights is outside the range of float%d, up to "
                            "element %zu in C order",
                            single ? 32 : 64, j);
    }
    return CMD_OK;
}

static int read_array(struct open_input *in, enum attend_input i, bool single,
                      struct attend_array *array, struct error *e)
{
    const struct npy_info *info = &in->info;
    array->dims = info->dims;
    array->count = info->count;
    memcpy(array->shape, info->shape, sizeof array->shape);
    if (info->dims == 0 && may_be_scalar(i)) {
        array->dims = 1;
        array->shape[0] = 1;
    }
    const int least = decides_type((int)i) ? 2 : 1;
    if (array->dims < least || array->dims > 4)
        return error_at(e, in->source.name, 0, 0,
                        "the shape is %s; it should have %d to 4 dimensions",
                        npy_shape(info->dims, info->shape).text, least);
    int st = npy_data(&in->source, info, type_of(i, single), &array->data, e);
    if (st == CMD_OK && i == IN_KEY_WEIGHTS)
        st = check_key_weights(in->source.name, single, array, e);
    return st;
}

/* float32 holds integers of up to 16 bits, and would round wider ones before their differences are
 * taken: seconds since 1970 to multiples of 128. */
static bool needs_double(enum npy_type type)
{
    switch (type) {
    case NPY_BOOL:
    case NPY_I8:
    case NPY_I16:
    case NPY_U8:
    case NPY_U16:
    case NPY_F16:
    case NPY_F32:
        return false;
    case NPY_I32:
    case NPY_I64:
    case NPY_U32:
    case NPY_U64:
    case NPY_F64:
        break;
    }
    return true;
}

static bool choose_single(const struct attend_options *o, const struct open_input *in)
{
    if (o->common.precision != PRECISION_DEFAULT)
        return o->common.precision == PRECISION_F32;
    for (int i = 0; i < INPUTS; i++)
        if (decides_type(i) && in[i].open && needs_double(in[i].info.type))
            return false;
    return true;
}

int attend_read(const struct attend_options *o, struct attend_work *work, struct error *e)
{
    struct open_input in[INPUTS] = { { .open = false } };
    int st = CMD_OK;
    for (int i = 0; i < INPUTS && st == CMD_OK; i++)
        if (decides_type(i) && o->input[i] != NULL)
            st = open_header(o->input[i], &in[i], e);
    work->single = choose_single(o, in);
    if (st == CMD_OK)
        st = attend_params_arrays(o, work, e);
    for (int i = 0; i < INPUTS && st == CMD_OK; i++) {
        if (o->input[i] == NULL || attend_params_of(o, (enum attend_input)i) != PARAMS_ARRAYS)
            continue;
        if (!in[i].open)
            st = open_header(o->input[i], &in[i], e);
        if (st == CMD_OK)
            st = read_array(&in[i], (enum attend_input)i, work->single, &work->input[i], e);
    }
    if (st == CMD_OK && o->input[IN_K] != NULL)
        st = attend_params_keys(o, &work->input[IN_K],
                                work->single || !needs_double(in[IN_K].info.type), e);
    for (int i = 0; i < INPUTS; i++)
        if (in[i].open)
            source_close(&in[i].source);
    return st;
}

void attend_free(struct attend_work *work)
{
    for (int i = 0; i < INPUTS; i++)
        free(work->input[i].data);
    for (int i = 0; i < OUTPUTS; i++)
        free(work->output[i].data);
    free(work->max.data);
    free(work->sum.data);
    *work = (struct attend_work){ 0 };
}

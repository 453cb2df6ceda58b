/* SPDX-License-Identifier: Apache-2.0 */
/* Learned parameters in JSON. */
#include "tools/command/params.h"
#include "tools/command/report.h"
#include "tools/io/source.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION_OF_FORMAT = 1 };

/* ---- writing ---- */

static json_t *shape_of(const struct params *p, enum params_array array)
{
    const int64_t count = params_count(p, array);
    if (array == PARAMS_WQ || array == PARAMS_WK)
        return json_pack("[I, I]", (json_int_t)p->p, (json_int_t)p->d);
    return json_pack("[I]", (json_int_t)count);
}

static void put_arrays(struct report *r, const struct params *p)
{
    json_t *all = json_object();
    for (int k = 0; k < PARAMS_ARRAYS; k++) {
        const int64_t count = params_count(p, (enum params_array)k);
        if (count == 0)
            continue;
        json_t *values = json_array();
        for (int64_t i = 0; i < count; i++)
            report_append(r, values, json_real(p->value[k][i]));
        report_put(
            r, all, params_array_name((enum params_array)k),
            json_pack("{s:o, s:o}", "shape", shape_of(p, (enum params_array)k), "values", values));
    }
    report_put(r, r->root, "parameters", all);
}

static void put_names(struct report *r, const char *key, const struct names *names)
{
    json_t *all = json_array();
    for (size_t i = 0; i < names->count; i++)
        report_append(r, all, json_string(names->name[i]));
    report_put(r, r->root, key, all);
}

static int check_finite(const char *path, const struct params *p, struct error *e)
{
    for (int k = 0; k < PARAMS_ARRAYS; k++)
        for (int64_t i = 0; i < params_count(p, (enum params_array)k); i++)
            if (!isfinite(p->value[k][i]))
                return error_set(e, CMD_FAILED,
                                 "cannot write %s: value %lld of \"%s\" is not finite", path,
                                 (long long)i + 1, params_array_name((enum params_array)k));
    return CMD_OK;
}

int params_write(const char *path, const struct params *p, struct error *e)
{
    int st = check_finite(path, p, e);
    if (st != CMD_OK)
        return st;
    struct report r = {
        .root = json_pack("{s:i, s:s, s:s, s:I, s:I, s:s}", "attpool-parameters", VERSION_OF_FORMAT,
                          "kind", params_kind_names[p->kind], "precision",
                          p->single ? "f32" : "f64", "rows", (json_int_t)p->rows, "columns",
                          (json_int_t)p->d, "checksum", p->checksum),
    };
    put_names(&r, "x", &p->x_names);
    put_names(&r, "y", &p->y_names);
    if (params_have_kernel(p)) {
        report_put(&r, r.root, "kernel", report_kernels(&p->kernels));
        report_put(&r, r.root, "form",
                   json_string(p->form == ATTPOOL_RADIAL ? "radial" : "product"));
    }
    report_put(&r, r.root, "optimizer", json_string(params_optimizer_names[p->lbfgs]));
    report_put(&r, r.root, "loss", json_string(params_loss_names[p->loss]));
    report_put(&r, r.root, "seed", json_integer(p->seed));
    report_put(&r, r.root, "epoch", json_integer(p->epoch));
    if (!p->lbfgs) {
        report_put(&r, r.root, "rate", json_real(p->rate));
        report_put(&r, r.root, "batch", json_integer(p->batch));
    }
    put_arrays(&r, p);
    st = r.incomplete ? error_memory(e, 0) : json_write(path, r.root, e);
    json_decref(r.root);
    return st;
}

/* ---- reading ---- */

struct reading {
    const char *path;
    json_t *root;
};

static int wrong(const struct reading *r, struct error *e, const char *member, const char *what)
{
    return error_at(e, r->path, 0, 0, "\"%s\" %s", member, what);
}

/* A member of a type. */
static int member(const struct reading *r, const char *name, json_type type, json_t **value,
                  struct error *e)
{
    static const char *const types[] = { [JSON_OBJECT] = "is not an object",
                                         [JSON_ARRAY] = "is not an array",
                                         [JSON_STRING] = "is not a text",
                                         [JSON_INTEGER] = "is not an integer",
                                         [JSON_REAL] = "is not a number" };
    *value = json_object_get(r->root, name);
    if (*value == NULL)
        return wrong(r, e, name, "is missing");
    if (json_typeof(*value) != type && !(type == JSON_REAL && json_is_integer(*value)))
        return wrong(r, e, name, types[type]);
    return CMD_OK;
}

static int text_member(const struct reading *r, const char *name, const char **text,
                       struct error *e)
{
    json_t *value;
    int st = member(r, name, JSON_STRING, &value, e);
    if (st == CMD_OK)
        *text = json_string_value(value);
    return st;
}

static int count_member(const struct reading *r, const char *name, int64_t least, int64_t *count,
                        struct error *e)
{
    json_t *value;
    int st = member(r, name, JSON_INTEGER, &value, e);
    if (st != CMD_OK)
        return st;
    *count = json_integer_value(value);
    return *count < least ? wrong(r, e, name, "is out of range") : CMD_OK;
}

/* The place of a text in names, a list that ends with NULL. */
static int choice_member(const struct reading *r, const char *name, const char *const *names,
                         int *choice, struct error *e)
{
    const char *text;
    int st = text_member(r, name, &text, e);
    for (*choice = 0; st == CMD_OK && names[*choice] != NULL; ++*choice)
        if (strcmp(names[*choice], text) == 0)
            return CMD_OK;
    return st == CMD_OK ? wrong(r, e, name, "is not one that this release knows") : st;
}

static int read_kernels(const struct reading *r, struct params *p, struct error *e)
{
    static const char *const forms[] = { "radial", "product", NULL };
    json_t *value = json_object_get(r->root, "kernel");
    const size_t count = json_is_array(value) ? json_array_size(value) : 1;
    int form;
    p->kernels.name = calloc(count + 1, sizeof *p->kernels.name);
    if (p->kernels.name == NULL)
        return error_memory(e, count);
    p->kernels.count = count;
    for (size_t k = 0; k < count; k++) {
        const char *name =
            json_string_value(json_is_array(value) ? json_array_get(value, k) : value);
        const int kernel = name != NULL ? attpool_kernel_from_name(name) : -1;
        if (kernel < 0)
            return wrong(r, e, "kernel", "is missing or not one that this release knows");
        p->kernels.name[k] = (attpool_kernel_name)kernel;
    }
    if (count != 1 && (int64_t)count != p->d)
        return wrong(r, e, "kernel", "has another number of kernels than \"columns\" says");
    int st = choice_member(r, "form", forms, &form, e);
    p->form = form == 0 ? ATTPOOL_RADIAL : ATTPOOL_PRODUCT;
    return st;
}

/* Of columns, which older files do not have. */
static int read_names(const struct reading *r, const char *name, struct names *names,
                      struct error *e)
{
    json_t *value = json_object_get(r->root, name);
    if (value == NULL)
        return CMD_OK;
    int st = member(r, name, JSON_ARRAY, &value, e);
    if (st == CMD_OK)
        st = names_new(names, json_array_size(value), e);
    for (size_t i = 0; st == CMD_OK && i < names->count; i++) {
        const char *text = json_string_value(json_array_get(value, i));
        st = text != NULL ? names_set(names, i, text, e)
                          : wrong(r, e, name, "has a name that is not a text");
    }
    return st;
}

static json_t *part_of(json_t *arrays, enum params_array k, const char *part)
{
    return json_object_get(json_object_get(arrays, params_array_name(k)), part);
}

/* Before there is memory for as many values as the sizes say. */
static int check_array(const struct reading *r, const struct params *p, enum params_array k,
                       json_t *arrays, struct error *e)
{
    const int64_t count = params_count(p, k);
    const json_t *values = part_of(arrays, k, "values");
    if (count == 0)
        return CMD_OK;
    json_t *shape = shape_of(p, k);
    const bool same = json_equal(shape, part_of(arrays, k, "shape"));
    json_decref(shape);
    if (!same && (k == PARAMS_WQ || k == PARAMS_WK))
        return error_at(e, r->path, 0, 0, "\"shape\" of \"%s\" is not [%lld, %lld]",
                        params_array_name(k), (long long)p->p, (long long)p->d);
    if (!same)
        return error_at(e, r->path, 0, 0, "\"shape\" of \"%s\" is not [%lld]", params_array_name(k),
                        (long long)count);
    if (!json_is_array(values) || (int64_t)json_array_size(values) != count)
        return error_at(e, r->path, 0, 0, "\"parameters\" should have %lld values of \"%s\"",
                        (long long)count, params_array_name(k));
    return CMD_OK;
}

static int read_array(const struct reading *r, struct params *p, enum params_array k,
                      json_t *arrays, struct error *e)
{
    const json_t *values = part_of(arrays, k, "values");
    for (int64_t i = 0; i < params_count(p, k); i++) {
        const json_t *x = json_array_get(values, (size_t)i);
        if (!json_is_number(x))
            return error_at(e, r->path, 0, 0, "value %lld of \"%s\" is not a number",
                            (long long)i + 1, params_array_name(k));
        p->value[k][i] = json_number_value(x);
        if (p->single && !isfinite((float)p->value[k][i]))
            return error_at(e, r->path, 0, 0, "value %lld of \"%s\" is infinite in float32",
                            (long long)i + 1, params_array_name(k));
    }
    return CMD_OK;
}

static int read_sizes(const struct reading *r, struct params *p, struct error *e)
{
    json_t *arrays;
    int st = count_member(r, "rows", 1, &p->rows, e);
    if (st == CMD_OK)
        st = count_member(r, "columns", 1, &p->d, e);
    if (st == CMD_OK)
        st = read_names(r, "x", &p->x_names, e);
    if (st == CMD_OK && p->x_names.count > 0 && (int64_t)p->x_names.count != p->d)
        st = wrong(r, e, "x", "has another number of names than \"columns\" says");
    if (st == CMD_OK)
        st = read_names(r, "y", &p->y_names, e);
    if (st == CMD_OK && params_have_kernel(p))
        st = read_kernels(r, p, e);
    if (st == CMD_OK)
        st = member(r, "parameters", JSON_OBJECT, &arrays, e);
    if (st != CMD_OK)
        return st;
    p->p = params_have_kernel(p)
               ? 0
               : json_integer_value(json_array_get(part_of(arrays, PARAMS_WQ, "shape"), 0));
    if (!params_have_kernel(p) && (p->p < 1 || p->p > INT32_MAX || p->d > INT32_MAX))
        return wrong(r, e, "wq", "has no shape (p, columns)");
    for (int k = 0; k < PARAMS_ARRAYS && st == CMD_OK; k++)
        st = check_array(r, p, (enum params_array)k, arrays, e);
    if (st == CMD_OK)
        st = params_new(p, e);
    for (int k = 0; k < PARAMS_ARRAYS && st == CMD_OK; k++)
        st = read_array(r, p, (enum params_array)k, arrays, e);
    return st;
}

static int read_run(const struct reading *r, struct params *p, struct error *e)
{
    json_t *rate;
    int optimizer, loss = 0;
    int st = choice_member(r, "optimizer", params_optimizer_names, &optimizer, e);
    p->lbfgs = optimizer == 1;
    if (st == CMD_OK)
        st = choice_member(r, "loss", params_loss_names, &loss, e);
    p->loss = (attpool_loss)loss;
    if (st == CMD_OK)
        st = count_member(r, "seed", 0, &p->seed, e);
    if (st == CMD_OK)
        st = count_member(r, "epoch", 0, &p->epoch, e);
    if (st != CMD_OK || p->lbfgs)
        return st;
    st = count_member(r, "batch", 0, &p->batch, e);
    if (st == CMD_OK)
        st = member(r, "rate", JSON_REAL, &rate, e);
    if (st == CMD_OK)
        p->rate = json_number_value(rate);
    return st;
}

static int read_params(const struct reading *r, struct params *p, struct error *e)
{
    static const char *const precisions[] = { "f64", "f32", NULL };
    int kind = 0, precision = 0;
    const char *checksum = "";
    int64_t version;
    if (json_object_get(r->root, "attpool-parameters") == NULL)
        return error_at(e, r->path, 0, 0,
                        "not a file of parameters, as train --params-out writes it");
    int st = count_member(r, "attpool-parameters", 1, &version, e);
    if (st == CMD_OK && version != VERSION_OF_FORMAT)
        return wrong(r, e, "attpool-parameters", "is a format that this release does not know");
    if (st == CMD_OK)
        st = choice_member(r, "kind", params_kind_names, &kind, e);
    if (st == CMD_OK)
        st = choice_member(r, "precision", precisions, &precision, e);
    if (st == CMD_OK)
        st = text_member(r, "checksum", &checksum, e);
    p->kind = (enum params_kind)kind;
    p->single = precision == 1;
    if (st == CMD_OK && strlen(checksum) != sizeof p->checksum - 1)
        st = wrong(r, e, "checksum", "does not have 16 digits");
    if (st == CMD_OK)
        memcpy(p->checksum, checksum, sizeof p->checksum);
    if (st == CMD_OK)
        st = read_sizes(r, p, e);
    return st == CMD_OK ? read_run(r, p, e) : st;
}

static int load_json(const char *path, json_t **root, struct error *e)
{
    json_error_t fault;
    FILE *f = name_is_stdio(path) ? stdin : fopen(path, "r");
    const char *name = f == stdin ? "<stdin>" : path;
    if (f == NULL)
        return error_set(e, CMD_FAILED, "cannot read %s: %s", name, strerror(errno));
    *root = json_loadf(f, 0, &fault);
    const int number = ferror(f) ? errno : 0; /* jansson takes it for the end of the file */
    if (f != stdin)
        fclose(f);
    if (*root == NULL && number != 0)
        return error_set(e, CMD_FAILED, "cannot read %s: %s", name, strerror(number));
    if (*root == NULL)
        return error_at(e, name, (uint64_t)fault.line, (uint64_t)fault.column, "%s", fault.text);
    return CMD_OK;
}

int params_read(const char *path, struct params *p, struct error *e)
{
    struct reading r = { name_is_stdio(path) ? "<stdin>" : path, NULL };
    int st = load_json(path, &r.root, e);
    if (st == CMD_OK)
        st = read_params(&r, p, e);
    json_decref(r.root);
    return st;
}

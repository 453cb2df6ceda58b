/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command/kernel_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void kernels_offer(struct nearest *nearest)
{
    const char *name;
    for (int k = 0; (name = attpool_kernel_to_name((attpool_kernel_name)k)) != NULL; k++) {
        nearest_offer(nearest, name);
        for (size_t i = 0; (name = attpool_kernel_alias((attpool_kernel_name)k, i)) != NULL; i++)
            nearest_offer(nearest, name);
    }
}

const char *kernel_caution(const char *name)
{
    static const struct {
        const char *name, *text;
    } cautions[] = {
        { "epanechikov", "what Dive into Deep Learning calls Epanechikov is triangular; the kernel "
                         "1 - u^2 is epanechnikov" },
        { "cos", "what R's density calls cos is another kernel; cos(pi u/2) is cosine" },
        { "trwt", "what locfit calls trwt is tricube; the kernel (1 - u^2)^3 is triweight" },
        { "linear", "what scikit-learn calls linear is triangular" },
    };
    for (size_t i = 0; i < sizeof cautions / sizeof cautions[0]; i++)
        if (strcasecmp(name, cautions[i].name) == 0)
            return cautions[i].text;
    return NULL;
}

/* In any case, as R and Stata have "Gaussian" and "EPAN". */
static int kernel_read(const char *text)
{
    char name[32];
    size_t i = 0;
    for (; text[i] != '\0' && i + 1 < sizeof name; i++)
        name[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
    name[i] = '\0';
    return text[i] == '\0' ? attpool_kernel_from_name(name) : -1;
}

static int unknown_kernel(const char *option, const char *text, struct error *e)
{
    char all[400] = "";
    size_t used = 0;
    const char *name;
    struct nearest nearest = { .typed = text };
    const char *caution = kernel_caution(text);
    if (caution != NULL)
        return error_set(e, CMD_USAGE, "%s: %s", option, caution);
    for (int k = 0; (name = attpool_kernel_to_name((attpool_kernel_name)k)) != NULL; k++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", k > 0 ? ", " : "", name);
    kernels_offer(&nearest);
    return error_set(e, CMD_USAGE, "%s: there is no kernel %s; the kernels are %s%s", option,
                     quoted_name(text).text, all, nearest_hint(&nearest).text);
}

int kernels_read(const char *option, const char *text, struct kernels *kernels, struct error *e)
{
    struct list list = { 0 };
    int st = list_read(option, text, &list, e);
    free(kernels->name);
    kernels->count = list.count;
    kernels->name = calloc(list.count + 1, sizeof *kernels->name);
    if (st == CMD_OK && kernels->name == NULL)
        st = error_memory(e, list.count * sizeof *kernels->name);
    for (size_t i = 0; st == CMD_OK && i < list.count; i++) {
        int name = kernel_read(list.item[i]);
        if (name < 0)
            st = unknown_kernel(option, list.item[i], e);
        else
            kernels->name[i] = (attpool_kernel_name)name;
    }
    list_free(&list);
    return st;
}

int empty_read(const char *text, attpool_empty *empty, struct error *e)
{
    static const char *const names[] = { "nan", "zero", "mean", "nearest", "error", NULL };
    int choice;
    int st = choice_read("--empty", text, names, &choice, e);
    *empty = (attpool_empty)(ATTPOOL_EMPTY_NAN + choice);
    return st;
}

int form_read(const char *text, attpool_form *form, struct error *e)
{
    static const char *const names[] = { "radial", "product", NULL };
    int choice;
    int st = choice_read("--form", text, names, &choice, e);
    *form = choice == 0 ? ATTPOOL_RADIAL : ATTPOOL_PRODUCT;
    return st;
}

/* ---- every kernel with every bandwidth ---- */

int choices_add_kernels(struct fit_choices *c, const char *text, struct error *e)
{
    struct kernels *more = realloc(c->kernels, (c->kernel_count + 1) * sizeof *more);
    if (more == NULL)
        return error_memory(e, (c->kernel_count + 1) * sizeof *more);
    c->kernels = more;
    c->kernels[c->kernel_count] = (struct kernels){ NULL, 0 };
    return kernels_read("--kernel", text, &c->kernels[c->kernel_count++], e);
}

/* One more, of no value; NULL: no memory. */
static struct bandwidth_choice *grow_bandwidths(struct fit_choices *c, struct error *e)
{
    struct bandwidth_choice *more = realloc(c->bandwidths, (c->bandwidth_count + 1) * sizeof *more);
    if (more == NULL) {
        error_memory(e, (c->bandwidth_count + 1) * sizeof *more);
        return NULL;
    }
    c->bandwidths = more;
    more[c->bandwidth_count] = (struct bandwidth_choice){ .method = BANDWIDTH_GIVEN };
    return &more[c->bandwidth_count++];
}

int choices_add_bandwidths(struct fit_choices *c, const char *text, struct error *e)
{
    struct bandwidth_choice *last = grow_bandwidths(c, e);
    if (last == NULL)
        return e->code;
    return text != NULL ? bandwidth_choice_read(text, last, e) : CMD_OK;
}

int choices_add_bandwidth_from(struct fit_choices *c, const char *text, struct error *e)
{
    struct bandwidth_choice *last = grow_bandwidths(c, e);
    return last != NULL ? bandwidth_from_read(text, last, e) : e->code;
}

/* For one column a list is not a product: --kernel A,B is --kernel A --kernel B. */
static int part_lists(struct fit_choices *c, struct error *e)
{
    struct fit_choices parted = { .kernels = NULL };
    int st = CMD_OK;
    for (size_t i = 0; i < c->kernel_count && st == CMD_OK; i++)
        for (size_t k = 0; k < c->kernels[i].count && st == CMD_OK; k++)
            st = choices_add_kernels(&parted, attpool_kernel_to_name(c->kernels[i].name[k]), e);
    struct fit_choices lists = { .kernels = c->kernels, .kernel_count = c->kernel_count };
    c->kernels = parted.kernels;
    c->kernel_count = parted.kernel_count;
    choices_free(&lists);
    return st;
}

static int check_kernels(const struct option_reader *r, const struct fit_choices *c, size_t columns,
                         bool radial, struct error *e)
{
    const struct kernels *k = c->kernels;
    for (size_t i = 0; i < c->kernel_count; i++) {
        if (k[i].count > 1 && radial)
            return usage_error(r, e, "--form radial takes one kernel, not %zu", k[i].count);
        if (k[i].count > 1 && k[i].count != columns)
            return usage_error(r, e, "--kernel has %zu names for %zu x columns", k[i].count,
                               columns);
        for (size_t j = 0; j < i; j++)
            if (k[i].count == k[j].count &&
                memcmp(k[i].name, k[j].name, k[i].count * sizeof *k[i].name) == 0)
                return usage_error(r, e, "--kernel: %s%s is given twice",
                                   attpool_kernel_to_name(k[i].name[0]),
                                   k[i].count > 1 ? ",.." : "");
    }
    return CMD_OK;
}

static bool in_range(double bandwidth, bool single)
{
    return single ? attpool_inverse_bandwidth_f32((float)bandwidth) <= 3.4028234e38F
                  : attpool_inverse_bandwidth_f64(bandwidth) <= 1.7976931348623157e308;
}

static int given_twice(const struct option_reader *r, const struct bandwidth_choice *choice,
                       struct error *e)
{
    if (choice->method != BANDWIDTH_GIVEN)
        return usage_error(r, e, "--bandwidth: %s is given twice", bandwidth_choice_name(choice));
    return usage_error(r, e, "--bandwidth: %g%s is given twice", choice->given.value[0],
                       choice->given.count > 1 ? ",.." : "");
}

static int check_bandwidths(const struct option_reader *r, const struct fit_choices *c,
                            size_t columns, bool single, struct error *e)
{
    for (size_t i = 0; i < c->bandwidth_count; i++) {
        const struct numbers *h = &c->bandwidths[i].given;
        if (h->count > 1 && h->count != columns)
            return usage_error(r, e, "--bandwidth has %zu values for %zu x column%s%s", h->count,
                               columns, columns == 1 ? "" : "s",
                               columns == 1 ? "; to fit with each of them, repeat the option" : "");
        for (size_t k = 0; k < h->count; k++)
            if (!in_range(h->value[k], single))
                return usage_error(r, e, "--bandwidth: %g or its inverse is out of range",
                                   h->value[k]);
        const double ends[2] = { c->bandwidths[i].start, c->bandwidths[i].stop };
        for (size_t k = 0; k < 2 && c->bandwidths[i].steps > 0; k++)
            if (!in_range(ends[k], single))
                return usage_error(r, e, "--bandwidth: %g or its inverse is out of range", ends[k]);
        for (size_t j = 0; j < i; j++)
            if (bandwidth_choices_same(&c->bandwidths[i], &c->bandwidths[j]))
                return given_twice(r, &c->bandwidths[i], e);
    }
    return CMD_OK;
}

bool kernels_have_bandwidth(const struct kernels *kernels)
{
    for (size_t k = 0; k < kernels->count; k++)
        if (kernels->name[k] != ATTPOOL_CONSTANT)
            return true;
    return false;
}

bool choices_need_bandwidth(const struct fit_choices *c)
{
    for (size_t i = 0; i < c->kernel_count; i++)
        if (kernels_have_bandwidth(&c->kernels[i]))
            return true;
    return false;
}

int choices_check(const struct option_reader *r, struct fit_choices *c, size_t columns, bool radial,
                  bool single, struct error *e)
{
    int st = c->kernel_count == 0 ? choices_add_kernels(c, "gaussian", e)
             : columns == 1       ? part_lists(c, e)
                                  : CMD_OK;
    if (st == CMD_OK)
        st = check_kernels(r, c, columns, radial, e);
    if (st == CMD_OK && c->bandwidth_count == 0)
        st = choices_add_bandwidths(c, choices_need_bandwidth(c) ? "cv" : NULL, e);
    return st == CMD_OK ? check_bandwidths(r, c, columns, single, e) : st;
}

bool choices_search(const struct fit_choices *c)
{
    for (size_t i = 0; i < c->bandwidth_count; i++)
        if (c->bandwidths[i].method != BANDWIDTH_GIVEN)
            return true;
    return false;
}

void choices_free(struct fit_choices *c)
{
    for (size_t i = 0; i < c->kernel_count; i++)
        free(c->kernels[i].name);
    for (size_t i = 0; i < c->bandwidth_count; i++)
        bandwidth_choice_free(&c->bandwidths[i]);
    free(c->kernels);
    free(c->bandwidths);
    *c = (struct fit_choices){ .kernels = NULL };
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What other packages' bandwidths cannot be carried over to. */
#include "tools/command/kernel_options.h"

#include <stdarg.h>
#include <stdio.h>

static int refuse(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The help has no room for what each package's number means. */
static int refuse(struct error *e, const char *format, ...)
{
    char text[1000];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return error_set(e, CMD_USAGE, "--bandwidth-from: %s; see attpool-packages(7)", text);
}

static int no_kernel(const struct package *p, attpool_kernel_name kernel, struct error *e)
{
    char all[200] = "";
    size_t used = 0;
    for (int k = 0; k < PACKAGE_KERNELS && used < sizeof all; k++)
        if (p->factor[k] > 0)
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", used > 0 ? ", " : "",
                                     attpool_kernel_to_name((attpool_kernel_name)k));
    return refuse(e, "%s has no %s kernel, but %s", p->name, attpool_kernel_to_name(kernel), all);
}

static int check_columns(const struct bandwidth_choice *choice, size_t columns, struct error *e)
{
    const struct package *p = choice->package;
    const size_t values = choice->given.count;
    const bool one = p->columns != PACKAGE_EACH && p->columns != PACKAGE_VARIANCES;
    if (p->deviations && columns > 1)
        return refuse(e,
                      "%s whitens several columns by their covariance: a "
                      "tilted ellipse, which no bandwidths along the axes stand for",
                      p->name);
    if (p->columns == PACKAGE_ONE && columns > 1)
        return refuse(e, "%s takes one x column, not %zu", p->name, columns);
    if (p->columns == PACKAGE_TWO && columns != 2)
        return refuse(e, "%s takes two x columns, not %zu", p->name, columns);
    if (one && values > 1)
        return refuse(e, "%s takes one value, not %zu", p->name, values);
    if (!one && values != columns)
        return refuse(e, "%s takes %zu value%s, one a column, not %zu", p->name, columns,
                      columns == 1 ? "" : "s", values);
    return CMD_OK;
}

/* A product of Gaussians is that of the distance. */
static int check_form(const struct package *p, const struct kernels *kernels, size_t columns,
                      bool product, struct error *e)
{
    const bool theirs = p->columns == PACKAGE_EACH;
    const bool ours = product || kernels->count > 1;
    if (columns == 1 || ours == theirs || (!ours && kernels->name[0] == ATTPOOL_GAUSSIAN))
        return CMD_OK;
    for (size_t k = 0; ours && k < kernels->count; k++)
        if (kernels->name[k] != ATTPOOL_GAUSSIAN)
            return refuse(e, "%s has a kernel of the distance: --form radial", p->name);
    return ours ? CMD_OK : refuse(e, "%s has a product of kernels: --form product", p->name);
}

static int check_package(const struct fit_choices *c, const struct bandwidth_choice *choice,
                         size_t columns, unsigned use, bool product, struct error *e)
{
    const struct package *p = choice->package;
    int st = CMD_OK;
    if ((p->uses & use) == 0)
        return refuse(e, "%s is for %s", p->name, use == PACKAGE_FIT ? "densities" : "fits");
    if (p->impossible != NULL)
        return refuse(e, "%s has no one bandwidth: %s", p->name, p->impossible);
    for (size_t i = 0; i < c->kernel_count && st == CMD_OK; i++) {
        for (size_t k = 0; k < c->kernels[i].count && st == CMD_OK; k++)
            if (p->factor[c->kernels[i].name[k]] == 0)
                st = no_kernel(p, c->kernels[i].name[k], e);
        if (st == CMD_OK)
            st = check_form(p, &c->kernels[i], columns, product, e);
    }
    return st == CMD_OK ? check_columns(choice, columns, e) : st;
}

int choices_check_packages(const struct fit_choices *c, size_t columns, unsigned use, bool product,
                           struct error *e)
{
    int st = CMD_OK;
    for (size_t i = 0; i < c->bandwidth_count && st == CMD_OK; i++)
        if (c->bandwidths[i].method == BANDWIDTH_FROM)
            st = check_package(c, &c->bandwidths[i], columns, use, product, e);
    return st;
}

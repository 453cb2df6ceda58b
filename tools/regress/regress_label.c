/* SPDX-License-Identifier: Apache-2.0 */
/* What a fit is called in legends, titles and messages. */
#include "tools/regress/regress.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void add(struct regress_label *label, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* After a comma where something stands there. */
static void add(struct regress_label *label, const char *format, ...)
{
    size_t used = strlen(label->text);
    va_list args;
    if (used > 0 && used + 2 < sizeof label->text) {
        memcpy(label->text + used, ", ", 3);
        used += 2;
    }
    va_start(args, format);
    vsnprintf(label->text + used, sizeof label->text - used, format, args);
    va_end(args);
}

static void add_kernels(struct regress_label *label, const struct kernels *kernels)
{
    if (kernels->count == 1)
        add(label, "%s kernel", attpool_kernel_to_name(kernels->name[0]));
    else
        add(label, "product of %zu kernels", kernels->count);
}

static void add_bandwidths(struct regress_label *label, const struct numbers *h)
{
    enum { MOST = 4 };
    for (size_t c = 0; c < h->count && h->count <= MOST; c++)
        add(label, "%s%.6g",
            c > 0           ? ""
            : h->count == 1 ? "bandwidth "
                            : "bandwidths ",
            h->value[c]);
}

bool regress_bandwidths_vary(const struct regress_options *o)
{
    const struct fit_choices *c = &o->choices;
    return c->bandwidth_count > 1 || (choices_search(c) && (o->by != NULL || c->kernel_count > 1));
}

struct regress_label regress_label(const struct regress_options *o, const struct regress_fit *fit,
                                   bool varying)
{
    struct regress_label label = { "" };
    if (varying && fit->group->label != NULL)
        add(&label, "%s", fit->group->label);
    if ((o->choices.kernel_count > 1) == varying)
        add_kernels(&label, fit->kernels);
    if (regress_bandwidths_vary(o) == varying)
        add_bandwidths(&label, fit->bandwidths);
    return label;
}

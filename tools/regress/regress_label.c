/* SPDX-License-Identifier: Apache-2.0 */
/* What a fit is called in legends, titles and messages. */
#include "tools/io/number.h"
#include "tools/regress/regress.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void add_words(struct regress_label *label, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* After a comma where something stands there. */
static void add_words(struct regress_label *label, const char *format, ...)
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
        add_words(label, "%s kernel", attpool_kernel_to_name(kernels->name[0]));
    else
        add_words(label, "product of %zu kernels", kernels->count);
}

void regress_bandwidths_text(const struct regress_fit *fit, char *text, size_t size)
{
    const struct numbers *h = fit->bandwidths;
    const char *method = bandwidth_choice_name(fit->choice);
    size_t used = (size_t)snprintf(text, size, "bandwidth%s", h->count > 1 ? "s" : "");
    for (size_t c = 0; c < h->count && used < size; c++) {
        char number[NUMBER_TEXT_MAX];
        if (bandwidth_is_searched(fit->choice)) /* all the digits that it was rounded to */
            number_format(number, h->value[c]);
        else
            snprintf(number, sizeof number, "%.6g", h->value[c]);
        used += (size_t)snprintf(text + used, size - used, "%s%s%s%s", c > 0 ? ", " : " ", number,
                                 h->count > 1 ? " of " : "",
                                 h->count > 1 ? quoted_name(fit->group->x_names[c]).text : "");
    }
    if (method != NULL && used < size)
        snprintf(text + used, size - used, " by %s", method);
}

static void add_bandwidths(struct regress_label *label, const struct regress_fit *fit)
{
    enum { MOST = 4 };
    const size_t count = fit->bandwidths->count;
    char text[sizeof label->text];
    if (count == 0 || count > MOST)
        return;
    regress_bandwidths_text(fit, text, sizeof text);
    add_words(label, "%s", text);
}

static void add_adaptive(struct regress_label *label, const struct regress_adaptive *adaptive)
{
    if (adaptive->method == ADAPTIVE_ABRAMSON)
        add_words(label, "adaptive abramson");
    else if (adaptive->method == ADAPTIVE_KNN)
        add_words(label, "adaptive knn:%lld", (long long)adaptive->neighbours);
}

bool regress_bandwidths_vary(const struct regress_options *o)
{
    const struct fit_choices *c = &o->choices;
    return c->bandwidth_count > 1 || (choices_search(c) && (o->by != NULL || c->kernel_count > 1));
}

struct regress_label regress_label_without_bandwidths(const struct regress_options *o,
                                                      const struct regress_fit *fit)
{
    struct regress_label label = { "" };
    if (fit->group->label != NULL)
        add_words(&label, "%s", fit->group->label);
    if (o->choices.kernel_count > 1)
        add_kernels(&label, fit->kernels);
    return label;
}

struct regress_label regress_label(const struct regress_options *o, const struct regress_fit *fit,
                                   bool varying)
{
    struct regress_label label =
        varying ? regress_label_without_bandwidths(o, fit) : (struct regress_label){ "" };
    if (!varying && o->degree == 1)
        add_words(&label, "local linear");
    if (!varying && o->choices.kernel_count == 1)
        add_kernels(&label, fit->kernels);
    if (regress_bandwidths_vary(o) == varying)
        add_bandwidths(&label, fit);
    if (!varying)
        add_adaptive(&label, &o->adaptive);
    return label;
}

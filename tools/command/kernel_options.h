/* SPDX-License-Identifier: Apache-2.0 */
/* Values of options about kernels, and the fits that they ask for. */
#ifndef TOOLS_COMMAND_KERNEL_OPTIONS_H
#define TOOLS_COMMAND_KERNEL_OPTIONS_H

#include "attpool.h"
#include "tools/command/bandwidth_options.h"
#include "tools/command/nearest.h"
#include "tools/command/options.h"

/* Why a name that means different kernels in different packages is refused; NULL: it has one
 * meaning. */
const char *kernel_caution(const char *name);

struct kernels {
    attpool_kernel_name *name;
    size_t count;
};
int kernels_read(const char *option, const char *text, struct kernels *kernels, struct error *e);
/* Is one of them other than constant? */
bool kernels_have_bandwidth(const struct kernels *kernels);
/* All their names, for "did you mean". */
void kernels_offer(struct nearest *nearest);

int empty_read(const char *text, attpool_empty *empty, struct error *e);
int form_read(const char *text, attpool_form *form, struct error *e);

/* What --kernel and --bandwidth ask for each time that they are given: a fit for each kernel (or
 * one a column) with each bandwidth (or one a column). */
struct fit_choices {
    struct kernels *kernels;
    size_t kernel_count;
    struct bandwidth_choice *bandwidths;
    size_t bandwidth_count;
};
int choices_add_kernels(struct fit_choices *c, const char *text, struct error *e);
int choices_add_bandwidths(struct fit_choices *c, const char *text, struct error *e);

int choices_add_bandwidth_from(struct fit_choices *c, const char *text, struct error *e);

/* Do other packages' numbers mean something for these kernels and columns? use: PACKAGE_FIT or
 * PACKAGE_DENSITY; product: of one kernel. After choices_check. */
int choices_check_packages(const struct fit_choices *c, size_t columns, unsigned use, bool product,
                           struct error *e);

/* Once all is read, for that many x columns; radial: a product was excluded; single: float32. */
int choices_check(const struct option_reader *r, struct fit_choices *c, size_t columns, bool radial,
                  bool single, struct error *e);
/* Is a bandwidth to be found? */
bool choices_search(const struct fit_choices *c);

/* Has some kernel a bandwidth? */
bool choices_need_bandwidth(const struct fit_choices *c);
void choices_free(struct fit_choices *c);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_GRAD_REAL_H
#define BACKENDS_GRAD_REAL_H

/* What the backends of the host make of a sum of gradients. */

#include "backends/real.h"

/* By an inverse bandwidth w, of the sum of what belongs to it: that of a hidden key may be NaN. */
static inline real grad_by_width(real sum, real w)
{
    return w == 0 || sum == 0 ? 0 : -sum / w;
}

#endif

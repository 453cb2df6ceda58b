/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "attpool.h"

const char *attpool_version(void)
{
    return PACKAGE_VERSION;
}

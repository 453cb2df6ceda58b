/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "attpool.h"

#include <stdio.h>

int main(void)
{
    printf("attpool %s\n", attpool_version());
    return 0;
}

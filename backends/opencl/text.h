/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_OPENCL_TEXT_H
#define BACKENDS_OPENCL_TEXT_H

/* What drivers call themselves and their devices: any bytes. */

#include "backends/opencl/loader.h"

#include <stdbool.h>
#include <stddef.h>

/* UTF-8 without control characters, one blank at a time and none at the ends; '?' stands for a
 * byte that is not UTF-8. Cut at a character. `text` may not be `from`. */
void ap_opencl_clean(char *text, size_t room, const char *from);

/* Such a text of a device or a platform; "?" where there is none. */
void ap_opencl_device_text(const struct cl_api *cl, cl_device_id device, cl_device_info what,
                           char *text, size_t room);
void ap_opencl_platform_text(const struct cl_api *cl, cl_platform_id platform,
                             cl_platform_info what, char *text, size_t room);

#endif

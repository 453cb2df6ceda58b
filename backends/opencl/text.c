/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The bytes of the UTF-8 character there, 0 where there is none that can be shown. */
static size_t character(const unsigned char *at)
{
    size_t length = *at < 0x80 ? 1 : *at < 0xc2 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
    if (*at < 0x20 || *at == 0x7f || *at > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((*at == 0xc2 && at[1] < 0xa0) || (*at == 0xe0 && at[1] < 0xa0) ||
        (*at == 0xed && at[1] >= 0xa0) || (*at == 0xf0 && at[1] < 0x90) ||
        (*at == 0xf4 && at[1] >= 0x90))
        return 0; /* control characters, longer than need be, surrogates, past the last */
    return length;
}

void ap_opencl_clean(char *text, size_t room, const char *from)
{
    size_t used = 0;
    const unsigned char *at = (const unsigned char *)from;

    while (*at) {
        size_t length = character(at);
        const bool blank = length == 0 ? *at <= 0x20 || *at == 0x7f : *at == ' ';
        if (used + (length > 0 ? length : 1) >= room)
            break;
        if (blank && used > 0 && text[used - 1] != ' ')
            text[used++] = ' ';
        else if (!blank && length == 0)
            text[used++] = '?';
        else if (!blank)
            memcpy(text + used, at, length), used += length;
        at += length > 0 ? length : 1;
    }
    while (used > 0 && text[used - 1] == ' ')
        used--;
    text[used] = '\0';
}

static void take_text(char *text, size_t room, char *raw, size_t bytes, cl_int error)
{
    if (raw && error == CL_SUCCESS) {
        raw[bytes] = '\0';
        ap_opencl_clean(text, room, raw);
    }
    if (!*text)
        snprintf(text, room, "?");
    free(raw);
}

void ap_opencl_device_text(const struct cl_api *cl, cl_device_id device, cl_device_info what,
                           char *text, size_t room)
{
    size_t bytes = 0;
    char *raw = NULL;
    cl_int error = cl->GetDeviceInfo(device, what, 0, NULL, &bytes);

    text[0] = '\0';
    if (error == CL_SUCCESS && (raw = calloc(1, bytes + 1)))
        error = cl->GetDeviceInfo(device, what, bytes, raw, NULL);
    take_text(text, room, raw, bytes, error);
}

void ap_opencl_platform_text(const struct cl_api *cl, cl_platform_id platform,
                             cl_platform_info what, char *text, size_t room)
{
    size_t bytes = 0;
    char *raw = NULL;
    cl_int error = cl->GetPlatformInfo(platform, what, 0, NULL, &bytes);

    text[0] = '\0';
    if (error == CL_SUCCESS && (raw = calloc(1, bytes + 1)))
        error = cl->GetPlatformInfo(platform, what, bytes, raw, NULL);
    take_text(text, room, raw, bytes, error);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/settings.h"

#include "core/registry.h"
#include "core/threads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Empty is as good as not set. */
static const char *read_text(const char *name)
{
    const char *text = getenv(name);
    return text && *text ? text : NULL;
}

static bool read_number(const char *name, int least, int most, int *value, char *message,
                        size_t size)
{
    const char *text = read_text(name);
    char *end;
    if (!text)
        return true;
    long number = strtol(text, &end, 10);
    if (*end || number < least || number > most) {
        snprintf(message, size, "%s is \"%s\", it should be a number from %d to %d", name, text,
                 least, most);
        return false;
    }
    *value = (int)number;
    return true;
}

static bool read_index(enum index_use *use, char *message, size_t size)
{
    static const char *const words[] = {
        [INDEX_WHERE_IT_PAYS] = "auto", [INDEX_NEVER] = "never", [INDEX_ALWAYS] = "always"
    };
    const char *text = read_text("ATTPOOL_INDEX");
    for (int i = 0; text && i < (int)(sizeof words / sizeof words[0]); i++)
        if (strcmp(text, words[i]) == 0) {
            *use = (enum index_use)i;
            return true;
        }
    if (text)
        snprintf(message, size, "ATTPOOL_INDEX is \"%s\", it should be auto, never or always",
                 text);
    return !text;
}

const char *ap_settings_max_isa(void)
{
    return read_text("ATTPOOL_MAX_ISA");
}

bool ap_settings_force(void)
{
    const char *text = read_text("ATTPOOL_OPENCL_FORCE");
    return text && strcmp(text, "1") == 0;
}

bool ap_settings_read(struct settings *settings, const attpool_options *options, char *message,
                      size_t size)
{
    *settings = (struct settings){
        .backend = read_text("ATTPOOL_BACKEND"),
        .max_isa = ap_settings_max_isa(),
        .opencl_device = read_text("ATTPOOL_OPENCL_DEVICE"),
    };
    if (settings->max_isa && !ap_registry_has_isa(settings->max_isa)) {
        snprintf(message, size, "ATTPOOL_MAX_ISA is \"%s\", which this library does not have",
                 settings->max_isa);
        return false;
    }
    return read_index(&settings->index, message, size) &&
           (options->threads || read_number("ATTPOOL_NUM_THREADS", 1, MOST_THREADS,
                                            &settings->threads, message, size)) &&
           (options->verbose ||
            read_number("ATTPOOL_VERBOSE", 0, 2, &settings->verbose, message, size));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/registry.h"

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct backend *const table[] = {
#ifdef ATTPOOL_HAVE_SCALAR_FMA
    &backend_scalar_fma,
#endif
    &backend_scalar,
#ifdef ATTPOOL_HAVE_AVX2
    &backend_avx2,
#endif
#ifdef ATTPOOL_HAVE_AVX2_EMULATED
    &backend_avx2_emulated,
#endif
#ifdef ATTPOOL_HAVE_AVX512
    &backend_avx512,
#endif
#ifdef ATTPOOL_HAVE_AVX512_EMULATED
    &backend_avx512_emulated,
#endif
#ifdef ATTPOOL_HAVE_NEON
    &backend_neon,
#endif
#ifdef ATTPOOL_HAVE_NEON_EMULATED
    &backend_neon_emulated,
#endif
#ifdef ATTPOOL_HAVE_OPENCL
    &backend_opencl,
#endif
};

enum { TABLES = sizeof table / sizeof table[0] };

const struct backend *registry_at(int i)
{
    return i >= 0 && i < TABLES ? table[i] : NULL;
}

static bool read_number(const char *name, int least, int most, int *value, char *message,
                        size_t size)
{
    const char *text = getenv(name);
    char *end;
    if (!text || !*text)
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

static const char *read_text(const char *name)
{
    const char *text = getenv(name);
    return text && *text ? text : NULL;
}

static bool known_isa(const char *name)
{
    for (int i = 0; i < TABLES; i++)
        if (table[i]->probe && strcmp(table[i]->name, name) == 0)
            return true;
    return false;
}

bool settings_read(struct settings *settings, const attpool_options *options, char *message,
                   size_t size)
{
    *settings = (struct settings){
        .backend = read_text("ATTPOOL_BACKEND"),
        .max_isa = read_text("ATTPOOL_MAX_ISA"),
        .opencl_device = read_text("ATTPOOL_OPENCL_DEVICE"),
    };
    if (settings->max_isa && !known_isa(settings->max_isa)) {
        snprintf(message, size, "ATTPOOL_MAX_ISA is \"%s\", which this library does not have",
                 settings->max_isa);
        return false;
    }
    return (options->threads ||
            read_number("ATTPOOL_NUM_THREADS", 1, 1024, &settings->threads, message, size)) &&
           (options->verbose ||
            read_number("ATTPOOL_VERBOSE", 0, 2, &settings->verbose, message, size));
}

static int rank_limit(const char *max_isa)
{
    for (int i = 0; max_isa && i < TABLES; i++)
        if (strcmp(table[i]->name, max_isa) == 0)
            return table[i]->rank;
    return 1 << 30;
}

static const struct backend *best_of_cpu(const char *max_isa)
{
    const struct backend *best = NULL;
    const char *reason;
    int limit = rank_limit(max_isa);
    for (int i = 0; i < TABLES; i++) {
        const struct backend *b = table[i];
        if (b->probe && !b->emulated && b->rank <= limit && (!best || b->rank > best->rank) &&
            b->probe(&reason))
            best = b;
    }
    return best;
}

static void unknown_name(const char *name, char *reason, size_t size)
{
    int used = snprintf(reason, size, "this library has no backend \"%.60s\", but auto", name);
    for (int i = 0; i < TABLES; i++)
        if ((i == 0 || strcmp(table[i]->name, table[i - 1]->name) != 0) && (size_t)used < size)
            used += snprintf(reason + used, size - (size_t)used, ", %s", table[i]->name);
}

const struct backend *registry_choose(const char *name, const char *max_isa, const char **device,
                                      char *reason, size_t size)
{
    bool known = false;
    *device = NULL;
    if (!name || strcmp(name, "auto") == 0)
        return best_of_cpu(max_isa);
    for (int i = 0; i < TABLES; i++) {
        const struct backend *b = table[i];
        const char *why = "";
        size_t length = strlen(b->name);
        if (strncmp(name, b->name, length) != 0)
            continue;
        if (b->list && (name[length] == ':' || name[length] == '\0')) {
            *device = name[length] ? name + length + 1 : NULL;
            return b;
        }
        if (name[length] != '\0')
            continue;
        if (b->probe(&why))
            return b;
        if (!known)
            snprintf(reason, size, "backend %s is not available: %s", name, why);
        known = true;
    }
    if (!known)
        unknown_name(name, reason, size);
    return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "core/registry.h"

#include <stdio.h>
#include <string.h>

static const struct backend *const table[] = {
#ifdef ATTPOOL_HAVE_SCALAR_FMA
    &ap_backend_scalar_fma,
#endif
    &ap_backend_scalar,
#ifdef ATTPOOL_HAVE_AVX2
    &ap_backend_avx2,
#endif
#ifdef ATTPOOL_HAVE_AVX2_EMULATED
    &ap_backend_avx2_emulated,
#endif
#ifdef ATTPOOL_HAVE_AVX512
    &ap_backend_avx512,
#endif
#ifdef ATTPOOL_HAVE_AVX512_EMULATED
    &ap_backend_avx512_emulated,
#endif
#ifdef ATTPOOL_HAVE_NEON
    &ap_backend_neon,
#endif
#ifdef ATTPOOL_HAVE_NEON_EMULATED
    &ap_backend_neon_emulated,
#endif
#ifdef ATTPOOL_HAVE_OPENCL
    &ap_backend_opencl,
#endif
};

enum { TABLES = sizeof table / sizeof table[0] };

const struct backend *ap_registry_at(int i)
{
    return i >= 0 && i < TABLES ? table[i] : NULL;
}

bool ap_registry_has_isa(const char *name)
{
    for (int i = 0; i < TABLES; i++)
        if (table[i]->probe && strcmp(table[i]->name, name) == 0)
            return true;
    return false;
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
    int used = snprintf(reason, size, "this library has no backend \"%.60s\"; it has auto", name);
    for (int i = 0; i < TABLES; i++)
        if ((i == 0 || strcmp(table[i]->name, table[i - 1]->name) != 0) && (size_t)used < size)
            used += snprintf(reason + used, size - (size_t)used, ", %s", table[i]->name);
}

const struct backend *ap_registry_choose(const char *name, const char *max_isa, const char **device,
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

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CACHE_H
#define CORE_CACHE_H

/* Files that spare later processes work: in ATTPOOL_CACHE_DIR, else in attpool/ of the user's cache
 * folder (XDG_CACHE_HOME, ~/.cache). All of it may fail, at any time, and then the work is done
 * anew: nothing here is an error. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `kind` and `name` choose the file; the file also has `key`, and is of use only while that is the
 * same. So what `key` says and `name` does not replaces the file when it changes. */
struct cache_place {
    const char *kind; /* "program": letters */
    const char *name;
    const char *key;
};

/* The data kept there, to be freed; NULL: none, or it is damaged, of another key, or in a file that
 * another user could have written. */
void *ap_cache_read(const struct cache_place *place, size_t *bytes);

/* Keep data, in place of what was there. Readers see all of it or what was there before. */
bool ap_cache_write(const struct cache_place *place, const void *data, size_t bytes);

/* FNV-1a; `hash` is AP_HASH_START, or of what comes before. */
#define AP_HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t ap_hash(uint64_t hash, const void *data, size_t bytes);

#endif

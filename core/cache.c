/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 1024 };

static const char magic[8] = "attpool";

/* Key and data follow. A file of another byte order is one of other sizes. */
struct header {
    char magic[sizeof magic];
    uint64_t key_bytes, data_bytes;
    uint64_t check; /* of key and data */
};

static const uint64_t most_bytes = UINT64_C(1) << 30;

uint64_t ap_hash(uint64_t hash, const void *data, size_t bytes)
{
    const unsigned char *byte = data;
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Empty is as good as not set, and a privileged program does not follow its user's environment. */
static const char *read_text(const char *name)
{
    const char *text = secure_getenv(name);
    return text && *text ? text : NULL;
}

static bool find_folder(char folder[PATH_ROOM])
{
    const char *own = read_text("ATTPOOL_CACHE_DIR"), *xdg = read_text("XDG_CACHE_HOME");
    const char *home = read_text("HOME");
    int length = -1;
    if (own)
        length = snprintf(folder, PATH_ROOM, "%s", own);
    else if (xdg && *xdg == '/') /* XDG: a relative one is invalid */
        length = snprintf(folder, PATH_ROOM, "%s/attpool", xdg);
    else if (home)
        length = snprintf(folder, PATH_ROOM, "%s/.cache/attpool", home);
    return 0 < length && length < PATH_ROOM;
}

static void make_folder(char *folder)
{
    for (char *end = folder + 1; (end = strchr(end, '/')); end++) {
        *end = '\0';
        (void)mkdir(folder, S_IRWXU);
        *end = '/';
    }
    (void)mkdir(folder, S_IRWXU);
}

static bool find_file(const struct cache_place *place, const char *folder, char path[PATH_ROOM])
{
    uint64_t hash = ap_hash(AP_HASH_START, place->name, strlen(place->name));
    int length =
        snprintf(path, PATH_ROOM, "%s/%s-%016llx", folder, place->kind, (unsigned long long)hash);
    return 0 < length && length < PATH_ROOM;
}

static uint64_t check_of(const struct cache_place *place, const void *data, size_t bytes)
{
    return ap_hash(ap_hash(AP_HASH_START, place->key, strlen(place->key)), data, bytes);
}

static bool read_all(int file, void *data, size_t bytes)
{
    for (char *at = data; bytes > 0;) {
        ssize_t got = read(file, at, bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        bytes -= (size_t)got;
    }
    return true;
}

static bool write_all(int file, const void *data, size_t bytes)
{
    for (const char *at = data; bytes > 0;) {
        ssize_t done = write(file, at, bytes);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        bytes -= (size_t)done;
    }
    return true;
}

/* A compiled program runs in this process, so it has to be from this user. */
static bool is_ours(const struct stat *st)
{
    return S_ISREG(st->st_mode) && (st->st_uid == geteuid() || st->st_uid == 0) &&
           (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static void *read_file(int file, const struct cache_place *place, size_t *bytes)
{
    const size_t key_bytes = strlen(place->key);
    struct header h;
    struct stat st;
    if (fstat(file, &st) != 0 || !is_ours(&st) || !read_all(file, &h, sizeof h) ||
        memcmp(h.magic, magic, sizeof magic) != 0 || h.key_bytes != key_bytes ||
        h.data_bytes > most_bytes || (uint64_t)st.st_size != sizeof h + h.key_bytes + h.data_bytes)
        return NULL;
    const size_t size = (size_t)h.data_bytes;
    char *all = malloc(key_bytes + size + 1);
    if (!all)
        return NULL;
    if (!read_all(file, all, key_bytes + size) || memcmp(all, place->key, key_bytes) != 0 ||
        check_of(place, all + key_bytes, size) != h.check) {
        free(all);
        return NULL;
    }
    memmove(all, all + key_bytes, size);
    *bytes = size;
    return all;
}

void *ap_cache_read(const struct cache_place *place, size_t *bytes)
{
    char folder[PATH_ROOM], path[PATH_ROOM];
    if (!find_folder(folder) || !find_file(place, folder, path))
        return NULL;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return NULL;
    void *data = read_file(file, place, bytes);
    close(file);
    return data;
}

static bool write_file(int file, const struct cache_place *place, const void *data, size_t bytes)
{
    struct header h = { .key_bytes = strlen(place->key),
                        .data_bytes = bytes,
                        .check = check_of(place, data, bytes) };
    memcpy(h.magic, magic, sizeof magic);
    bool whole = write_all(file, &h, sizeof h) && write_all(file, place->key, strlen(place->key)) &&
                 write_all(file, data, bytes);
    return close(file) == 0 && whole;
}

bool ap_cache_write(const struct cache_place *place, const void *data, size_t bytes)
{
    char folder[PATH_ROOM], path[PATH_ROOM], beside[PATH_ROOM];
    if (bytes > most_bytes || !find_folder(folder) || !find_file(place, folder, path))
        return false;
    int length = snprintf(beside, PATH_ROOM, "%s/new-XXXXXX", folder);
    if (length < 0 || length >= PATH_ROOM)
        return false;
    int file = mkostemp(beside, O_CLOEXEC);
    if (file < 0 && errno == ENOENT) {
        make_folder(folder);
        memcpy(beside + length - 6, "XXXXXX", 6);
        file = mkostemp(beside, O_CLOEXEC);
    }
    if (file < 0)
        return false;
    if (write_file(file, place, data, bytes) && rename(beside, path) == 0)
        return true;
    unlink(beside);
    return false;
}

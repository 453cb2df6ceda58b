/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/io/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const unsigned char npy_magic[6] = { 0x93, 'N', 'U', 'M', 'P', 'Y' };

bool name_is_stdio(const char *path)
{
    return path == NULL || strcmp(path, "-") == 0;
}

bool name_is_npy(const char *path)
{
    size_t n = path == NULL ? 0 : strlen(path);
    return n >= 4 && strcmp(path + n - 4, ".npy") == 0;
}

/* ssize_t counts at most 2^31 bytes a call on Linux, and a read may stop earlier. */
static int read_fully(struct source *s, unsigned char *to, size_t bytes, size_t *got,
                      struct error *e)
{
    const size_t most = (size_t)1 << 30;
    *got = 0;
    while (*got < bytes) {
        size_t ask = bytes - *got < most ? bytes - *got : most;
        ssize_t n = read(s->fd, to + *got, ask);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(e, CMD_FAILED, "cannot read %s: %s", s->name, strerror(errno));
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    s->left -= s->left < *got ? s->left : *got;
    return CMD_OK;
}

/* /proc has regular files of size 0 that hold something, so 0 is not believed. */
static void find_size(struct source *s)
{
    struct stat st;
    if (fstat(s->fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
        return;
    off_t at = lseek(s->fd, 0, SEEK_CUR);
    if (at < 0)
        return;
    s->left = at < st.st_size ? (uint64_t)(st.st_size - at) : 0;
    s->size_known = true;
}

static int check_contents(struct source *s, bool from_stdin, struct error *e)
{
    bool has_magic =
        s->head_length >= sizeof npy_magic && memcmp(s->head, npy_magic, sizeof npy_magic) == 0;
    const struct magic *other = magic_find(s->head, s->head_length);
    if (s->head_length == 0)
        return error_at(e, s->name, 0, 0, "the file is empty");
    if (other != NULL)
        return error_at(e, s->name, 0, 0, "this is %s; %s", other->what, other->cure);
    if (from_stdin) {
        s->npy = has_magic;
        return CMD_OK;
    }
    if (s->npy && !has_magic)
        return error_at(e, s->name, 0, 0, "not an NPY file, though the name ends in .npy");
    if (!s->npy && has_magic)
        return error_at(e, s->name, 0, 0, "an NPY file, though the name does not end in .npy");
    return CMD_OK;
}

int source_open(struct source *s, const char *path, struct error *e)
{
    bool from_stdin = name_is_stdio(path);
    *s = (struct source){ .name = from_stdin ? "<stdin>" : path, .fd = STDIN_FILENO };
    if (*s->name == '\0')
        s->name = "\"\"";
    s->npy = name_is_npy(path);
    if (!from_stdin)
        s->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0)
        return error_set(e, CMD_FAILED, "cannot open %s: %s", s->name, strerror(errno));
    find_size(s);
    int st = read_fully(s, s->head, sizeof s->head, &s->head_length, e);
    if (st == CMD_OK)
        st = check_contents(s, from_stdin, e);
    s->left += s->head_length;
    if (st != CMD_OK)
        source_close(s);
    return st;
}

int source_read(struct source *s, void *to, size_t bytes, size_t *got, struct error *e)
{
    size_t ahead = s->head_length - s->head_used;
    if (ahead > bytes)
        ahead = bytes;
    memcpy(to, s->head + s->head_used, ahead);
    s->head_used += ahead;
    s->left -= s->left < ahead ? s->left : ahead;
    int st = read_fully(s, (unsigned char *)to + ahead, bytes - ahead, got, e);
    *got += ahead;
    return st;
}

void source_close(struct source *s)
{
    if (s->fd > STDERR_FILENO)
        close(s->fd);
    s->fd = -1;
}

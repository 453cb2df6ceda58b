/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command/output_place.h"

#include "tools/command/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/xattr.h>
#endif

enum { MOST_LINKS = 40, COPY_BLOCK = 1 << 16 };

static const char suffix[] = ".XXXXXX";

int output_failure(const struct output *o, int number, struct error *e)
{
    return error_set(e, number == EPIPE ? CMD_PIPE : CMD_FAILED, "cannot write %s: %s", o->name,
                     strerror(number));
}

/* ---- paths ---- */

static char *follow(const char *path, int depth)
{
    char link[PATH_MAX], *next, *target = realpath(path, NULL);
    if (target != NULL || errno != ENOENT)
        return target;
    ssize_t length = readlink(path, link, sizeof link - 1);
    if (length < 0 || depth == 0)
        return strdup(path);
    link[length] = '\0';
    const size_t folder = link[0] == '/' ? 0 : output_folder(path);
    if (asprintf(&next, "%.*s%s", (int)folder, path, link) < 0)
        return NULL;
    target = follow(next, depth - 1);
    free(next);
    return target;
}

char *output_target(const char *path)
{
    return follow(path, MOST_LINKS);
}

size_t output_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? (size_t)(slash + 1 - path) : 0;
}

/* ---- the temporary ---- */

/* The target's name is in the temporary's, which a user may have to take it by. It is clipped, at
 * the start of a character, where the suffix would make it too long for a file system. */
static int base_length(const char *base)
{
    size_t length = strlen(base), most = NAME_MAX - (sizeof suffix - 1);
    if (length > most)
        for (length = most; length > 0 && ((unsigned char)base[length] & 0xC0) == 0x80;)
            length--;
    return (int)length;
}

/* 0 or errno. */
static int open_temporary(struct output *o, const char *folder, size_t length)
{
    const char *base = o->target + output_folder(o->target);
    const char *slash = length > 0 && folder[length - 1] != '/' ? "/" : "";
    if (*base == '\0')
        return EISDIR;
    if (asprintf(&o->temporary, "%.*s%s%.*s%s", (int)length, folder, slash, base_length(base), base,
                 suffix) < 0) {
        o->temporary = NULL;
        return ENOMEM;
    }
    o->fd = temporary_open(o->temporary);
    if (o->fd >= 0)
        return 0;
    int number = errno;
    free(o->temporary);
    o->temporary = NULL;
    return number;
}

static int open_beside(struct output *o)
{
    return open_temporary(o, o->target, output_folder(o->target));
}

static int open_elsewhere(struct output *o)
{
    const char *folder = temporary_folder();
    return open_temporary(o, folder, strlen(folder));
}

static void forget_temporary(struct output *o)
{
    temporary_forget(o->temporary);
    free(o->temporary);
    o->temporary = NULL;
}

void output_drop_temporary(struct output *o)
{
    if (o->temporary == NULL)
        return;
    unlink(o->temporary);
    forget_temporary(o);
}

/* ---- what a rename would change ---- */

/* A list of rights beyond those of owner, group and others. */
static bool has_acl(const char *path)
{
#ifdef __linux__
    return getxattr(path, "system.posix_acl_access", NULL, 0) > 0;
#else
    (void)path;
    return false;
#endif
}

/* A mount is found here, or else when the rename fails. */
static bool is_mount_point(const char *path)
{
#ifdef STATX_ATTR_MOUNT_ROOT
    struct statx found;
    return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, 0, &found) == 0 &&
           (found.stx_attributes & found.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0;
#else
    (void)path;
    return false;
#endif
}

/* As open(2) does, which leaves the mask of the process aside where the folder has such a list. */
static void set_new_mode(const struct output *o)
{
    mode_t mask = umask(0);
    umask(mask);
    fchmod(o->fd, has_acl(o->temporary) ? 0666 : (mode_t)(0666 & ~mask));
}

/* Gives the temporary the owner, the group and the rights of the file that it is to replace, if
 * that can be. */
static bool take_rights(const struct output *o, const struct stat *old)
{
    struct stat now;
    if (fstat(o->fd, &now) != 0 || ((now.st_uid != old->st_uid || now.st_gid != old->st_gid) &&
                                    fchown(o->fd, old->st_uid, old->st_gid) != 0))
        return false;
    fchmod(o->fd, old->st_mode & 0777);
    return fstat(o->fd, &now) == 0 && now.st_uid == old->st_uid && now.st_gid == old->st_gid &&
           now.st_mode == old->st_mode && !has_acl(o->temporary) && !has_acl(o->target);
}

/* ---- placing ---- */

/* Whether the file that is there can be written itself. 0 or errno. */
static int try_target(const struct output *o)
{
    int fd = open(o->target, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int place_in_place(struct output *o, struct error *e)
{
    int number = try_target(o);
    if (number != 0)
        return output_failure(o, number, e);
    o->in_place = true;
    number = open_elsewhere(o);
    if (number == 0 || open_beside(o) == 0)
        return CMD_OK;
    return error_set(e, CMD_FAILED, "cannot write %s: no temporary file in %s: %s", o->name,
                     temporary_folder(), strerror(number));
}

static int place_file(struct output *o, const char *path, const struct stat *old, struct error *e)
{
    int number;
    o->target = output_target(path);
    if (o->target == NULL)
        return output_failure(o, errno, e);
    if (old != NULL && faccessat(AT_FDCWD, o->target, W_OK, AT_EACCESS) != 0)
        return output_failure(o, errno, e);
    if (old != NULL && is_mount_point(o->target))
        return place_in_place(o, e);
    number = open_beside(o);
    if (old == NULL && number == 0)
        set_new_mode(o);
    if (old == NULL)
        return number == 0 ? CMD_OK : output_failure(o, number, e);
    if (number == 0 && take_rights(o, old))
        return CMD_OK;
    if (number == 0) {
        close(o->fd);
        o->fd = -1;
        output_drop_temporary(o);
    }
    return place_in_place(o, e);
}

/* The descriptor that path is another name of, or -1: what stands there already stays. */
static int own_descriptor(const char *path, const struct stat *file)
{
    struct stat own;
    int n = 0, fd = -1;
    for (int i = STDOUT_FILENO; i <= STDERR_FILENO; i++)
        if (fstat(i, &own) == 0 && own.st_dev == file->st_dev && own.st_ino == file->st_ino)
            return i;
    if ((sscanf(path, "/dev/fd/%d%n", &fd, &n) == 1 ||
         sscanf(path, "/proc/self/fd/%d%n", &fd, &n) == 1) &&
        path[n] == '\0' && fstat(fd, &own) == 0)
        return fd;
    return -1;
}

bool output_descriptor_writes(int fd)
{
    return (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
}

static int place_descriptor(struct output *o, int own, struct error *e)
{
    if (!output_descriptor_writes(own))
        return output_failure(o, EBADF, e);
    o->fd = own <= STDERR_FILENO ? own : fcntl(own, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return o->fd < 0 ? output_failure(o, errno, e) : CMD_OK;
}

int output_place(struct output *o, const char *path, struct error *e)
{
    struct stat st;
    const bool exists = stat(path, &st) == 0;
    if (*path == '\0')
        return output_failure(o, ENOENT, e);
    if (exists && S_ISDIR(st.st_mode))
        return output_failure(o, EISDIR, e);
    const int own = exists ? own_descriptor(path, &st) : -1;
    if (own >= 0)
        return place_descriptor(o, own, e);
    if (exists && !S_ISREG(st.st_mode)) {
        o->fd = open(path, O_WRONLY | O_CLOEXEC);
        return o->fd < 0 ? output_failure(o, errno, e) : CMD_OK;
    }
    return place_file(o, path, exists ? &st : NULL, e);
}

/* ---- settling ---- */

/* A disk that is full is found out while the old contents are still there, where the file system
 * can tell. 0 or errno. */
static int reserve_place(int fd, off_t size)
{
#ifdef FALLOC_FL_KEEP_SIZE
    struct stat old;
    if (fstat(fd, &old) != 0 || fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, size) == 0)
        return 0;
    int number = errno;
    if (number != ENOSPC && number != EDQUOT && number != EFBIG)
        return 0;
    if (ftruncate(fd, old.st_size) != 0) /* what it had got of the disk */
        return errno;
    return number;
#else
    (void)fd;
    (void)size;
    return 0;
#endif
}

static int copy_block(int to, const char *block, ssize_t count)
{
    while (count > 0) {
        ssize_t n = write(to, block, (size_t)count);
        if (n < 0 && errno != EINTR)
            return errno;
        if (n > 0) {
            block += n;
            count -= n;
        }
    }
    return 0;
}

static int copy(int from, int to)
{
    char block[COPY_BLOCK];
    struct stat st;
    int number = fstat(from, &st) != 0 ? errno : reserve_place(to, st.st_size);
    while (number == 0) {
        ssize_t n = read(from, block, sizeof block);
        if (n == 0)
            break;
        if (n > 0)
            number = copy_block(to, block, n);
        else if (errno != EINTR)
            number = errno;
    }
    if (number == 0 && ftruncate(to, st.st_size) != 0)
        number = errno;
    return number;
}

/* 0 or errno. */
static int copy_to_target(const struct output *o, int from)
{
    int to = open(o->target, O_WRONLY | O_CLOEXEC);
    if (to < 0 && errno == ENOENT)
        to = open(o->target, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    int number = to < 0 ? errno : copy(from, to);
    if (to >= 0 && close(to) != 0 && number == 0)
        number = errno;
    return number;
}

/* The first failure is the one that main prints; the place of a result is told in any case. */
static int tell_kept(const struct output *o, int number, struct error *e)
{
    static const char format[] = "cannot write %s: %s; the complete result is in %s";
    if (e->code == CMD_OK)
        return error_set(e, CMD_FAILED, format, o->name, strerror(number), o->temporary);
    error_warn(format, o->name, strerror(number), o->temporary);
    return CMD_FAILED;
}

int output_settle(struct output *o, struct error *e)
{
    if (!o->in_place && rename(o->temporary, o->target) == 0) {
        forget_temporary(o);
        return CMD_OK;
    }
    int from = open(o->temporary, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return output_failure(o, errno, e);
    /* Half a copy is worth less than what was there: signals wait. */
    signals_hold();
    int status = CMD_OK, number = copy_to_target(o, from);
    if (number == 0) {
        output_drop_temporary(o);
    } else {
        status = tell_kept(o, number, e);
        forget_temporary(o);
    }
    signals_release();
    close(from);
    return status;
}

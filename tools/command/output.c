/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command/output.h"

#include "tools/io/source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER = 1 << 18, TEMPORARIES = 16, MOST_LINKS = 40 };

/* ---- temporaries and signals ---- */

/* What a signal has to remove. A temporary that finds no place here is merely left behind
 * when the process is killed. */
static char *volatile temporaries[TEMPORARIES];

static void remove_and_die(int signal_number)
{
    for (int i = 0; i < TEMPORARIES; i++)
        if (temporaries[i] != NULL)
            unlink(temporaries[i]);
    raise(signal_number); /* SA_RESETHAND: now the default, once this handler returns */
}

static const int fatal[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU };

static void set_signals(void)
{
    static bool done;
    if (done)
        return;
    done = true;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
        struct sigaction was;
        struct sigaction now = { .sa_handler = remove_and_die, .sa_flags = (int)SA_RESETHAND };
        sigemptyset(&now.sa_mask);
        if (sigaction(fatal[i], NULL, &was) == 0 && was.sa_handler == SIG_DFL)
            sigaction(fatal[i], &now, NULL);
    }
}

static void temporary_add(char *name)
{
    for (int i = 0; i < TEMPORARIES; i++)
        if (temporaries[i] == NULL) {
            temporaries[i] = name;
            return;
        }
}

int temporary_open(char *name)
{
    sigset_t wait, before;
    set_signals();
    sigemptyset(&wait);
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        sigaddset(&wait, fatal[i]);
    sigprocmask(SIG_BLOCK, &wait, &before);
    int fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        temporary_add(name);
    int number = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = number;
    return fd;
}

void temporary_forget(const char *name)
{
    for (int i = 0; i < TEMPORARIES; i++)
        if (temporaries[i] == name)
            temporaries[i] = NULL;
}

/* ---- opening ---- */

static int cannot(const struct output *o, const char *what, int number, struct error *e)
{
    return error_set(e, CMD_FAILED, "cannot %s %s: %s", what, o->name, strerror(number));
}

static mode_t new_file_mode(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return (mode_t)(0666 & ~mask);
}

/* Where `path` leads, through symbolic links to what is not there yet as well. NULL: errno. */
static char *real_target(const char *path, int depth)
{
    char link[PATH_MAX], *next, *target = realpath(path, NULL);
    if (target != NULL || errno != ENOENT)
        return target;
    ssize_t length = readlink(path, link, sizeof link - 1);
    if (length < 0 || depth == 0)
        return strdup(path);
    link[length] = '\0';
    const char *slash = link[0] == '/' ? NULL : strrchr(path, '/');
    if (asprintf(&next, "%.*s%s", (int)(slash != NULL ? slash + 1 - path : 0), path, link) < 0)
        return NULL;
    target = real_target(next, depth - 1);
    free(next);
    return target;
}

static int open_beside(struct output *o, const char *path, const struct stat *old, struct error *e)
{
    o->target = real_target(path, MOST_LINKS);
    if (o->target == NULL)
        return cannot(o, "write", errno, e);
    size_t size = strlen(o->target) + sizeof ".XXXXXX";
    o->temporary = malloc(size);
    if (o->temporary == NULL)
        return error_memory(e, size);
    snprintf(o->temporary, size, "%s.XXXXXX", o->target);
    o->fd = temporary_open(o->temporary);
    if (o->fd < 0) {
        int number = errno;
        free(o->temporary);
        o->temporary = NULL;
        return cannot(o, "write", number, e);
    }
    fchmod(o->fd, old != NULL ? old->st_mode & 0777 : new_file_mode());
    return CMD_OK;
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

static bool is_writable(int fd)
{
    return (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
}

static int open_file(struct output *o, const char *path, struct error *e)
{
    struct stat st;
    bool exists = stat(path, &st) == 0;
    if (*path == '\0')
        return cannot(o, "write", ENOENT, e);
    if (exists && S_ISDIR(st.st_mode))
        return cannot(o, "write", EISDIR, e);
    int own = exists ? own_descriptor(path, &st) : -1;
    if (own >= 0 && !is_writable(own))
        return cannot(o, "write", EBADF, e);
    if (own >= 0) {
        o->fd = own <= STDERR_FILENO ? own : fcntl(own, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        return o->fd < 0 ? cannot(o, "write", errno, e) : CMD_OK;
    }
    if (exists && !S_ISREG(st.st_mode)) {
        o->fd = open(path, O_WRONLY | O_CLOEXEC);
        return o->fd < 0 ? cannot(o, "write", errno, e) : CMD_OK;
    }
    if (exists && access(path, W_OK) != 0)
        return cannot(o, "write", errno, e);
    return open_beside(o, path, exists ? &st : NULL, e);
}

static void give_back(struct output *o)
{
    if (o->temporary != NULL)
        temporary_forget(o->temporary);
    free(o->temporary);
    free(o->target);
    free(o->buffer);
    *o = (struct output){ .fd = -1 };
}

int output_open(struct output *o, const char *path, struct error *e)
{
    bool standard = name_is_stdio(path);
    *o = (struct output){ .name = standard ? "<stdout>" : path, .fd = STDOUT_FILENO };
    if (*o->name == '\0')
        o->name = "\"\"";
    set_signals();
    o->buffer = malloc(BUFFER);
    int st = o->buffer == NULL ? error_memory(e, BUFFER) : CMD_OK;
    if (st == CMD_OK && !standard)
        st = open_file(o, path, e);
    if (st != CMD_OK)
        give_back(o);
    return st;
}

int output_check(const char *path, struct error *e)
{
    struct stat st;
    struct output o = { .name = path };
    if (path == NULL)
        return CMD_OK;
    if (name_is_stdio(path)) {
        o.name = "<stdout>";
        return is_writable(STDOUT_FILENO) ? CMD_OK : cannot(&o, "write", EBADF, e);
    }
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return access(path, W_OK) == 0 ? CMD_OK : cannot(&o, "write", errno, e);
    int status = output_open(&o, path, e);
    if (status == CMD_OK)
        output_close(&o, CMD_FAILED, e);
    return status;
}

/* ---- writing ---- */

static void write_out(struct output *o, const unsigned char *from, size_t count)
{
    const size_t most = (size_t)1 << 30;
    while (count > 0 && o->failure == 0) {
        ssize_t n = write(o->fd, from, count < most ? count : most);
        if (n < 0 && errno != EINTR)
            o->failure = errno;
        if (n > 0) {
            from += n;
            count -= (size_t)n;
        }
    }
}

void output_flush(struct output *o)
{
    write_out(o, o->buffer, o->used);
    o->used = 0;
}

int output_write(struct output *o, const void *bytes, size_t count)
{
    if (count > BUFFER - o->used) {
        output_flush(o);
        if (count >= BUFFER) {
            write_out(o, bytes, count);
            count = 0;
        }
    }
    if (count > 0)
        memcpy(o->buffer + o->used, bytes, count);
    o->used += count;
    return o->failure == 0 ? CMD_OK : CMD_FAILED;
}

int output_text(struct output *o, const char *text)
{
    return output_write(o, text, strlen(text));
}

int output_printf(struct output *o, const char *format, ...)
{
    char small[512];
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (length >= 0 && (size_t)length < sizeof small) {
        output_write(o, small, (size_t)length);
    } else {
        char *text = NULL;
        length = vasprintf(&text, format, again);
        if (length < 0)
            o->failure = ENOMEM;
        else
            output_write(o, text, (size_t)length);
        free(length < 0 ? NULL : text);
    }
    va_end(again);
    return o->failure == 0 ? CMD_OK : CMD_FAILED;
}

/* ---- closing ---- */

int output_close(struct output *o, int status, struct error *e)
{
    if (status == CMD_OK)
        output_flush(o);
    if (o->fd > STDERR_FILENO && close(o->fd) != 0 && o->failure == 0)
        o->failure = errno;
    if (o->failure == 0 && status == CMD_OK && o->temporary != NULL &&
        rename(o->temporary, o->target) != 0)
        o->failure = errno;
    if (o->failure != 0 && status == CMD_OK)
        status = cannot(o, "write", o->failure, e);
    if (status != CMD_OK && o->temporary != NULL)
        unlink(o->temporary);
    give_back(o);
    return status;
}

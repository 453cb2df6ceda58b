/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command/output.h"

#include "tools/command/output_place.h"
#include "tools/command/temporary.h"
#include "tools/io/source.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER = 1 << 18 };

/* ---- opening ---- */

static void give_back(struct output *o)
{
    output_drop_temporary(o);
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
    signals_set();
    o->buffer = malloc(BUFFER);
    int st = o->buffer == NULL ? error_memory(e, BUFFER) : CMD_OK;
    if (st == CMD_OK && !standard)
        st = output_place(o, path, e);
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
        return output_descriptor_writes(STDOUT_FILENO) ? CMD_OK : output_failure(&o, EBADF, e);
    }
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return access(path, W_OK) == 0 ? CMD_OK : output_failure(&o, errno, e);
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

int output_flush(struct output *o)
{
    write_out(o, o->buffer, o->used);
    o->used = 0;
    return o->failure == 0 ? CMD_OK : CMD_FAILED;
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

/* What is copied in the end may have found no room where it is put first. */
static int write_failure(const struct output *o, struct error *e)
{
    if (!o->in_place)
        return output_failure(o, o->failure, e);
    return error_set(e, CMD_FAILED, "cannot write %s via %s: %s", o->name, o->temporary,
                     strerror(o->failure));
}

int output_close(struct output *o, int status, struct error *e)
{
    if (status == CMD_OK)
        output_flush(o);
    if (o->fd > STDERR_FILENO && close(o->fd) != 0 && o->failure == 0)
        o->failure = errno;
    if (o->failure != 0 && status == CMD_OK)
        status = write_failure(o, e);
    if (status == CMD_OK && o->temporary != NULL)
        status = output_settle(o, e);
    give_back(o);
    return status;
}

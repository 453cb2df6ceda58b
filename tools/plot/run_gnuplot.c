/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/plot/run_gnuplot.h"

#include "tools/command/output.h"
#include "tools/command/temporary.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The script is a file with a name, as gnuplot reads its stdin a byte at a time. The streams
 * out are unlinked files, so that neither can block. */
struct gnuplot_files {
    char script[4096];
    FILE *picture, *messages;
};

static void close_files(struct gnuplot_files *f)
{
    if (f->script[0] != '\0') {
        unlink(f->script);
        temporary_forget(f->script);
    }
    if (f->picture != NULL)
        fclose(f->picture);
    if (f->messages != NULL)
        fclose(f->messages);
}

static bool write_script(struct gnuplot_files *f, const char *script, size_t length)
{
    snprintf(f->script, sizeof f->script, "%s/attpool-XXXXXX", temporary_folder());
    int fd = temporary_open(f->script);
    if (fd < 0) {
        f->script[0] = '\0';
        return false;
    }
    FILE *to = fdopen(fd, "w");
    bool whole = to != NULL && fwrite(script, 1, length, to) == length;
    return to != NULL && fclose(to) == 0 && whole;
}

static int open_files(struct gnuplot_files *f, const char *script, size_t length, struct error *e)
{
    *f = (struct gnuplot_files){ .picture = tmpfile(), .messages = tmpfile() };
    if (f->picture != NULL && f->messages != NULL && write_script(f, script, length))
        return CMD_OK;
    int st = error_set(e, CMD_FAILED, "cannot write a temporary file: %s", strerror(errno));
    close_files(f);
    return st;
}

/* SIGPIPE and SIGXFSZ are ignored here and must not be there. */
static int start(struct gnuplot_files *f, pid_t *child)
{
    char *const argv[] = { "gnuplot", "-d", f->script, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fileno(f->picture), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(f->messages), STDERR_FILENO);
    int number = posix_spawnp(child, argv[0], &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return number;
}

/* The line that says what is wrong, without the echo of the script and the marks under it. */
static void first_message(FILE *messages, int status, char *text, int size)
{
    char line[400];
    if (status == 0)
        snprintf(text, (size_t)size, "it drew nothing");
    else
        snprintf(text, (size_t)size, "exit status %d", status);
    rewind(messages);
    while (fgets(line, sizeof line, messages) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        const char *at = strstr(line, "line ");
        if (at == NULL || strchr(at, ':') == NULL)
            continue;
        at = strchr(at, ':') + 1;
        while (isspace((unsigned char)*at))
            at++;
        snprintf(text, (size_t)size, "%s", at);
        return;
    }
}

static int no_gnuplot(struct error *e)
{
    return error_set(e, CMD_FAILED,
                     "plots are drawn by gnuplot, which is not installed or not on PATH");
}

/* As posix_spawnp looks for it. */
int find_gnuplot(struct error *e)
{
    char standard[256] = "", file[PATH_MAX];
    const char *folder = getenv("PATH");
    struct stat st;
    if (folder == NULL) {
        confstr(_CS_PATH, standard, sizeof standard);
        folder = standard;
    }
    for (;; folder++) {
        size_t length = strcspn(folder, ":");
        int size = snprintf(file, sizeof file, "%.*s%sgnuplot", (int)length, folder,
                            length > 0 ? "/" : "");
        if (size < PATH_MAX && stat(file, &st) == 0 && S_ISREG(st.st_mode) &&
            access(file, X_OK) == 0)
            return CMD_OK;
        folder += length;
        if (*folder == '\0')
            return no_gnuplot(e);
    }
}

static int run_script(struct gnuplot_files *f, struct error *e)
{
    pid_t child;
    int status, number = start(f, &child);
    if (number == ENOENT)
        return no_gnuplot(e);
    if (number != 0)
        return error_set(e, CMD_FAILED, "cannot run gnuplot: %s", strerror(number));
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return error_set(e, CMD_FAILED, "lost gnuplot: %s", strerror(errno));
    if (WIFSIGNALED(status))
        return error_set(e, CMD_FAILED, "gnuplot was killed by signal %d", WTERMSIG(status));
    bool empty = fseek(f->picture, 0, SEEK_END) != 0 || ftell(f->picture) <= 0;
    if (WEXITSTATUS(status) == 0 && !empty)
        return CMD_OK;
    /* If posix_spawnp cannot tell that gnuplot is not installed, the child says so by this. */
    if (WEXITSTATUS(status) == 127)
        return no_gnuplot(e);
    char text[400];
    first_message(f->messages, WEXITSTATUS(status), text, sizeof text);
    return error_set(e, CMD_FAILED, "gnuplot failed: %s", text);
}

/* ---- what it drew ---- */

static void write_escaped(struct output *o, const char *text, size_t length)
{
    for (const char *end = text + length; text < end; text++)
        if (*text == '&' || *text == '<')
            output_text(o, *text == '&' ? "&amp;" : "&lt;");
        else
            output_write(o, text, 1);
}

/* gnuplot begins a line with <title>..</title> for the picture, and ends one with it for what is
 * plotted. The next of `titles` takes its place. */
static void write_line(struct output *o, const char *line, size_t length, const char **titles)
{
    static const char start[] = "<title>", end[] = "</title>";
    const char *title = strstr(line, start);
    const char *rest = title != NULL ? strstr(title, end) : NULL;
    if (rest == NULL) {
        output_write(o, line, length);
        return;
    }
    size_t size = strcspn(*titles, "\n");
    output_write(o, line, (size_t)(title - line));
    if (size > 0) {
        output_text(o, start);
        write_escaped(o, *titles, size);
        output_text(o, end);
    }
    output_text(o, rest + strlen(end));
    *titles += size + ((*titles)[size] == '\n');
}

static int copy(FILE *from, const char *titles, const char *path, struct error *e)
{
    struct output o;
    char block[1 << 14], *line = NULL;
    size_t n, capacity = 0;
    ssize_t length;
    int st = output_open(&o, path, e);
    if (st != CMD_OK)
        return st;
    rewind(from);
    while (titles != NULL && (length = getline(&line, &capacity, from)) > 0)
        write_line(&o, line, (size_t)length, &titles);
    while (titles == NULL && (n = fread(block, 1, sizeof block, from)) > 0)
        output_write(&o, block, n);
    if (ferror(from))
        st = error_set(e, CMD_FAILED, "cannot read what gnuplot drew: %s", strerror(errno));
    free(line);
    return output_close(&o, st, e);
}

int run_gnuplot(const char *script, size_t length, const char *titles, const char *path,
                struct error *e)
{
    struct gnuplot_files f;
    int st = open_files(&f, script, length, e);
    if (st != CMD_OK)
        return st;
    st = run_script(&f, e);
    if (st == CMD_OK)
        st = copy(f.picture, titles, path, e);
    close_files(&f);
    return st;
}

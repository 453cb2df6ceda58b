/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command/output.h"
#include "tools/command/output_place.h"
#include "tools/io/source.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What tells a file from all others: its device and inode or, where it is not there yet, those of
 * its folder, and its name in it. */
struct identity {
    bool known;
    mode_t mode; /* the type; 0 for what is not there */
    dev_t device;
    ino_t inode;
    char *base;
};

struct named_file {
    const char *option;
    char *path;
    bool is_output, is_script;
    struct identity identity;
};

/* ---- the list ---- */

static struct named_file *add_file(struct files *files, const char *option, const char *path)
{
    const size_t size = (files->count + 1) * sizeof *files->file;
    char *name = strdup(path);
    struct named_file *more = name != NULL ? realloc(files->file, size) : NULL;
    if (more == NULL) {
        free(name);
        files->no_memory = true;
        return NULL;
    }
    files->file = more;
    more += files->count++;
    *more = (struct named_file){ .option = option, .path = name };
    return more;
}

void files_input(struct files *files, const char *option, const char *path)
{
    if (path != NULL)
        add_file(files, option, path);
}

void files_output(struct files *files, const char *option, const char *path)
{
    struct named_file *file = path != NULL ? add_file(files, option, path) : NULL;
    if (file != NULL)
        file->is_output = true;
}

void files_picture(struct files *files, const char *option, const char *path, bool keep_script)
{
    char *script;
    files_output(files, option, path);
    if (path == NULL || !keep_script)
        return;
    if (asprintf(&script, "%s.gp", path) < 0) {
        files->no_memory = true;
        return;
    }
    struct named_file *file = add_file(files, option, script);
    if (file != NULL)
        file->is_output = file->is_script = true;
    free(script);
}

static void files_free(struct files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->file[i].path);
        free(files->file[i].identity.base);
    }
    free(files->file);
    *files = (struct files){ 0 };
}

/* ---- identity ---- */

static void identify_new(struct named_file *file)
{
    struct stat st;
    char folder[PATH_MAX], *target = output_target(file->path);
    if (target == NULL)
        return;
    const size_t length = output_folder(target);
    snprintf(folder, sizeof folder, "%.*s.", (int)length, target);
    file->identity.base = strdup(target + length);
    if (file->identity.base != NULL && stat(folder, &st) == 0) {
        file->identity.known = true;
        file->identity.device = st.st_dev;
        file->identity.inode = st.st_ino;
    }
    free(target);
}

static void identify(struct named_file *file)
{
    struct stat st;
    const bool standard = name_is_stdio(file->path);
    const int fd = file->is_output ? STDOUT_FILENO : STDIN_FILENO;
    if ((standard ? fstat(fd, &st) : stat(file->path, &st)) == 0)
        file->identity = (struct identity){
            .known = true, .mode = st.st_mode & S_IFMT, .device = st.st_dev, .inode = st.st_ino
        };
    else if (!standard)
        identify_new(file);
}

static bool same_identity(const struct identity *a, const struct identity *b)
{
    if (!a->known || !b->known || a->device != b->device || a->inode != b->inode ||
        a->mode != b->mode)
        return false;
    return a->mode != 0 || strcmp(a->base, b->base) == 0;
}

/* A socket may well be both stdin and stdout, and a device be read and written. */
static bool keeps_bytes(const struct identity *identity)
{
    return identity->mode != S_IFCHR && identity->mode != S_IFSOCK;
}

static bool clash(const struct named_file *a, const struct named_file *b)
{
    if (a->is_output == b->is_output && name_is_stdio(a->path) && name_is_stdio(b->path))
        return true;
    if (!same_identity(&a->identity, &b->identity))
        return false;
    if (!a->is_output && !b->is_output)
        return a->identity.mode == S_IFIFO;
    return keeps_bytes(&a->identity);
}

/* ---- messages ---- */

struct description {
    char text[200];
};

static struct description describe_file(const struct named_file *file)
{
    struct description d;
    if (name_is_stdio(file->path))
        snprintf(d.text, sizeof d.text, "%s", file->is_output ? "stdout" : "stdin");
    else
        snprintf(d.text, sizeof d.text, "%s%s %s", file->is_script ? "the script of " : "",
                 file->option, quoted_name(file->path).text);
    return d;
}

static int refuse(const struct named_file *a, const struct named_file *b, struct error *e)
{
    if (a->is_output == b->is_output && name_is_stdio(a->path) && name_is_stdio(b->path))
        return error_set(e, CMD_USAGE, "%s and %s are both %s", a->option, b->option,
                         describe_file(a).text);
    if (!a->is_output && !b->is_output)
        return error_set(e, CMD_USAGE, "%s and %s are the same pipe, which can be read only once",
                         describe_file(a).text, describe_file(b).text);
    const struct named_file *output = b->is_output ? b : a, *other = b->is_output ? a : b;
    return error_set(e, CMD_USAGE, "%s would overwrite %s", describe_file(output).text,
                     describe_file(other).text);
}

int files_check(struct files *files, struct error *e)
{
    int st = files->no_memory ? error_memory(e, sizeof *files->file) : CMD_OK;
    for (size_t i = 0; i < files->count; i++)
        identify(&files->file[i]);
    for (size_t i = 0; st == CMD_OK && i < files->count; i++)
        for (size_t j = i + 1; st == CMD_OK && j < files->count; j++)
            if (clash(&files->file[i], &files->file[j]))
                st = refuse(&files->file[i], &files->file[j], e);
    for (size_t i = 0; st == CMD_OK && i < files->count; i++)
        if (files->file[i].is_output)
            st = output_check(files->file[i].path, e);
    files_free(files);
    return st;
}

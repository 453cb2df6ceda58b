/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/scratch.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/attpool-test-XXXXXX";
static int before = -1;

void scratch_open(void)
{
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    before = open(".", O_RDONLY | O_CLOEXEC);
    if (before < 0 || mkdtemp(folder) == NULL || chdir(folder) != 0)
        abort();
}

static int each_file(bool remove_them)
{
    int count = 0;
    DIR *d = opendir(".");
    if (d == NULL)
        abort();
    for (struct dirent *f; (f = readdir(d)) != NULL;) {
        if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0)
            continue;
        count++;
        if (remove_them && remove(f->d_name) != 0)
            perror(f->d_name);
    }
    closedir(d);
    return count;
}

int scratch_count(void)
{
    return each_file(false);
}

void scratch_close(void)
{
    each_file(true);
    if (fchdir(before) != 0 || rmdir(folder) != 0)
        perror(folder);
    close(before);
}

void write_file(const char *path, const void *bytes, size_t length)
{
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, length, f), length);
    ck_assert_int_eq(fclose(f), 0);
}

char *read_back(const char *path, size_t *length)
{
    static char *kept[8];
    static size_t next;
    FILE *f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    fseek(f, 0, SEEK_END);
    size_t n = (size_t)ftell(f);
    rewind(f);
    char *text = realloc(kept[next % 8], n + 1);
    ck_assert_ptr_nonnull(text);
    kept[next++ % 8] = text;
    ck_assert_uint_eq(fread(text, 1, n, f), n);
    fclose(f);
    text[n] = '\0';
    if (length != NULL)
        *length = n;
    return text;
}

void stdin_from_file(const char *path)
{
    int fd = open(path, O_RDONLY);
    ck_assert_int_ge(fd, 0);
    dup2(fd, STDIN_FILENO);
    close(fd);
}

void stdin_from_pipe(const void *bytes, size_t length)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        close(ends[0]);
        for (const char *p = bytes; length > 0;) {
            ssize_t n = write(ends[1], p, length);
            if (n <= 0)
                _exit(1);
            p += n;
            length -= (size_t)n;
        }
        _exit(0);
    }
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
}

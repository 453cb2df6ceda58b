/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 30, TENTH_MS = 100, QUIET_MS = 500 };

static struct {
    bool asked, terminal, drawn;
    long long next_ms;
} bar;

static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool wanted(long long now)
{
    if (!bar.asked) {
        const char *term = getenv("TERM");
        bar.terminal = isatty(STDERR_FILENO) && (term == NULL || strcmp(term, "dumb") != 0);
        bar.asked = true;
        bar.next_ms = now + QUIET_MS;
    }
    return bar.terminal && now >= bar.next_ms;
}

void progress_update(double fraction, const char *label)
{
    long long now = now_ms();
    if (!wanted(now))
        return;
    bar.next_ms = now + TENTH_MS;
    double done = fraction > 0 ? (fraction < 1 ? fraction : 1) : 0;
    int full = (int)(done * BAR);
    char cells[BAR + 1];
    memset(cells, '#', (size_t)full);
    memset(cells + full, '.', (size_t)(BAR - full));
    cells[BAR] = '\0';
    fprintf(stderr, "\r%.40s [%s] %3d%%\033[K", label, cells, (int)(done * 100));
    fflush(stderr);
    bar.drawn = true;
}

void progress_clear(void)
{
    if (!bar.drawn)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    bar.drawn = false;
}

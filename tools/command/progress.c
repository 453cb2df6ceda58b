/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command/progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 30, TENTH_MS = 100, QUIET_MS = 500 };

static struct {
    bool asked, terminal, drawn, disabled;
    long long next_ms;
    long long start_ms; /* of the work at hand, when start_done of it was done */
    double start_done, done;
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
    return bar.terminal && !bar.disabled && now >= bar.next_ms;
}

/* "", or the time that the rest takes at the pace so far. */
static void time_left(long long now, char *text, size_t size)
{
    text[0] = '\0';
    if (!(bar.done > bar.start_done) || now - bar.start_ms < QUIET_MS)
        return;
    double pace = (double)(now - bar.start_ms) / 1000 / (bar.done - bar.start_done);
    double seconds = pace * (1 - bar.done);
    if (seconds < 90)
        snprintf(text, size, "  %.0f s left", seconds);
    else if (seconds < 90 * 60)
        snprintf(text, size, "  %.0f min left", seconds / 60);
    else
        snprintf(text, size, "  %.0f h left", seconds / 3600);
}

void progress_update(double fraction, const char *label)
{
    long long now = now_ms();
    char left[40];
    double done = fraction > 0 ? (fraction < 1 ? fraction : 1) : 0;
    if (!bar.asked || done < bar.done) {
        bar.start_ms = now;
        bar.start_done = done;
    }
    bar.done = done;
    if (!wanted(now))
        return;
    bar.next_ms = now + TENTH_MS;
    int full = (int)(done * BAR);
    char cells[BAR + 1];
    memset(cells, '#', (size_t)full);
    memset(cells + full, '.', (size_t)(BAR - full));
    cells[BAR] = '\0';
    time_left(now, left, sizeof left);
    fprintf(stderr, "\r%.40s [%s] %3d%%%s\033[K", label, cells, (int)(done * 100), left);
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

void progress_disable(void)
{
    progress_clear();
    bar.disabled = true;
}

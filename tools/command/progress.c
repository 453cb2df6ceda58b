/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command/progress.h"

#include "tools/command/error.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 30, TENTH_MS = 100, QUIET_MS = 500, PACE_MS = 2000, MINUTE_MS = 60000 };

static struct {
    bool asked, terminal, drawn, advised;
    long long next_ms;
    long long start_ms; /* of the current work, when start_done of it was done */
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
        messages_clear_by(progress_clear);
    }
    return bar.terminal && messages_shown() != MESSAGES_QUIET && now >= bar.next_ms;
}

/* The time left at the pace so far; 0 while there is no pace yet. */
static double left_ms(long long now, long long pace_ms)
{
    if (!(bar.done > bar.start_done) || now - bar.start_ms < pace_ms)
        return 0;
    return (double)(now - bar.start_ms) / (bar.done - bar.start_done) * (1 - bar.done);
}

struct duration {
    char text[32];
};

static struct duration duration(double ms)
{
    struct duration d;
    double seconds = ms / 1000;
    if (seconds < 90)
        snprintf(d.text, sizeof d.text, "%.0f s", seconds);
    else if (seconds < 90 * 60)
        snprintf(d.text, sizeof d.text, "%.0f min", seconds / 60);
    else
        snprintf(d.text, sizeof d.text, "%.0f h", seconds / 3600);
    return d;
}

/* By the pace, since that alone knows what the library skips, and how fast the machine is. */
static void advise(long long now, const char *advice)
{
    double left = left_ms(now, PACE_MS);
    if (bar.advised || left < MINUTE_MS)
        return;
    bar.advised = true;
    error_note("about %s left%s%s", duration(left).text, advice != NULL ? "; " : "",
               advice != NULL ? advice : "");
}

void progress_update(double fraction, const char *label, const char *advice)
{
    long long now = now_ms();
    double done = fraction > 0 ? (fraction < 1 ? fraction : 1) : 0;
    if (!bar.asked || done < bar.done) {
        bar.start_ms = now;
        bar.start_done = done;
    }
    bar.done = done;
    advise(now, advice);
    if (!wanted(now))
        return;
    bar.next_ms = now + TENTH_MS;
    int full = (int)(done * BAR);
    char cells[BAR + 1];
    memset(cells, '#', (size_t)full);
    memset(cells + full, '.', (size_t)(BAR - full));
    cells[BAR] = '\0';
    double left = left_ms(now, QUIET_MS);
    fprintf(stderr, "\r%.40s [%s] %3d%%%s%s%s\033[K", label, cells, (int)(done * 100),
            left > 0 ? "  " : "", left > 0 ? duration(left).text : "", left > 0 ? " left" : "");
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

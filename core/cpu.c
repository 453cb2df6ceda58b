/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cpu.h"

#include "core/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int affinity(void)
{
#ifdef CPU_COUNT_S
    int room = MOST_THREADS;
    cpu_set_t *set = CPU_ALLOC((size_t)room);
    size_t size = CPU_ALLOC_SIZE((size_t)room);
    int count = 0;
    if (set && sched_getaffinity(0, size, set) == 0)
        count = CPU_COUNT_S(size, set);
    if (set)
        CPU_FREE(set);
    if (count > 0)
        return count;
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 && online < MOST_THREADS ? (int)online : 1;
}

/* First line of a file; false if it cannot be read. */
static bool read_line(const char *path, char *line, int size)
{
    FILE *f = fopen(path, "re");
    bool ok = f && fgets(line, size, f);
    if (f)
        fclose(f);
    return ok;
}

/* "max 100000" or "150000 100000": CPUs rounded up, 0 for no limit. */
static int quota_cpus(const char *text)
{
    char *end;
    long quota = strtol(text, &end, 10);
    long period = end != text ? strtol(end, NULL, 10) : 0;
    if (quota <= 0 || period <= 0)
        return 0;
    return (int)((quota + period - 1) / period);
}

static void take_smaller(int *least, int cpus)
{
    if (cpus > 0 && cpus < *least)
        *least = cpus;
}

/* The quota of this process's cgroup and of those above it (version 2), or of the container's own
 * cpu controller (version 1). */
static int cgroup_quota(void)
{
    char group[512] = "", path[640], line[128], period[64];
    int least = MOST_THREADS;
    FILE *f = fopen("/proc/self/cgroup", "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "0::", 3) == 0) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(group, sizeof group, "%s", line + 3);
        }
    if (f)
        fclose(f);
    for (;;) {
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group);
        if (read_line(path, line, sizeof line))
            take_smaller(&least, quota_cpus(line));
        char *slash = strrchr(group, '/');
        if (!slash)
            break;
        *slash = '\0';
    }
    if (read_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", line, sizeof line) &&
        read_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period, sizeof period)) {
        line[strcspn(line, "\n")] = '\0';
        snprintf(path, sizeof path, "%s %s", line, period);
        take_smaller(&least, quota_cpus(path));
    }
    return least;
}

int ap_cpu_count(void)
{
    int count = affinity();
    take_smaller(&count, cgroup_quota());
    return count;
}

/* Read once: it takes longer than to open a context. */
static pthread_once_t names_once = PTHREAD_ONCE_INIT;
static char names[2][160]; /* native, emulated */

static void read_names(void)
{
    char line[256];
    const char *model = "CPU";
    FILE *f = fopen("/proc/cpuinfo", "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':')) {
            line[strcspn(line, "\n")] = '\0';
            model = strchr(line, ':') + 1;
            model += strspn(model, " ");
            break;
        }
    if (f)
        fclose(f);
    snprintf(names[0], sizeof names[0], "%s", model);
    snprintf(names[1], sizeof names[1], "%s, emulated", model);
}

const char *ap_cpu_name(bool emulated)
{
    pthread_once(&names_once, read_names);
    return names[emulated];
}

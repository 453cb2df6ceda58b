/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_THREADS_H
#define CORE_THREADS_H

/* The worker threads of one context. They are started at the first call that needs them, sleep
 * soon after a call, and are started anew in a child after fork(). When the system refuses a
 * thread the others do its work. */

#include <stdbool.h>
#include <stdint.h>

struct threads;

enum { MOST_THREADS = 1024 };

typedef void threads_task(void *arg, int64_t index, int worker);
/* Called in the calling thread after each index it has done; true stops the run. */
typedef bool threads_watch(void *arg, double fraction);

/* count >= 1 workers, the calling thread among them. NULL: out of memory. */
struct threads *ap_threads_new(int count);
void ap_threads_free(struct threads *threads);
int ap_threads_count(const struct threads *threads);

/* task(arg, index, worker) once for each index in 0 .. count - 1, by the calling thread `alone`
 * or by all; false when watch stopped it. */
bool ap_threads_run(struct threads *threads, bool alone, int64_t count, threads_task *task,
                    void *arg, threads_watch *watch, void *watch_arg);

#endif

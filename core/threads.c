/* SPDX-License-Identifier: Apache-2.0 */
#include "core/threads.h"

#include "core/clock.h"
#include "core/float_env.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

struct run {
    threads_task *task;
    void *arg;
    int64_t count;
    _Atomic int64_t next;
    atomic_bool stopped;
};

struct worker {
    struct threads *threads;
    pthread_t thread;
    int number;
};

struct threads {
    int count;   /* workers wanted, the caller included */
    int started; /* threads running, the caller not included */
    pid_t owner; /* the process in which they run */
    struct run *run;
    atomic_uint generation; /* counts the runs */
    atomic_uint gate;       /* the threads in the present run, and whether it is CLOSED */
    atomic_bool quit;
    atomic_int asleep; /* threads that the next run has to wake */
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    struct worker worker[];
};

/* Of the gate: no thread may enter the run any more. */
#define CLOSED (1u << 31)

/* Seconds in which a thread looks for what it waits for before it sleeps: calls that follow each
 * other, and the steps of one call, find the others awake. */
#define AWAKE 2e-4

struct threads *ap_threads_new(int count)
{
    struct threads *t = calloc(1, sizeof *t + (size_t)count * sizeof t->worker[0]);
    if (t)
        t->count = count;
    return t;
}

int ap_threads_count(const struct threads *t)
{
    return t->count;
}

static void take_indices(struct run *run, int worker)
{
    int64_t i;
    while (!atomic_load_explicit(&run->stopped, memory_order_relaxed) &&
           (i = atomic_fetch_add_explicit(&run->next, 1, memory_order_relaxed)) < run->count)
        run->task(run->arg, i, worker);
}

static inline void relax(void)
{
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Wait a moment; false when it is time to sleep. Others may need this processor. */
static bool stay_awake(double since)
{
    for (int i = 0; i < 32; i++)
        relax();
    sched_yield();
    return ap_clock_now() - since < AWAKE;
}

static bool called(struct threads *t, unsigned seen)
{
    return t->generation != seen || t->quit;
}

/* Until there is a run after `seen`, or no more. */
static void wait_for_run(struct threads *t, unsigned seen)
{
    const double since = ap_clock_now();
    while (!called(t, seen))
        if (!stay_awake(since)) {
            pthread_mutex_lock(&t->lock);
            t->asleep++;
            while (!called(t, seen))
                pthread_cond_wait(&t->wake, &t->lock);
            t->asleep--;
            pthread_mutex_unlock(&t->lock);
        }
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct threads *t = w->threads;
    struct float_env env;
    unsigned seen = 0;
    float_env_enter(&env);
    for (;;) {
        wait_for_run(t, seen);
        if (t->quit)
            return NULL;
        seen = t->generation;
        if (!(atomic_fetch_add(&t->gate, 1) & CLOSED))
            take_indices(t->run, w->number);
        if (atomic_fetch_sub(&t->gate, 1) == (CLOSED | 1)) {
            pthread_mutex_lock(&t->lock);
            pthread_cond_signal(&t->done);
            pthread_mutex_unlock(&t->lock);
        }
    }
}

/* Threads of a parent process do not exist in its child: start over there. */
static void start(struct threads *t)
{
    sigset_t all, old;
    t->owner = getpid();
    t->started = 0;
    t->generation = 0;
    t->gate = CLOSED;
    t->quit = false;
    t->asleep = 0;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    pthread_cond_init(&t->done, NULL);
    /* Signals belong to the caller's threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    for (int i = 1; i < t->count; i++) {
        struct worker *w = &t->worker[t->started];
        w->threads = t;
        w->number = t->started + 1;
        if (pthread_create(&w->thread, NULL, worker_main, w) != 0)
            break;
        t->started++;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void stop(struct threads *t)
{
    if (t->owner != getpid())
        return;
    pthread_mutex_lock(&t->lock);
    t->quit = true;
    pthread_cond_broadcast(&t->wake);
    pthread_mutex_unlock(&t->lock);
    for (int i = 0; i < t->started; i++)
        pthread_join(t->worker[i].thread, NULL);
    pthread_cond_destroy(&t->done);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
}

void ap_threads_free(struct threads *t)
{
    if (t && t->owner)
        stop(t);
    free(t);
}

static void open_run(struct threads *t, struct run *run)
{
    t->run = run;
    atomic_fetch_and(&t->gate, ~CLOSED);
    t->generation++;
    if (t->asleep > 0) {
        pthread_mutex_lock(&t->lock);
        pthread_cond_broadcast(&t->wake);
        pthread_mutex_unlock(&t->lock);
    }
}

/* All indices are taken: wait for the threads that are in the run, not for those still waking. */
static void close_run(struct threads *t)
{
    atomic_fetch_or(&t->gate, CLOSED);
    const double since = ap_clock_now();
    while (t->gate != CLOSED)
        if (!stay_awake(since)) {
            pthread_mutex_lock(&t->lock);
            while (t->gate != CLOSED)
                pthread_cond_wait(&t->done, &t->lock);
            pthread_mutex_unlock(&t->lock);
        }
}

bool ap_threads_run(struct threads *t, bool alone, int64_t count, threads_task *task, void *arg,
                    threads_watch *watch, void *watch_arg)
{
    struct run run = { .task = task, .arg = arg, .count = count };
    bool many = count > 1 && t->count > 1 && !alone;
    if (many && t->owner != getpid())
        start(t);
    many = many && t->started > 0;
    if (many)
        open_run(t, &run);
    if (!many && !watch) {
        for (int64_t i = 0; i < count; i++)
            task(arg, i, 0);
    } else if (!watch) {
        take_indices(&run, 0);
    } else {
        int64_t i;
        while (!run.stopped && (i = atomic_fetch_add(&run.next, 1)) < count) {
            task(arg, i, 0);
            if (watch(watch_arg, (double)(i + 1) / (double)count))
                run.stopped = true;
        }
    }
    if (many)
        close_run(t);
    return !run.stopped;
}

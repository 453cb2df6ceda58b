/* SPDX-License-Identifier: Apache-2.0 */
#include "core/threads.h"

#include "core/float_env.h"

#include <pthread.h>
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
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    unsigned long generation; /* counts the runs */
    int busy;                 /* threads that have not finished the present run */
    bool quit;
    struct run *run;
    struct worker worker[];
};

struct threads *threads_new(int count)
{
    struct threads *t = calloc(1, sizeof *t + (size_t)count * sizeof t->worker[0]);
    if (t)
        t->count = count;
    return t;
}

int threads_count(const struct threads *t)
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

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct threads *t = w->threads;
    struct float_env env;
    unsigned long seen = 0;
    float_env_enter(&env);
    pthread_mutex_lock(&t->lock);
    for (;;) {
        while (!t->quit && t->generation == seen)
            pthread_cond_wait(&t->wake, &t->lock);
        if (t->quit)
            break;
        seen = t->generation;
        struct run *run = t->run;
        pthread_mutex_unlock(&t->lock);
        take_indices(run, w->number);
        pthread_mutex_lock(&t->lock);
        if (--t->busy == 0)
            pthread_cond_signal(&t->done);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

/* Threads of a parent process do not exist in its child: start over there. */
static void start(struct threads *t)
{
    sigset_t all, old;
    t->owner = getpid();
    t->started = 0;
    t->generation = 0;
    t->quit = false;
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

void threads_free(struct threads *t)
{
    if (t && t->owner)
        stop(t);
    free(t);
}

static void wake_all(struct threads *t, struct run *run)
{
    pthread_mutex_lock(&t->lock);
    t->run = run;
    t->busy = t->started;
    t->generation++;
    pthread_cond_broadcast(&t->wake);
    pthread_mutex_unlock(&t->lock);
}

static void wait_all(struct threads *t)
{
    pthread_mutex_lock(&t->lock);
    while (t->busy > 0)
        pthread_cond_wait(&t->done, &t->lock);
    pthread_mutex_unlock(&t->lock);
}

bool threads_run(struct threads *t, bool alone, int64_t count, threads_task *task, void *arg,
                 threads_watch *watch, void *watch_arg)
{
    struct run run = { .task = task, .arg = arg, .count = count };
    bool many = count > 1 && t->count > 1 && !alone;
    if (many && t->owner != getpid())
        start(t);
    many = many && t->started > 0;
    if (many)
        wake_all(t, &run);
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
        wait_all(t);
    return !run.stopped;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The candidates: attpool, shared objects, and Python processes. */
#include "tests/bench/bench.h"

#include <dlfcn.h>
#include <glob.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *const python_peers[] = { "numpy",   "scipy",         "mkl",
                                            "torch",   "torch.compile", "onnxruntime",
                                            "sklearn", "statsmodels",   "pykeops",
                                            "kdepy" };

static void lacks(struct candidates *all, const char *name, const char *why)
{
    size_t used = strlen(all->lacking);
    snprintf(all->lacking + used, sizeof all->lacking - used, "%s%s (%.80s)", used > 0 ? ", " : "",
             name, why);
}

static struct candidate *add(struct candidates *all, const char *name, const char *version)
{
    struct candidate *c = all->count < MOST_PEERS ? calloc(1, sizeof *c) : NULL;
    if (c == NULL) {
        lacks(all, name, "no room");
        return NULL;
    }
    snprintf(c->name, sizeof c->name, "%s", name);
    snprintf(c->version, sizeof c->version, "%s", version);
    all->at[all->count++] = c;
    return c;
}

/* ---- Shared objects ---- */

static void add_library(struct candidates *all, const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const struct peer *peer = object != NULL ? dlsym(object, "peer") : NULL;
    const char *version = peer != NULL ? peer->version() : NULL;
    if (version == NULL) {
        lacks(all, name, object == NULL ? dlerror() : "not installed");
        return;
    }
    struct candidate *c = add(all, peer->name, version);
    if (c != NULL)
        c->library = peer;
}

static void add_libraries(struct candidates *all, const char *plugins)
{
    char pattern[4096];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/*.so", plugins);
    if (glob(pattern, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        add_library(all, found.gl_pathv[i]);
    globfree(&found);
}

/* ---- Processes ---- */

/* A pool of threads that waits for work in a loop would take the processor from the others, so a
 * process is stopped while it has nothing to do. */
static bool ask(struct peer_process *p, const char *question, char *answer, size_t size)
{
    bool well = kill(p->pid, SIGCONT) == 0 && (*question == '\0' || fputs(question, p->to) >= 0) &&
                fflush(p->to) == 0 && fgets(answer, (int)size, p->from) != NULL;
    kill(p->pid, SIGSTOP);
    if (well)
        answer[strcspn(answer, "\n")] = '\0';
    return well;
}

static void process_close(struct peer_process *p)
{
    if (p->pid <= 0)
        return;
    kill(p->pid, SIGKILL);
    waitpid(p->pid, NULL, 0);
    fclose(p->to);
    fclose(p->from);
    p->pid = 0;
}

static bool process_open(struct peer_process *p, char *const *arguments)
{
    int to[2], from[2];
    if (pipe(to) != 0 || pipe(from) != 0)
        return false;
    p->pid = fork();
    if (p->pid == 0) {
        /* Stopped processes would let the kernel hang up the whole group when the group's
         * parent ends; alone it is only they who then end. */
        setpgid(0, 0);
        dup2(to[0], 0);
        dup2(from[1], 1);
        for (int i = 0; i < 2; i++) {
            close(to[i]);
            close(from[i]);
        }
        execv(arguments[0], arguments);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    p->to = fdopen(to[1], "w");
    p->from = fdopen(from[0], "r");
    return p->pid > 0 && p->to != NULL && p->from != NULL;
}

static void add_process(struct candidates *all, const char *python, const char *script,
                        const char *name)
{
    struct peer_process p = { 0 };
    char threads[16], answer[MOST_TEXT];
    snprintf(threads, sizeof threads, "%d", all->threads);
    char *arguments[] = { (char *)python, (char *)script,      (char *)name,
                          threads,        (char *)all->folder, NULL };
    if (!process_open(&p, arguments) || !ask(&p, "", answer, sizeof answer)) {
        lacks(all, name, "does not run");
        process_close(&p);
        return;
    }
    char *version = strchr(answer, ' ');
    if (strncmp(answer, "lacking", 7) == 0 || version == NULL) {
        lacks(all, name, version != NULL ? version + 1 : "?");
        process_close(&p);
        return;
    }
    struct candidate *c = add(all, name, version + 1);
    if (c != NULL)
        c->process = p;
}

void candidates_open(struct candidates *all, const char *plugins, const char *python,
                     const char *script)
{
    /* A process that dies is a failed write, and its case is left out. */
    signal(SIGPIPE, SIG_IGN);
    add_libraries(all, plugins);
    for (size_t i = 0; i < sizeof python_peers / sizeof python_peers[0]; i++)
        if (access(python, X_OK) == 0)
            add_process(all, python, script, python_peers[i]);
        else
            lacks(all, python_peers[i], "no virtual environment");
}

void candidates_close(struct candidates *all)
{
    for (int i = 0; i < all->count; i++) {
        attpool_close(all->at[i]->context);
        process_close(&all->at[i]->process);
        free(all->at[i]);
    }
    all->count = 0;
}

/* ---- A case ---- */

static int write_arrays(const struct candidates *all, const struct bench_data *data,
                        struct error *e)
{
    for (int i = 1; i < data->count; i++) {
        char path[4096];
        const struct bench_array *a = &data->array[i];
        snprintf(path, sizeof path, "%s/%s.bin", all->folder, a->name);
        FILE *f = fopen(path, "w");
        bool well = f != NULL && fwrite(a->data, 1, a->size, f) == a->size;
        if (f == NULL || fclose(f) != 0 || !well)
            return error_set(e, CMD_FAILED, "cannot write %s", path);
    }
    return CMD_OK;
}

static void read_output(const struct candidates *all, const struct bench_array *out)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/out.bin", all->folder);
    FILE *f = fopen(path, "r");
    if (f == NULL || fread(out->data, 1, out->size, f) != out->size)
        memset(out->data, 0, out->size);
    if (f != NULL)
        fclose(f);
    remove(path);
}

/* The array that is compared: the output, or the gradient of the queries. */
static int compared(const struct bench_data *data)
{
    for (int i = 1; i < data->count && data->c->with & BENCH_GRAD; i++)
        if (strcmp(data->array[i].name, "dq") == 0)
            return i;
    return 0;
}

static double difference(const struct bench_data *data, const void *ours, const void *theirs)
{
    double top = 0, most = 0;
    size_t count = data->array[compared(data)].size / real_size(data->single);
    for (size_t i = 0; i < count; i++) {
        double a = real_get(ours, data->single, i), b = real_get(theirs, data->single, i);
        top = fmax(top, fabs(a));
        if (!(isnan(a) && isnan(b)))
            most = isnan(a - b) ? (double)INFINITY : fmax(most, fabs(a - b));
    }
    return top > 0 ? most / top : most;
}

/* What the case is called there. */
static const char *question_name(const struct bench_case *c)
{
    return c->with & BENCH_CURVE     ? "curve"
           : c->with & BENCH_DENSITY ? "density"
                                     : bench_operation_name(c->operation);
}

static bool process_begin(struct candidates *all, struct candidate *c)
{
    const struct bench_case *k = c->data.c;
    char question[400], answer[MOST_TEXT];
    snprintf(question, sizeof question,
             "open %s b=%d n=%d m=%d d=%d v=%d single=%d nt=%d causal=%d mask=%d window=%d loo=%d "
             "grad=%d kernel=%s sigma=%.17g\n",
             question_name(k), (int)k->b, (int)k->n, (int)k->m, (int)k->d, (int)k->v,
             c->data.single, (k->with & BENCH_NT) != 0, (k->with & BENCH_CAUSAL) != 0,
             (k->with & BENCH_MASK) != 0, (k->with & BENCH_WINDOW) != 0, (k->with & BENCH_LOO) != 0,
             (k->with & BENCH_GRAD) != 0, attpool_kernel_to_name(k->kernel), bench_bandwidth(k));
    if (c->process.pid <= 0)
        return false;
    if (!ask(&c->process, question, answer, sizeof answer)) {
        fprintf(stderr, "bench: %s ended at %s\n", c->name, k->name);
        process_close(&c->process);
        return false;
    }
    if (strncmp(answer, "ok", 2) != 0)
        return false;
    read_output(all, &c->data.array[compared(&c->data)]);
    return true;
}

/* Libraries are for the operations themselves. */
static bool is_special(const struct bench_case *c)
{
    return (c->with & (BENCH_CURVE | BENCH_DENSITY | BENCH_GRAD)) != 0;
}

static void begin_one(struct candidates *all, struct candidate *c, const struct bench_data *data,
                      void *out)
{
    const int at = compared(data);
    c->data = *data;
    c->data.array[at].data = out;
    c->samples = c->calls = 0;
    memset(out, 0, data->array[at].size);
    c->has = c->library == NULL ? process_begin(all, c)
                                : !is_special(data->c) && c->library->open(&c->data, all->threads);
    if (!c->has)
        return;
    if (c->library != NULL)
        c->library->run();
    c->difference = difference(data, data->array[at].data, out);
}

int candidates_begin(struct candidates *all, struct bench_data *data, struct error *e)
{
    struct candidate *us = all->at[0];
    us->has = true;
    us->samples = us->calls = 0;
    bench_call_new(&us->call, data);
    if (bench_call_run(us->context, &us->call) != ATTPOOL_OK)
        return error_set(e, CMD_FAILED, "%s: %s", data->c->name, attpool_message(us->context));
    const size_t size = data->array[compared(data)].size;
    void *out = malloc(size);
    if (out == NULL)
        return error_memory(e, size);
    int st = write_arrays(all, data, e);
    for (int i = 1; st == CMD_OK && i < all->count; i++)
        begin_one(all, all->at[i], data, out);
    if (st != CMD_OK)
        free(out);
    return st;
}

void candidates_end(struct candidates *all)
{
    void *out = NULL;
    for (int i = 1; i < all->count; i++) {
        struct candidate *c = all->at[i];
        if (c->library != NULL && !is_special(c->data.c))
            c->library->close();
        c->has = false;
        out = c->data.array[compared(&c->data)].data;
        c->data.array[compared(&c->data)].data = NULL;
    }
    free(out);
}

double candidate_time(struct candidate *c, int calls)
{
    char question[40], answer[MOST_TEXT];
    if (c->library == NULL && c->context == NULL) {
        snprintf(question, sizeof question, "run %d\n", calls);
        return ask(&c->process, question, answer, sizeof answer) ? strtod(answer, NULL)
                                                                 : (double)INFINITY;
    }
    double start = bench_clock();
    for (int i = 0; i < calls; i++)
        if (c->library != NULL)
            c->library->run();
        else
            (void)bench_call_run(c->context, &c->call);
    return (bench_clock() - start) / calls;
}

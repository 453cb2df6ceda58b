/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command/temporary.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEMPORARIES = 16 };

/* What a signal has to remove. A temporary that finds no place here is merely left behind
 * when the process is killed. */
static char *volatile temporaries[TEMPORARIES];

/* Not a signal mask: that is one thread's, and a worker of the library may take the signal. */
static volatile sig_atomic_t holds, waiting;

static void remove_and_die(int number)
{
    if (holds > 0) {
        waiting = number;
        return;
    }
    for (int i = 0; i < TEMPORARIES; i++)
        if (temporaries[i] != NULL)
            unlink(temporaries[i]);
    signal(number, SIG_DFL);
    raise(number); /* once this handler returns */
}

void signals_set(void)
{
    static const int fatal[] = { SIGINT,  SIGTERM, SIGHUP,    SIGQUIT, SIGXCPU,
                                 SIGUSR1, SIGUSR2, SIGVTALRM, SIGALRM, SIGPROF };
    static bool done;
    if (done)
        return;
    done = true;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
        struct sigaction was;
        struct sigaction now = { .sa_handler = remove_and_die, .sa_flags = SA_RESTART };
        sigemptyset(&now.sa_mask);
        if (sigaction(fatal[i], NULL, &was) == 0 && was.sa_handler == SIG_DFL)
            sigaction(fatal[i], &now, NULL);
    }
}

void signals_hold(void)
{
    holds++;
}

void signals_release(void)
{
    holds--;
    if (holds == 0 && waiting != 0)
        raise(waiting);
}

static void add_temporary(char *name)
{
    for (int i = 0; i < TEMPORARIES; i++)
        if (temporaries[i] == NULL) {
            temporaries[i] = name;
            return;
        }
}

int temporary_open(char *name)
{
    signals_set();
    signals_hold();
    int fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        add_temporary(name);
    signals_release();
    return fd;
}

void temporary_forget(const char *name)
{
    for (int i = 0; i < TEMPORARIES; i++)
        if (temporaries[i] == name)
            temporaries[i] = NULL;
}

const char *temporary_folder(void)
{
    const char *folder = getenv("TMPDIR");
    return folder != NULL && *folder != '\0' ? folder : "/tmp";
}

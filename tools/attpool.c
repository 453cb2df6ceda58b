/* SPDX-License-Identifier: Apache-2.0 */
/* The command: its subcommands, --help and --version. */
#include "tools/command/command.h"
#include "tools/command/nearest.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    command_function *run;
} commands[] = {
    { "attend", command_attend },   { "bench", command_bench },
    { "demo", command_demo },       { "classify", command_classify },
    { "density", command_density }, { "devices", command_devices },
    { "regress", command_regress }, { "selftest", command_selftest },
    { "train", command_train },     { "tune", command_tune },
};

static const char help[] =
    "Usage: attpool COMMAND [OPTION]...\n"
    "Attention pooling, from kernel regression to scaled dot-product attention.\n"
    "\n"
    "  demo       experiments of two book chapters on built-in data, with plots\n"
    "  regress    kernel regression of a table (CSV or NPY) at query points\n"
    "  classify   kernel classification of a table\n"
    "  density    kernel density of the columns of a table\n"
    "  train      learn bandwidths or the matrices of a score from a table\n"
    "  attend     attention on queries, keys and values from NPY files\n"
    "  devices    the backends and devices here, which would be chosen and why\n"
    "  bench      the speed of each operation on each backend\n"
    "  tune       measure the devices that may be chosen for large calls\n"
    "  selftest   check that the driver of each device computes correctly\n"
    "\n"
    "  attpool help COMMAND, attpool COMMAND --help    the options of a command\n"
    "  -h, --help                                      this text\n"
    "  -V, --version                                   the version\n"
    "\n"
    "Examples:\n"
    "  attpool regress mcycle.csv --x times --y accel --bandwidth 1.5 --plot fit.svg\n"
    "  attpool attend -q q.npy -k k.npy -v v.npy --causal -o out.npy\n"
    "\n"
    "Exit status: 0 ok, 1 failed, 2 usage, 3 bad data, 4 backend not available.\n"
    "See attpool(1), and attpool-packages(7) if you come from R, Python or another\n"
    "package.\n";

static command_function *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run;
    return NULL;
}

static int no_command(const char *name, struct error *e)
{
    bool option = name[0] == '-';
    struct nearest nearest = { .typed = name };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0] && !option; i++)
        nearest_offer(&nearest, commands[i].name);
    nearest_offer(&nearest, option ? "--help" : "help");
    if (option)
        nearest_offer(&nearest, "--version");
    return error_set(e, CMD_USAGE, "there is no %s %s%s%s 'attpool --help'",
                     option ? "option" : "command", quoted_name(name).text,
                     nearest_hint(&nearest).text, nearest.name != NULL ? " See" : "; see");
}

/* attpool help, attpool help COMMAND. */
static int print_help(int argc, char **argv, struct error *e)
{
    char *arguments[] = { argc > 0 ? argv[0] : NULL, "--help", NULL };
    if (argc == 0 || strcmp(argv[0], "help") == 0)
        return print_text(help, e);
    if (argc > 1)
        return error_set(e, CMD_USAGE,
                         "help takes one command, %s is a second one; see 'attpool --help'",
                         quoted_name(argv[1]).text);
    command_function *command = find_command(argv[0]);
    return command != NULL ? command(2, arguments, e) : no_command(argv[0], e);
}

static int run_command(int argc, char **argv, struct error *e)
{
    if (argc < 2)
        return error_set(e, CMD_USAGE, "no command; see 'attpool --help'");
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        return print_version(e);
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return print_help(argc - 2, argv + 2, e);
    command_function *command = find_command(name);
    return command != NULL ? command(argc - 1, argv + 1, e) : no_command(name, e);
}

/* A file opened while a standard stream is closed would take its number, and get what is meant
 * for the stream. So the number is taken here, the wrong way round: using it still fails. */
static void hold_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            return;
}

/* What ends every other program that writes into a pipe without a reader, so that a shell says
 * nothing of it. Until here the signal was ignored, as other outputs were still to be written. */
static void end_by_sigpipe(void)
{
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &pipe, NULL);
    raise(SIGPIPE);
}

int main(int argc, char **argv)
{
    struct error e = { 0 };
    hold_streams();
    run_command(argc, argv, &e);
    messages_end();
    int code = error_print(&e);
    if (code == CMD_PIPE)
        end_by_sigpipe();
    return code;
}

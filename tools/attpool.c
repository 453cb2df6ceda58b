/* SPDX-License-Identifier: Apache-2.0 */
/* The command: its subcommands, --help and --version. */
#include "config.h"

#include "attpool.h"
#include "tools/command/command.h"
#include "tools/command/output.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    command_function *run;
} commands[] = {
    { "attend", command_attend },   { "bench", command_bench },     { "demo", command_demo },
    { "devices", command_devices }, { "regress", command_regress },
};

static const char help[] =
    "Usage: attpool COMMAND [OPTION]...\n"
    "Attention pooling, from kernel regression to scaled dot-product attention.\n"
    "\n"
    "  demo       experiments of two book chapters on built-in data, with plots\n"
    "  regress    kernel regression of a table (CSV or NPY) at query points\n"
    "  attend     attention on queries, keys and values from NPY files\n"
    "  devices    what there is to compute on, what would be chosen and why\n"
    "  bench      the speed of each operation on each backend\n"
    "\n"
    "  attpool COMMAND --help tells the options of a command.\n"
    "  attpool --help         this text\n"
    "  attpool --version      the version\n"
    "\n"
    "Exit status: 0 ok, 1 failed, 2 usage, 3 bad data, 4 backend not available.\n"
    "The manual is attpool(1).\n";

static int version(struct error *e)
{
    struct output o;
    int st = output_open(&o, NULL, e);
    if (st != CMD_OK)
        return st;
    output_printf(&o, "attpool %s\nLicence: Apache-2.0\n", attpool_version());
    return output_close(&o, CMD_OK, e);
}

static int run(int argc, char **argv, struct error *e)
{
    if (argc < 2)
        return error_set(e, CMD_USAGE, "no command; see 'attpool --help'");
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0)
        return print_text(help, e);
    if (strcmp(name, "--version") == 0)
        return version(e);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1, e);
    return error_set(e, CMD_USAGE, "there is no %s %s; see 'attpool --help'",
                     name[0] == '-' ? "option" : "command", quoted_name(name).text);
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

int main(int argc, char **argv)
{
    struct error e = { 0 };
    hold_streams();
    run(argc, argv, &e);
    return error_print(&e);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary files that no signal leaves behind. */
#ifndef TOOLS_COMMAND_TEMPORARY_H
#define TOOLS_COMMAND_TEMPORARY_H

/* mkostemp, and from then on signals that end the process remove the file: at no time is it there
 * without being known. `name` must stay where it is until it is forgotten. */
int temporary_open(char *name);
void temporary_forget(const char *name);

/* TMPDIR, or else /tmp. */
const char *temporary_folder(void);

/* SIGPIPE and SIGXFSZ become write errors, and what else ends a process from outside removes the
 * temporaries first, unless the caller's caller ignores it. */
void signals_set(void);

/* In between a signal that would end the process waits. They nest. */
void signals_hold(void);
void signals_release(void);

#endif

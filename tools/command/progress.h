/* SPDX-License-Identifier: Apache-2.0 */
/* A progress bar on stderr, drawn only when stderr is a terminal, and a note of work that takes
 * minutes. One thread. */
#ifndef TOOLS_COMMAND_PROGRESS_H
#define TOOLS_COMMAND_PROGRESS_H

/* With the time left, once there is a pace. fraction 0..1 (clamped; NaN is 0) done of what label
 * names. Cheap enough for every tile: it draws at most ten times a second, and nothing in the first
 * half second. advice, or NULL: what would take less time; it is told once, after two seconds, with
 * the time left, where at the pace so far that is a minute or more. */
void progress_update(double fraction, const char *label, const char *advice);

/* Removes the bar, if one is there. Results and messages come after it. */
void progress_clear(void);

#endif

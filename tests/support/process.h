/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_PROCESS_H
#define TESTS_PROCESS_H

/* Threads that the process has. */
int threads_of_process(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_OPENCL_SOURCES_H
#define BACKENDS_OPENCL_SOURCES_H

#include <stddef.h>

/* A file of cl/ at build time, behind a #line that names it; not terminated
 * by a zero byte. */
struct cl_source {
    const char *name; /* without folder and .cl */
    const unsigned char *text;
    size_t size;
};

/* All of them, in the order of CL_FILES in sources.am, up to one whose name is NULL;
 * the generated file cl/sources.c. */
extern const struct cl_source ap_cl_sources[];

#endif

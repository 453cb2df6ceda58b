/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_OPENCL_FAULTS_H
#define TESTS_SUPPORT_OPENCL_FAULTS_H

/* What else the layer of opencl_layer.h does: it fails calls, and makes a device another one. */

#include <stdbool.h>

struct layer_faults {
    int fail_at; /* the number of the call that fails, from 1; 0: none */
    bool lost;   /* and so do all after it */
    int calls;   /* that could fail, so far */
    int live;    /* objects created and not released */
    int sources; /* programs from source */

    /* What a device is instead. */
    bool no_compiler, no_float64, gpu;
    const char *name;
    const char *prelude; /* text before all that is compiled: a compiler with a mind of its own */
    const char *options; /* more of them for the compiler */
    const char *from;    /* it takes this text */
    const char *to;      /* for this one, of the same length */
};

/* Exported by the layer. */
struct layer_faults *opencl_layer_faults(void);

/* As layer_load of opencl_layer.h. */
struct layer_faults *layer_load_faults(void);

#endif

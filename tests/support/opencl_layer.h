/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_OPENCL_LAYER_H
#define TESTS_SUPPORT_OPENCL_LAYER_H

/* A layer between the OpenCL loader and its drivers (OPENCL_LAYERS), which counts calls. */

#include <stddef.h>

/* What was queued and made since it was last set to 0; bytes are those of all times. */
struct layer_counts {
    int launches;
    int copies; /* reads, writes, copies and fills of buffers */
    int maps;
    int waits;   /* clFinish, clWaitForEvents, and commands that block */
    int buffers; /* created */
    int builds;
    size_t held, most_held; /* bytes of buffers in memory of the driver's own */
    double launch_seconds;  /* what launches are said to take; 0: what the driver says */
    char only[32];          /* launches of this function alone count; "": those of any */
};

/* Exported by the layer. */
struct layer_counts *opencl_layer_counts(void);

/* For tests: has the loader of this process take the layer. Call it before anything has used
 * OpenCL. NULL, with a line on stdout, where there is no layer or the loader knows none. */
struct layer_counts *layer_load(void);

/* Does the loader call the layer? To be asked after the first use of OpenCL. */
int layer_works(const struct layer_counts *counts);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_OPENCL_FAULTS_INSTALL_H
#define TESTS_SUPPORT_OPENCL_FAULTS_INSTALL_H

/* Within the layer. */

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl_layer.h>

/* Put the failing functions before those that the table has, else the driver's. */
void opencl_faults_install(cl_icd_dispatch *table, const cl_icd_dispatch *driver);

#endif

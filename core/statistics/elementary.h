/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_STATISTICS_ELEMENTARY_H
#define CORE_STATISTICS_ELEMENTARY_H

/* The elementary functions of NUMERICS.md in double, for what is computed once a column or a row.
 */

double ap_exp(double x);
double ap_exp2(double x); /* exp2_full */
double ap_log(double x);

#endif

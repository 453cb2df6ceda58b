/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command/params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const params_kind_names[] = { "w",        "w-coordinate", "w-key",
                                          "additive", "projection",   NULL };

const char *const params_loss_names[] = { "half", "sum", "mean", NULL };
const char *const params_optimizer_names[] = { "sgd", "lbfgs", NULL };

int64_t params_count(const struct params *p, enum params_array array)
{
    const bool projects = p->kind >= PARAMS_ADDITIVE;
    switch (array) {
    case PARAMS_W_ARRAY:
        return projects                         ? 0
               : p->kind == PARAMS_W_KEY        ? p->rows
               : p->kind == PARAMS_W_COORDINATE ? p->d
                                                : 1;
    case PARAMS_WQ:
    case PARAMS_WK:
        return projects ? p->p * p->d : 0;
    case PARAMS_WV:
        return p->kind == PARAMS_ADDITIVE ? p->p : 0;
    case PARAMS_ARRAYS:
        break;
    }
    return 0;
}

const char *params_array_name(enum params_array array)
{
    static const char *const names[] = { "w", "wq", "wk", "wv" };
    return names[array];
}

int params_new(struct params *p, struct error *e)
{
    for (int k = 0; k < PARAMS_ARRAYS; k++) {
        const size_t count = (size_t)params_count(p, (enum params_array)k);
        if (count > 0 && (p->value[k] = calloc(count, sizeof *p->value[k])) == NULL)
            return error_memory(e, count * sizeof *p->value[k]);
    }
    return CMD_OK;
}

void params_free(struct params *p)
{
    for (int k = 0; k < PARAMS_ARRAYS; k++)
        free(p->value[k]);
    free(p->kernels.name);
    names_free(&p->x_names);
    names_free(&p->y_names);
    *p = (struct params){ .kind = PARAMS_W };
}

/* FNV-1a over the bits of the numbers, -0 as +0. */
void params_checksum(double *const *columns, size_t count, size_t rows, char text[17])
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t c = 0; c < count; c++)
        for (size_t i = 0; i < rows; i++) {
            const double x = columns[c][i] + 0;
            uint64_t bits;
            memcpy(&bits, &x, sizeof bits);
            for (int byte = 0; byte < 8; byte++)
                hash = (hash ^ (bits >> 8 * byte & 0xff)) * UINT64_C(0x100000001b3);
        }
    snprintf(text, 17, "%016llx", (unsigned long long)hash);
}

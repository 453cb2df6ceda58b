/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/cases/cases_add.h"

/* Dropout, with all that it can be combined with: rows of the table once more. */

enum { EVERY = 7, FIRST = 3 };

static const double parts[] = { 0.3, 0.5, 0.1, 0.9 };

static const struct test_case written[] = {
    /* clang-format off */
    { "all dropped",          DOT, .n = 5, .m = 37, .d = 3, .v = 4, .dropout = 1 - 0x1p-40 },
    { "none dropped",         DOT, .n = 5, .m = 37, .d = 3, .v = 4, .dropout = 0x1p-40 },
    { "one key",              DOT, .h = 7, .n = 19, .m = 1, .d = 3, .v = 1, .dropout = 0.5, .with = WITH_ALL_OUTPUTS },
    { "last positions",       DOT, .n = 5, .m = 1100, .d = 3, .v = 2, .dropout = 0.25, .key_origin = 2147481600, .query_origin = 2147483640, .batch_origin = 2147483640 },
    { "dropped nan",          REGRESS, .n = 37, .m = 300, .d = 1, .v = 1, .dropout = 0.5, .special = SPECIAL_NAN_VALUE },
    { "dropped inf",          DOT, .n = 37, .m = 300, .d = 2, .v = 9, .dropout = 0.5, .special = SPECIAL_INF_VALUE, .with = WITH_BIAS },
    { "super-blocks",         DOT, .b = 2, .h = 2, .n = 33, .m = 3001, .d = 8, .v = 3, .dropout = 0.2, .key_origin = 1024, .with = WITH_LSE },
    { "one query",            REGRESS, .n = 1, .m = 4000, .d = 2, .v = 1, .dropout = 0.2, .batch_origin = 5 },
    { "fused",                REGRESS, .n = 130, .m = 1300, .d = 1, .v = 1, .kernel = ATTPOOL_BIWEIGHT, .dropout = 0.2, .with = WITH_N_EFF },
    /* clang-format on */
};

static bool can_drop(const struct test_case *c)
{
    return (c->operation == OPERATION_POOL || c->operation == OPERATION_POOL_GRAD) && c->v > 0 &&
           !(c->with & (WITHOUT_OPTIONS | WITHOUT_OUTPUT)) && (double)c->n * c->m < 1e6;
}

void cases_of_dropout(const struct test_case *table, size_t count)
{
    unsigned k = 0;
    for (size_t i = 0; i < COUNT(written); i++)
        cases_add(&written[i], "dropout, %s", written[i].name);
    for (size_t i = 0; i < count; i++) {
        if (!can_drop(&table[i]) || k++ % EVERY != FIRST)
            continue;
        struct test_case c = table[i];
        c.dropout = CYCLE(parts, k / EVERY);
        c.batch_origin = k % 3 == 0 ? 11 : 0;
        cases_add(&c, "dropout, %s", table[i].name);
    }
}

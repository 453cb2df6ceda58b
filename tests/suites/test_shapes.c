/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/failing.h"
#include "tests/suites/suites.h"

#include <string.h>

/* The messages for shapes that do not match. */

/* A pooling of (b, h, n, d) = (3, 4, 2, 1) with two heads of 5 keys, or of (3, 2, 1) without
 * heads, and one array more of this shape. */
static attpool_status pool_with(bool heads, enum element element, int dims, int64_t *shape,
                                attpool_pool_options *options, attpool_masks *masks,
                                attpool_kernel_options *kernel, const DLTensor **extra)
{
    static char room[8192];
    float q[24] = { 0 }, k[30] = { 0 }, o[24];
    int64_t queries[] = { 3, 4, 2, 1 }, keys[] = { 3, 2, 5, 1 };
    int64_t batch_queries[] = { 3, 2, 1 }, batch_keys[] = { 3, 5, 1 };
    DLTensor Q = tensor_of(q, ELEMENT_F32, heads ? 4 : 3, heads ? queries : batch_queries);
    DLTensor K = tensor_of(k, ELEMENT_F32, heads ? 4 : 3, heads ? keys : batch_keys);
    DLTensor O = tensor_of(o, ELEMENT_F32, heads ? 4 : 3, heads ? queries : batch_queries);
    DLTensor X = tensor_of(room, element, dims, shape);
    *extra = &X;
    options->masks = masks;
    options->score =
        kernel->inverse_bandwidths || kernel->bandwidth_per ? ATTPOOL_KERNEL : ATTPOOL_DOT;
    options->kernel = options->score == ATTPOOL_KERNEL ? kernel : NULL;
    return attpool_pool(context, &Q, &K, &K, options, &O);
}

enum extra { EXTRA_LENGTHS, EXTRA_ROWS, EXTRA_WEIGHTS, EXTRA_KEYS, EXTRA_QUERIES, EXTRA_MASK };

static void refused(bool heads, enum extra what, int dims, const int64_t *sizes,
                    const char *message)
{
    static const attpool_status status[] = { ATTPOOL_E_LENGTHS,     ATTPOOL_E_LENGTHS,
                                             ATTPOOL_E_KEY_WEIGHTS, ATTPOOL_E_BANDWIDTH,
                                             ATTPOOL_E_BANDWIDTH,   ATTPOOL_E_MASK };
    static const enum element elements[] = { ELEMENT_I32, ELEMENT_I64, ELEMENT_F32,
                                             ELEMENT_F32, ELEMENT_F32, ELEMENT_U8 };
    int64_t shape[4];
    attpool_pool_options options = { 0 };
    attpool_masks masks = { .lengths_per =
                                what == EXTRA_ROWS ? ATTPOOL_LENGTHS_ROW : ATTPOOL_LENGTHS_BATCH };
    attpool_kernel_options kernel = {
        .bandwidth_per = what == EXTRA_KEYS      ? ATTPOOL_BANDWIDTH_KEY
                         : what == EXTRA_QUERIES ? ATTPOOL_BANDWIDTH_QUERY
                                                 : ATTPOOL_BANDWIDTH_ONE,
    };
    const DLTensor **const places[] = { &masks.lengths,
                                        &masks.lengths,
                                        &options.key_weights,
                                        &kernel.inverse_bandwidths,
                                        &kernel.inverse_bandwidths,
                                        &masks.mask };
    memcpy(shape, sizes, (size_t)dims * sizeof *shape);
    attpool_status got =
        pool_with(heads, elements[what], dims, shape, &options, &masks, &kernel, places[what]);
    ck_assert_msg(got == status[what], "%s, not %s", attpool_status_name(got), message);
    ck_assert_str_eq(attpool_message(context), message);
}

START_TEST(what_fits_neither_names_both_shapes)
{
    refused(true, EXTRA_LENGTHS, 1, SHAPE(4),
            "lengths has shape (4), it should be (3) by batch item or (3, 4) by head");
    refused(true, EXTRA_LENGTHS, 2, SHAPE(4, 3),
            "lengths has shape (4, 3), it should be (3) by batch item or (3, 4) by head");
    refused(true, EXTRA_LENGTHS, 2, SHAPE(3, 2),
            "lengths has shape (3, 2), it should be (3) by batch item or (3, 4) by head");
    refused(true, EXTRA_ROWS, 2, SHAPE(3, 4),
            "lengths has shape (3, 4), it should be (2), (3, 2) by batch item or (3, 4, 2) by "
            "head");
    refused(true, EXTRA_WEIGHTS, 2, SHAPE(4, 5),
            "key_weights has shape (4, 5), it should be (5), (3, 5) by batch item or (3, 4, 5) by "
            "head or (3, 2, 5) by key head");
    refused(true, EXTRA_WEIGHTS, 3, SHAPE(3, 3, 5),
            "key_weights has shape (3, 3, 5), it should be (5), (3, 5) by batch item or (3, 4, 5) "
            "by head or (3, 2, 5) by key head");
    refused(true, EXTRA_KEYS, 2, SHAPE(3, 4),
            "inverse_bandwidths has shape (3, 4), it should be (5), (3, 5) by batch item or "
            "(3, 4, 5) by head or (3, 2, 5) by key head");
    refused(true, EXTRA_QUERIES, 3, SHAPE(3, 2, 2),
            "inverse_bandwidths has shape (3, 2, 2), it should be (2), (3, 2) by batch item or "
            "(3, 4, 2) by head");
    refused(true, EXTRA_MASK, 3, SHAPE(3, 2, 5),
            "mask has shape (3, 2, 5), it should be (4, 2, 5), which is (h, n, m), or "
            "(3, 4, 2, 5)");
    refused(true, EXTRA_MASK, 4, SHAPE(3, 2, 2, 5),
            "mask has shape (3, 2, 2, 5), it should be (3, 4, 2, 5)");
    refused(false, EXTRA_LENGTHS, 1, SHAPE(2), "lengths has shape (2), it should be (3)");
    refused(false, EXTRA_ROWS, 2, SHAPE(3, 4),
            "lengths has shape (3, 4), it should be (2) or (3, 2)");
    refused(false, EXTRA_WEIGHTS, 1, SHAPE(3),
            "key_weights has shape (3), it should be (5) or (3, 5)");
    refused(false, EXTRA_MASK, 3, SHAPE(2, 2, 5),
            "mask has shape (2, 2, 5), it should be (3, 2, 5)");
}
END_TEST

START_TEST(an_element_is_named_by_its_own_indices)
{
    attpool_pool_options options = { 0 };
    attpool_kernel_options kernel = { 0 };
    attpool_masks masks = { 0 };
    int32_t lengths[12] = { 1, 1, 6 };
    float weights[60] = { [11] = -1 };
    int64_t items[] = { 3 }, heads[] = { 3, 4 }, keys[] = { 3, 5 };
    DLTensor L = tensor_of(lengths, ELEMENT_I32, 1, items),
             A = tensor_of(weights, ELEMENT_F32, 2, keys);
    const DLTensor *unused;
    masks.lengths = &L;
    check(pool_with(true, ELEMENT_F32, 0, NULL, &options, &masks, &kernel, &unused),
          ATTPOOL_E_LENGTHS, "lengths[2] is 6", "a length of an item");
    L = tensor_of(lengths, ELEMENT_I32, 2, heads);
    check(pool_with(true, ELEMENT_F32, 0, NULL, &options, &masks, &kernel, &unused),
          ATTPOOL_E_LENGTHS, "lengths[0,2] is 6", "a length of a head");
    masks.lengths = NULL;
    options.key_weights = &A;
    check(pool_with(true, ELEMENT_F32, 0, NULL, &options, &masks, &kernel, &unused),
          ATTPOOL_E_KEY_WEIGHTS, "key_weights[2,1] is -1", "a weight of an item");
}
END_TEST

Suite *suite_shapes(void)
{
    Suite *suite = suite_create("shapes");
    TCase *tc = tcase_create("shapes");
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_add_test(tc, what_fits_neither_names_both_shapes);
    tcase_add_test(tc, an_element_is_named_by_its_own_indices);
    suite_add_tcase(suite, tc);
    return suite;
}
